"""Scenarios: what is changed of a baseline, and ways to write many of them down.

A scenario names only what differs. docs/scenarios.md says what each field means; `attain.sweep` computes.
"""

from __future__ import annotations

import difflib
import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from attain.errors import ArgumentError, AttainError
from attain.plan import StrictLoader
from attain.prior import Prior
from attain.projection import Model
from attain.spreadsheet import read_sheet
from attain.target import AS_STATED, TO_THE_NUMBER, Amount, Year, describe_problem
from attain.units import parse_amount, parse_rate

BASELINE = "baseline"
Paths = dict[str, dict[Year, Amount]]
ByYear = dict[Year, Amount]
Axes = Mapping[str, Sequence[Any]]
_T = TypeVar("_T")


class Shock(BaseModel):
    """A hit to one indicator that fades.

    Attributes
    ----------
    indicator
        Id or label.
    year
        In which it hits.
    size
        As a fraction of the figure (of the odds, for a share): `"-10%"` leaves nine tenths.
    fade
        Part of the effect, in logs, that is left after another year: 1 lasts, 0 is gone in the next year.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    indicator: str = Field(min_length=1)
    year: Year
    size: Amount
    fade: Annotated[float, Field(ge=0, le=1)] = 0.5

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_rate("size", self.size)
        return self


class Override(BaseModel):
    """What a scenario sets in place of the baseline's.

    Attributes
    ----------
    path
        Indicator to year to its figure: the projection given that it comes so.
    growth
        Indicator to year to its growth over the year before, likewise given.
    drift
        More growth in every year ahead, for one indicator or all: the figure after h years is (1 + drift)^h as large.
    volatility
        Times the uncertainty of the path, for one indicator or all.
    price
        More inflation than the projection contains, by year or in every year, for one nominal indicator or all.
    loading
        On the common factor, for one indicator or all.
    target
        Target id to another number, or to fields of the target.
    prior
        Name of a bundled prior, or a `Prior`.
    reading
        Of the targets' words: `"as stated"` or `"to the number"`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Paths = {}
    growth: Paths = {}
    drift: Amount | dict[str, Amount] = {}
    volatility: float | dict[str, float] = {}
    price: Amount | ByYear | dict[str, Amount | ByYear] = {}
    loading: float | dict[str, float] = {}
    target: dict[str, Amount | dict[str, Any]] = {}
    prior: Any = None
    reading: str | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        for value in _leaves(self.path):
            _read_by(parse_amount, "path", value)
        for name in ("growth", "drift", "price"):
            for value in _leaves(getattr(self, name)):
                _check_rate(name, value)
        for value in _leaves(self.volatility):
            if not 0 < value < 1e6:
                raise ValueError(f"volatility: {value:g} is not a positive factor, such as 1.5")
        for value in _leaves(self.loading):
            if not abs(value) <= 0.99:
                raise ValueError(f"loading: {value:g} is beyond 0.99; an indicator keeps something of its own")
        if not isinstance(self.prior, str | Prior | None):
            raise ValueError(f"prior: {self.prior!r} is neither the name of a prior nor a Prior")
        if self.reading not in (None, AS_STATED, TO_THE_NUMBER):
            raise ValueError(f"reading: {self.reading!r} is neither {AS_STATED!r} nor {TO_THE_NUMBER!r}")
        return self


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for part in value.values():
            yield from _leaves(part)
    else:
        yield value


def _read_by(parse: Callable[[Any], _T], name: str, value: Any) -> _T:
    try:
        return parse(value)
    except AttainError as error:
        raise ValueError(f"{name}: {error}") from error


def _check_rate(name: str, value: Any) -> None:
    if _read_by(parse_rate, name, value) <= -1:
        raise ValueError(f"{name}: {value} leaves nothing")


