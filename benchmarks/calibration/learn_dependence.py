"""How much do one-step surprises of indicators of one place have in common, and how many years is that worth?

    python benchmarks/calibration/learn_dependence.py [FOLDER] [--write FILE]

FOLDER holds `yearly.csv.gz` and `series_meta.csv.gz` of the calibration data; by default shared/data/calibration beside
the project. Surprises are normal scores in the forecasts of the growth model with the prior `general`, year by year
(attain.dependence). A pair is two series of one place (province, state, country) within one group of sources; each
pair's years are cut into windows, and the correlation of a window, shrunk to the mean, foretells that of the pair's
other years. Each group has the same say. `--write` renews the card python/attain/priors/dependence.yaml.
"""

import argparse
import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

import attain as at
from attain.dependence import correlations, one_step_surprises

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "calibration"
GROUPS = {
    "sectors of Chinese provinces": ["CN_PROVINCE_SECTOR"],
    "industries of US states": ["BEA_STATE_INDUSTRY"],
    "output, consumption, absorption and employment of countries": ["PWT91"],
}
LAST_YEARS = 30  # of each series
WINDOW = 8
CANDIDATES = np.arange(0.5, 60.5, 0.5)


def surprises_of_group(figures: pd.DataFrame) -> list[np.ndarray]:
    """Surprises (years, series) of each place with two series or more."""
    tables = []
    for _, part in figures.groupby("split_key"):
        wide = part.pivot(index="period", columns="series_id", values="value").iloc[-LAST_YEARS:]
        wide = wide.dropna(axis=1)
        if wide.shape[1] < 2 or len(wide) < 2 * WINDOW:
            continue
        projection = at.project(wide, to=int(wide.index[-1]) + 1)
        tables.append(one_step_surprises(projection).to_numpy())
    return tables


def pairs_of(table: np.ndarray) -> list[tuple[float, float]]:
    """For each pair of columns and each window, the correlation within it and that over the other years."""
    found = []
    for a, b in itertools.combinations(range(table.shape[1]), 2):
        both = table[:, [a, b]][np.isfinite(table[:, [a, b]]).all(axis=1)]
        for first in range(0, len(both) - WINDOW + 1, WINDOW):
            inside = np.zeros(len(both), bool)
            inside[first : first + WINDOW] = True
            if (~inside).sum() < WINDOW:
                continue
            found.append(tuple(correlations(both[part])[0][0, 1] for part in (inside, ~inside)))
    return found


def learn(pairs: dict[str, np.ndarray]) -> dict:
    """The mean correlation, and the years that it counts for: those that foretell the other years best."""
    means = {group: float(found[:, 1].mean()) for group, found in pairs.items()}
    centre = float(np.mean(list(means.values())))

    def miss(years: float, found: np.ndarray) -> float:
        told = (WINDOW * found[:, 0] + years * centre) / (WINDOW + years)
        return float(np.mean((told - found[:, 1]) ** 2))

    misses = [np.mean([miss(years, found) for found in pairs.values()]) for years in CANDIDATES]
    return {
        "title": "Dependence of indicators of one place",
        "model": "correlation of two indicators' standardised one-step surprises; with n shared years"
        " (n r + years correlation) / (n + years)",
        "learned": f"correlation: mean over groups, pairs and years; years: windows of {WINDOW} years foretell the"
        " other years of their pair best; benchmarks/calibration/learn_dependence.py",
        "panel": "Chinese provinces (secondary and tertiary value added), US states (21 industries), Penn World Table"
        f" 9.1 (rgdpna, rconna, rdana, emp), development half, last {LAST_YEARS} years",
        "groups": {
            group: {"correlation": round(means[group], 3), "windows": len(found)} for group, found in pairs.items()
        },
        "correlation": round(centre, 2),
        "years": float(CANDIDATES[int(np.argmin(misses))]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    units = pd.read_csv(options.folder / "series_meta.csv.gz").set_index("series_id")["split_key"]
    figures = pd.read_csv(options.folder / "yearly.csv.gz", usecols=["source", "series_id", "period", "value"])
    figures["split_key"] = figures["series_id"].map(units)
    pairs = {}
    for group, sources in GROUPS.items():
        tables = surprises_of_group(figures[figures["source"].isin(sources)])
        pairs[group] = np.array([pair for table in tables for pair in pairs_of(table)])
    text = yaml.safe_dump(learn(pairs), sort_keys=False, allow_unicode=True, width=120)
    print(text, end="")
    if options.write:
        options.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
