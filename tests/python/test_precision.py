"""Real figures: rounding, floors, parts of a year and differing sources against a dense posterior that is integrated
over s2 numerically, each where taking the figure as exact gives a visibly other answer."""

import functools
import itertools
import math

import numpy as np
import oracle
import pandas as pd
import pytest
from priors import PROTOTYPE, random_points
from scipy import stats

import attain as at
from attain import _core
from attain.errors import DataError
from attain.precision import months_of
from attain.prior import part_year_looseness

ROOT_12 = math.sqrt(12)
project = functools.partial(at.project, prior=PROTOTYPE)


def frame(values, first=2015, **columns):
    """A tidy frame of one indicator, a year a row; columns are given as year: cell."""
    years = list(range(first, first + len(values)))
    cells = {name: [given.get(year, "") for year in years] for name, given in columns.items()}
    return pd.DataFrame({"indicator": "x", "year": years, "value": values} | cells)


def rows_of(values, first=2015, **errors):
    return [(first + i, "level", v, "", 0.0, errors.get(f"y{first + i}", 0.0)) for i, v in enumerate(values)]


def oracle_tail(rows, bound, by):
    return oracle.normal_tail(oracle.normals(rows, PROTOTYPE.points, "", by), math.log(bound))


def agrees(history, rows, bound, by):
    """P(level >= bound) of the projection, equal to the oracle's and unlike that of the figures taken as exact."""
    projection = project(history, to=by)
    p = projection.probability(by=by, at_least=bound)
    assert p == pytest.approx(oracle_tail(rows, bound, by), abs=1e-8)
    return p


def test_rounded_levels():
    values = [1000, 1000, 2000, 2000, 2000, 3000]
    given = frame(values, rounding=dict.fromkeys(range(2015, 2021), 1000))
    rows = [(2015 + i, "level", v, "", 0.0, 1000 / ROOT_12 / v) for i, v in enumerate(values)]
    p = agrees(given, rows, 4000, 2022)
    exact = project(frame(values), to=2022).probability(by=2022, at_least=4000)
    assert abs(p - exact) > 0.02


def test_a_rounded_figure_between_two_pulls_its_neighbours_apart():
    """The error of 2017 is in the change before and after it with opposite signs, so it leaves the growth of both years
    together; errors that were independent would not."""
    values = [100, 105, 130, 115, 121, 127]
    given = frame(values, rounding={2017: 60})
    p = agrees(given, rows_of(values, y2017=60 / ROOT_12 / 130), 160, 2023)
    smooth = project(frame([100, 105, 110, 115, 121, 127]), to=2023).probability(by=2023, at_least=160)
    assert p == pytest.approx(smooth, abs=0.02)
    assert abs(p - project(frame(values), to=2023).probability(by=2023, at_least=160)) > 0.05


def test_rounding_of_growth_is_in_its_own_unit():
    growth = pd.DataFrame(
        {
            "indicator": "x", "year": [2020, 2021, 2022], "kind": ["level", "growth", "growth"],
            "value": ["100", "10%", "0.1"], "rounding": ["", "1", "0.05"],
        }
    )  # fmt: skip
    assert at.load_history(growth).rows["error"].tolist() == pytest.approx(
        [0, 0.01 / ROOT_12 / 1.1, 0.05 / ROOT_12 / 1.1]
    )
    rows = [
        (2020, "level", 100.0, "", 0.0, 0.0),
        (2021, "growth", 0.1, "", 0.0, 0.01 / ROOT_12 / 1.1),
        (2022, "growth", 0.1, "", 0.0, 0.05 / ROOT_12 / 1.1),
    ]
    agrees(growth, rows, 150, 2024)


