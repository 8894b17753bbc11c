"""Has a system of linear inequalities a solution? A point or a proof that there is none, both exact.

A row is `a x <= b`, `a x < b` or `a x = b` in rational numbers, x free. By Motzkin's transposition theorem (1936) rows
have no common solution exactly when multipliers y, not negative on inequalities, make them add up to something false:
sum y a = 0 and sum y b < 0, or sum y b = 0 with a strict row in the sum (0 < 0). With 0 < 1 as one more strict row, y0,
that is a problem in standard form,

    y >= 0,    sum y a = 0,    sum y b + y0 = 0,    sum of y over strict rows + y0 = 1,

and where it has no solution the multipliers (p, q, t) of its own equations give the point x = -p / q. Strict rows need
no tolerance that way.

The revised simplex method solves it in fractions, by Bland's rule (1977), so that it ends and nothing is rounded; its
answer is checked once more against the rows as they were given. On systems of the size of plans that is faster than a
solver in floating point (HiGHS) whose support then has to be proved; docs/check.md has the times.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from attain.errors import NumericalError

Variable = Hashable
Column = dict[int, Fraction]
_ZERO, _ONE = Fraction(0), Fraction(1)


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
    if simplex.infeasibility() == 0:
        y = problem.multipliers(simplex.solution())
        certificate = Certificate(tuple((rows[i], multiplier) for i, multiplier in sorted(y.items()) if multiplier))
        if certificate.proves():
            return certificate
    else:
        *p, q, _ = simplex.multipliers
        point = {variable: -p[i] / q for variable, i in problem.positions.items()}
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
    """The least upper bound of `objective` x over rows that have a solution; None where there is none.

    By duality the least `sum y b` with `sum y a = objective` and y not negative on inequalities; a strict row counts as
    its closure, so the bound may be approached only.
    """
    problem = _Problem(rows)
    if any(c and variable not in problem.positions for variable, c in objective.items()):
        return None
    right = [objective.get(variable, _ZERO) for variable in problem.positions]
    columns = [{i: c for i, c in column.items() if i < len(right)} for column in problem.columns[:-1]]
    simplex = _Simplex(columns, right)
    simplex.minimise({})
    if simplex.infeasibility():
        return None
    costs = {j: column[len(right)] for j, column in enumerate(problem.columns[:-1]) if len(right) in column}
    simplex.minimise(costs)
    return sum((costs.get(j, _ZERO) * value for j, value in simplex.solution().items()), _ZERO)


class _Problem:
    """The standard form of the alternative of some rows; an equation takes two columns, one for each sign."""

    def __init__(self, rows: Sequence[Row]) -> None:
        variables = dict.fromkeys(v for row in rows for v in row.coefficients)
        self.positions = {variable: i for i, variable in enumerate(variables)}
        n = len(self.positions)
        self.owner: list[tuple[int, int]] = []
        self.columns: list[Column] = []
        for i, row in enumerate(rows):
            for sign in (1, -1) if row.sense == "=" else (1,):
                column = {self.positions[v]: sign * c for v, c in row.coefficients.items() if c}
                column |= {n: sign * row.bound} if row.bound else {}
                column |= {n + 1: _ONE} if row.strict else {}
                self.owner.append((i, sign))
                self.columns.append(column)
        self.columns.append({n: _ONE, n + 1: _ONE})
        self.right = [_ZERO] * (n + 1) + [_ONE]

    def multipliers(self, solution: Mapping[int, Fraction]) -> dict[int, Fraction]:
        """Multipliers of the rows, from values of the columns."""
        y: dict[int, Fraction] = {}
        for j, value in solution.items():
            if j < len(self.owner):
                i, sign = self.owner[j]
                y[i] = y.get(i, _ZERO) + sign * value
        return y


class _Simplex:
    """The revised simplex method in fractions for y >= 0, M y = r with r >= 0 or not, from artificial columns.

    `inverse` is that of the basis, `value` the basic solution; an artificial column is the number of its equation less
    the number of equations, so below 0.
    """

    def __init__(self, columns: Sequence[Column], right: Sequence[Fraction]) -> None:
        m = len(right)
        signs = [-1 if b < 0 else 1 for b in right]
        self.columns = columns
        self.basis = [i - m for i in range(m)]
        self.inverse: list[Column] = [{i: Fraction(signs[i])} for i in range(m)]
        self.value = [abs(b) for b in right]
        self.multipliers: list[Fraction] = []

    def minimise(self, costs: Mapping[int, Fraction]) -> None:
        """Go to the least cost; without costs, to the least infeasibility."""
        artificial = _ZERO if costs else _ONE
        entering: int | None = 0
        while entering is not None:
            self.multipliers = self._priced([artificial if j < 0 else costs.get(j, _ZERO) for j in self.basis])
            entering = next((j for j in range(len(self.columns)) if self._gain(j, costs) > 0), None)
            if entering is not None:
                self._enter(entering, solved=bool(costs))

    def infeasibility(self) -> Fraction:
        """The sum of the artificial values; 0 where y solves the equations."""
        return sum((v for j, v in zip(self.basis, self.value, strict=True) if j < 0), _ZERO)

    def solution(self) -> dict[int, Fraction]:
        """The positive values by column."""
        return {j: v for j, v in zip(self.basis, self.value, strict=True) if j >= 0 and v}

    def _priced(self, basic: Sequence[Fraction]) -> list[Fraction]:
        prices = [_ZERO] * len(self.basis)
        for cost, row in zip(basic, self.inverse, strict=True):
            if cost:
                for k, value in row.items():
                    prices[k] += cost * value
        return prices

    def _gain(self, j: int, costs: Mapping[int, Fraction]) -> Fraction:
        """How much a unit of a column lowers the cost."""
        return sum((self.multipliers[i] * c for i, c in self.columns[j].items()), -costs.get(j, _ZERO))

    def _enter(self, entering: int, solved: bool) -> None:
        """Bring a column into the basis in place of the one that reaches 0 first, of several the lowest. Once the
        equations are solved, artificial columns leave before their values could move."""
        column = self.columns[entering]
        direction = [sum((row.get(i, _ZERO) * c for i, c in column.items()), _ZERO) for row in self.inverse]
        stuck = [i for i, d in enumerate(direction) if solved and d and self.basis[i] < 0]
        falling = [i for i, d in enumerate(direction) if d > 0]
        if not stuck and not falling:
            raise NumericalError("linear: the bound of rows that have no solution was asked for")
        leaving = stuck[0] if stuck else min(falling, key=lambda i: (self.value[i] / direction[i], self.basis[i]))
        self._pivot(leaving, entering, direction)

    def _pivot(self, leaving: int, entering: int, direction: Sequence[Fraction]) -> None:
        pivot = direction[leaving]
        row = {k: value / pivot for k, value in self.inverse[leaving].items()}
        step = self.value[leaving] / pivot
        for i, d in enumerate(direction):
            if i != leaving and d:
                own = self.inverse[i]
                for k, value in row.items():
                    own[k] = own.get(k, _ZERO) - d * value
                self.inverse[i] = {k: value for k, value in own.items() if value}
                self.value[i] -= d * step
        self.inverse[leaving], self.value[leaving], self.basis[leaving] = row, step, entering
