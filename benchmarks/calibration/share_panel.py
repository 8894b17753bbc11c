"""Which shares are there to learn from? Sectors over totals of the calibration panel: Chinese provinces, US states."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

# Source of the parts, of the wholes, and what the shares are called.
_PAIRS = (
    ("CN_PROVINCE_SECTOR", "CN_PROVINCE_GDP", "CN_PROVINCE_SHARE"),
    ("BEA_STATE_INDUSTRY", "BEA_STATE_GDP", "BEA_STATE_SHARE"),
)


def share_panel(folder: Path) -> pd.DataFrame:
    """Yearly shares of a sector in the total of its unit.

    Parameters
    ----------
    folder
        The calibration data: `yearly.csv.gz` (source, series_id, period, value) and `series_meta.csv.gz` (series_id,
        split_key: the province or state).

    Returns
    -------
    DataFrame
        Tidy, sorted: source, series_id (that of the sector), split_key, period (year), value (share, a fraction
        strictly within 0 and 1). Years without a figure of both are absent.
    """
    units = pd.read_csv(folder / "series_meta.csv.gz").set_index("series_id")["split_key"]
    figures = pd.read_csv(folder / "yearly.csv.gz", usecols=["source", "series_id", "period", "value"])
    figures["split_key"] = figures["series_id"].map(units)
    panel = pd.concat([_shares(figures, *pair) for pair in _PAIRS])
    return panel.sort_values(["source", "series_id", "period"], ignore_index=True)


def _shares(figures: pd.DataFrame, parts: str, wholes: str, name: str) -> pd.DataFrame:
    """Each part over the whole of its unit and year."""
    whole = figures[figures["source"] == wholes].set_index(["split_key", "period"])["value"]
    part = figures[figures["source"] == parts].join(whole.rename("whole"), on=["split_key", "period"], how="inner")
    value = part["value"] / part["whole"]
    shares = part.assign(source=name, value=value)[["source", "series_id", "split_key", "period", "value"]]
    return shares[(value > 0) & (value < 1)]