class Scenario(BaseModel):
    """A named change of the baseline.

    Parameters
    ----------
    name
        For tables and figures; `baseline` is taken.
    override
        What is set in place of the baseline's, see `Override`.
    shocks
        That hit and fade, see `Shock`; several add up.
    exclude
        Ids of targets that are left out, of the rows and of all together.

    Raises
    ------
    ArgumentError
        Naming the scenario, the field and the way out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    override: Override = Override()
    shocks: tuple[Shock, ...] = ()
    exclude: tuple[str, ...] = ()

    def __init__(self, name: Any = None, /, **fields: Any) -> None:
        given = fields if name is None else {"name": name, **fields}
        try:
            super().__init__(**given)
        except ValidationError as error:
            raise ArgumentError(f"scenario {given.get('name')!r}: {_told(error)}") from error

    @property
    def content(self) -> str:
        """What it changes, as JSON that does not depend on its name or on the order of its fields."""
        data = self.model_dump(exclude={"name": True, "override": {"prior"}}, exclude_defaults=True)
        return json.dumps([data, identity_of(self.override.prior)], sort_keys=True, ensure_ascii=False, default=str)

    @classmethod
    def grid(cls, axes: Axes) -> list[Self]:
        """Every combination of the values of the axes.

        Parameters
        ----------
        axes
            Place, such as `"drift"`, `"volatility.output"`, `"growth.output.2026"`, `"shock.output.2026"`,
            `"price.2026"` or `"target.output-2030"`, to the values it takes.
        """
        places, values = list(axes), [list(axes[place]) for place in axes]
        return [cls._at(dict(zip(places, combination, strict=True))) for combination in itertools.product(*values)]

    @classmethod
    def one_at_a_time(cls, axes: Axes) -> list[Self]:
        """Every value of every axis on its own, as a tornado figure shows them; axes as in `grid`."""
        return [cls._at({place: value}) for place, values in axes.items() for value in values]

    @classmethod
    def latin_hypercube(cls, axes: Axes, *, count: int, seed: int = 0, name: str = "draw") -> list[Self]:
        """Draws that cover each axis evenly (scipy.stats.qmc.LatinHypercube).

        Parameters
        ----------
        axes
            Place, as in `grid`, to the lowest and the highest value: numbers, rates, or amounts of one unit.
        count
            How many.
        seed
            Of the draws; the same seed gives the same scenarios.
        name
            What their names begin with.
        """
        from scipy.stats import qmc

        ends = [_ends(place, values) for place, values in axes.items()]
        if count < 1 or not ends:
            raise ArgumentError("latin_hypercube: give at least one axis and count=1 or more")
        cube = qmc.LatinHypercube(len(ends), rng=seed).random(count)
        width = len(str(count))
        return [
            cls._at(
                {place: _between(end, u) for (place, end), u in zip(zip(axes, ends, strict=True), row, strict=True)},
                f"{name} {number + 1:0{width}d}",
            )
            for number, row in enumerate(cube.tolist())
        ]

    @classmethod
    def _at(cls, cells: Mapping[str, Any], name: str = "") -> Self:
        """The scenario of a row of cells, by place."""
        return cls(name or ", ".join(f"{place} = {value}" for place, value in cells.items()), **_fields(cells))


def _told(error: ValidationError) -> str:
    """What is wrong with the fields of a file, a scenario, an override or a shock."""
    models: tuple[type[BaseModel], ...] = (Scenario, Override, Shock, Study)
    known = [field for model in models for field in model.model_fields]
    told = []
    for problem in error.errors():
        if problem["type"] == "extra_forbidden":
            name = str(problem["loc"][-1])
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            told.append(f"unknown field {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
        else:
            told.append(describe_problem(dict(problem)))
    return "; ".join(told)


def identity_of(prior: str | Prior | None) -> str | tuple[str, str, float] | None:
    """What a prior is told by: its name, and where it is given as such its numbers."""
    if not isinstance(prior, Prior):
        return prior
    return prior.name, hashlib.sha256(prior.table.tobytes()).hexdigest(), prior.evidence_limit


def _ends(place: str, values: Sequence[Any]) -> tuple[float, float, str]:
    """Lowest, highest, and the unit that both are written in."""
    try:
        (low, unit), (high, other) = (parse_amount(value) for value in values)
    except (ValueError, TypeError) as error:
        raise ArgumentError(f"{place}: give the lowest and the highest value, such as [-1%, 1%]") from error
    if unit != other:
        raise ArgumentError(f"{place}: {values[0]!r} and {values[1]!r} are not in one unit")
    return float(low), float(high), unit or ""


def _between(ends: tuple[float, float, str], u: float) -> float | str:
    low, high, unit = ends
    value = low + u * (high - low)
    return f"{value!r}{unit}" if unit else value


_BY_YEAR = ("path", "growth", "price")


def _fields(cells: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a scenario from cells by place: `kind`, `kind.name`, `kind.name.year` or `kind.year`."""
    override: dict[str, Any] = {}
    shocks: dict[tuple[str, str], dict[str, Any]] = {}
    exclude: list[str] = []
    for place, value in cells.items():
        kind, _, rest = place.partition(".")
        name, _, year = rest.rpartition(".")
        if kind == "exclude":
            exclude += [part.strip() for part in str(value).split(",") if part.strip()]
        elif kind in ("shock", "fade"):
            if not (name and year.isdecimal()):
                raise ArgumentError(f"{place!r}: write {kind}.INDICATOR.YEAR")
            shock = shocks.setdefault((name, year), {"indicator": name, "year": int(year)})
            shock["size" if kind == "shock" else "fade"] = value
        else:
            _put(override, place, kind, rest, value)
    return {"override": override, "shocks": list(shocks.values()), "exclude": exclude}


