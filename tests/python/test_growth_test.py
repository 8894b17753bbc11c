"""Growth tests: the t test against its closed form, its size by simulation, percentiles by hand, forecasts, errors."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import attain as at
from attain.errors import ArgumentError, BasisError, DataError
from attain.growth_test import growth_spells, mean_test


def series(levels, name="x", start=2001):
    return pd.Series(levels, index=range(start, start + len(levels)), name=name)


def yearly(x):
    """The arguments of mean_test for yearly changes."""
    return x, np.ones(len(x)), np.arange(len(x), dtype=float)


def corrected(x, mean):
    """The formula of the docstring, written again with sums."""
    n, d = len(x), x - x.mean()
    r = sum(d[i] * d[i + 1] for i in range(n - 1)) / sum(d * d)
    rho = min(max((n * r + 1) / (n - 3), 0), 0.95)
    effective = max(2, n / (1 + 2 * sum((1 - k / n) * rho**k for k in range(1, n))))
    t = (x.mean() - mean) * math.sqrt(effective) / x.std(ddof=1)
    return rho, effective, t, 2 * stats.t.sf(abs(t), effective - 1)


def test_without_autocorrelation_it_is_students_test():
    rng = np.random.default_rng(1)
    seen = 0
    for _ in range(200):
        x = rng.normal(0.06, 0.03, 12)
        test = mean_test(*yearly(x), 0.05)
        if test.autocorrelation == 0:
            plain = stats.ttest_1samp(x, 0.05)
            assert test.statistic == pytest.approx(plain.statistic, rel=1e-12)
            assert test.p_value == pytest.approx(plain.pvalue, rel=1e-10)
            assert (test.df, test.effective) == (11, 12)
            seen += 1
    assert seen > 50


def test_three_changes_are_students_test():
    x = np.array([0.05, 0.09, 0.02])
    test = mean_test(*yearly(x), 0.03)
    assert math.isnan(test.autocorrelation)
    assert test.p_value == pytest.approx(stats.ttest_1samp(x, 0.03).pvalue, rel=1e-10)


@pytest.mark.parametrize("n", [4, 6, 10, 15])
def test_the_correction_is_the_formula(n):
    rng = np.random.default_rng(n)
    for _ in range(50):
        x = np.cumsum(rng.normal(0, 0.02, n)) * 0.5 + rng.normal(0.05, 0.01, n)
        test = mean_test(*yearly(x), 0.04)
        rho, effective, t, p = corrected(x, 0.04)
        assert test.autocorrelation == pytest.approx(rho, rel=1e-9, abs=1e-12)
        assert test.effective == pytest.approx(effective, rel=1e-9)
        assert test.statistic == pytest.approx(t, rel=1e-9)
        assert test.p_value == pytest.approx(p, rel=1e-9)


@pytest.mark.parametrize("n", [6, 10, 15])
@pytest.mark.parametrize("rho", [0.3, 0.6])
def test_its_size_is_nearer_to_five_percent_than_students(n, rho):
    rng, draws = np.random.default_rng(7), 1500
    x = np.empty((draws, n))
    x[:, 0] = rng.normal(size=draws) / math.sqrt(1 - rho**2)
    for t in range(1, n):
        x[:, t] = rho * x[:, t - 1] + rng.normal(size=draws)
    size = np.mean([mean_test(*yearly(row), 0.0).p_value < 0.05 for row in x])
    plain = np.mean(stats.ttest_1samp(x, 0.0, axis=1).pvalue < 0.05)
    assert abs(size - 0.05) < 0.6 * abs(plain - 0.05)


def test_gaps_spread_their_change():
    """A change over three years stands for three; neighbours across it say nothing of autocorrelation."""
    change, length = np.array([0.05, 0.16, 0.08, 0.03]), np.array([1.0, 3, 1, 1])
    test = mean_test(change, length, np.array([2001.0, 2004, 2005, 2006]), 0.02)
    m = change.sum() / 6
    s = math.sqrt(((change - length * m) ** 2 / length).sum() / 3)
    assert math.isnan(test.autocorrelation)
    assert test.statistic == pytest.approx((m - 0.02) / s * math.sqrt(6), rel=1e-12)
    assert test.mean == pytest.approx(math.expm1(m))


def test_changes_come_from_levels_and_growth_of_every_scope():
    rows = [
        ("x", 2001, "level", 100.0, "a"),
        ("x", 2002, "level", 110.0, "a"),
        ("x", 2003, "growth", 0.05, "b"),
        ("x", 2003, "level", 90.0, "b"),
        ("x", 2004, "level", 99.0, "b"),
        ("x", 2004, "growth", 0.30, "b"),
    ]
    frame = pd.DataFrame(rows, columns=["indicator", "year", "kind", "value", "scope"])
    result = at.growth_test(frame, "x", growth=0.04, by=2006)
    logs = np.log([1.1, 1.05, 1.1])
    assert result.mean_test.years == 3  # growth of 2004 repeats its levels
    assert result.mean_test.p_value == pytest.approx(stats.ttest_1samp(logs, math.log(1.04)).pvalue, rel=1e-9)


def test_percentile_by_hand():
    panel = pd.DataFrame({"a": [100, 110, 121, 133.1], "b": [100, 100, 130, np.nan]}, index=range(2001, 2005))
    spells = growth_spells(at.load_history(panel), 2, "nominal")
    assert spells[["series", "since", "by"]].to_numpy().tolist() == [
        ["a", 2001, 2003], ["a", 2002, 2004], ["b", 2001, 2003],
    ]  # fmt: skip
    np.testing.assert_allclose(spells["growth"], [0.1, 0.1, math.sqrt(1.3) - 1])
    levels = series([100, 105, 108, 115])
    for growth, below in ((0.09, 0.0), (0.12, 200 / 3), (0.2, 100.0)):
        assert at.growth_test(levels, "x", growth=growth, by=2006, reference=panel).percentile == pytest.approx(below)
    assert math.isnan(at.growth_test(levels, "x", growth=0.1, by=2012, reference=panel).percentile)


def test_spells_stay_on_one_scope():
    frame = pd.DataFrame({"indicator": "a", "year": [2001, 2002, 2002, 2003], "value": [100.0, 110, 200, 230]})
    history = at.load_history(frame.assign(scope=["old", "old", "new", "new"]))
    np.testing.assert_allclose(growth_spells(history, 1, "nominal")["growth"], [0.1, 0.15])
    assert growth_spells(history, 2, "nominal").empty


def test_the_past_of_the_window_counts():
    """Two of five years have passed at 5 % and 2.857 %; 8 % a year on average leaves the rest."""
    levels = series([90, 96, 100, 105, 108])
    result = at.growth_test(levels, "x", growth="8%", since=2003, by=2008)
    end = 100 * 1.08**5
    assert result.required == pytest.approx((end / 108) ** (1 / 3) - 1, rel=1e-12)
    expected = at.project(levels, to=2008).probability(by=2008, at_least=end)
    assert result.probability == pytest.approx(expected, rel=1e-10)
    assert result.spells["by"].sub(result.spells["since"]).unique().tolist() == [3]
    assert result.foretold(np.array([-0.99, result.required, 9.0]))[1] == pytest.approx(expected, rel=1e-6)


def test_a_window_that_begins_ahead_is_a_change():
    levels = series([90, 96, 100, 105, 108])
    result = at.growth_test(levels, "x", growth=0.05, since=2007, by=2010)
    mixture = at.project(levels, to=2010).mixture()
    expected = math.exp(mixture.log_probability(mixture.row(2010, 2007), 3 * math.log(1.05)))
    assert result.required == 0.05
    assert result.probability == pytest.approx(expected, rel=1e-10)
    assert result.foretold(np.array([0.05, 9.0]))[0] == pytest.approx(expected, rel=1e-6)
    assert "3 years from 2007" in result.summary()


def test_defaults_are_a_plan_term_among_provinces():
    result = at.growth_test("provinces", "江西地区生产总值", growth="7%")
    assert (result.indicator, result.since, result.by, result.years_left) == ("jiangxi", 2024, 2029, 5)
    assert result.reference == "provinces"
    assert result.spells["series"].nunique() == 31
    assert len(result.spells) == 31 * (19 - 5)
    row = result.to_frame().loc["jiangxi"]
    assert row["percentile"] == pytest.approx(100 * (result.spells["growth"] < 0.07).mean())
    assert "434 spells of 31 series in provinces" in result.summary()
    assert "against its own past" in result._repr_html_()


def test_treatment_and_date_of_knowledge():
    results = {
        treatment: at.growth_test("jiangxi", "cluster_prov_revenue", growth=0.1, by=2028, treatment=treatment)
        for treatment in ("one-scope", "2025-and-its-growth")
    }
    assert results["one-scope"].mean_test.years == 2
    assert results["2025-and-its-growth"].mean_test is None
    assert "no test" in results["2025-and-its-growth"].summary()
    early = at.growth_test("provinces", "jiangsu", growth=0.06, as_of=2019)
    assert (early.origin, early.by, early.mean_test.years) == (2019, 2024, 13)


@pytest.mark.parametrize("growth", ["150%", "0.001%", "-3%", 0])
def test_rates_of_every_size_reach_the_forecast(growth):
    levels = series([90, 96, 100, 105, 108])
    result = at.growth_test(levels, "x", growth=growth, by=2007)
    bound = 108 * (1 + result.growth) ** 2
    expected = at.project(levels, to=2007).probability(by=2007, at_least=bound)
    assert result.probability == pytest.approx(expected, rel=1e-9)


def test_figure():
    figure = at.growth_test("provinces", "jiangsu", growth=0.06).plot()
    (axes,) = figure.axes
    spells, *_ = axes.patches
    assert spells.get_data().values.sum() == pytest.approx(1)
    assert any(line.get_xdata()[0] == pytest.approx(0.06) for line in axes.lines if len(set(line.get_xdata())) == 1)


@pytest.mark.parametrize(
    ("indicator", "options", "error", "message"),
    [
        ("y", {"growth": 0.05}, ArgumentError, "unknown indicator 'y'"),
        ("x", {"growth": "-100%"}, ArgumentError, "not above -100 %"),
        ("x", {"growth": 0.05, "since": 2012, "by": 2010}, ArgumentError, "since: 2012 is not before 2010"),
        ("x", {"growth": 0.05, "since": 1990}, DataError, "no figure of the base year 1990"),
        ("x", {"growth": 0.05, "by": 2003}, DataError, "reach 2005 already"),
        ("x", {"growth": 0.05, "since": "2012"}, ArgumentError, "since: '2012' is not a year"),
        ("x", {"growth": 0.05, "by": 2030.5}, ArgumentError, "by: 2030.5 is not a year"),
        ("x", {"growth": 0.05, "treatment": "z"}, ArgumentError, "no treatment 'z'"),
        ("x", {"growth": 0.05, "prior": "z"}, ArgumentError, "no prior 'z'"),
    ],
)
def test_errors(indicator, options, error, message):
    with pytest.raises(error, match=message):
        at.growth_test(series([90, 96, 100, 105, 108]), indicator, **options)


def test_prices_are_not_mixed():
    frame = pd.DataFrame({"indicator": "x", "year": range(2001, 2006), "value": [1.0, 2, 3, 4, 5], "price": "constant"})
    with pytest.raises(BasisError, match="no series in constant prices"):
        at.growth_test(frame, "x", growth=0.05)
    assert not at.growth_test(frame, "x", growth=0.05, by=2007, reference=frame).spells.empty
