"""A path of prices, which turns growth at constant prices into growth at current prices, and nothing else does."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from attain.errors import BasisError, PlanError
from attain.plan import Plan
from attain.target import Target, plain_message
from attain.units import Number, parse_rate

_MODES = ("growth", "multiple")


class Deflator:
    """Changes of prices a year: `Deflator({2026: "1%", 2027: "1.5%"})`, or `Deflator("2%")` for every year.

    Parameters
    ----------
    changes : year to the change of prices from the year before, or one rate for all years; rates as everywhere, 0.01 or
        "1%".

    Raises
    ------
    UnitError
        For what is no rate.
    BasisError
        For a change of -100 % or less.
    """

    def __init__(self, changes: Mapping[int, Number] | Number) -> None:
        self._every = None if isinstance(changes, Mapping) else _change(changes)
        self._changes = {int(y): _change(c) for y, c in changes.items()} if isinstance(changes, Mapping) else {}

    def __repr__(self) -> str:
        told = self._every if self._every is not None else {year: str(c) for year, c in self._changes.items()}
        return f"Deflator({str(told) if self._every is not None else told!r})"

    def factor(self, since: int, by: int) -> Decimal:
        """Prices of `by` over those of `since`, exactly.

        Raises
        ------
        BasisError
            When a year between has no change.
        """
        factor = Decimal(1)
        for year in range(since + 1, by + 1):
            change = self._changes.get(year, self._every)
            if change is None:
                raise BasisError(f"the deflator has no change of prices for {year}; give one for each year to {by}")
            factor *= 1 + change
        return factor

    def in_current_prices(self, target: Target) -> Target:
        """A growth or multiple at constant prices as one at current prices.

        An average rate becomes (1 + g) P^(1/n) - 1 with P the change of prices over the n years, a cumulative one
        (1 + g) P - 1, a multiple P times itself; what was about, at least or between stays so.

        Raises
        ------
        BasisError
            For a target at current prices, of another kind, growth in every year under prices that differ between
            years, and for a year without a change of prices.
        """
        if target.price != "constant" or target.kind not in _MODES or target.since is None or target.by is None:
            raise BasisError(
                f"target {target.id!r}: a deflator turns growth or a multiple at constant prices, with its years, into"
                f" current prices; this is a {target.kind} at {target.price} prices"
            )
        prices = self.factor(target.since, target.by)
        yearly = target.kind == "growth" and target.mode != "cumulative"
        if yearly:
            prices **= Decimal(1) / (target.by - target.since)
        if target.mode == "every-year":
            self._refuse_unequal(target, prices)
        numbers = [target.value] if target.upper is None else [target.value, target.upper]
        told = [_nominal(number, prices, target) for number in numbers]
        fields = {target.word: tuple(told) if target.upper is not None else told[0], "price": "nominal", "unit": None}
        try:
            return Target(**{**target.model_dump(exclude_unset=True), **fields})
        except ValueError as error:
            raise PlanError(f"target {target.id!r}: {plain_message(error)}") from error

    def _refuse_unequal(self, target: Target, yearly: Decimal) -> None:
        assert target.since is not None, "checked by the caller"
        assert target.by is not None, "checked by the caller"
        for year in range(target.since + 1, target.by + 1):
            if abs(self.factor(year - 1, year) - yearly) > Decimal("1e-20"):
                raise BasisError(
                    f"target {target.id!r}: growth in every year at constant prices is another rate in each year where"
                    " prices change unevenly; state it year by year"
                )

    def apply(self, plan: Plan) -> Plan:
        """The plan with every growth and multiple at constant prices turned into current prices."""
        turned = [
            self.in_current_prices(target) if target.price == "constant" and target.kind in _MODES else target
            for target in plan.targets
        ]
        return plan.model_copy(update={"targets": tuple(turned)})


def _change(change: Number) -> Decimal:
    rate = parse_rate(change)
    if rate <= -1:
        raise BasisError(f"a change of prices of {float(100 * rate):g} % leaves no prices")
    return rate


def _nominal(number: Decimal, prices: Decimal, target: Target) -> str:
    """The number at current prices as a plan writes it, to 12 decimals."""
    if target.kind == "multiple":
        return f"{(number * prices).quantize(Decimal('1e-12')).normalize():f}"
    rate = ((1 + number) * prices - 1).quantize(Decimal("1e-14"))
    return f"{(100 * rate).normalize():f}%"