def test_the_last_floor_is_an_uncertain_origin():
    values = [4000, 4200, 4400, 4600, 5000]
    given = frame(values, bound={2019: "more_than"})
    history = at.load_history(given)
    width = math.log(1.1)
    assert history.rows["reading"].iat[-1] == pytest.approx(5000 * math.sqrt(1.1))
    assert history.rows["error"].iat[-1] == pytest.approx(width / ROOT_12)
    rows = [*rows_of(values[:-1]), (2019, "level", 5000 * math.sqrt(1.1), "", 0.0, width / ROOT_12)]
    p = agrees(given, rows, 5400, 2020)
    assert abs(p - project(frame(values), to=2020).probability(by=2020, at_least=5400)) > 0.02


@pytest.mark.parametrize(
    ("value", "bound", "rounding", "low", "high"),
    [
        (36000, "more_than", "", 36000, 37000),
        (6500, "at_least", "", 6500, 6600),
        (10000, "at_least", "", 10000, 11000),
        (10000, "at_least", 500, 10000, 10500),
        (4430.2, "at_least", "", 4430.2, 4430.3),
        (5000, "at_most", "", 5000 / 1.1, 5000),
    ],
)
def test_what_a_bound_stands_for(value, bound, rounding, low, high):
    row = at.load_history(frame([value], bound={2015: bound}, rounding={2015: rounding})).rows.iloc[0]
    assert row["reading"] == pytest.approx(math.sqrt(low * high))
    assert row["error"] == pytest.approx(math.log(high / low) / ROOT_12)


def test_a_floor_beside_the_figure_is_not_used():
    given = frame([100, 108, 115, 110], first=2015)
    given.loc[3, "year"] = 2017
    given["bound"] = ["", "", "", "at_least"]
    given["source"] = ["a", "a", "a", "b"]
    history = at.load_history(given)
    assert history.rows["unused"].tolist() == ["", "", "", "a bound beside a figure of the year"]
    assert not history.observations(["x"]).error.any()


def test_of_two_floors_the_stricter_is_used_and_a_ceiling_is_refused():
    given = pd.DataFrame(
        {"indicator": "x", "year": [2020, 2021, 2021], "value": [100, 110, 120], "bound": ["", "at_least", "more_than"]}
    )
    assert at.load_history(given).rows["unused"].tolist() == ["", "a weaker bound than another of the year", ""]
    given["bound"] = ["", "at_least", "at_most"]
    with pytest.raises(
        DataError, match=r"row 2: the level of 'x' for 2021 stands already in row 1.*a floor and a ceiling"
    ):
        at.load_history(given)


def part_year(period="2021Q1-Q3", value=0.2):
    return pd.DataFrame(
        {
            "indicator": "x", "year": range(2015, 2022), "kind": ["level"] * 6 + ["growth"],
            "period": [""] * 6 + [period],
            "value": [100, 106, 111, 118, 124, 131, value],
        }
    )  # fmt: skip


def test_growth_of_nine_months_informs_the_year():
    loose = part_year_looseness(9)
    rows = [*rows_of([100, 106, 111, 118, 124, 131]), (2021, "growth", 0.2, "", loose, 0.0)]
    projection = project(part_year(), to=2022)
    assert projection.origin().year == 2020
    assert projection.origin().changes == 6
    p = projection.probability(by=2021, at_least=145)
    assert p == pytest.approx(oracle_tail(rows, 145, 2021), abs=1e-8)
    without = project(part_year().iloc[:-1], to=2022).probability(by=2021, at_least=145)
    assert p > without + 0.3


def test_looseness_falls_as_months_accumulate():
    loose = [part_year_looseness(months) for months in range(1, 12)]
    assert all(a >= b > 0 for a, b in itertools.pairwise(loose))
    p = [project(part_year(f"2021M1-M{m}"), to=2022).probability(by=2021, at_least=145) for m in (2, 6, 11)]
    assert p == sorted(p)


@pytest.mark.parametrize(
    ("period", "months"),
    [("2021H1", 6), ("2021Q1", 3), ("2021Q1-Q3", 9), ("2021M1-M11", 11), ("2021-01", 1), ("2021Q3", 0), ("2021-08", 0)],
)
def test_months_of_a_part_of_a_year(period, months):
    assert months_of(period) == months


