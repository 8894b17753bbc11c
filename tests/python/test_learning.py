"""Learning a prior: what is learned beats what it started from, symmetric for shares, deterministic; pooling."""

import numpy as np
import pandas as pd
import pytest
from priors import PROTOTYPE

import attain as at
from attain import _core
from attain.backtest import cut_windows
from attain.errors import ArgumentError, DataError
from attain.learning import HORIZONS, candidates, learn_points
from attain.scale import LOGIT


def panel(count, drift, spread, years=26, seed=0):
    rng = np.random.default_rng(seed)
    growth = rng.normal(drift, spread, (years, count))
    frame = pd.DataFrame(100 * np.exp(np.cumsum(growth, axis=0)), index=range(1995, 1995 + years))
    return frame.add_prefix("s")


def mean_log_score(prior, levels):
    return at.backtest(levels, horizons=(1, 3, 5), history=6, origins="all", prior=prior).table["log_score"].mean()


@pytest.fixture(scope="module")
def fast_and_calm():
    return at.learn_prior(panel(30, 0.12, 0.01), name="fast-and-calm", title="Fast and calm")


def test_what_is_learned_foretells_series_of_its_kind_better(fast_and_calm):
    unseen = panel(20, 0.12, 0.01, seed=1)
    assert mean_log_score(fast_and_calm, unseen) > mean_log_score("general", unseen) + 0.05


def test_a_learned_prior_is_a_prior(fast_and_calm):
    assert fast_and_calm.card["title"] == "Fast and calm"
    assert fast_and_calm.card["scale"] == "log"
    assert fast_and_calm.card["kept"] == len(fast_and_calm.table) < fast_and_calm.card["candidates"]
    assert fast_and_calm.table[:, -1].sum() == pytest.approx(1, abs=1e-12)
    again = at.learn_prior(panel(30, 0.12, 0.01), name="fast-and-calm")
    np.testing.assert_array_equal(again.table, fast_and_calm.table)
    mixed = fast_and_calm.mixed(at.load_prior("general"), 0.25)
    history = pd.Series([100, 112, 125.0], index=[2020, 2021, 2022], name="x")
    at_least = [
        at.project(history, to=2025, prior=p).probability(by=2025, at_least=170) for p in (fast_and_calm, mixed)
    ]
    assert at_least[0] > at_least[1] > at.project(history, to=2025).probability(by=2025, at_least=170)


def test_importance_decides_what_is_learned():
    """A window that counts for nothing might as well not be there."""
    levels = panel(8, 0.05, 0.05)
    code, year = np.repeat(np.arange(8), 26), np.tile(np.arange(26), 8)
    value = levels.to_numpy().T.ravel()
    ends, length = np.arange(8) * 26 + 19, np.full(8, 10)
    whole = cut_windows(code, year, value, ends, length, HORIZONS)
    half = cut_windows(code, year, value, ends[:4], length[:4], HORIZONS)
    counted = np.r_[np.ones(4), np.zeros(4)]
    np.testing.assert_allclose(learn_points(whole, counted), learn_points(half), rtol=1e-6, atol=1e-9)


def test_candidates_of_shares_have_no_direction():
    assert (candidates(LOGIT)[:, 4] == 0).all()
    assert len(np.unique(candidates()[:, :-1], axis=0)) == len(candidates())


def test_short_and_mixed_panels_are_refused():
    with pytest.raises(DataError, match="no series is longer than"):
        at.learn_prior(panel(3, 0.1, 0.1, years=5), name="short")
    rows = [{"indicator": "a", "year": 2000 + i, "kind": "level", "value": 10 + i} for i in range(12)]
    rows += [{"indicator": "b", "year": 2000 + i, "kind": "share", "value": 0.4} for i in range(12)]
    with pytest.raises(DataError, match="levels or of shares"):
        at.learn_prior(pd.DataFrame(rows), name="both")


# --- pooling --------------------------------------------------------------------------------------------------------


def test_one_indicator_pools_to_the_closed_form():
    """With one indicator and great strength the weights move by p_i / strength, to first order."""
    history = pd.Series([100, 103, 111, 118.0], index=range(2019, 2023), name="x")
    base, strength = PROTOTYPE, 1e6
    pooled = at.pooled_prior(history, prior=base, strength=strength)
    weight = base.table[:, -1] / base.table[:, -1].sum()
    posterior = at.project(history, to=2023, prior=base).mixture().weight
    np.testing.assert_allclose(pooled.table[:, -1] - weight, (posterior - weight) / strength, atol=1e-10)


