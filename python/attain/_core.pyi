"""Types of the C core; shapes in the docstrings of the functions."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Floats = NDArray[np.float64]
_Codes = NDArray[np.int32]
_Prior = tuple[ArrayLike, float]
_JointIndicator = tuple[Any, ...]  # weight, df, location, scale, first_year, loading, row, lower, upper
_PathIndicator = tuple[Any, ...]  # weight, df, location, scale, first_year, loading
_Quantity = tuple[Any, ...]  # rule, indicator, year, coefficient, target or -1, lower, upper, low, high
_SovIndicator = tuple[Any, ...]  # weight, df, location, scale, first_year

MAX_HORIZON: int

def status_table() -> list[tuple[int, str, str, str]]: ...
def growth_origins(
    series: ArrayLike,
    year: ArrayLike,
    kind: ArrayLike,
    scope: ArrayLike,
    value: ArrayLike,
    looseness: ArrayLike,
    error: ArrayLike,
    /,
) -> tuple[_Codes, _Codes, list[tuple[int, int, int, int, float]]]: ...
def growth_posterior(
    prior: _Prior,
    series: ArrayLike,
    year: ArrayLike,
    kind: ArrayLike,
    scope: ArrayLike,
    value: ArrayLike,
    looseness: ArrayLike,
    error: ArrayLike,
    horizon: int,
    /,
) -> tuple[_Floats, _Floats, _Floats, _Floats]: ...
def random_walk_posterior(
    series: ArrayLike,
    year: ArrayLike,
    kind: ArrayLike,
    scope: ArrayLike,
    value: ArrayLike,
    looseness: ArrayLike,
    error: ArrayLike,
    horizon: int,
    /,
) -> tuple[_Floats, _Floats, _Floats, _Floats]: ...
def growth_quantiles(
    prior: _Prior | None,
    series: ArrayLike,
    year: ArrayLike,
    kind: ArrayLike,
    scope: ArrayLike,
    value: ArrayLike,
    looseness: ArrayLike,
    error: ArrayLike,
    first: int,
    last: int,
    probability: ArrayLike,
    /,
) -> tuple[_Codes, _Floats]: ...
def growth_scores(
    prior: _Prior | None,
    series: ArrayLike,
    year: ArrayLike,
    kind: ArrayLike,
    scope: ArrayLike,
    value: ArrayLike,
    looseness: ArrayLike,
    error: ArrayLike,
    horizon: ArrayLike,
    actual: ArrayLike,
    bound: ArrayLike,
    /,
) -> tuple[_Codes, _Floats, _Floats, _Floats, _Floats, _Floats]: ...
def growth_learn(
    prior: _Prior,
    series: ArrayLike,
    year: ArrayLike,
    kind: ArrayLike,
    scope: ArrayLike,
    value: ArrayLike,
    looseness: ArrayLike,
    error: ArrayLike,
    horizon: ArrayLike,
    actual: ArrayLike,
    importance: ArrayLike,
    steps: int,
    rate: float,
    /,
) -> tuple[_Floats, float]: ...
def mixture_margin(
    weight: ArrayLike, df: ArrayLike, location: ArrayLike, scale: ArrayLike, row: ArrayLike, /
) -> tuple[_Floats, _Floats]: ...
def margin_log_interval(
    weight: ArrayLike, df: ArrayLike, location: ArrayLike, scale: ArrayLike, lower: float, upper: float, /
) -> float: ...
def margin_quantile(
    weight: ArrayLike, df: ArrayLike, location: ArrayLike, scale: ArrayLike, probability: ArrayLike, /
) -> _Floats: ...
def mixture_condition(
    weight: ArrayLike,
    df: ArrayLike,
    location: ArrayLike,
    scale: ArrayLike,
    row: ArrayLike,
    value: ArrayLike,
    /,
) -> tuple[_Floats, _Floats, _Floats, _Floats]: ...
def mvn_log_probability(
    lower: ArrayLike,
    upper: ArrayLike,
    mean: ArrayLike,
    cov: ArrayLike,
    df: float,
    seed: int,
    relative_error: float,
    max_points: int,
    /,
) -> tuple[float, float, int]: ...
def joint_log_probability(
    indicators: list[_JointIndicator], seed: int, relative_error: float, max_points: int, /
) -> _Floats: ...
def joint_memo(most: int, /) -> Any: ...
def joint_log_probability_again(
    indicators: list[_JointIndicator], key: ArrayLike, memo: Any, seed: int, relative_error: float, max_points: int, /
) -> tuple[float, float]: ...
def joint_subsets(
    indicators: list[_JointIndicator], seed: int, relative_error: float, max_points: int, /
) -> _Floats: ...
def simulation_open(
    indicators: list[_PathIndicator],
    factors: int,
    years: ArrayLike,
    quantities: list[_Quantity],
    targets: int,
    seed: int,
    scenario: int,
    instructions: int,
    /,
) -> object: ...
def simulation_aim(simulation: object, shift: ArrayLike, paths: ArrayLike, /) -> None: ...
def simulation_layout(simulation: object, /) -> dict[str, int]: ...
def simulate_blocks(simulation: object, first: int, count: int, tally: NDArray[np.int64], /) -> None: ...
def tally_merge(simulation: object, into: NDArray[np.int64], other: NDArray[np.int64], /) -> None: ...
def tally_sums(limbs: NDArray[np.int64], /) -> _Floats: ...
def simulate_paths(simulation: object, first: int, count: int, /) -> tuple[_Floats, _Floats, _Floats, _Floats]: ...
def simulate_at(simulation: object, normals: ArrayLike, /) -> _Floats: ...
def sov_log_probability(
    indicators: list[_SovIndicator],
    correlation: ArrayLike,
    row: ArrayLike,
    lower: ArrayLike,
    upper: ArrayLike,
    seed: int,
    relative_error: float,
    max_points: int,
    /,
) -> tuple[float, float, float, int]: ...
