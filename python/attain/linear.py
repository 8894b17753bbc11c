"""Has a system of linear inequalities a solution? A point or a proof that there is none, both exact.

A row is `a x <= b`, `a x < b` or `a x = b` in rational numbers, x free. A variable of its own stands for every linear
form a x, tied to x by an equation, so that every row is an end of one variable: the general simplex method of Dutertre
and de Moura (2006). All but one variable of each equation are put within their ends. One that is not is brought to the
end that it missed by moving another of its equation, with which it changes places. Where none of them can move, their
ends and its own add up to something false (Farkas' lemma): the proof. So a row of one variable costs no equation, and
what shares no row never meets.

Strict rows need no tolerance: a number is `real + small e`, with e positive and as small as one likes. Equations are
kept in whole numbers without a common divisor, so that nothing is rounded, and of several variables the first is taken
(Bland's rule, 1977), so that it ends. The answer is checked once more against the rows as they were given.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

from attain.errors import NumericalError

Variable = Hashable
Point = dict[Variable, Fraction]
Form = tuple[tuple[Variable, Fraction], ...]
Equation = dict[int, int]
_ZERO, _ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True)
class Row:
    """`coefficients` x `sense` `bound`; `source` says whose row it is."""

    coefficients: Mapping[Variable, Fraction]
    sense: Literal["<=", "<", "="]
    bound: Fraction
    source: Hashable = None

    @functools.cached_property
    def form(self) -> tuple[Form, Fraction]:
        """The form that begins with 1, and how often the row holds it."""
        first = next((c for c in self.coefficients.values() if c), _ONE)
        return tuple((v, c / first) for v, c in self.coefficients.items() if c), first

    @functools.cached_property
    def ends(self) -> tuple[tuple[int, _Near, Fraction], ...]:
        """Where the form ends: upwards 1 or downwards -1, its value there, and what makes the row its own."""
        first = self.form[1]
        ways = (1, -1) if self.sense == "=" else (1 if first > 0 else -1,)
        return tuple((way, _Near(self.bound / first, Fraction(-way * self.strict)), 1 / first) for way in ways)

    def holds(self, point: Mapping[Variable, Fraction]) -> bool:
        """Does a point satisfy the row? Variables that it lacks are 0."""
        total = sum([c * point.get(v, _ZERO) for v, c in self.coefficients.items()])
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


def decide(rows: Sequence[Row], start: Mapping[Variable, Fraction] | None = None) -> Point | Certificate:
    """A point that satisfies all rows, or the proof that none does; the nearer a point to start from is to a solution
    the sooner.

    Raises
    ------
    NumericalError
        When the answer does not pass its own check, which would be a fault of this module.
    """
    simplex = _Simplex(rows)
    y = simplex.settle(start or {})
    if y is not None:
        certificate = Certificate(tuple((rows[i], multiplier) for i, multiplier in sorted(y.items())))
        if certificate.proves():
            return certificate
    else:
        point = simplex.point()
        if all(row.holds(point) for row in rows):
            return point
    raise NumericalError("linear: the answer does not pass its check; please report the rows")


def irreducible(rows: Sequence[Row], certificate: Certificate) -> Certificate:
    """A proof for a part of the sources from which none can be left out (deletion filter, Chinneck and Dravnieks 1991).

    Sources are left out whole, with all their rows; rows without a source always stay.
    """
    start: Point = {}
    for source in dict.fromkeys(row.source for row, _ in certificate.multipliers if row.source is not None):
        used = {row.source for row, _ in certificate.multipliers}
        if source in used:
            rest = [row for row in rows if row.source is None or (row.source in used and row.source != source)]
            again = decide(rest, start)
            if isinstance(again, Certificate):
                certificate = again
            else:
                start = again
    return certificate


def connected(rows: Sequence[Row], variables: Iterable[Variable]) -> list[Row]:
    """The rows that share variables with some, directly or through others."""
    beside: dict[Variable, list[int]] = {}
    for i, row in enumerate(rows):
        for variable in row.coefficients:
            beside.setdefault(variable, []).append(i)
    reached, open_ = set[Variable](), list(variables)
    found = set[int]()
    while open_:
        variable = open_.pop()
        if variable not in reached:
            reached.add(variable)
            found.update(beside.get(variable, []))
            open_ += [v for i in beside.get(variable, []) for v in rows[i].coefficients if v not in reached]
    return [rows[i] for i in sorted(found)]


def supremum(rows: Sequence[Row], objective: Mapping[Variable, Fraction]) -> Fraction | None:
    """The least upper bound of `objective` x over rows; None where there is none, or no solution.

    A strict row counts as its closure, so the bound may be approached only.
    """
    simplex = _Simplex([Row(row.coefficients, "=" if row.sense == "=" else "<=", row.bound) for row in rows])
    top = simplex.tie({v: c for v, c in objective.items() if c})
    return simplex.value[top].real if simplex.settle({}) is None and simplex.raise_most(top) else None


class _Near(NamedTuple):
    """`real + small e`, for a positive e that is less than any number."""

    real: Fraction
    small: Fraction

    def plus(self, factor: Fraction, step: _Near) -> _Near:
        """This and `factor` times a step."""
        small = self.small + factor * step.small if step.small else self.small
        return _Near(self.real + factor * step.real if step.real else self.real, small)


class _End(NamedTuple):
    """Where a variable ends, the row that says so, and what the row is multiplied with to be the variable's own."""

    value: _Near
    row: int
    multiplier: Fraction


