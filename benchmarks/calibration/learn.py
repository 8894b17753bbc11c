"""Learn the shipped priors, or their stand-ins without each fold, from a calibration panel.

    python benchmarks/calibration/learn.py ship [FOLDER]     writes python/attain/priors/*.csv and *.yaml
    python benchmarks/calibration/learn.py folds [FOLDER] [--out PREDICTIONS.csv]
                                                             each window foretold by a prior learned without its fold

FOLDER holds yearly.csv.gz, series_meta.csv.gz and windows.csv.gz; by default shared/data/calibration beside the
project.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from share_panel import share_panel
from tqdm.auto import tqdm
from windows import FOLDER, score_windows

from attain.backtest import Windows, cut_windows
from attain.learning import EVIDENCE_LIMIT, HORIZONS, LENGTHS, SHORT, Panel, card, learn_points
from attain.prior import COLUMNS
from attain.scale import LOG, LOGIT

PRIORS = Path(__file__).resolve().parents[2] / "python" / "attain" / "priors"
CHINA = ("CN_PROVINCE_GDP", "CN_PROVINCE_SECTOR")
INDUSTRY = ("BEA_STATE_INDUSTRY", "CN_PROVINCE_SECTOR")
CHINA_SINCE = 1978


def given_windows(frame: pd.DataFrame) -> tuple[Windows, np.ndarray]:
    """The windows of windows.csv.gz, those of the shortest histories cut shorter too, and the row of each."""
    levels, row, n = [], [], []
    for length in LENGTHS:
        own = np.flatnonzero(frame["n"] == max(length, SHORT))
        levels += [np.array(frame["levels"].iat[i].split(), float)[frame["n"].iat[i] - length :] for i in own]
        row, n = [*row, *own], [*n, *[length] * len(own)]
    length, n = np.array([len(own) for own in levels]), np.array(n)
    code, first = np.repeat(np.arange(len(levels)), length), np.cumsum(length) - length
    year = np.arange(length.sum()) - np.repeat(first, length)
    return cut_windows(code, year, np.concatenate(levels), first + n - 1, n, HORIZONS), np.array(row)


def panel_of(frame: pd.DataFrame, sources: tuple[str, ...], since: int) -> Panel:
    """The series of some sources from a year on."""
    own = frame[frame["source"].isin(sources) & (frame["period"] >= since)].sort_values(["series_id", "period"])
    code = pd.factorize(own["series_id"])[0].astype(np.int64)
    return Panel(code, own["period"].to_numpy(np.int64), own["value"].to_numpy(float))


def write(name: str, points: np.ndarray, about: dict[str, object], zh: str) -> None:
    table = pd.DataFrame(points, columns=COLUMNS)
    table.to_csv(PRIORS / f"{name}.csv", index=False, float_format="%.6g")
    about = {"title": about.pop("title"), "title_zh": zh, **about}
    text = yaml.safe_dump(about, allow_unicode=True, sort_keys=False, width=110)
    (PRIORS / f"{name}.yaml").write_text(text, encoding="utf-8")
    print(f"{name}: {len(points)} points from {about['windows']} windows")


def ship(folder: Path) -> None:
    windows, _ = given_windows(pd.read_csv(folder / "windows.csv.gz"))
    points = learn_points(windows)
    told = "M1, M3, tourism, Penn World Table 9.1, Maddison 2023, World Bank, US states, FRED, China, Italy"
    write("general", points, card("General: yearly economic series", LOG, points, len(windows.length), told), "通用")
    yearly = pd.read_csv(folder / "yearly.csv.gz", dtype={"period": str})
    yearly = yearly[yearly["frequency"] == "yearly"].assign(period=lambda f: f["period"].astype(int))
    for name, title, zh, sources, since, told in (
        (
            "china-province", "Chinese provinces since 1978", "中国省份", CHINA, CHINA_SINCE,
            "GDP, secondary and tertiary value added of 16 Chinese provinces, nominal, 1978 to 2022",
        ),
        (
            "industry", "Industries of US states and sectors of Chinese provinces", "行业", INDUSTRY, CHINA_SINCE,
            "value added of 21 industries in 26 US states and of sectors in 16 Chinese provinces, nominal",
        ),
    ):  # fmt: skip
        windows = panel_of(yearly, sources, since).windows(LENGTHS)
        points = learn_points(windows)
        write(name, points, card(title, LOG, points, len(windows.length), told), zh)
    shares = share_panel(folder).sort_values(["series_id", "period"])
    code, share = pd.factorize(shares["series_id"])[0].astype(np.int64), shares["value"].to_numpy(float)
    windows = Panel(code, shares["period"].to_numpy(np.int64), share / (1 - share)).windows(LENGTHS)
    points = learn_points(windows, scale=LOGIT)
    told = "sectors over total: 21 industries of US states, secondary and tertiary sectors of Chinese provinces"
    write("share", points, card("Shares of a total", LOGIT, points, len(windows.length), told), "份额")


def folds(folder: Path, out: Path) -> None:
    frame = pd.read_csv(folder / "windows.csv.gz")
    windows, row = given_windows(frame)
    levels = [np.array(text.split(), float) for text in frame["levels"]]
    parts = []
    for fold in tqdm(sorted(frame["fold"].unique()), disable=None):
        own = (frame["fold"] == fold).to_numpy()
        points = learn_points(windows, np.where(own[row], 0.0, 1.0))
        prior = (points, EVIDENCE_LIMIT)
        mine = np.flatnonzero(own)
        parts.append(
            score_windows(frame["window"][mine].tolist(), [levels[i] for i in mine], frame["n"].to_numpy()[mine], prior)
        )
    pd.concat(parts).to_csv(out, index=False)


def main() -> None:
    options = argparse.ArgumentParser(description="Learn the shipped priors, or score them by folds.")
    options.add_argument("what", choices=("ship", "folds"))
    options.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    options.add_argument("--out", type=Path, default=Path("predictions.csv"))
    given = options.parse_args()
    if given.what == "ship":
        ship(given.folder)
    else:
        folds(given.folder, given.out)


if __name__ == "__main__":
    main()
