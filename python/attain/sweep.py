"""The verb `sweep`: many scenarios of one baseline, on any executor.

The baseline is prepared once: plan, figures, projection, events, dependence. Each scenario changes what it overrides,
and no more; nothing random depends on the scenario, the worker, or the order, so that equal scenarios have equal bytes.
"""

from __future__ import annotations

import functools
import hashlib
import io
import math
import pickle
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from attain.assessing import assess
from attain.conditioning import Change, Condition
from attain.dependence import Dependence
from attain.errors import ArgumentError, AttainError, DataError
from attain.event import AnyEvent, Missing, PathEvent, event_of, sum_event
from attain.files import write_bytes
from attain.history import AsOf
from attain.joint import JointMemory, is_settled, joint_probability
from attain.prior import Prior, load_prior
from attain.progress import progress
from attain.projection import Mixture, Model, Projection, numerical_error
from attain.scale import LOG, LOGIT
from attain.scenario import BASELINE, Override, Scenario, identity_of
from attain.simulation import DRAWS, Drawing
from attain.target import WORDS, Target, plain_message
from attain.units import parse_amount, parse_rate

ALL = "all"
COLUMNS = (
    "scenario", "target", "probability", "log_probability", "numerical_error", "engine", "observations", "error",
)  # fmt: skip
_WAITING = 64  # chunks handed to an executor at a time
_MIXTURES_KEPT, _MARGINS_KEPT = 32, 20_000


class Answer(NamedTuple):
    """One target of one scenario, or all together."""

    target: str
    probability: float
    log_probability: float
    numerical_error: float
    engine: str
    observations: int
    error: str


@dataclass(frozen=True, eq=False)
class Baseline:
    """What all scenarios start from; it goes to other processes as it is.

    Attributes
    ----------
    events
        The assessed targets, by id.
    projection
        Of all their indicators.
    dependence
        Between the indicators.
    drawing
        Of integrals and paths: the same for every scenario.
    """

    events: Mapping[str, AnyEvent]
    projection: Projection
    dependence: Dependence
    drawing: Drawing

    @functools.cached_property
    def targets(self) -> dict[str, Target]:
        """The targets assessed, by id, each on its indicator of the history."""
        return {name: event.target for name, event in self.events.items()}

    @functools.cached_property
    def digest(self) -> str:
        """Stands for everything that an answer depends on beside the scenario."""
        from attain import __version__

        p, told = self.projection, hashlib.sha256()
        told.update(repr([__version__, p.model, p.to, p.origins, dict(p.treatments), self.drawing]).encode())
        told.update("".join(f"{k}{t.model_dump_json()}" for k, t in self.targets.items()).encode())
        told.update(repr([(k, e.indicators, _question(e)) for k, e in self.events.items()]).encode())
        told.update(repr([identity_of(_prior_for(p, scale)) for scale in (LOG, LOGIT)]).encode())
        told.update(p.history.rows.to_csv().encode())
        for column in p.observations.columns:
            told.update(column.tobytes())
        told.update(f"{self.dependence.kind}{self.dependence.to_frame().to_csv()}".encode())
        return told.hexdigest()


def _prior_for(projection: Projection, scale: Any) -> Prior | None:
    used = any(projection.scale_of(name) is scale for name in projection.indicators)
    return projection.prior_of(scale) if used else None


# --- one scenario -----------------------------------------------------------------------------------------------------


