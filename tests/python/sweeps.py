"""A small baseline, many scenarios of it, and the bytes of a sweep."""

import pandas as pd

import attain as at

HISTORY = pd.DataFrame(
    {"x": [100.0, 108, 113, 121, 133, 140, 150, 158], "y": [10.0, 9, 11, 12, 11, 13, 14, 14.5]}, index=range(2017, 2025)
)
PLAN = {"id": "p", "targets": [at.level("x", by=2028, at_least=200), at.level("y", by=2028, at_least=16)]}
AXES = {"drift.x": ["-2%", "2%"], "volatility": [0.5, 2.0], "loading.y": [-0.5, 0.9], "shock.x.2026": ["-10%", "10%"]}


def draws(count):
    return at.Scenario.latin_hypercube(AXES, count=count, seed=1)


def bytes_of(results):
    """Everything in a frame, to the last bit."""
    return [results[c].to_numpy().tobytes() if results[c].dtype == float else list(results[c]) for c in results]


def ordered(results, scenarios):
    """The rows in another order of scenarios."""
    place = {name: i for i, name in enumerate(["baseline", *(s.name for s in scenarios)])}
    return results.sort_values("scenario", key=lambda s: s.map(place), kind="stable").reset_index(drop=True)