def test_the_fixed_point_holds_and_the_others_of_a_plan_inform_an_indicator():
    rng = np.random.default_rng(3)
    years = range(2012, 2025)
    growth = rng.normal(0.15, 0.01, (len(years), 6))
    many = pd.DataFrame(100 * np.exp(np.cumsum(growth, axis=0)), index=years).add_prefix("i")
    young = many["i0"].mask(many.index < 2023).rename("young")  # two levels only
    history = pd.concat([many, young], axis=1)
    pooled = at.pooled_prior(history, strength=5)
    weight, start = pooled.table[:, -1], at.load_prior().table[:, -1]
    projection = at.project(history, to=2026, prior=pooled)
    posterior = sum(projection.mixture(n).weight for n in projection.indicators)
    start = start / start.sum()
    # the evidence of a window is tempered alike in both, so responsibilities are those of the pooled prior itself
    np.testing.assert_allclose(weight, (5 * start + posterior) / (5 + 7), atol=1e-8)
    alone = at.project(young.dropna(), to=2027).probability(by=2027, at_least=1.14**3 * young.iloc[-1])
    told = at.project(young.dropna(), to=2027, prior=pooled).probability(by=2027, at_least=1.14**3 * young.iloc[-1])
    assert told > alone


def test_pooling_refuses_a_strength_that_is_none():
    with pytest.raises(ArgumentError, match="strength"):
        at.pooled_prior("jiangxi", strength=0)


def test_the_core_refuses_what_cannot_be_learned_from():
    columns = (
        np.zeros(2, np.int64),
        np.array([2000, 2001], np.int32),
        *np.zeros((2, 2), np.int32),
        np.array([1.0, 1.1]),
    )
    exact, prior = np.zeros(2), at.load_prior().points
    with pytest.raises(ArgumentError):
        _core.growth_learn(prior, *columns, exact, exact, [0], [[1.0]], [1.0], 3, 0.2)
    with pytest.raises(DataError):
        _core.growth_learn(prior, *columns, exact, exact + 0.1, [1], [[1.0]], [1.0], 3, 0.2)


def test_beliefs_are_those_of_the_points():
    """Against draws from the prior."""
    told, rng = PROTOTYPE.beliefs(), np.random.default_rng(0)
    phi, r, w, q, m0, k0, a0, s0, _, _, weight = PROTOTYPE.table.T
    k = rng.choice(len(weight), 400_000, p=weight / weight.sum())
    s2 = a0[k] * s0[k] ** 2 / rng.gamma(a0[k])
    drift = m0[k] + np.sqrt(k0[k] * s2) * rng.normal(size=len(k))
    around = np.sqrt(s2 * (q[k] / (1 - phi[k] ** 2) + w[k] + 2 * r[k]))
    growth = drift + around * rng.normal(size=len(k))
    for name, drawn in (("drift", drift), ("growth", growth)):
        np.testing.assert_allclose(
            told[[f"{name} 10 %", f"{name} 50 %", f"{name} 90 %"]], np.quantile(drawn, [0.1, 0.5, 0.9]), atol=0.002
        )
    assert told["drift fades"] == 0 == told["past more volatile"]
    assert "drift a year" in PROTOTYPE.summary()
    assert at.load_prior("share").beliefs()["drift 50 %"] == pytest.approx(0, abs=1e-9)


def test_a_change_of_scope_is_not_learned_as_growth():
    rows = [
        {
            "indicator": "a",
            "year": 1990 + i,
            "value": (100 if i < 15 else 1000) * 1.05**i,
            "scope": "old" if i < 15 else "new",
        }
        for i in range(30)
    ]
    calm = at.learn_prior(pd.DataFrame(rows), name="calm")
    assert calm.table[calm.table[:, 7] < 0.03, -1].sum() > 0.9


def test_a_name_of_a_bundled_prior_is_refused():
    for name in ("general", "none"):
        with pytest.raises(ArgumentError, match="is taken"):
            at.learn_prior(panel(3, 0.1, 0.1), name=name)
    with pytest.raises(ArgumentError, match="lengths"):
        at.learn_prior(panel(3, 0.1, 0.1), name="own", lengths=[])
    with pytest.raises(ArgumentError, match="strength"):
        at.pooled_prior("jiangxi", strength=np.inf)
