"""The command `attain`: plans, project, assess."""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from attain.assessment import Assessment, assess
from attain.errors import AttainError
from attain.history import AsOf
from attain.plan import bundled_plans
from attain.projection import Projection, project


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0, or 2 with one message on standard error."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has seen enough
    except AttainError as error:
        print(f"attain: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"attain: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="attain", description="Are the targets of a plan attained, each and together?"
    )
    commands = parser.add_subparsers(title="commands", required=True)

    plans = commands.add_parser("plans", help="list the bundled plans")
    plans.set_defaults(run=_plans)

    projection = commands.add_parser("project", help="project the indicators of a history")
    projection.add_argument("history", metavar="HISTORY", help="id of a bundled history, or a .csv file")
    projection.add_argument("--to", type=int, required=True, metavar="YEAR", help="last year")
    projection.add_argument("--format", choices=("table", "csv"), default="table")
    _model_options(projection)
    projection.set_defaults(run=_project)

    assessment = commands.add_parser("assess", help="assess the targets of a plan")
    assessment.add_argument("plan", metavar="PLAN", help="id of a bundled plan, or a .yaml, .toml or .json file")
    assessment.add_argument(
        "--history", metavar="FILE", help="id of a bundled history, or a .csv file (default: the plan's own)"
    )
    assessment.add_argument(
        "--seed", type=int, default=0, metavar="S", help="seed of random results (none are random yet)"
    )
    assessment.add_argument("--out", type=Path, metavar="DIR", help="write the figure and the JSON there")
    assessment.add_argument("--format", choices=("table", "json"), default="table")
    _model_options(assessment)
    assessment.set_defaults(run=_assess)
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


def _as_of(text: str) -> AsOf:
    return int(text) if text.isdigit() else text


def _plans(options: argparse.Namespace) -> None:
    for plan in bundled_plans():
        print(plan.summary())


def _project(options: argparse.Namespace) -> None:
    projection = project(options.history, to=options.to, model=options.model, prior=options.prior, as_of=options.as_of)
    print(_projection_csv(projection) if options.format == "csv" else projection.summary())


def _projection_csv(projection: Projection) -> str:
    return projection.to_frame().to_csv(index=False, lineterminator="\n").rstrip("\n")


def _assess(options: argparse.Namespace) -> None:
    result = assess(
        options.plan,
        options.history,
        model=options.model,
        prior=options.prior,
        as_of=options.as_of,
        seed=options.seed,
    )
    print(result.to_json() if options.format == "json" else result.summary())
    if options.out is not None:
        for path in _write(result, options.out):
            print(f"wrote {path}", file=sys.stderr if options.format == "json" else sys.stdout)


def _write(result: Assessment, folder: Path) -> list[Path]:
    """Write the JSON, and a figure for each assessed indicator, so that no reader ever sees half a file."""
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w.-]", "-", result.plan.id)
    written = [folder / f"{name}.json"]
    _replace(written[0], result.to_json().encode())
    for indicator in result.table["indicator"].unique():
        path = folder / f"{name}-{indicator}.png"
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            result.plot(indicator).savefig(Path(scratch, "figure.png"))
            os.replace(Path(scratch, "figure.png"), path)
        written.append(path)
    return written


def _replace(path: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as scratch:
        scratch.write(content)
    os.chmod(scratch.name, 0o644)
    os.replace(scratch.name, path)


if __name__ == "__main__":
    sys.exit(main())