def test_the_latest_part_counts_until_the_year_is_published():
    given = pd.concat([part_year("2021H1"), part_year().iloc[-1:], part_year("2021Q4").iloc[-1:]], ignore_index=True)
    given["released"] = ["2021-01-01"] * 6 + ["2021-07-15", "2021-10-15", "2022-01-10"]
    given.loc[len(given)] = ["x", 2021, "level", "", 150, "2022-01-20"]
    history = at.load_history(given)
    reasons = history.rows["unused"].tolist()[6:]
    assert reasons == ["part of a year whose figure is published"] * 2 + [
        "part of a year that does not begin in January",
        "",
    ]
    october = history.as_of("2021-11-01")
    assert october.rows["unused"].tolist()[6:8] == ["a longer part of the year is published", ""]
    assert history.as_of("2021-08-01").usable(["x"])["period"].iat[-1] == "2021H1"


def test_a_part_of_a_year_settles_no_target():
    target = {"id": "t", "indicator": "x", "kind": "growth", "at_least": "15%", "since": 2020, "by": 2021}
    plan = at.load_plan({"schema_version": 1, "id": "p", "title": "P", "targets": [target]})
    row = at.assess(plan, part_year()).table.iloc[0]
    assert row["last_year"] == 2020
    assert 0 < row["probability"] < 1


def test_a_floor_settles_only_what_it_decides():
    given = frame([100, 104, 110], bound={2017: "at_least"})
    results = {}
    for bound in (100, 109, 110, 114, 130):
        target = {"id": "t", "indicator": "x", "kind": "level", "at_least": bound, "by": 2017}
        plan = at.load_plan({"schema_version": 1, "id": "p", "title": "P", "targets": [target]})
        result = at.assess(plan, given)
        results[bound] = (
            result.table["probability"].iat[0] if len(result.table) else result.not_assessed["reason"].iat[0]
        )
    open_ = "2017 has passed with a bound only"
    assert results == {100: 1.0, 109: 1.0, 110: 1.0, 114: open_, 130: 0.0}


def test_two_sources_are_one_figure_with_their_spread():
    given = pd.concat([frame([100, 108, 114, 120]), frame([140], first=2018)], ignore_index=True)
    given["source"] = ["a"] * 4 + ["b"]
    history = at.load_history(given)
    assert (history.rows["unused"] == "").all()
    logs = np.log([120, 140])
    mean, spread = math.exp(logs.mean()), logs.std(ddof=1) / math.sqrt(2)
    rows = [*rows_of([100, 108, 114]), (2018, "level", mean, "", 0.0, spread)]
    p = agrees(history, rows, 150, 2020)
    for value in (120, 140, mean):
        assert abs(p - project(frame([100, 108, 114, value]), to=2020).probability(by=2020, at_least=150)) > 0.01


def test_sources_that_agree_are_exact_and_one_that_repeats_itself_is_refused():
    given = pd.concat([frame([100, 108]), frame([108], first=2016)], ignore_index=True)
    given["source"] = ["a", "a", "b"]
    table = at.load_history(given).observations(["x"])
    assert table.value.tolist() == [100, 108]
    assert not table.error.any()
    given["source"] = "a"
    with pytest.raises(DataError, match="row 2: the level of 'x' for 2016 stands already in row 1"):
        at.load_history(given)


@pytest.mark.parametrize("cell", ["0", "-1", "about 10", "inf"])
def test_a_rounding_that_is_none_is_refused(cell):
    with pytest.raises(DataError, match=r"row 0, column rounding: .* is no rounding; write the unit"):
        at.load_history(frame([100], rounding={2015: cell}))


def test_a_rounding_beyond_the_figure_is_refused():
    with pytest.raises(DataError, match="row 0, column rounding: '1000' is larger than the figure"):
        at.load_history(frame([100], rounding={2015: "1000"}))