class _Simplex:
    """Variables by number, between their ends: `ends[1]` upwards, `ends[-1]` downwards.

    An equation is `sum n x = 0`, under the variable that it gives from the others, which no other equation holds.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self.value: list[_Near] = []
        self.numbers: dict[Variable, int] = {}
        self.forms: dict[Form, int] = {}
        self.equations: dict[int, Equation] = {}
        self.ends: dict[int, dict[int, _End]] = {1: {}, -1: {}}
        for i, row in enumerate(rows):
            self._end(i, row)

    def _end(self, i: int, row: Row) -> None:
        """Take a row as an end of the variable of its form."""
        form = row.form[0]
        j = self._number(form[0][0]) if len(form) == 1 else self.forms.get(form)
        if j is None:
            j = self.forms[form] = self.tie(dict(form))
        for way, value, multiplier in row.ends:
            if j not in self.ends[way] or _beyond(way, self.ends[way][j].value, value):
                self.ends[way][j] = _End(value, i, multiplier)

    def _number(self, variable: Variable) -> int:
        if variable not in self.numbers:
            self.numbers[variable] = self._new()
        return self.numbers[variable]

    def _new(self) -> int:
        self.value.append(_Near(_ZERO, _ZERO))
        return len(self.value) - 1

    def tie(self, form: Mapping[Variable, Fraction]) -> int:
        """The number of a new variable that is equal to a form."""
        scale = math.lcm(*(c.denominator for c in form.values()))
        equation = {self._number(v): int(scale * c) for v, c in form.items()}
        new = self._new()
        self.equations[new] = equation | {new: -scale}
        return new

    def settle(self, start: Mapping[Variable, Fraction]) -> dict[int, Fraction] | None:
        """Bring all variables within their ends, from a point; where that cannot be, multipliers of rows that prove
        it."""
        for j in self.ends[1].keys() & self.ends[-1].keys():
            above, below = self.ends[1][j], self.ends[-1][j]
            if below.value > above.value:
                return {above.row: above.multiplier, below.row: -below.multiplier}
        for variable, j in self.numbers.items():
            value = _Near(start.get(variable, _ZERO), _ZERO)
            way = self._outside(j, value)
            self.value[j] = self.ends[way][j].value if way else value
        for i, equation in self.equations.items():
            self.value[i] = self._given(i, equation)
        outside = {i: way for i in self.equations if (way := self._outside(i, self.value[i]))}
        while outside:
            leaving = min(outside)
            way, equation = outside.pop(leaving), self.equations[leaving]
            back = {j: Fraction(way * n, equation[leaving]) for j, n in equation.items()}
            entering = min((j for j, ratio in back.items() if j != leaving and self._may_move(j, ratio)), default=None)
            if entering is None:
                ends = [(ratio, self.ends[1 if ratio > 0 else -1][j]) for j, ratio in back.items()]
                return {end.row: ratio * end.multiplier for ratio, end in ends}
            missed = self.ends[way][leaving].value.plus(Fraction(-1), self.value[leaving])
            for i in self._move(entering, _Near(_ZERO, _ZERO).plus(-way / back[entering], missed)):
                outside.pop(i, None)
                if beyond := self._outside(i, self.value[i]):
                    outside[i] = beyond
            self._pivot(leaving, entering)
        return None

    def raise_most(self, top: int) -> bool:
        """Raise a variable with an equation and no ends as far as it goes, from within all ends; False where it goes
        without end."""
        while True:
            ways = {j: -n * self.equations[top][top] for j, n in self.equations[top].items() if j != top}
            entering = min((j for j, way in ways.items() if self._may_move(j, way)), default=None)
            if entering is None:
                return True
            speeds = {entering: _ONE} | self._speeds(entering)
            speeds = {i: speed if ways[entering] > 0 else -speed for i, speed in speeds.items()}
            ends = [(i, speed, self.ends[1 if speed > 0 else -1].get(i)) for i, speed in speeds.items()]
            rooms = [((end.value.real - self.value[i].real) / speed, i) for i, speed, end in ends if end is not None]
            if not rooms:
                return False
            room, leaving = min(rooms)
            self._move(entering, _Near(room * speeds[entering], _ZERO))
            if leaving != entering:
                self._pivot(leaving, entering)

    def point(self) -> dict[Variable, Fraction]:
        """The values of the variables, with an e that is small enough."""
        e = _ONE
        for way, ends in self.ends.items():
            for j, end in ends.items():
                small = end.value.small - self.value[j].small
                if small and way * small < 0 and end.value.real != self.value[j].real:
                    e = min(e, (self.value[j].real - end.value.real) / small)
        return {variable: self.value[j].real + e * self.value[j].small for variable, j in self.numbers.items()}

    def _given(self, i: int, equation: Equation) -> _Near:
        """The value of a variable that an equation gives, from those of the others."""
        value = _Near(_ZERO, _ZERO)
        for j, n in equation.items():
            value = value if j == i else value.plus(Fraction(-n, equation[i]), self.value[j])
        return value

    def _outside(self, i: int, value: _Near) -> int:
        """Which end of a variable is a value beyond? 0 where none."""
        return next((w for w in (1, -1) if i in self.ends[w] and _beyond(w, value, self.ends[w][i].value)), 0)

    def _may_move(self, j: int, direction: Fraction | int) -> bool:
        way = 1 if direction > 0 else -1
        return j not in self.ends[way] or _beyond(way, self.ends[way][j].value, self.value[j])

    def _speeds(self, j: int) -> dict[int, Fraction]:
        """How fast the variables with equations move with another."""
        return {i: Fraction(-equation[j], equation[i]) for i, equation in self.equations.items() if j in equation}

    def _move(self, j: int, step: _Near) -> list[int]:
        """Move a variable, and those with equations that move with it: which."""
        speeds = {j: _ONE, **self._speeds(j)}
        for i, speed in speeds.items():
            self.value[i] = self.value[i].plus(speed, step)
        return list(speeds)

    def _pivot(self, leaving: int, entering: int) -> None:
        """Let an equation give another of its variables, and take that out of all others."""
        pivot = self.equations.pop(leaving)
        for i, equation in self.equations.items():
            if entering in equation:
                self.equations[i] = _eliminated(equation, pivot, entering)
        self.equations[entering] = pivot


def _beyond(way: int, value: _Near, other: _Near) -> bool:
    return value > other if way > 0 else value < other


def _eliminated(equation: Equation, pivot: Equation, j: int) -> Equation:
    """An equation without a variable, by another that holds it."""
    common = math.gcd(equation[j], pivot[j])
    times, less = pivot[j] // common, equation[j] // common
    left = {k: times * n for k, n in equation.items()}
    for k, n in pivot.items():
        left[k] = left.get(k, 0) - less * n
    common = math.gcd(*left.values())
    return {k: n // common for k, n in left.items() if n}