def _put(override: dict[str, Any], place: str, kind: str, rest: str, value: Any) -> None:
    """Set the cell `kind.rest` of an override."""
    if kind not in Override.model_fields:
        known = ", ".join((*Override.model_fields, "shock", "fade", "exclude"))
        raise ArgumentError(f"{place!r}: there is no {kind!r}; a place begins with one of {known}")
    name, _, year = rest.rpartition(".")
    keys: list[Any] = [kind, *([rest] if rest else [])]
    if kind in _BY_YEAR and (rest if kind == "price" and not name else year).isdecimal():
        keys = [kind, *([name] if name else []), int(year)]
    at = override
    for key in keys[:-1]:
        at = at.setdefault(key, {})
        if not isinstance(at, dict):
            raise ArgumentError(f"{place!r}: {kind} stands for all indicators already")
    if isinstance(at.get(keys[-1]), dict):
        raise ArgumentError(f"{place!r}: {kind} stands for single indicators already")
    at[keys[-1]] = value


# --- files ------------------------------------------------------------------------------------------------------------


class _LatinHypercube(BaseModel):
    model_config = ConfigDict(extra="forbid")

    axes: dict[str, list[Any]]
    count: int
    seed: int = 0
    name: str = "draw"


class Study(BaseModel):
    """A file of scenarios: the baseline they change, and the scenarios.

    Attributes
    ----------
    plan, history
        As `load_plan` and `load_history` take them; a history is not needed where the plan names one.
    as_of, prior, model, seed
        Of the baseline, as in `assess`.
    scenarios
        One by one.
    grid, one_at_a_time, latin_hypercube
        Axes of more scenarios, as in the methods of `Scenario`.
    """

    model_config = ConfigDict(extra="forbid")

    plan: str | None = None
    history: str | None = None
    as_of: Any = None
    prior: str | None = None
    model: Model | None = None
    seed: int = 0
    scenarios: list[dict[str, Any]] = []
    grid: dict[str, list[Any]] = {}
    one_at_a_time: dict[str, list[Any]] = {}
    latin_hypercube: _LatinHypercube | None = None

    def listed(self) -> list[Scenario]:
        """All its scenarios, those of the axes after those written one by one."""
        found = [Scenario(**fields) for fields in self.scenarios]
        found += Scenario.grid(self.grid) if self.grid else []
        found += Scenario.one_at_a_time(self.one_at_a_time)
        cube = self.latin_hypercube
        if cube is not None:
            found += Scenario.latin_hypercube(cube.axes, count=cube.count, seed=cube.seed, name=cube.name)
        return found


def load_scenarios(source: str | PathLike[str]) -> list[Scenario]:
    """The scenarios of a file.

    Parameters
    ----------
    source
        A .yaml file with `scenarios`, `grid`, `one_at_a_time` or `latin_hypercube`; or a .csv or .xlsx table with one
        scenario in a row, its name in the column `scenario`, and places such as `drift.output` as the other columns;
        an empty cell changes nothing. Of an .xlsx file the first sheet (needs `openpyxl`: `pip install attain[excel]`).

    Raises
    ------
    ArgumentError
        Naming the file, the scenario and the way out.
    """
    return load_study(source)[1]


def load_study(source: str | PathLike[str]) -> tuple[Study, list[Scenario]]:
    """A file of scenarios: the baseline that it names, and the scenarios."""
    path = Path(source)
    try:
        if path.suffix not in (".yaml", ".yml"):
            return Study(), list(_rows(_table(path)))
        study = _study(yaml.load(path.read_text(encoding="utf-8"), Loader=StrictLoader))
        return study, study.listed()
    except OSError as error:
        raise ArgumentError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (AttainError, yaml.YAMLError, ValueError) as error:
        raise ArgumentError(f"{path}: {' '.join(str(error).split())}") from error


def _study(data: Any) -> Study:
    if not isinstance(data, Mapping):
        raise ArgumentError("a file of scenarios is a mapping with the field scenarios, grid or latin_hypercube")
    try:
        return Study.model_validate(data)
    except ValidationError as error:
        raise ArgumentError(_told(error)) from error


def _table(path: Path) -> pd.DataFrame:
    if path.suffix == ".csv":
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    if path.suffix == ".xlsx":
        return read_sheet(path)
    raise ArgumentError("scenarios are a .yaml, .csv or .xlsx file")


def _rows(table: pd.DataFrame) -> Iterable[Scenario]:
    if "scenario" not in table.columns:
        raise ArgumentError("the column 'scenario' with the names is missing")
    for _, row in table.iterrows():
        cells = {str(place): value for place, value in row.items() if place != "scenario" and value != ""}
        yield Scenario(row["scenario"], **_fields({place: _number(value) for place, value in cells.items()}))


def _number(text: str) -> float | str:
    """A plain number as such; anything with a unit stays as it is written."""
    try:
        return float(text)
    except ValueError:
        return text
