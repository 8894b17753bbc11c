"""Shares measured directly: on the logit scale, under a prior that tells a share and its complement the same."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

import attain as at
from attain import _core
from attain.errors import ArgumentError, DataError
from attain.report import assessment_page
from attain.scale import LOGIT
from attain.text import display_width

ROOT = Path(__file__).parents[2]
CALIBRATION = ROOT.parent / "shared" / "data" / "calibration"
YEARS = [2016, 2017, 2019, 2021, 2022]
SHARES = np.array([0.31, 0.318, 0.34, 0.352, 0.35])


def shares(values=SHARES, years=YEARS, name="s", **columns):
    return pd.DataFrame({"indicator": name, "year": years, "kind": "share", "value": values, **columns})


def levels(values=(100, 108, 121, 125, 131), years=YEARS, name="x"):
    return pd.DataFrame({"indicator": name, "year": years, "kind": "level", "value": values})


def plan_of(*targets):
    return {"id": "p", "targets": [{"id": f"t{i}", "by": 2025, **t} for i, t in enumerate(targets)]}


def share(**fields):
    return {"kind": "share", "indicator": "s", "of": "all", **fields}


# --- projections ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "model"), [(1, "growth"), (2, "growth"), (3, "growth"), (5, "growth"), (3, "random-walk"), (5, "random-walk")]
)
def test_a_share_and_its_complement_are_told_the_same(n, model):
    one, other = (at.project(shares(v[:n], YEARS[:n]), to=2030, model=model) for v in (SHARES, 1 - SHARES))
    for by in (2023, 2026, 2030):
        for s in (1e-6, 0.05, 0.3, 0.36, 0.5, 0.9):
            above = one.probability(by=by, more_than=s)
            assert above == pytest.approx(other.probability(by=by, less_than=1 - s), abs=1e-12)
    q = [0.01, 0.1, 0.5, 0.9, 0.99]
    low, high = one.quantile(q).to_numpy(), other.quantile(q).to_numpy()[:, ::-1]
    np.testing.assert_allclose(low, 1 - high, atol=1e-12)


def test_shares_are_the_inverse_logit_of_what_their_odds_would_be():
    prior = at.load_prior("share").points
    projection = at.project(shares(), to=2027)
    observations = projection.observations
    odds = (
        *observations.columns[:2],
        np.zeros(5, np.int32),
        observations.scope,
        SHARES / (1 - SHARES),
        *[np.zeros(5)] * 2,
    )
    _, log_odds = _core.growth_quantiles(prior, *odds, 2023, 2027, np.array([0.1, 0.5, 0.9]))
    np.testing.assert_allclose(projection.quantile([0.1, 0.5, 0.9]).to_numpy(), expit(log_odds[0]), rtol=1e-12)
    assert projection.origin().log_level == pytest.approx(logit(SHARES[-1]), rel=1e-14)


def test_quantiles_lie_within_0_and_1_and_invert_the_probability():
    for values in (SHARES, SHARES / 1000, 1 - SHARES / 1000):
        projection = at.project(shares(values), to=2042)
        cells = projection.quantile([0.001, 0.1, 0.5, 0.9, 0.999])
        assert ((cells > 0) & (cells < 1)).all(axis=None)
        assert (np.diff(cells.to_numpy(), axis=1) > 0).all()
        for q in (0.1, 0.5, 0.9):
            bound = float(cells.loc[2030, ("s", q)])
            assert projection.probability(by=2030, at_most=bound) == pytest.approx(q, abs=1e-9)


def test_shares_are_written_as_fractions_in_per_cent_or_with_the_sign():
    written = (
        shares(),
        shares(SHARES * 100, unit="%"),
        shares([f"{100 * s:.10g}%" for s in SHARES]),
        shares([f"{100 * s:.10g} %" for s in SHARES], unit=["%", "", "%", "", ""]),
    )
    first, *others = (at.project(frame, to=2026) for frame in written)
    assert first.history.unit_of("s") == "fraction"
    for other in others:
        np.testing.assert_allclose(other.quantile(0.9), first.quantile(0.9), rtol=1e-12)
    for bound in ("36%", 0.36, np.float64(0.36)):
        assert first.probability(by=2026, at_least=bound) == first.probability(by=2026, at_least=0.36)


def test_levels_and_shares_are_projected_together_as_each_alone():
    parts = [shares(name="b"), levels(name="a"), shares(1 - SHARES, name="d"), levels(name="c")]
    together = at.project(pd.concat(parts, ignore_index=True), to=2026)
    assert together.prior_name == "general, share"
    for part in parts:
        alone = at.project(part, to=2026)
        name = part["indicator"].iloc[0]
        pd.testing.assert_frame_equal(together.quantile([0.9, 0.1])[[name]], alone.quantile([0.9, 0.1]))
        assert alone.prior_name == ("share" if name in "bd" else "general")
    assert "b: 35." in together.summary()
    assert "%" not in together.summary().split("a: ")[1].split("(80 %")[0]
    assert set(together.to_frame()["indicator"]) == set("abcd")
    assert "35." in together._repr_html_()


def test_the_prior_of_shares_is_symmetric_and_says_so():
    prior = at.load_prior("share")
    assert (prior.table[:, 4] == 0).all()
    assert prior.table[:, -1].sum() == pytest.approx(1, abs=1e-4)
    assert prior.card["scale"] == "logit"
    assert prior.card["kept"] == len(prior.table)
    assert at.load_prior("general").card["scale"] == "log"
    asked = at.project(shares(), to=2026, prior="share")
    pd.testing.assert_frame_equal(asked.quantile(0.9), at.project(shares(), to=2026).quantile(0.9))


def test_a_change_of_scope_says_nothing_about_the_growth_of_a_share():
    one = at.project(shares([0.30, 0.31, 0.33], [2019, 2020, 2021], scope="a"), to=2023)
    jump = shares([0.10, 0.30, 0.31, 0.33], [2019, 2019, 2020, 2021], scope=["b", "a", "a", "a"])
    pd.testing.assert_frame_equal(at.project(jump, to=2023).quantile(0.9), one.quantile(0.9))


# --- figures with errors --------------------------------------------------------------------------------------------


def as_odds(projection, first, last, q):
    """Quantiles of the shares of a projection from levels that are their odds, with the same errors."""
    series, year, _, scope, value, looseness, error = projection.observations.columns
    odds = (series, year, np.zeros(len(year), np.int32), scope, value / (1 - value), looseness, error)
    return expit(_core.growth_quantiles(projection.prior_of(LOGIT).points, *odds, first, last, np.array(q))[1][0])


def test_a_rounded_share_has_its_error_on_the_logit_scale():
    written = [31, 32, 34, 35, 35]
    projection = at.project(shares(written, unit="%", rounding=1), to=2027)
    s = np.array(written) / 100
    np.testing.assert_allclose(projection.observations.error, 0.01 / math.sqrt(12) / (s * (1 - s)), rtol=1e-12)
    np.testing.assert_allclose(projection.observations.value, s, rtol=1e-14)
    q = [0.1, 0.5, 0.9]
    np.testing.assert_allclose(projection.quantile(q).to_numpy(), as_odds(projection, 2023, 2027, q), rtol=1e-12)
    exact = at.project(shares(written, unit="%"), to=2027)
    assert abs(projection.probability(by=2024, at_least=0.36) - exact.probability(by=2024, at_least=0.36)) > 0.01
    assert projection.node_error("s") == 1e-8
    walk = at.project(shares(written, unit="%", rounding=1), to=2027, model="random-walk")
    assert not walk.observations.error.any()


@pytest.mark.parametrize(
    ("value", "unit", "bound", "rounding", "low", "high"),
    [
        (42, "%", "at_least", "", 0.42, 0.43),
        (42, "%", "at_most", "", 0.41, 0.42),
        (90, "%", "more_than", "", 0.90, 0.91),
        ("90%", "", "at_most", "", 0.89, 0.90),
        (0.4, "", "at_least", "", 0.40, 0.44),
        (60, "%", "less_than", 2, 0.58, 0.60),
    ],
)
def test_what_a_bound_of_a_share_stands_for(value, unit, bound, rounding, low, high):
    row = at.load_history(shares([value], [2020], unit=unit, bound=bound, rounding=rounding)).rows.iloc[0]
    assert row["reading"] == pytest.approx(expit((logit(low) + logit(high)) / 2), rel=1e-12)
    assert row["error"] == pytest.approx((logit(high) - logit(low)) / math.sqrt(12), rel=1e-12)


def test_a_share_with_errors_and_its_complement_are_told_the_same():
    about = {"rounding": [1, 1, 1, 1, ""], "unit": "%"}
    one = at.project(shares([31, 32, 34, 35, 40], bound=[""] * 4 + ["at_least"], **about), to=2026)
    other = at.project(shares([69, 68, 66, 65, 60], bound=[""] * 4 + ["at_most"], **about), to=2026)
    for s in (0.3, 0.41, 0.6):
        assert one.probability(by=2026, more_than=s) == pytest.approx(
            other.probability(by=2026, less_than=1 - s), abs=1e-8
        )


def test_shares_of_sources_that_differ_are_averaged_in_logits():
    frame = pd.concat([shares(source="a"), shares([36], [2022], unit="%", source="b")], ignore_index=True)
    frame["unit"] = frame["unit"].fillna("")
    observations = at.project(frame, to=2024).observations
    logits = logit([0.35, 0.36])
    assert observations.value[-1] == pytest.approx(expit(logits.mean()), rel=1e-12)
    assert observations.error[-1] == pytest.approx(logits.std(ddof=1) / math.sqrt(2), rel=1e-12)


def test_bounds_and_parts_of_a_year_among_shares():
    frame = shares([30, 40, 41, 100, 35], [2019, 2020, 2020, 2021, 2022], unit="%")
    frame["bound"] = ["", "at_least", "at_least", "at_most", ""]
    frame["period"] = [""] * 4 + ["2022H1"]
    history = at.load_history(frame)
    assert history.rows["unused"].tolist() == [
        "",
        "a weaker bound than another of the year",
        "",
        "a bound of the whole, which tells no size",
        "share of a part of a year (not modelled)",
    ]
    settled = at.assess(plan_of(*(share(by=2020, at_least=bound) for bound in ("40%", "41.5%", "43%"))), history)
    assert settled.table["likelihood"].to_dict() == {"t0": "attained", "t2": "missed"}
    assert settled.table["last_value"].tolist() == [0.41, 0.41]
    assert "2020 has passed with a bound only" in settled.not_assessed.loc["t1", "reason"]


@pytest.mark.parametrize(("value", "rounding", "bound"), [(5, 6, ""), (96, 5, ""), (60, 40, "at_least")])
def test_a_rounding_beyond_the_ends_is_refused(value, rounding, bound):
    with pytest.raises(DataError, match=r"column rounding: .* larger than the figure, or than what it leaves"):
        at.load_history(shares([value], [2020], unit="%", rounding=rounding, bound=bound))


def test_growth_tests_refuse_shares_and_backtests_skip_them():
    with pytest.raises(ArgumentError, match="'s' is a share, which has no growth"):
        at.growth_test(shares(), "s", growth=0.05)
    panel = pd.concat([shares(np.linspace(0.3, 0.4, 9), range(2010, 2019)), levels(name="x")], ignore_index=True)
    panel = pd.concat([panel, levels(100 * 1.1 ** np.arange(9) + np.arange(9) % 2, range(2010, 2019), "y")])
    result = at.backtest(panel.reset_index(drop=True), horizons=1)
    assert "y" in set(result.table["series"])
    assert result.skipped.loc["s", "reason"] == "a share; backtests score levels"


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [0, 1])
def test_a_share_of_nothing_or_all_is_refused_with_its_place_and_the_way_out(end):
    frame = shares([0.9, end, 0.95], [2020, 2021, 2022])
    with pytest.raises(DataError, match=r"row 1 \(2021\): a share is not strictly between 0 and 1.*leave it out"):
        at.project(frame, to=2025)
    assert at.load_history(frame).rows["value"].tolist() == [0.9, end, 0.95]


@pytest.mark.parametrize("kind", ["level", "growth"])
def test_kinds_do_not_mix_within_an_indicator(kind):
    frame = shares([0.4, 0.1, 0.42], [2020, 2021, 2022])
    frame.loc[1, "kind"] = kind
    with pytest.raises(DataError, match=f"frame, row 1, column kind: a {kind} among the shares.*an indicator of their"):
        at.load_history(frame)


def test_levels_never_use_a_prior_of_shares():
    both = pd.concat([shares(), levels()], ignore_index=True)
    with pytest.raises(
        ArgumentError, match=r"prior: 'share' is of shares.*'x' is one: use 'general', or project shares"
    ):
        at.project(both, to=2026, prior="share")
    assert at.project(both, to=2026, prior="share", indicators=["s"]).prior_name == "share"
    with pytest.raises(ArgumentError, match="'x' is one: use 'general'"):
        at.assess(plan_of({"kind": "level", "indicator": "x", "at_least": 150}), both, prior="share")


@pytest.mark.parametrize(
    ("bound", "told"),
    [(42, "write '42%' or 0.42"), (0, "between 0 and 100 %"), ("100%", "between 0 and"), ("x", "'x'")],
)
def test_bounds_of_shares(bound, told):
    with pytest.raises(ArgumentError, match=f"at_least: .*{told}"):
        at.project(shares(), to=2026).probability(by=2026, at_least=bound)


# --- targets --------------------------------------------------------------------------------------------------------


def test_a_target_of_a_share_is_assessed_and_needs_points_a_year():
    result = at.assess(plan_of(share(more_than="38%"), share(at_most="33%"), share(about="36%")), shares())
    projection = at.project(shares(), to=2025)
    row = result.table.loc["t0"]
    assert row["probability"] == pytest.approx(projection.probability(by=2025, at_least=0.38), rel=1e-12)
    assert result.table.loc["t1", "probability"] == pytest.approx(
        projection.probability(by=2025, at_most=0.33), rel=1e-12
    )
    about = projection.probability(by=2025, at_least=0.355)
    assert result.table.loc["t2", "probability"] == pytest.approx(about, rel=1e-12)
    assert (row["unit"], row["value"], row["last_value"]) == ("fraction", 0.38, 0.35)
    assert row["required_growth"] == pytest.approx(0.01, abs=1e-12)
    assert result.table.loc["t1", "required_growth"] == pytest.approx(-0.02 / 3, abs=1e-12)
    assert row["median"] == pytest.approx(float(projection.quantile(0.5).loc[2025, "s"]), rel=1e-12)
    assert row["interval80"][0] < row["median"] < row["interval80"][1] < 1
    assert result.prior == json.loads(result.to_json())["prior"] == "share"
    assert set(result.sensitivity["prior"]) == {"share", "none"}


@pytest.mark.parametrize(
    ("word", "bound", "attained"),
    [
        ("more_than", "35%", False), ("at_least", "35%", True), ("about", "35.5%", True), ("about", "35.6%", False),
        ("at_most", "35%", True), ("less_than", "35%", False), ("between", ["34%", "36%"], True),
    ],
)  # fmt: skip
def test_published_shares_settle_targets(word, bound, attained):
    frame = shares(np.round(SHARES * 100, 6), unit="%")
    result = at.assess(plan_of(share(by=2022, **{word: bound})), frame)
    assert result.table.loc["t0", "likelihood"] == ("attained" if attained else "missed")
    assert result.table.loc["t0", "median"] == 0.35
    earlier = at.assess(plan_of(share(by=2021, at_least="35.2%")), frame)
    assert earlier.probability == 1
    gap = at.assess(plan_of(share(by=2018, at_least="35%")), frame)
    assert "2018 has passed without a figure" in gap.not_assessed.loc["t0", "reason"]


def test_bounds_at_the_ends_are_certain_or_impossible():
    result = at.assess(plan_of(share(at_least="0%"), share(at_least="100%"), share(at_most="100%")), shares())
    assert result.table["probability"].tolist() == [1, 0, 1]
    assert result.table["required_growth"].map(math.isfinite).all()
    assert result.plot() is not None


def test_shares_and_levels_need_targets_of_their_own_kind():
    both = pd.concat([shares(), levels()], ignore_index=True)
    targets = (
        share(indicator="x", at_least="38%"),
        {"kind": "level", "indicator": "s", "at_least": "38%"},
        {"kind": "growth", "indicator": "s", "at_least": "3%", "since": 2022},
        share(indicator="z", at_least="38%"),
    )
    told = at.assess(plan_of(*targets), both).not_assessed
    assert told.loc["t0", "reason"] == "x is a level, not a share, and there is no level of all"
    assert "rows of kind share" in told.loc["t0", "needs"]
    assert told.loc["t1", "reason"] == told.loc["t2", "reason"] == "s is a share, not a level"
    assert "a target of kind share" in told.loc["t1", "needs"]
    assert told.loc["t3", "reason"] == "no history of z"
    assert (told["reason_zh"].str.len() > 5).all()


def test_a_plan_of_a_share_and_a_level():
    both = pd.concat([shares(), levels()], ignore_index=True)
    plan = plan_of(share(more_than="36%"), {"kind": "level", "indicator": "x", "at_least": 140})
    result = at.assess(plan, both)
    apart = at.assess(plan, both, dependence="independent")
    assert apart.probability == pytest.approx(result.table["probability"].prod(), rel=1e-12)
    assert apart.probability < result.probability < result.table["probability"].min()
    assert result.prior == "general, share"
    assert result.sensitivity.groupby("target")["prior"].first().to_dict() == {"t0": "share", "t1": "general"}
    for projection in (at.project(both, to=2025), at.project(both, to=2025, indicators=["s"], prior="share")):
        plan_here = plan if "x" in projection.indicators else plan_of(share(more_than="36%"))
        again = at.assess(plan_here, projection)
        assert again.table.loc["t0", "probability"] == result.table.loc["t0", "probability"]
    assert at.assess(plan, both, model="random-walk").prior == "none"


def test_points_are_said_in_both_languages():
    result = at.assess(plan_of(share(more_than="38%")), shares(), as_of=2022)
    english, chinese = result.summary(), result.summary(language="zh")
    assert "1.00 points" in english
    assert "of a share points a year" in english
    assert "1.00 个百分点" in chinese
    assert "35.0 % (2022)" in english
    for text in (english, chinese):
        assert max(display_width(line) for line in text.splitlines()) <= 100
    assert "1.00 points" in assessment_page(result, "en")
    assert "1.00 个百分点" in assessment_page(result, "zh")
    assert "1.00 points" in result._repr_html_()


def test_figures_are_drawn_on_the_share_scale():
    result = at.assess(plan_of(share(more_than="38%"), share(at_most="34%", by=2024)), shares())
    for language, points, room in (
        ("en", "1.00 points a year", "room for −0.50 points"),
        ("zh", "1.00 个百分点", "不超过 −0.50 个百分点"),
    ):
        figure = result.plot(language=language)
        axes = figure.axes[0]
        told = " ".join(text.get_text() for text in figure.legends[0].get_texts())
        assert points in told
        assert room in told
        low, high = axes.get_ylim()
        assert 0 <= low < 0.31 < 0.38 < high <= 1
        assert axes.yaxis.get_major_formatter()(0.35, 0) == ("35 %" if language == "en" else "35%")
    path = next(line for line in result.plot().axes[0].lines if line.get_linestyle() == "--")
    np.testing.assert_allclose(path.get_ydata(), [0.35, 0.36, 0.37, 0.38], rtol=1e-12)
    assert at.project(shares(), to=2026).plot() is not None


def test_a_later_share_written_as_a_fraction_is_told():
    frame = shares([0.3, 0.31, 0.4], [2020, 2021, 2022], released=["2021-02-01", "2022-02-01", "2023-02-01"])
    then = at.assess(plan_of(share(by=2022, at_least="39%")), frame, as_of="2022-06-01")
    assert then.hindsight["attained"].tolist() == [True]


# --- the bundled plan, and the panel behind the prior ---------------------------------------------------------------


def test_the_share_of_jiangsu_as_of_its_issue_and_later():
    issued = at.assess("jiangsu-2023", as_of="2023-02-16")
    row = issued.table.loc["sei-output-share"]
    assert (row["last_year"], row["last_value"], row["observations"]) == (2021, 0.398, 1)
    assert row["required_growth"] == pytest.approx(0.022 / 4, abs=1e-12)
    assert 0.1 < row["probability"] < 0.5
    later = issued.hindsight.set_index("year")
    assert later["value"].to_dict() == {2022: 40.8, 2023: 41.3, 2024: 41.8, 2025: 42.1}
    assert later["attained"].to_dict() == {2022: None, 2023: None, 2024: None, 2025: True}
    known = at.assess("jiangsu-2023", as_of=2024)
    assert known.table.loc["sei-output-share", ["last_year", "observations"]].tolist() == [2024, 4]
    assert row["probability"] < known.probability < 0.75
    assert known.hindsight["value"].tolist() == [42.1]
    assert at.assess("jiangsu-2023").table.loc["sei-output-share", "likelihood"] == "attained"


def test_the_panel_of_shares():
    if not CALIBRATION.is_dir():
        pytest.skip("the calibration panel is not beside the project")
    sys.path.insert(0, str(ROOT / "benchmarks" / "calibration"))
    try:
        from share_panel import share_panel
    finally:
        sys.path.pop(0)
    panel = share_panel(CALIBRATION)
    assert ((panel["value"] > 0) & (panel["value"] < 1)).all()
    assert not panel.duplicated(["series_id", "period"]).any()
    assert panel.groupby("source")["series_id"].nunique().to_dict() == {"BEA_STATE_SHARE": 546, "CN_PROVINCE_SHARE": 32}
    states = panel[panel["source"] == "BEA_STATE_SHARE"]
    whole = states.groupby(["split_key", "period"])["value"].agg(["sum", "size"])
    np.testing.assert_allclose(whole.loc[whole["size"] == 21, "sum"], 1, atol=0.02)
