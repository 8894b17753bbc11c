"""The notebooks run as they stand, in a kernel of their own, and what they show is what the package says."""

import ast
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import attain as at

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = {path.stem: path for path in sorted(FOLDER.glob("*.ipynb"))}
FIRST_PLAN, JIANGXI = "a-first-plan-in-ten-minutes", "can-jiangxi-pass-5-trillion"
TIMEOUT = 120


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    """Where every notebook runs, and writes its own files."""
    return tmp_path_factory.mktemp("notebooks")


@pytest.fixture(scope="module")
def executed(scratch):
    """A notebook with its outputs, run once."""
    done = {}

    def execute(name):
        if name not in done:
            done[name] = run(name, scratch)
        return done[name]

    with pytest.MonkeyPatch.context() as patch:
        for variable in ("TMPDIR", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR"):
            patch.setenv(variable, str(scratch))
        yield execute


def run(name, folder):
    notebook = nbformat.read(NOTEBOOKS[name], as_version=4)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=TIMEOUT, kernel_name="python3", resources=resources).execute()
    return notebook


def outputs(notebook):
    return [(cell.id, output) for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def shown(notebook, cell_id):
    """The text of the last output of a cell."""
    output = [output for name, output in outputs(notebook) if name == cell_id][-1]
    return output.text if output.output_type == "stream" else output.data["text/plain"]


def shown_probability(notebook):
    """The joint probability as the cell `joint` shows it."""
    return ast.literal_eval(shown(notebook, "joint"))["probability"]


def test_there_are_the_two_of_which_this_file_speaks():
    assert {FIRST_PLAN, JIANGXI} <= set(NOTEBOOKS)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_it_runs_without_an_error_or_a_warning(executed, name):
    unwanted = [(cell, o) for cell, o in outputs(executed(name)) if o.output_type == "error" or is_warning(o)]
    assert unwanted == []


def is_warning(output):
    return output.output_type == "stream" and output.name == "stderr" and "Warning" in output.text


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_figures_and_results_show_themselves(executed, name):
    data = [output.data for _, output in outputs(executed(name)) if "data" in output]
    results = [d for d in data if re.match(r"<Figure|<pandas|[A-Z]\w+\(", d["text/plain"])]
    assert [d["text/plain"][:60] for d in results if not {"text/html", "image/png"} & set(d)] == []
    drawing = [cell.id for cell in executed(name).cells if re.search(r"\.plot\([^)]*\)$|plt\.show", cell.source)]
    assert [cell for cell, output in outputs(executed(name)) if "image/png" in output.get("data", {})] == drawing
    assert len(drawing) >= 3


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_it_is_stored_without_outputs_and_counts(name):
    cells = [cell for cell in nbformat.read(NOTEBOOKS[name], as_version=4).cells if cell.cell_type == "code"]
    assert {(len(cell.outputs), cell.execution_count) for cell in cells} == {(0, None)}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_path_of_a_machine_is_in_it(name):
    assert not re.search(r"/(home|tmp|root|work|Users)/", NOTEBOOKS[name].read_text(encoding="utf-8"))


def test_the_first_plan_shows_what_its_own_files_give(executed, scratch):
    notebook = executed(FIRST_PLAN)
    (plan,) = scratch.glob("attain-*/plan.yaml")
    result = at.assess(plan, plan.parent / "data.csv")
    assert shown_probability(notebook) == result.probability
    assert float(shown(notebook, "question")) == result.projection.probability("output", by=2028, at_least=1000)
    assert (plan.parent / "riverland.json").read_text(encoding="utf-8") == result.to_json()
    assert "did you mean 'at_least'?" in shown(notebook, "error")


def test_the_jiangxi_notebook_shows_what_the_package_says(executed):
    assert shown_probability(executed(JIANGXI)) == at.assess("jiangxi-2025").probability


def test_what_the_jiangxi_notebook_says_in_words_holds():
    """Its text compares the four treatments without naming numbers."""
    name, history = "cluster_prov_revenue", at.load_history("jiangxi")
    level, low, middle, high, walk = {}, {}, {}, {}, {}
    for treatment in history.treatments_of(name):
        asked = {"to": 2028, "indicators": [name], "treatments": {name: treatment}}
        projection = at.project(history, **asked)
        level[treatment] = projection.probability(by=2028, at_least=50_000)
        low[treatment], middle[treatment], high[treatment] = projection.quantile([0.1, 0.5, 0.9]).loc[2028]
        if projection.origin().changes >= 2:
            walk[treatment] = at.project(history, model="random-walk", **asked).probability(by=2028, at_least=50_000)
    only_growth, slow_2024 = "2025-and-its-growth", "new-scope-from-2023"
    with_fall = {"one-scope", "new-scope-from-2025"}
    width = {treatment: high[treatment] - low[treatment] for treatment in low}
    assert set(sorted(middle, key=middle.get)[:2]) == with_fall
    assert set(sorted(width, key=width.get)[2:]) == with_fall
    assert max(middle, key=middle.get) == only_growth
    assert min(width, key=width.get) == min(level, key=level.get) == slow_2024
    assert set(walk) == {*with_fall, slow_2024}
    assert all(walk[treatment] > level[treatment] for treatment in walk)
