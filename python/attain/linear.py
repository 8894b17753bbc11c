"""Has a system of linear inequalities a solution? A point or a proof that there is none, both exact.

A row is `a x <= b`, `a x < b` or `a x = b` in rational numbers, x free. By Motzkin's transposition theorem (1936) rows
have no common solution exactly when multipliers y, not negative on inequalities, make them add up to something false:
sum y a = 0 and sum y b < 0, or sum y b = 0 with a strict row in the sum (0 < 0). With 0 < 1 as one more strict row, y0,
that is a problem in standard form,

    y >= 0,    sum y a = 0,    sum y b + y0 = 0,    sum of y over strict rows + y0 = 1,

and where it has no solution the multipliers (p, q, t) of its own equations give the point x = -p / q. Strict rows need
no tolerance that way.

The revised simplex method solves it in whole numbers, so that nothing is rounded: the largest gain first, and Bland's
rule (1977) where the solution stands still, so that it ends. The answer is checked once more against the rows as they
were given. On systems of the size of plans that is faster than a solver in floating point (HiGHS) whose support then
has to be proved; docs/check.md has the times.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from attain.errors import NumericalError

Variable = Hashable
Column = dict[int, int]
_ZERO = Fraction(0)


@dataclass(frozen=True)
class Row:
    """`coefficients` x `sense` `bound`; `source` says whose row it is."""

    coefficients: Mapping[Variable, Fraction]
    sense: Literal["<=", "<", "="]
    bound: Fraction
    source: Hashable = None

    def holds(self, point: Mapping[Variable, Fraction]) -> bool:
        """Does a point satisfy the row? Variables that it lacks are 0."""
        total = sum((c * point.get(v, _ZERO) for v, c in self.coefficients.items()), _ZERO)
        if self.sense == "=":
            return total == self.bound
        return total < self.bound if self.strict else total <= self.bound

    @property
    def strict(self) -> bool:
        """Is equality excluded?"""
        return self.sense == "<"

    def negation(self) -> Row:
        """The row that a point satisfies exactly when it violates this inequality; without a source."""
        flipped = {v: -c for v, c in self.coefficients.items()}
        return Row(flipped, "<=" if self.strict else "<", -self.bound)


@dataclass(frozen=True)
class Certificate:
    """Multipliers of rows that add up to something false: the proof that the rows have no common solution."""

    multipliers: tuple[tuple[Row, Fraction], ...]

    def total(self) -> Row:
        """The sum of the rows, each times its multiplier: no variable is left, and what is left is false."""
        left: dict[Variable, Fraction] = {}
        for row, y in self.multipliers:
            for variable, c in row.coefficients.items():
                left[variable] = left.get(variable, _ZERO) + y * c
        bound = sum((y * row.bound for row, y in self.multipliers), _ZERO)
        strict = any(row.strict for row, _ in self.multipliers)
        return Row({v: c for v, c in left.items() if c}, "<" if strict else "<=", bound)

    def proves(self) -> bool:
        """Do the multipliers have the right signs, and is their sum false?"""
        signs = all(y > 0 or (row.sense == "=" and y != 0) for row, y in self.multipliers)
        total = self.total()
        return signs and not total.coefficients and not total.holds({})


def decide(rows: Sequence[Row]) -> dict[Variable, Fraction] | Certificate:
    """A point that satisfies all rows, or the proof that none does.

    Raises
    ------
    NumericalError
        When the answer does not pass its own check, which would be a fault of this module.
    """
    problem = _Problem(rows)
    simplex = _Simplex(problem.columns, problem.right)
    simplex.minimise({})
    if simplex.is_solved():
        y = problem.multipliers(simplex.solution())
        certificate = Certificate(tuple((rows[i], multiplier) for i, multiplier in sorted(y.items()) if multiplier))
        if certificate.proves():
            return certificate
    else:
        *p, q, _ = simplex.multipliers
        point = {variable: Fraction(-p[i], q) for variable, i in problem.positions.items()}
        if all(row.holds(point) for row in rows):
            return point
    raise NumericalError("linear: the answer does not pass its check; please report the rows")


def irreducible(rows: Sequence[Row], certificate: Certificate) -> Certificate:
    """A proof for a part of the sources from which none can be left out (deletion filter, Chinneck and Dravnieks 1991).

    Sources are left out whole, with all their rows; rows without a source always stay.
    """
    for source in dict.fromkeys(row.source for row, _ in certificate.multipliers if row.source is not None):
        used = {row.source for row, _ in certificate.multipliers}
        if source in used:
            rest = [row for row in rows if row.source is None or (row.source in used and row.source != source)]
            again = decide(rest)
            certificate = again if isinstance(again, Certificate) else certificate
    return certificate


def supremum(rows: Sequence[Row], objective: Mapping[Variable, Fraction]) -> Fraction | None:
    """The least upper bound of `objective` x over rows; None where there is none, or no solution.

    By duality the least `sum y b` with `sum y a = objective` and y not negative on inequalities; a strict row counts as
    its closure, so the bound may be approached only.
    """
    problem = _Problem(rows)
    if any(c and variable not in problem.positions for variable, c in objective.items()):
        return None
    wanted = [objective.get(variable, _ZERO) for variable in problem.positions]
    scale, n = math.lcm(*(c.denominator for c in wanted)), len(wanted)
    columns = [{i: c for i, c in column.items() if i < n} for column in problem.columns[:-1]]
    simplex = _Simplex(columns, [int(c * scale) for c in wanted])
    simplex.minimise({})
    if not simplex.is_solved():
        return None
    costs = {j: column[n] for j, column in enumerate(problem.columns[:-1]) if n in column}
    if costs and not simplex.minimise(costs):
        return None
    return sum((costs.get(j, 0) * value for j, value in simplex.solution().items()), _ZERO) / scale


class _Problem:
    """The standard form of the alternative of some rows: of each row a column, times what makes it whole; of an
    equation two, one for each sign."""

    def __init__(self, rows: Sequence[Row]) -> None:
        variables = dict.fromkeys(v for row in rows for v in row.coefficients)
        self.positions = {variable: i for i, variable in enumerate(variables)}
        n = len(self.positions)
        self.owner: list[tuple[int, int]] = []
        self.columns: list[Column] = []
        for i, row in enumerate(rows):
            scale = math.lcm(row.bound.denominator, *(c.denominator for c in row.coefficients.values()))
            for sign in (scale, -scale) if row.sense == "=" else (scale,):
                column = {self.positions[v]: int(sign * c) for v, c in row.coefficients.items() if c}
                column |= {n: int(sign * row.bound)} if row.bound else {}
                column |= {n + 1: sign} if row.strict else {}
                self.owner.append((i, sign))
                self.columns.append(column)
        self.columns.append({n: 1, n + 1: 1})
        self.right = [0] * (n + 1) + [1]

    def multipliers(self, solution: Mapping[int, Fraction]) -> dict[int, Fraction]:
        """Multipliers of the rows, from values of the columns."""
        y: dict[int, Fraction] = {}
        for j, value in solution.items():
            if j < len(self.owner):
                i, sign = self.owner[j]
                y[i] = y.get(i, _ZERO) + sign * value
        return y


class _Simplex:
    """The revised simplex method for y >= 0, M y = r in whole numbers, from artificial columns.

    The inverse of the basis, the basic solution and the multipliers are kept times `scale`, the determinant of the
    basis, so that all of them are whole and every division below is exact (Edmonds 1967). An artificial column is the
    number of its equation less the number of equations, so below 0.
    """

    def __init__(self, columns: Sequence[Column], right: Sequence[int]) -> None:
        m = len(right)
        self.columns = columns
        self.basis = [i - m for i in range(m)]
        self.inverse = [[0] * i + [-1 if b < 0 else 1] + [0] * (m - i - 1) for i, b in enumerate(right)]
        self.value = [abs(b) for b in right]
        self.scale = 1
        self.multipliers: list[int] = []

    def minimise(self, costs: Mapping[int, int]) -> bool:
        """Go to the least cost, or without costs to the least infeasibility; False where cost has no least."""
        artificial, still = 0 if costs else 1, 0
        while True:
            self.multipliers = self._priced([artificial if j < 0 else costs.get(j, 0) for j in self.basis])
            gains = [self._gain(j, costs) for j in range(len(self.columns))]
            best = max(gains, default=0)
            if best <= 0:
                return True
            first = gains.index(best) if still <= len(self.basis) else next(j for j, g in enumerate(gains) if g > 0)
            moves = self._enter(first, solved=bool(costs))
            if moves is None:
                return False
            still = 0 if moves else still + 1

    def is_solved(self) -> bool:
        """Does the basic solution solve the equations, all artificial columns at 0?"""
        return not any(v for j, v in zip(self.basis, self.value, strict=True) if j < 0)

    def solution(self) -> dict[int, Fraction]:
        """The positive values by column."""
        basic = zip(self.basis, self.value, strict=True)
        return {j: Fraction(v, self.scale) for j, v in basic if j >= 0 and v}

    def _priced(self, basic: Sequence[int]) -> list[int]:
        prices = [0] * len(self.basis)
        for cost, row in zip(basic, self.inverse, strict=True):
            if cost:
                prices = [price + cost * value for price, value in zip(prices, row, strict=True)]
        return prices

    def _gain(self, j: int, costs: Mapping[int, int]) -> int:
        """How much a unit of a column lowers the cost, times the scale."""
        prices = self.multipliers
        return sum([prices[i] * c for i, c in self.columns[j].items()]) - costs.get(j, 0) * self.scale

    def _enter(self, entering: int, solved: bool) -> bool | None:
        """Bring a column into the basis in place of the one that reaches 0 first, of several the lowest; True where
        the solution moves, None where it could without end. Once the equations are solved, artificial columns leave
        before their values could move."""
        column = list(self.columns[entering].items())
        direction = [sum([row[i] * c for i, c in column]) for row in self.inverse]
        stuck = [i for i, d in enumerate(direction) if solved and d and self.basis[i] < 0]
        falling = [i for i, d in enumerate(direction) if d > 0]
        if not stuck and not falling:
            return None
        leaving = (
            stuck[0] if stuck else min(falling, key=lambda i: (Fraction(self.value[i], direction[i]), self.basis[i]))
        )
        moves = self.value[leaving] != 0
        self._pivot(leaving, entering, direction)
        return moves

    def _pivot(self, leaving: int, entering: int, direction: Sequence[int]) -> None:
        row, value, scale = self.inverse[leaving], self.value[leaving], self.scale
        pivot, sign = abs(direction[leaving]), 1 if direction[leaving] > 0 else -1
        for i, d in enumerate(direction):
            if i != leaving:
                turned = sign * d
                self.inverse[i] = [(pivot * a - turned * b) // scale for a, b in zip(self.inverse[i], row, strict=True)]
                self.value[i] = (pivot * self.value[i] - turned * value) // scale
        self.inverse[leaving], self.value[leaving] = [sign * b for b in row], sign * value
        self.scale, self.basis[leaving] = pivot, entering
