"""The command `attain`: plans, audit, project, assess, check, sweep, backtest."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import TextIO

from tqdm.auto import tqdm

from attain.answering import ALL
from attain.assessing import assess
from attain.assessment import Assessment
from attain.audit import audit
from attain.backtest import Backtest, backtest
from attain.consistency import check
from attain.errors import ArgumentError, AttainError
from attain.files import write_bytes
from attain.history import AsOf
from attain.language import Language
from attain.plan import bundled_plans, plan_schema
from attain.projection import Projection, project
from attain.scenario import load_study
from attain.simulation import DRAWS
from attain.sweep import sweep


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0, or 2 with one message on standard error."""
    options = _parser().parse_args(arguments)
    _say_what_can_be_said()
    try:
        options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has seen enough
    except AttainError as error:
        print(f"attain: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        place = f"{error.filename}: " if error.filename is not None else ""
        print(f"attain: {place}{error.strerror or error}", file=sys.stderr)
        return 2
    return 0


def _say_what_can_be_said() -> None:
    """A terminal that lacks a character shows "?" for it, rather than losing the whole answer."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="attain", description="Are the targets of a plan attained, each and together?"
    )
    commands = parser.add_subparsers(title="commands", required=True)

    plans = commands.add_parser("plans", help="list the bundled plans")
    plans.add_argument("--schema", action="store_true", help="print the language of plans as JSON Schema instead")
    plans.set_defaults(run=_plans)

    figures = commands.add_parser("audit", help="where the figures of a history disagree with each other")
    figures.add_argument("history", metavar="HISTORY", help="id of a bundled history, or a .csv or .xlsx file")
    figures.add_argument("--format", choices=("table", "json"), default="table")
    figures.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the table")
    figures.set_defaults(run=_audit)

    projection = commands.add_parser("project", help="project the indicators of a history")
    projection.add_argument("history", metavar="HISTORY", help="id of a bundled history, or a .csv or .xlsx file")
    projection.add_argument("--to", type=int, required=True, metavar="YEAR", help="last year")
    projection.add_argument("--format", choices=("table", "csv"), default="table")
    _model_options(projection)
    projection.set_defaults(run=_project)

    assessment = commands.add_parser("assess", help="assess the targets of one plan or several")
    assessment.add_argument(
        "plans", metavar="PLAN", nargs="+", help="id of a bundled plan, or a .yaml, .toml or .json file"
    )
    assessment.add_argument(
        "--history", metavar="FILE", help="id of a bundled history, or a .csv or .xlsx file (default: the plan's own)"
    )
    assessment.add_argument("--seed", type=int, default=0, metavar="S", help="seed of simulated paths and integrals")
    assessment.add_argument(
        "--draws", type=int, default=DRAWS, metavar="N", help=f"simulated paths, where targets need them ({DRAWS})"
    )
    assessment.add_argument(
        "--out", type=Path, metavar="DIR", help="write there, for each plan, a page, its figures and the JSON"
    )
    assessment.add_argument(
        "--format",
        choices=("table", "json"),
        default="table",
        help="on standard output; the JSON of several plans is a list",
    )
    assessment.add_argument(
        "--lang", choices=("en", "zh"), default="en", help="language of the table, page and figures"
    )
    _model_options(assessment)
    assessment.set_defaults(run=_assess)

    checking = commands.add_parser("check", help="do the targets of a plan agree with each other?")
    checking.add_argument("plan", metavar="PLAN", help="id of a bundled plan, or a .yaml, .toml or .json file")
    checking.add_argument(
        "--history", metavar="FILE", help="id of a bundled history, or a .csv or .xlsx file (default: the plan's own)"
    )
    checking.add_argument("--format", choices=("table", "json"), default="table", help="on standard output")
    checking.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the page")
    checking.set_defaults(run=_check)

    many = commands.add_parser("sweep", help="the probabilities of a plan under many scenarios")
    many.add_argument("scenarios", metavar="SCENARIOS", help="a .yaml, .csv or .xlsx file (docs/scenarios.md)")
    many.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="write there; a sweep that stopped goes on"
    )
    many.add_argument("--plan", metavar="PLAN", help="as for assess (default: the one that the file names)")
    many.add_argument("--history", metavar="FILE", help="as for assess (default: the file's, or the plan's own)")
    many.add_argument("--as-of", type=_as_of, metavar="DATE", help="as for assess (default: the file's)")
    many.add_argument("--workers", type=int, default=1, metavar="N", help="processes (default 1)")
    many.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the text and the figure")
    many.set_defaults(run=_sweep)

    past = commands.add_parser("backtest", help="project a panel of series from past years, and score the projections")
    past.add_argument("panel", metavar="PANEL", help="id of a bundled history, or a .csv or .xlsx file")
    past.add_argument("--horizons", type=_years, default=(1, 3, 5), metavar="H,H", help="years ahead (default 1,3,5)")
    past.add_argument(
        "--origins", choices=("last", "all"), default="last", help="the latest year of each series, or all"
    )
    past.add_argument("--history", type=int, metavar="N", help="levels that a forecast may use (default: all)")
    past.add_argument("--model", choices=("growth", "random-walk"), default="growth")
    past.add_argument("--prior", default="general")
    past.add_argument("--out", type=Path, metavar="DIR", help="write there the forecasts, the scores and the figure")
    past.set_defaults(run=_backtest)
    return parser


def _model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", choices=("growth", "random-walk"), default="growth")
    parser.add_argument("--prior", default="general")
    parser.add_argument(
        "--as-of",
        type=_as_of,
        metavar="DATE",
        help="date of knowledge (2025-08-28), or year of the last figure (2024)",
    )


def _years(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _as_of(text: str) -> AsOf:
    return int(text) if text.isdecimal() and len(text) == 4 else text


def _plans(options: argparse.Namespace) -> None:
    if options.schema:
        print(json.dumps(plan_schema(), ensure_ascii=False, indent=2))
        return
    for plan in bundled_plans():
        print(plan.summary())


def _audit(options: argparse.Namespace) -> None:
    result = audit(options.history)
    print(result.to_json() if options.format == "json" else result.summary(language=options.lang))


def _project(options: argparse.Namespace) -> None:
    projection = project(options.history, to=options.to, model=options.model, prior=options.prior, as_of=options.as_of)
    print(_projection_csv(projection) if options.format == "csv" else projection.summary())


def _projection_csv(projection: Projection) -> str:
    return projection.to_frame().to_csv(index=False, lineterminator="\n").rstrip("\n")


def _assess(options: argparse.Namespace) -> None:
    """All is computed and drawn before anything is printed or published."""
    results: list[Assessment] = []
    files: dict[str, tuple[str, bytes]] = {}
    bar = tqdm(options.plans, disable=None if len(options.plans) > 1 else True, leave=False, unit="plan")
    for plan in bar:
        result = assess(
            plan,
            options.history,
            model=options.model,
            prior=options.prior,
            as_of=options.as_of,
            draws=options.draws,
            seed=options.seed,
        )
        results.append(result)
        if options.out is not None:
            _add(files, result, options.lang)
    print(_told(results, options))
    if options.out is not None:
        _publish(files, options.out, sys.stderr if options.format == "json" else sys.stdout)


def _check(options: argparse.Namespace) -> None:
    result = check(options.plan, options.history)
    if options.format == "json":
        print(json.dumps(result.to_dict(), ensure_ascii=False, indent=2, allow_nan=False))
    else:
        print(result.summary(language=options.lang))


def _sweep(options: argparse.Namespace) -> None:
    from attain.comparison import compare, sweep_text, tornado
    from attain.figures import png

    study, scenarios = load_study(options.scenarios)
    plan = options.plan or study.plan
    if plan is None:
        raise ArgumentError(f"{options.scenarios}: name a plan, by plan: in the file or by --plan")
    if options.workers < 1:
        raise ArgumentError(f"--workers: {options.workers} is not 1 or more")
    with ProcessPoolExecutor(options.workers) if options.workers > 1 else nullcontext() as executor:
        results = sweep(
            plan,
            options.history or study.history,
            scenarios,
            executor=executor,
            out=options.out / "answers",
            model=study.model,
            prior=study.prior,
            as_of=study.as_of if options.as_of is None else options.as_of,
            seed=study.seed,
        )
    name = _file_name(Path(options.scenarios).stem)
    frames = {"results": results, "comparison": compare(results)}
    files = {
        f"{name}-{what}.csv": (what, frame.to_csv(index=False, lineterminator="\n").encode())
        for what, frame in frames.items()
    }
    if (frames["comparison"]["target"] == ALL).any():
        files[f"{name}-tornado.png"] = ("the figure", png(tornado(results, language=options.lang)))
    print(sweep_text(results, options.lang))
    _publish(files, options.out, sys.stdout)


def _backtest(options: argparse.Namespace) -> None:
    result = backtest(
        options.panel,
        horizons=options.horizons,
        origins=options.origins,
        history=options.history,
        model=options.model,
        prior=options.prior,
    )
    files = _backtest_files(result, _file_name(Path(options.panel).stem)) if options.out is not None else {}
    print(result.summary())
    if options.out is not None:
        _publish(files, options.out, sys.stdout)


def _backtest_files(result: Backtest, name: str) -> dict[str, tuple[str, bytes]]:
    from attain.figures import png

    frames = {
        "scores": result.scores().rename_axis("part").reset_index(),
        "forecasts": result.table,
        "exceedances": result.exceedances,
        "skipped": result.skipped.reset_index(),
    }
    files = {
        f"{name}-{what}.csv": (what, frame.to_csv(index=False, lineterminator="\n").encode())
        for what, frame in frames.items()
    }
    return files | {f"{name}-backtest.png": ("the figure", png(result.plot()))}


def _told(results: Sequence[Assessment], options: argparse.Namespace) -> str:
    if options.format == "table":
        return "\n\n\n".join(result.summary(language=options.lang) for result in results)
    if len(results) == 1:
        return results[0].to_json()
    return json.dumps([result.to_dict() for result in results], ensure_ascii=False, indent=2, allow_nan=False)


def _add(files: dict[str, tuple[str, bytes]], result: Assessment, language: Language) -> None:
    """Add the files of one assessment: name to what it holds and its bytes.

    Raises
    ------
    ArgumentError
        When two of them would have one name.
    """
    taken = {name.casefold(): what for name, (what, _) in files.items()}
    for name, what, content in _files(result, language):
        if name.casefold() in taken:
            raise ArgumentError(f"{what} and {taken[name.casefold()]} would both be written to {name}; rename one")
        taken[name.casefold()] = what
        files[name] = (what, content)


def _files(result: Assessment, language: Language) -> Iterator[tuple[str, str, bytes]]:
    from attain.figures import assessment_chart, png
    from attain.report import assessment_page

    plan, suffix = _file_name(result.plan.id), ".zh" if language == "zh" else ""
    yield f"{plan}{suffix}.html", f"the page of plan {result.plan.id!r}", assessment_page(result, language).encode()
    yield f"{plan}.json", f"the JSON of plan {result.plan.id!r}", result.to_json().encode()
    for indicator in [name for name in result.table["indicator"].unique() if name in result.indicators]:
        figure = assessment_chart(result, indicator, language=language)
        what = f"the figure of {indicator!r} in plan {result.plan.id!r}"
        yield f"{plan}-{_file_name(indicator)}{suffix}.png", what, png(figure)
    if result.holds_back is not None and len(result.open_events) > 1:
        figure = result.holds_back.plot(language=language)
        yield f"{plan}-bottleneck{suffix}.png", f"the bottleneck of plan {result.plan.id!r}", png(figure)
    if (path := result.attaining_path) is None:
        return
    for indicator in path.bound:
        figure = path.plot(indicator, language=language)
        what = f"the path of {indicator!r} in plan {result.plan.id!r}"
        yield f"{plan}-path-{_file_name(indicator)}{suffix}.png", what, png(figure)


def _file_name(name: str) -> str:
    return re.sub(r"[^\w.-]", "-", name)


def _publish(files: dict[str, tuple[str, bytes]], folder: Path, told: TextIO) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, (_, content) in files.items():
        write_bytes(folder / name, content)
        print(f"wrote {folder / name}", file=told)


if __name__ == "__main__":
    sys.exit(main())