class Worker:
    """Answers scenarios of one baseline; what scenarios share is computed once."""

    def __init__(self, baseline: Baseline) -> None:
        self.baseline = baseline
        self._projections: dict[Any, Projection] = {}
        self._margins: dict[Any, Answer] = {}
        self._mixture = functools.lru_cache(maxsize=_MIXTURES_KEPT)(self._changed)
        self._own = threading.local()
        self._node_error = functools.lru_cache(maxsize=None)(self._node_error_of)

    def answer(self, scenario: Scenario) -> list[Answer]:
        """One row per target, and one of all together; or one that says what is wrong."""
        try:
            return self._answer(scenario)
        except Exception as error:  # whatever it is, the other scenarios go on
            return [_failed(error)]

    def _answer(self, scenario: Scenario) -> list[Answer]:
        targets = self._targets(scenario)
        basis = self._basis(scenario.override.prior, targets)
        projection = self._projections[basis]
        events = {name: self._event(name, target, projection) for name, target in targets.items()}
        if not events:
            raise ArgumentError("exclude: no target is left")
        changes = changes_of(scenario, projection)
        mixtures = {name: self._mixture(basis, name, change) for name, change in changes.items()}
        changed = projection.with_mixtures(mixtures) if mixtures else projection
        dependence = _dependence_of(scenario, self.baseline.dependence, projection)
        work = _Work(basis, changed, changes, dependence)
        rows = [self._margin(event, work) for event in events.values()]
        return [*rows, self._all(list(events.values()), rows, work)]

    def _targets(self, scenario: Scenario) -> dict[str, Target]:
        override, known = scenario.override, self.baseline.targets
        for place, names in (("target", override.target), ("exclude", scenario.exclude)):
            for name in names:
                if name not in known:
                    raise ArgumentError(f"{place}: no target {name!r} is assessed; there are {', '.join(known)}")
        kept = {name: target for name, target in known.items() if name not in scenario.exclude}
        for name, given in override.target.items():
            if name in kept:
                kept[name] = _restated(kept[name], given)
        if override.reading is None:
            return kept
        return {name: target.readings.get(override.reading, target) for name, target in kept.items()}

    def _basis(self, prior: str | Prior | None, targets: Mapping[str, Target]) -> Any:
        """Key of the projection under a prior, far enough for the targets."""
        base = self.baseline.projection
        to = max([base.to, *(target.by for target in targets.values() if target.by is not None)])
        key = identity_of(prior), to
        if key not in self._projections:
            if prior is not None and base.model != "growth":
                raise ArgumentError("prior: the random walk has none")
            grid = base.prior if prior is None else load_prior(prior)
            projection = replace(base, prior=grid, to=to)
            for name in {n for event in self.baseline.events.values() for n in event.indicators}:
                projection.mixture(name)
            self._projections[key] = projection
        return key

    def _event(self, name: str, target: Target, projection: Projection) -> AnyEvent:
        if target is self.baseline.targets[name]:
            return self.baseline.events[name]
        before = self.baseline.events[name]
        is_path = isinstance(before, PathEvent) and target.members is None
        is_sum = is_path and before.indicator not in projection.indicators
        event = sum_event(target, before.indicators, projection) if is_sum else event_of(target, projection)
        if isinstance(event, Missing):
            raise ArgumentError(f"target {name!r} is not assessed: {event.reason.en}; it needs {event.needs.en}")
        return event

    def _changed(self, basis: Any, name: str, change: Change) -> Mixture:
        try:
            return change.apply(self._projections[basis].mixture(name))
        except ArgumentError as error:
            raise ArgumentError(f"{name!r}: {error}") from error

    def _node_error_of(self, basis: Any, name: str) -> float:
        return self._projections[basis].node_error(name)

    def _margin(self, event: AnyEvent, work: _Work) -> Answer:
        key = _question(event), work.key_of(event)
        found = self._margins.get(key)  # once: another thread may clear them
        if found is None:
            if len(self._margins) >= _MARGINS_KEPT:
                self._margins.clear()
            found = self._margins[key] = self._joint([event], work)
        return found._replace(target=event.target.id)

    def _memory(self) -> JointMemory:
        """That of this thread."""
        if not hasattr(self._own, "memory"):
            self._own.memory = JointMemory()
        memory: JointMemory = self._own.memory
        return memory

    def _joint(self, events: Sequence[AnyEvent], work: _Work) -> Answer:
        names = list(dict.fromkeys(name for event in events for name in event.indicators))
        memory, drawing = self._memory(), self.baseline.drawing
        memory.told = {name: work.told(name) for name in names}
        joint = joint_probability(events, work.projection, work.dependence, drawing, memory=memory)
        if joint.log_probability is None:
            raise ArgumentError(joint.reason.en)
        log_p = joint.log_probability
        nodes = sum(self._node_error(work.basis, name) for name in names)
        error = numerical_error(log_p, nodes) + joint.error
        changes = min(work.projection.origin(name).changes for name in names)
        settled = all(is_settled(event) for event in events)
        return Answer(ALL, math.exp(log_p), log_p, 0.0 if settled else error, joint.engine, changes, "")

    def _all(self, events: Sequence[AnyEvent], rows: Sequence[Answer], work: _Work) -> Answer:
        """Settled targets are in it as the 0 or 1 that their rows have already."""
        waiting = [event for event in events if not is_settled(event)]
        missed = any(is_settled(event) and row.probability == 0 for event, row in zip(events, rows, strict=True))
        return self._joint(events if missed or not waiting else waiting, work)


