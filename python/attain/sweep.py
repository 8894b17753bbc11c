"""The verb `sweep`: many scenarios of one baseline, on any executor."""

from __future__ import annotations

import functools
import hashlib
import pickle
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from attain.answer_store import Store
from attain.answering import Answer, Baseline, Worker, baseline_of, failed
from attain.errors import ArgumentError
from attain.history import AsOf
from attain.prior import Prior
from attain.progress import progress
from attain.projection import Model
from attain.scenario import BASELINE, Scenario, load_scenarios
from attain.simulation import DRAWS

COLUMNS = (
    "scenario", "target", "probability", "log_probability", "numerical_error", "engine", "observations", "error",
)  # fmt: skip
_WAITING = 64  # chunks handed to an executor at a time


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
            answers = [[failed(error)] for _ in keys]
        yield keys, answers
