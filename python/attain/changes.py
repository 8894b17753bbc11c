"""What does a scenario change of each indicator, and of how they move together?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from attain.conditioning import Change, Condition
from attain.dependence import Dependence
from attain.errors import ArgumentError
from attain.projection import Projection
from attain.scale import LOG, LOGIT
from attain.scenario import Override, Scenario
from attain.units import parse_amount, parse_rate


def changes_of(scenario: Scenario, projection: Projection) -> dict[str, Change]:
    """By indicator what a scenario changes; indicators that stay as they are, are absent."""
    override = scenario.override
    shifts: dict[str, dict[int, float]] = {}
    for name, rate in _of_each(override.drift, projection, "drift"):
        step = math.log1p(parse_rate(rate))
        _shift(shifts, name, ((year, years * step) for years, year in enumerate(_ahead(projection, name), 1)))
    for name, by_year in _prices(override.price, projection) if override.price != {} else ():
        _check_years(by_year, projection, name, "price")
        steps = [math.log1p(parse_rate(by_year.get(year, 0))) for year in _ahead(projection, name)]
        _shift(shifts, name, zip(_ahead(projection, name), np.cumsum(steps).tolist(), strict=True))
    for shock in scenario.shocks:
        name = _named(shock.indicator, projection, "shocks")
        _check_years([shock.year], projection, name, "shocks")
        size = math.log1p(parse_rate(shock.size))
        _shift(shifts, name, ((y, size * shock.fade ** (y - shock.year)) for y in range(shock.year, projection.to + 1)))
    volatility = dict(_of_each(override.volatility, projection, "volatility"))
    fixed = _conditions(override, projection)
    changes = {
        name: Change(
            tuple(shifts[name].items()) if any(shifts.get(name, {}).values()) else (),
            float(volatility.get(name, 1.0)),
            tuple(fixed.get(name, ())),
        )
        for name in projection.indicators
    }
    return {name: change for name, change in changes.items() if change != Change()}


def _ahead(projection: Projection, name: str) -> range:
    return range(projection.origin(name).year + 1, projection.to + 1)


def _shift(shifts: dict[str, dict[int, float]], name: str, by_year: Any) -> None:
    own = shifts.setdefault(name, {})
    for year, shift in by_year:
        own[year] = own.get(year, 0.0) + shift


def _check_years(years: Any, projection: Projection, name: str, place: str) -> None:
    ahead = _ahead(projection, name)
    for year in years:
        if year not in ahead:
            raise ArgumentError(f"{place}: {year} is not ahead for {name!r}; its years are {ahead[0]} to {ahead[-1]}")


def _prices(given: Any, projection: Projection) -> Iterator[tuple[str, Mapping[int, Any]]]:
    """Indicators in nominal prices with more inflation by year."""
    for_all = not isinstance(given, Mapping) or any(isinstance(key, int) for key in given)
    nominal = {n for n in projection.indicators if projection.scale_of(n) is LOG}
    nominal = {n for n in nominal if projection.history.price_of(n) == "nominal"}
    by_name = {name: given for name in projection.indicators if name in nominal} if for_all else given
    for year in given if for_all and isinstance(given, Mapping) else ():
        if not any(year in _ahead(projection, name) for name in nominal):
            raise ArgumentError(f"price: {year} is ahead for no indicator in nominal prices")
    for name, value in _of_each(by_name, projection, "price"):
        if name not in nominal:
            raise ArgumentError(f"price: {name!r} is not in nominal prices, so inflation does not move it")
        ahead = _ahead(projection, name)
        if not isinstance(value, Mapping):
            yield name, dict.fromkeys(ahead, value)
        else:
            yield name, {y: v for y, v in value.items() if not for_all or y in ahead}


def _conditions(override: Override, projection: Projection) -> dict[str, list[Condition]]:
    """By indicator the years that are fixed, figures before growth."""
    found: dict[str, list[Condition]] = {}
    for given, name, by_year in _years_of(override.path, projection, "path"):
        for year, value in by_year.items():
            found.setdefault(name, []).append(Condition(year, None, _y_of(value, name, projection, given)))
    for given, name, by_year in _years_of(override.growth, projection, "growth"):
        if projection.scale_of(name) is LOGIT:
            raise ArgumentError(f"growth: {given!r} is a share; fix its path instead")
        origin = projection.origin(name)
        for year, value in by_year.items():
            change, first = math.log1p(parse_rate(value)), year == origin.year + 1
            condition = Condition(year, None, origin.log_level + change) if first else Condition(year, year - 1, change)
            found.setdefault(name, []).append(condition)
    return found


def _years_of(given: Mapping[str, Any], projection: Projection, place: str) -> Iterator[tuple[str, str, Any]]:
    for name, by_year in given.items():
        found = _named(name, projection, place)
        _check_years(by_year, projection, found, place)
        yield name, found, dict(sorted(by_year.items()))


def _y_of(value: Any, name: str, projection: Projection, given: str) -> float:
    """y of a figure that a path fixes."""
    scale, unit = projection.scale_of(name), projection.history.unit_of(name)
    if projection.origin(name).levels == 0:
        raise ArgumentError(f"path: {given!r} has growth rates only; fix its growth instead")
    figure = parse_rate(value) if scale is LOGIT else parse_amount(value, unit or None)[0]
    y = scale.transform(figure)
    if not math.isfinite(y):
        raise ArgumentError(f"path: {value!r} is no figure that {given!r} can have")
    return y


def changed_dependence(scenario: Scenario, dependence: Dependence, projection: Projection) -> Dependence:
    """The baseline's, with other loadings where the scenario says so."""
    given = dict(_of_each(scenario.override.loading, projection, "loading"))
    if not given:
        return dependence
    if dependence.table.shape[1] != 1:
        raise ArgumentError("loading: the dependence of the baseline is not one common factor")
    return dependence.with_loadings(given)


def _named(name: str, projection: Projection, place: str) -> str:
    if name in projection.indicators:
        return name
    found = projection.history.find(name)
    if found is None or found not in projection.indicators:
        known = ", ".join(projection.indicators[:9])
        raise ArgumentError(f"{place}: {name!r} is no indicator of the targets; there are {known}")
    return found


def _of_each(given: Any, projection: Projection, place: str) -> Iterator[tuple[str, Any]]:
    """Indicators with what is given for them: one value for all, or by indicator."""
    if not isinstance(given, Mapping):
        yield from ((name, given) for name in projection.indicators)
    else:
        names = [_named(name, projection, place) for name in given]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ArgumentError(f"{place}: {twice!r} stands twice, by its id and by a label; name it once")
        yield from zip(names, given.values(), strict=True)