def test_the_random_walk_takes_every_figure_as_exact():
    values = [100, 104, 111, 115]
    walk = project(frame(values, rounding=dict.fromkeys(range(2015, 2019), 20)), to=2020, model="random-walk")
    exact = project(frame(values), to=2020, model="random-walk")
    pd.testing.assert_frame_equal(walk.quantile([0.1, 0.9]), exact.quantile([0.1, 0.9]))
    assert walk.probability(by=2020, at_least=120) == exact.probability(by=2020, at_least=120)


def random_rows(rng):
    """Levels and growth on up to two scopes, some rounded, some loose."""
    n, rows, log_level = int(rng.integers(1, 14)), [], 5.0
    split = rng.integers(0, n + 3)
    for i in range(n):
        growth = rng.normal(0.06, 0.05)
        log_level += growth
        scope = "a" if i < split else "b"
        if rng.random() < 0.3:
            loose = float(rng.choice([0, rng.uniform(0.1, 1)]))
            rows.append((2000 + i, "growth", math.expm1(growth), scope, loose, float(rng.choice([0.0005, 0.003]))))
        if rng.random() < 0.8:
            rows.append((2000 + i, "level", math.exp(log_level), scope, 0.0, float(rng.choice([0, 3e-4, 0.01, 0.1]))))
    return rows if any(k == "level" for _, k, *_ in rows) else [*rows, (2000 + n, "level", 150.0, "b", 0.0, 0.01)]


def test_random_patterns_with_errors_equal_the_oracle():
    rng, worst = np.random.default_rng(4), 0.0
    for i in range(100):
        rows, prior = random_rows(rng), PROTOTYPE.points if i % 10 == 0 else random_points(rng)
        scopes = list(dict.fromkeys(r[3] for r in rows))
        year, kind, value, scope, loose, error = zip(*rows, strict=True)
        codes = (year, [int(k == "growth") for k in kind], [scopes.index(s) for s in scope])
        table = (
            np.zeros(len(rows), np.int64),
            *(np.array(c, np.int32) for c in codes),
            *map(np.array, (value, loose, error)),
        )
        if not any(error):
            continue
        last = [s for _, k, _, s, *_ in rows if k == "level"][-1]
        p = np.array([0.001, 0.1, 0.5, 0.9, 0.999])
        status, quantile = _core.growth_quantiles(prior, *table, 2018, 2018, p)
        assert status.tolist() == [0]
        parts = oracle.normals(rows, prior, last, 2018)
        below = [1 - oracle.normal_tail(parts, x) for x in quantile[0, 0]]
        worst = max(worst, np.abs(below - p).max())
        ((origin, *_),) = _core.growth_origins(*table)[2]
        weight, df, *_ = _core.growth_posterior(prior, *table, 2018 - origin)
        assert len(weight) == 56 * len(prior[0])
        assert np.isinf(df).all()
    assert worst < 1e-7  # 4e-8 at a single level, where a0 near 0.5 leaves s2 a wide prior


def test_a_single_rounded_figure_is_the_prior_and_its_error():
    """One level: s2 keeps its prior, and what is forecast is normal given s2."""
    point = np.array([[0.0, 0.0, 1.0, 0.0, 0.03, 0.05, 1.5, 0.05, 1.0, 0.0, 1.0]])
    table = (
        np.zeros(1, np.int64),
        *(np.array([c], np.int32) for c in (2020, 0, 0)),
        *map(np.array, ([100.0], [0.0], [0.1])),
    )
    weight, df, location, scale = _core.growth_posterior((point, np.inf), *table, 1)
    rng = np.random.default_rng(5)
    s2 = 1.5 * 0.05**2 / rng.gamma(1.5, size=1_000_000)
    expected = stats.norm.sf((0.2 - 0.03) / np.sqrt(1.05 * s2 + 0.01)).mean()
    margin = _core.mixture_margin(weight, df, location, scale, np.array([1.0]))
    got = math.exp(_core.margin_log_interval(weight, df, *margin, math.log(100) + 0.2, math.inf))
    assert got == pytest.approx(expected, abs=2e-4)