def _question(event: AnyEvent) -> Any:
    """What tells events apart whose probability may differ, on one projection."""
    if isinstance(event, PathEvent):
        return event.quantities, event.attained
    return event.functional, event.lower, event.upper, event.published


@dataclass(frozen=True)
class _Work:
    """What the answers of one scenario are computed from."""

    basis: Any
    projection: Projection
    changes: Mapping[str, Change]
    dependence: Dependence

    def told(self, name: str) -> Any:
        """What the mixture and the loading of an indicator follow from."""
        return self.basis, self.changes.get(name), self.dependence.of(name).tobytes()

    def key_of(self, event: AnyEvent) -> Any:
        """What the probability of an event depends on beside the event."""
        own = tuple(self.changes.get(name) for name in event.indicators)
        return self.basis, own, self.dependence.loadings.to_numpy().tobytes() if len(own) > 1 else None


def _failed(error: BaseException) -> Answer:
    told = str(error) if isinstance(error, AttainError) else f"{type(error).__name__}: {error}"
    return Answer(ALL, math.nan, math.nan, math.nan, "none", 0, " ".join(told.split()))


def _restated(target: Target, given: Any) -> Target:
    """The target with another number, under its own word, or with other fields."""
    fields = given if isinstance(given, Mapping) else {target.word: given}
    if "id" in fields:
        raise ArgumentError(f"target {target.id!r}: a scenario does not rename a target; leave out 'id'")
    stated = target.model_dump(exclude_unset=True)
    if any(word in fields for word in WORDS):
        stated = {field: value for field, value in stated.items() if field not in (*WORDS, "unit")}
        if isinstance(given, Mapping) or not isinstance(given, str) or not _has_unit(given):
            stated["unit"] = target.effective_unit
    try:
        return Target(**{**stated, **fields})
    except ValueError as error:
        raise ArgumentError(f"target {target.id!r}: {plain_message(error)}") from error


def _has_unit(given: str) -> bool:
    return parse_amount(given)[1] is not None


def _dependence_of(scenario: Scenario, dependence: Dependence, projection: Projection) -> Dependence:
    """The baseline's, with other loadings where the scenario says so."""
    given = dict(_of_each(scenario.override.loading, projection, "loading"))
    if not given:
        return dependence
    if dependence.loadings.shape[1] != 1:
        raise ArgumentError("loading: the dependence of the baseline is not one common factor")
    loadings = dependence.loadings.copy()
    for name, value in given.items():
        loadings.loc[name] = value
    return replace(dependence, kind="given", loadings=loadings)


def _named(name: str, projection: Projection, place: str) -> str:
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
        yield from ((_named(name, projection, place), value) for name, value in given.items())


# --- what a scenario does to each indicator ---------------------------------------------------------------------------


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


# --- many scenarios ---------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=2)
def _worker(payload: bytes) -> Worker:
    """The worker of a pickled baseline; one for each process."""
    return Worker(pickle.loads(payload))


def answer_chunk(payload: bytes, scenarios: Sequence[Scenario]) -> list[list[Answer]]:
    """The answers of some scenarios of a pickled baseline; what an executor is given."""
    worker = _worker(payload)
    return [worker.answer(scenario) for scenario in scenarios]


