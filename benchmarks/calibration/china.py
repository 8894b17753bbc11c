"""Chinese provinces foretold by what was known then, from other provinces: cover and CRPS by origin.

    python benchmarks/calibration/china.py [FOLDER]

For each origin a prior is learned from figures of 1978 to the origin of the provinces outside the group that is
foretold (four groups), a second one without China at all (`general` without its fold), and an even mixture of both.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from learn import CHINA, CHINA_SINCE, given_windows
from tqdm.auto import tqdm
from windows import FOLDER

from attain.backtest import cut_windows
from attain.learning import EVIDENCE_LIMIT, LENGTHS, SHORT, Panel, learn_points
from attain.prior import Prior

GROUPS, HORIZONS, FIRST, LAST = 4, (3, 5), 1995, 2019


def provinces(folder: Path) -> pd.DataFrame:
    frame = pd.read_csv(folder / "yearly.csv.gz", dtype={"period": str})
    frame = frame[frame["source"].isin(CHINA) & (frame["frequency"] == "yearly")]
    frame = frame.assign(year=frame["period"].astype(int))
    frame = frame[frame["year"] >= CHINA_SINCE]
    unit = pd.read_csv(folder / "series_meta.csv.gz").set_index("series_id")["split_key"]
    group = {name: i % GROUPS for i, name in enumerate(sorted(unit.loc[frame["series_id"].unique()].unique()))}
    return frame.assign(group=frame["series_id"].map(unit).map(group)).sort_values(["series_id", "year"])


def panel(frame: pd.DataFrame) -> Panel:
    code = pd.factorize(frame["series_id"])[0].astype(np.int64)
    return Panel(code, frame["year"].to_numpy(np.int64), frame["value"].to_numpy(float))


def scores(own: pd.DataFrame, origin: int, priors: dict[str, Prior | None]) -> pd.DataFrame:
    """One row per window and horizon whose outcome is known."""
    data = panel(own)
    ends = np.flatnonzero(data.year == origin)
    pairs = [
        (n, end)
        for n in LENGTHS
        if n >= SHORT
        for end in ends
        if end >= n - 1 and data.code[end - n + 1] == data.code[end]
    ]
    length, end = np.array(pairs, np.int64).T
    windows = cut_windows(data.code, data.year, data.value, end, length, HORIZONS)
    known = ~np.isnan(windows.actual.ravel())
    parts = {"origin": origin, "n": np.repeat(length, len(HORIZONS)), "horizon": np.tile(HORIZONS, len(length))}
    for name, prior in priors.items():
        got = windows.scores(None if prior is None else prior.points, np.empty((*windows.actual.shape, 0)))
        parts |= {f"crps {name}": got.crps.ravel(), f"pit {name}": got.pit.ravel()}
    return pd.DataFrame(parts)[known]


def main() -> None:
    options = argparse.ArgumentParser(description="Chinese provinces foretold by other provinces' past.")
    options.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    folder = options.parse_args().folder
    frame = provinces(folder)
    given = pd.read_csv(folder / "windows.csv.gz")
    windows, row = given_windows(given)
    elsewhere = learn_points(windows, np.where(given["fold"].to_numpy()[row] == "china", 0.0, 1.0))
    general = Prior("general", elsewhere, EVIDENCE_LIMIT, {"scale": "log"})
    rows = []
    for origin in tqdm(range(FIRST, LAST + 1), disable=None):
        for group in range(GROUPS):
            past = frame[(frame["group"] != group) & (frame["year"] <= origin)]
            own = Prior("china", learn_points(panel(past).windows(LENGTHS)), EVIDENCE_LIMIT, {"scale": "log"})
            priors = {"walk": None, "general": general, "china": own, "mixed": own.mixed(general, 0.5)}
            rows.append(scores(frame[frame["group"] == group], origin, priors))
    table = pd.concat(rows)
    print(summary(table).to_string(float_format="%.3f"))


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Forecasts, 80 % cover and CRPS in log points by origin, and over all."""
    names = [c.removeprefix("crps ") for c in table.columns if c.startswith("crps ")]

    def line(part: pd.DataFrame) -> pd.Series:
        cover = {f"cover {n}": part[f"pit {n}"].between(0.1, 0.9).mean() for n in names}
        return pd.Series({"forecasts": len(part), **cover, **{f"crps {n}": part[f"crps {n}"].mean() for n in names}})

    lines = {str(origin): line(part) for origin, part in table.groupby("origin")}
    return pd.DataFrame({**lines, "all": line(table)}).T


if __name__ == "__main__":
    main()
