"""What the README shows is what the package does: its output, its plan, its data."""

import contextlib
import io
import itertools
import re
from pathlib import Path

import pytest

import attain as at

README = Path(__file__).parents[2] / "README.md"
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def block(language, start=""):
    return next(text for kind, text in BLOCKS if kind == language and text.startswith(start))


def test_the_table_is_what_the_command_prints():
    shown = block("", "Jiangxi, upgrade").rstrip("\n")
    assert at.assess("jiangxi-2025").summary().startswith(shown)
    assert "new-scope-from-2025  " in shown


def test_what_a_check_finds_is_what_it_prints():
    assert block("", "What to look at") in at.check("jiangxi-2025").summary()


def test_the_python_prints_what_it_shows():
    python, output = next((a[1], b[1]) for a, b in itertools.pairwise(BLOCKS) if a[0] == "python")
    assert len(python.strip().splitlines()) <= 10
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(python, "README.md", "exec"), {})
    assert printed.getvalue() == output


@pytest.fixture
def files(tmp_path):
    (tmp_path / "plan.yaml").write_text(block("yaml"), encoding="utf-8")
    (tmp_path / "data.csv").write_text(block("", "indicator,"), encoding="utf-8")
    return tmp_path


def test_the_plan_and_the_data_work_together(files):
    result = at.assess(files / "plan.yaml", files / "data.csv")
    assert result.table.index.tolist() == ["output", "output-growth"]
    assert result.not_assessed.loc["exports-doubled", "needs"] == "yearly figures of exports"
    assert result.projection.origin("output").changes == 3