def sweep(
    plan: Any,
    history: Any = None,
    scenarios: Sequence[Scenario] | str | PathLike[str] = (),
    *,
    executor: Executor | None = None,
    out: str | PathLike[str] | None = None,
    chunk: int = 50,
    model: Model | None = None,
    prior: str | Prior | None = None,
    dependence: Any = "factor",
    draws: int = DRAWS,
    as_of: AsOf = None,
    seed: int = 0,
) -> pd.DataFrame:
    """The probabilities of a plan's targets under each of many scenarios.

    Parameters
    ----------
    plan, history, model, prior, dependence, draws, as_of, seed
        The baseline, as in `assess`.
    scenarios
        Scenarios with distinct names, or a file that `load_scenarios` takes.
    executor
        Any `concurrent.futures.Executor`: of threads, of processes, `client.get_executor()` of a Dask client,
        `mpi4py.futures.MPIPoolExecutor`. By default one scenario after the other. The bytes of the result are the same.
    out
        Folder for Parquet files of the answers (needs `pyarrow`: `pip install attain[sweep]`). A sweep that was stopped
        goes on from there; answers of another baseline in the same folder are left alone.
    chunk
        How many scenarios an executor is given at a time, and go into one file.

    Returns
    -------
    DataFrame
        Columns scenario, target, probability, log_probability, numerical_error, engine, observations (growth
        observations behind the number), error. One row per scenario and target, and one of all together as target
        `all`; first those of the scenario `baseline`. A scenario that fails has one row, `all`, without numbers, whose
        error says why.

    Raises
    ------
    ArgumentError
        When nothing is assessed, for names that repeat, and for an executor that is none.
    """
    from attain.scenario import load_scenarios

    listed = load_scenarios(scenarios) if isinstance(scenarios, str | PathLike) else list(scenarios)
    _check(listed, executor, chunk)
    options = {"model": model, "prior": prior, "dependence": dependence, "as_of": as_of, "seed": seed}
    baseline = baseline_of(plan, history, draws=draws, **options)
    every = [Scenario(BASELINE), *listed]
    keys = [_key(baseline, scenario) for scenario in every]
    store = None if out is None else Store(Path(out), baseline)
    answers = {} if store is None else store.read()
    todo = {key: scenario for key, scenario in zip(keys, every, strict=True) if key not in answers}
    with progress(len(todo), "scenario") as bar:
        for chunk_keys, found in _run(_parts(todo, chunk), pickle.dumps(baseline), executor):
            answers.update(zip(chunk_keys, found, strict=True))
            if store is not None:
                store.write(dict(zip(chunk_keys, found, strict=True)))
            bar.update(len(found))
    rows = [(scenario.name, *answer) for key, scenario in zip(keys, every, strict=True) for answer in answers[key]]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _check(scenarios: Sequence[Any], executor: Any, chunk: int) -> None:
    names: set[str] = {BASELINE}
    for scenario in scenarios:
        if not isinstance(scenario, Scenario):
            raise ArgumentError(f"scenarios: {scenario!r} is no Scenario; write at.Scenario(name, override={{...}})")
        if scenario.name in names:
            taken = "is the name of the baseline" if scenario.name == BASELINE else "stands twice"
            raise ArgumentError(f"scenarios: {scenario.name!r} {taken}; give each its own name")
        names.add(scenario.name)
    if chunk < 1:
        raise ArgumentError(f"chunk: {chunk} is not 1 or more")
    if hasattr(executor, "get_executor"):
        raise ArgumentError("executor: a Dask client is no executor; give client.get_executor()")
    if executor is not None and not isinstance(executor, Executor):
        raise ArgumentError(f"executor: {type(executor).__name__} is no concurrent.futures.Executor")


def baseline_of(plan: Any, history: Any, *, draws: int = DRAWS, **options: Any) -> Baseline:
    """What scenarios start from: the targets that `assess` assesses, on its default projection."""
    result = assess(plan, history, draws=draws, **options)
    if result.projection is None or result.joint.dependence is None:
        raise ArgumentError(f"{result.plan.id}: no target is assessed, so there is nothing to sweep")
    events = {event.target.id: event for event in result.events}
    return Baseline(events, replace(result.projection), result.joint.dependence, replace(result.drawing, threads=1))


