"""Exact linear systems: verdict and proof on systems with known answers, irreducible conflicts, bounds."""

import random
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import linprog
from systems import beside, conflict, degenerate, feasible, fraction, mixed, solvable

from attain.linear import Certificate, Row, connected, decide, irreducible, supremum

ONE = Fraction(1)


def variables(rng, most=5):
    return [f"x{i}" for i in range(rng.randint(1, most))]


@pytest.mark.parametrize("make", [feasible, degenerate])
def test_a_system_with_a_solution_is_solved_exactly(make):
    rng = random.Random(8)
    for _ in range(500):
        names = variables(rng)
        rows, point = make(rng, names, rng.randint(1, 3 * len(names)))
        assert all(row.holds(point) for row in rows)
        found = decide(rows)
        assert not isinstance(found, Certificate)
        assert all(row.holds(found) for row in rows)


def test_a_planted_conflict_is_found_exactly_and_proved():
    rng = random.Random(9)
    for _ in range(1000):
        planted = conflict(rng, rng.randint(1, 5))
        names = variables(rng, 3)
        rows = [*planted, *feasible(rng, names, rng.randint(0, 6))[0], *beside(rng, planted)]
        rng.shuffle(rows)
        found = decide(rows)
        assert isinstance(found, Certificate)
        assert found.proves()
        least = irreducible(rows, found)
        assert least.proves()
        assert {row.source for row, _ in least.multipliers} == {row.source for row in planted}


def test_without_any_row_of_an_irreducible_conflict_the_rest_has_a_solution():
    rng = random.Random(10)
    for _ in range(100):
        planted = conflict(rng, rng.randint(2, 5))
        for left_out in planted:
            assert not isinstance(decide([row for row in planted if row is not left_out]), Certificate)


def test_verdicts_are_those_of_elimination_from_wherever_the_search_starts():
    rng = random.Random(12)
    verdicts = []
    for _ in range(600):
        names = variables(rng, 4)
        rows = mixed(rng, names, rng.randint(1, 7))
        expected = solvable(rows)
        for start in ({}, {v: fraction(rng) for v in names}, {v: Fraction(10**6) for v in names}):
            assert isinstance(decide(rows, start), Certificate) != expected
        verdicts.append(expected)
    assert 100 < sum(verdicts) < 500


def test_rows_that_touch_a_solvable_rest_nowhere_decide_alone():
    rng = random.Random(13)
    apart = 0
    for _ in range(300):
        names = variables(rng, 6)
        rows, _ = feasible(rng, names, rng.randint(1, 6))
        own = mixed(rng, names, 1)[0]
        bearing = connected(rows, own.coefficients)
        assert isinstance(decide([*bearing, own]), Certificate) != solvable([*rows, own])
        levels = {v for row in bearing for v in row.coefficients} | set(own.coefficients)
        assert not any(levels & set(row.coefficients) for row in rows if row not in bearing)
        apart += len(bearing) < len(rows)
    assert apart > 50


@pytest.mark.parametrize(
    ("row", "has_solution"),
    [
        (Row({}, "<=", Fraction(0)), True),
        (Row({}, "<", Fraction(0)), False),
        (Row({}, "=", Fraction(2)), False),
        (Row({"x": Fraction(0)}, "=", Fraction(2)), False),
        (Row({}, "<=", Fraction(-1)), False),
        (Row({}, "<", ONE), True),
    ],
)
def test_rows_without_variables(row, has_solution):
    beside_it = Row({"x": ONE}, "<=", ONE)
    for rows in ([row], [row, beside_it]):
        found = decide(rows)
        assert isinstance(found, Certificate) != has_solution
        assert has_solution or found.proves()


def test_no_rows_have_a_solution():
    assert decide([]) == {}


def test_strict_rows_need_no_tolerance():
    least, more = Row({"x": -ONE}, "<=", -ONE), Row({"x": ONE}, "<", ONE + Fraction(1, 10**30))
    point = decide([least, more])
    assert 1 <= point["x"] < 1 + Fraction(1, 10**30)
    found = decide([least, Row({"x": ONE}, "<", ONE)])
    assert found.proves()
    assert found.total().bound == 0
    assert found.total().strict


def test_rows_without_a_source_are_never_left_out():
    floor, ceiling = Row({"x": -ONE}, "<=", Fraction(-2)), Row({"x": ONE}, "<=", ONE, "mine")
    found = decide([floor, ceiling])
    assert {row.source for row, _ in irreducible([floor, ceiling], found).multipliers} == {None, "mine"}


def test_rows_of_one_source_leave_together():
    rows = [Row({"x": ONE}, "<=", ONE, "a"), Row({"x": -ONE}, "<=", Fraction(-3), "a"), Row({"x": ONE}, "<", ONE, "b")]
    assert {row.source for row, _ in irreducible(rows, decide(rows)).multipliers} == {"a"}


def test_a_false_certificate_proves_nothing():
    below, above = Row({"x": ONE}, "<=", ONE), Row({"x": -ONE}, "<=", Fraction(-2))
    assert Certificate(((below, ONE), (above, ONE))).proves()
    assert not Certificate(((below, ONE), (above, Fraction(2)))).proves()
    assert not Certificate(((below, -ONE), (above, -ONE))).proves()
    assert not Certificate(((below, ONE), (Row({"x": -ONE}, "<=", -ONE), ONE))).proves()


def test_bounds_against_a_solver_in_floating_point():
    rng = random.Random(11)
    bounded = 0
    for _ in range(300):
        names = variables(rng)
        rows, _ = feasible(rng, names, rng.randint(1, 4 * len(names)))
        objective = {v: Fraction(rng.randint(-3, 3)) for v in rng.sample(names, rng.randint(1, len(names)))}
        found, expected = supremum(rows, objective), highs(rows, names, objective)
        assert (found is None) == (expected is None)
        if found is not None:
            assert float(found) == pytest.approx(expected, rel=1e-7, abs=1e-7)
            bounded += 1
            above = {v: -c for v, c in objective.items()}
            assert isinstance(decide([*rows, Row(above, "<", -found)]), Certificate)
    assert bounded > 100


def highs(rows, names, objective):
    """The largest objective by SciPy; None where it is unbounded."""
    matrix = np.array([[float(row.coefficients.get(v, 0)) for v in names] for row in rows])
    bound = np.array([float(row.bound) for row in rows])
    equal = np.array([row.sense == "=" for row in rows])
    result = linprog(
        [-float(objective.get(v, 0)) for v in names],
        A_ub=matrix[~equal], b_ub=bound[~equal], A_eq=matrix[equal], b_eq=bound[equal], bounds=(None, None),
    )  # fmt: skip
    return None if result.status in (3, 4) else -result.fun
