"""How far is growth over the first months of a year from that of the whole year, in units of the model's s2?

    python benchmarks/calibration/learn_part_year.py PANEL [--write FILE]

PANEL is a CSV with the columns series_id, frequency (monthly or quarterly), period (2020-01, 2020Q1) and value. For
each series and year, G is the log growth of the year's total, g(m) that of the total of its first m months over the
same months of the year before. kappa(m) is the robust variance of g(m) - G over the innovation variance of G: the
residuals of an AR(1) by series, scale by the median absolute deviation; each series has the same say. It
can only fall as months accumulate, and quarterly series inform months 3, 6 and 9. `--write` renews the table
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

MONTHS = range(1, 12)
LEAST_GROWTHS = 6
NORMAL = 1.482602218505602  # of a median absolute deviation


def yearly(part: pd.DataFrame, parts: int) -> np.ndarray:
    """The figures of a series' complete years (years, parts), the longest run of them."""
    year, place = part["year"].to_numpy(), part["part"].to_numpy()
    table = pd.DataFrame({"y": year, "p": place, "v": part["value"].to_numpy()}).pivot(
        index="y", columns="p", values="v"
    )
    full = table.reindex(columns=range(1, parts + 1)).dropna()
    runs = np.split(full.to_numpy(), np.flatnonzero(np.diff(full.index) > 1) + 1)
    return max(runs, key=len)


def innovation_scale(growth: np.ndarray) -> float:
    """Robust standard deviation of yearly log growth around what the year before lets expect."""
    deviation = growth - np.median(growth)
    before, after = deviation[:-1], deviation[1:]
    slope = np.clip((before @ after) / max(before @ before, 1e-300), 0, 0.95)
    residual = after - slope * before
    return float(NORMAL * np.median(np.abs(residual)) * np.sqrt(len(residual) / (len(residual) - 1)))


def errors_of(figures: np.ndarray) -> dict[int, np.ndarray] | None:
    """Months to the standardised errors g(m) - G of one series; None where it is too short or does not move."""
    if len(figures) < LEAST_GROWTHS + 1:
        return None
    growth = np.diff(np.log(figures.sum(axis=1)))
    scale = innovation_scale(growth)
    if scale < 1e-4:
        return None
    months = 12 // figures.shape[1]
    totals = np.cumsum(figures, axis=1)[:, :-1]
    errors = (np.diff(np.log(totals), axis=0) - growth[:, None]) / scale
    return {months * (i + 1): errors[:, i] for i in range(errors.shape[1])}


def weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    order = np.argsort(values)
    passed = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(passed, passed[-1] / 2)])


def falling(kappa: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Least-squares fit that never rises: neighbours that do are pooled."""
    blocks: list[list[float]] = []
    for value, w in zip(kappa, weight, strict=True):
        blocks.append([value, w, 1])
        while len(blocks) > 1 and blocks[-1][0] > blocks[-2][0]:
            value2, w2, count2 = blocks.pop()
            value1, w1, count1 = blocks.pop()
            blocks.append([(value1 * w1 + value2 * w2) / (w1 + w2), w1 + w2, count1 + count2])
    return np.concatenate([[value] * int(count) for value, _, count in blocks])


def learn(panel: pd.DataFrame) -> tuple[dict[int, float], dict[str, int]]:
    stamps = panel["period"].str.extract(r"(\d+)[-Q](\d+)").astype(int)
    panel = panel.assign(year=stamps[0], part=stamps[1])
    pooled: dict[int, list[np.ndarray]] = {m: [] for m in MONTHS}
    counts = {"monthly": 0, "quarterly": 0}
    for (_, frequency), part in panel.groupby(["series_id", "frequency"], sort=False):
        errors = errors_of(yearly(part, 12 if frequency == "monthly" else 4))
        if errors is not None:
            counts[str(frequency)] += 1
            for m, e in errors.items():
                pooled[m].append(e)
    kappa, weight = [], []
    for m in MONTHS:
        values = np.abs(np.concatenate(pooled[m]))
        weights = np.concatenate([np.full(len(e), 1 / len(e)) for e in pooled[m]])
        kappa.append((NORMAL * weighted_median(values, weights)) ** 2)
        weight.append(float(len(pooled[m])))
    return dict(zip(MONTHS, falling(np.array(kappa), np.array(weight)).tolist(), strict=True)), counts


def card(kappa: dict[int, float], counts: dict[str, int]) -> str:
    about = {
        "title": "Looseness of growth over the first months of a year",
        "model": "log growth of January to month m over the same months of the year before = log growth of the year"
        " + e, e ~ N(0, kappa(m) s2)",
        "learned": "kappa(m) = (1.4826 median |e| / s)^2, s the robust AR(1) residual scale of a series' yearly log"
        " growth, every series with the same weight, made to fall with m; benchmarks/calibration/learn_part_year.py",
        "panel": "M1 and M3 competition series, tourism competition, FRED-MD and FRED-QD, development half",
        "series": counts,
        "kappa": {m: float(f"{k:.3g}") for m, k in kappa.items()},
    }
    return yaml.safe_dump(about, sort_keys=False, width=120)


def main() -> None:
    options = argparse.ArgumentParser(description="Learn the looseness of part-year growth.")
    options.add_argument("panel", type=Path)
    options.add_argument("--write", type=Path, help="file to write, such as python/attain/priors/part-year.yaml")
    given = options.parse_args()
    text = card(*learn(pd.read_csv(given.panel, dtype={"period": str})))
    if given.write:
        given.write.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