def _key(baseline: Baseline, scenario: Scenario) -> str:
    return hashlib.sha256(f"{baseline.digest}\n{scenario.content}".encode()).hexdigest()


_Part = tuple[list[str], list[Scenario]]
_Found = tuple[list[str], list[list[Answer]]]


def _parts(todo: Mapping[str, Scenario], chunk: int) -> Iterator[_Part]:
    keys = list(todo)
    for start in range(0, len(keys), chunk):
        part = keys[start : start + chunk]
        yield part, [todo[key] for key in part]


def _run(parts: Iterator[_Part], payload: bytes, executor: Executor | None) -> Iterator[_Found]:
    """Answers chunk by chunk, in the order in which they are ready."""
    if executor is None:
        for keys, scenarios in parts:
            yield keys, answer_chunk(payload, scenarios)
        return
    waiting: dict[Future[list[list[Answer]]], list[str]] = {}
    try:
        for keys, scenarios in parts:
            waiting[_submitted(executor, payload, scenarios)] = keys
            while len(waiting) >= _WAITING:
                yield from _ready(waiting)
        while waiting:
            yield from _ready(waiting)
    finally:
        for future in waiting:
            future.cancel()


def _submitted(executor: Executor, payload: bytes, scenarios: Sequence[Scenario]) -> Future[list[list[Answer]]]:
    try:
        return executor.submit(answer_chunk, payload, scenarios)
    except RuntimeError as error:  # a broken pool takes no more
        lost: Future[list[list[Answer]]] = Future()
        lost.set_exception(error)
        return lost


def _ready(waiting: dict[Future[list[list[Answer]]], list[str]]) -> Iterator[_Found]:
    """What is done by now, one chunk at least; a chunk that the executor lost says so."""
    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
        keys = waiting.pop(future)
        try:
            answers = future.result()
        except (Exception, CancelledError) as error:
            answers = [[_failed(error)] for _ in keys]
        yield keys, answers


class Store:
    """Answers on disk: a folder per baseline, a Parquet file per chunk, named after what it holds."""

    def __init__(self, folder: Path, baseline: Baseline) -> None:
        try:
            import pyarrow.parquet
        except ImportError as error:
            raise ArgumentError("out: Parquet files need pyarrow: pip install 'attain[sweep]'") from error
        self._arrow = pyarrow
        self.folder = folder / baseline.digest[:16]
        self.folder.mkdir(parents=True, exist_ok=True)

    def write(self, answers: Mapping[str, Sequence[Answer]]) -> None:
        """One file, all or nothing; what failed is not kept, and is tried again by the next sweep."""
        kept = {key: rows for key, rows in answers.items() if not rows[0].error}
        if not kept:
            return
        columns = ["key", *Answer._fields]
        table = pd.DataFrame([(key, *row) for key, rows in kept.items() for row in rows], columns=columns)
        stream = io.BytesIO()
        self._arrow.parquet.write_table(self._arrow.Table.from_pandas(table, preserve_index=False), stream)
        name = hashlib.sha256("".join(kept).encode()).hexdigest()[:32]
        write_bytes(self.folder / f"{name}.parquet", stream.getvalue())

    def read(self) -> dict[str, list[Answer]]:
        """Every answer of the folder, by key."""
        found: dict[str, list[Answer]] = {}
        for path in sorted(self.folder.glob("*.parquet")):
            own: dict[str, list[Answer]] = {}
            for row in self._rows(path):
                own.setdefault(row.pop("key"), []).append(Answer(**row))
            found.update(own)
        return found

    def _rows(self, path: Path) -> list[dict[str, Any]]:
        try:
            rows: list[dict[str, Any]] = self._arrow.parquet.read_table(path).to_pylist()
        except (self._arrow.ArrowInvalid, OSError) as error:
            raise DataError(
                f"{path}: not a file of a sweep ({error}); delete it, and its scenarios run again"
            ) from error
        return rows
