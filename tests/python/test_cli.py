"""The command line as a person or a script runs it, and the figures that it writes."""

import json
import logging
import os
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import attain as at
from attain import figures
from attain.cli import main
from attain.plan import plan_schema

PLAN = """\
id: mine
title: My plan
targets:
  - {id: output, kind: level, indicator: 产出, label: Output, at_least: 150亿元, by: 2028}
"""
DATA = """\
indicator,label_zh,year,value,unit
output,产出,2020,100,亿元
output,产出,2021,108,亿元
output,产出,2022,112,亿元
"""


@pytest.fixture
def files(tmp_path):
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    (tmp_path / "data.csv").write_text(DATA, encoding="utf-8")
    return str(tmp_path / "plan.yaml"), str(tmp_path / "data.csv")


def test_plans_are_listed(capsys):
    assert main(["plans"]) == 0
    assert capsys.readouterr().out == "".join(plan.summary() + "\n" for plan in at.bundled_plans())


def test_assess_prints_the_table_and_writes_what_it_says(capsys, tmp_path):
    assert main(["assess", "jiangxi-2025", "--out", str(tmp_path / "new" / "out")]) == 0
    printed = capsys.readouterr().out
    assert "Not assessed, 11 of 13 targets" in printed
    written = [line.removeprefix("wrote ") for line in printed.splitlines() if line.startswith("wrote ")]
    assert sorted(p.name for p in (tmp_path / "new" / "out").iterdir()) == sorted(w.rsplit("/")[-1] for w in written)
    assert {w.rsplit("/")[-1] for w in written} == {
        "jiangxi-2025.html",
        "jiangxi-2025.json",
        "jiangxi-2025-cluster_prov_revenue.png",
        "jiangxi-2025-path-cluster_prov_revenue.png",
        "jiangxi-2025-bottleneck.png",
    }
    image = next(w for w in written if w.endswith(".png"))
    with open(image, "rb") as stream:
        assert stream.read(8) == b"\x89PNG\r\n\x1a\n"
    document = next(w for w in written if w.endswith(".json"))
    with open(document, encoding="utf-8") as stream:
        assert json.load(stream)["plan"] == "jiangxi-2025"


def test_json_on_standard_output_is_only_json(capsys, files, tmp_path):
    plan, data = files
    assert main(["assess", plan, "--history", data, "--format", "json", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    assert document["targets"][0]["indicator"] == "output"
    assert document["joint"]["engine"] == "exact"
    assert "wrote " in printed.err


def test_a_person_brings_a_plan_and_data(capsys, files):
    plan, data = files
    assert main(["assess", plan, "--history", data, "--model", "random-walk", "--as-of", "2022"]) == 0
    assert "My plan (mine)" in capsys.readouterr().out


def test_project_prints_a_summary_or_csv(capsys, files):
    assert main(["project", files[1], "--to", "2025"]) == 0
    assert "output" in capsys.readouterr().out
    assert main(["project", files[1], "--to", "2025", "--format", "csv"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "indicator,year,quantile,value"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["assess", "utopia"], "attain: no bundled plan 'utopia'"),
        (["assess", "jiangxi-2025", "--history", "nowhere.csv"], "attain: nowhere.csv: cannot be read"),
        (["assess", "jiangxi-2025", "--as-of", "soon"], "attain: as_of: 'soon' is neither a year nor a date"),
        (["project", "jiangxi", "--to", "2010"], "nothing can be projected to 2010"),
        (["assess", "jiangxi-2025", "--out", "/dev/null/x"], "attain: /dev/null"),
    ],
)
def test_errors_are_one_message_and_exit_2(capsys, arguments, message):
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def test_the_command_is_installed_and_a_closed_pipe_is_no_error():
    command = f"{sys.executable} -m attain.cli assess jiangxi-2025 | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Jiangxi, upgrade of industrial clusters")
    assert done.stderr == ""


def test_several_plans_and_chinese(capsys, tmp_path):
    assert main(["assess", "jiangsu-2025", "jiangxi-2025", "--lang", "zh", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""  # no progress bar where nobody watches
    assert "(jiangsu-2025)" in printed.out
    assert "(jiangxi-2025)" in printed.out
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "jiangsu-2025.json",
        "jiangsu-2025.zh.html",
        "jiangxi-2025-bottleneck.zh.png",
        "jiangxi-2025-cluster_prov_revenue.zh.png",
        "jiangxi-2025-path-cluster_prov_revenue.zh.png",
        "jiangxi-2025.json",
        "jiangxi-2025.zh.html",
    ]
    assert 'lang="zh-Hans"' in (tmp_path / "jiangxi-2025.zh.html").read_text(encoding="utf-8")


def test_json_of_several_plans_is_a_list(capsys):
    assert main(["assess", "jiangsu-2025", "jiangxi-2025", "--format", "json"]) == 0
    assert [entry["plan"] for entry in json.loads(capsys.readouterr().out)] == ["jiangsu-2025", "jiangxi-2025"]


def test_the_schema_of_plans_is_printed(capsys):
    assert main(["plans", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out) == plan_schema()


def test_nothing_is_published_when_one_plan_fails(capsys, tmp_path):
    assert main(["assess", "jiangxi-2025", "utopia", "--out", str(tmp_path / "out")]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "no bundled plan 'utopia'" in printed.err
    assert not (tmp_path / "out").exists()


def test_names_of_files_are_harmless_and_collisions_are_told(capsys, tmp_path):
    targets = "".join(
        f"  - {{id: {i}, kind: level, indicator: '{i}', at_least: 9, by: 2028}}\n" for i in ("a/b", "a b")
    )
    (tmp_path / "plan.yaml").write_text(f"id: ../my plan\ntargets:\n{targets}", encoding="utf-8")
    rows = "".join(f"{i},{year},{year - 2012}\n" for i in ("a/b", "a b") for year in (2020, 2021, 2022))
    (tmp_path / "data.csv").write_text(f"indicator,year,value\n{rows}", encoding="utf-8")
    run = ["assess", str(tmp_path / "plan.yaml"), "--history", str(tmp_path / "data.csv"), "--out"]
    assert main([*run, str(tmp_path / "out")]) == 2
    assert "the figure of 'a b' in plan '../my plan'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    (tmp_path / "data.csv").write_text(f"indicator,year,value\n{rows.replace('a b', 'c d')}", encoding="utf-8")
    assert main([*run, str(tmp_path / "out")]) == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "..-my-plan-a-b.png",
        "..-my-plan.html",
        "..-my-plan.json",
    ]


def test_a_terminal_without_chinese_gets_question_marks_instead_of_a_crash():
    command = [sys.executable, "-m", "attain.cli", "assess", "jiangxi-2025", "--lang", "zh"]
    done = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}, check=False)
    assert done.returncode == 0, done.stderr
    assert b"?" in done.stdout


def test_an_error_of_the_system_without_a_file_is_told(capsys, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("attain.cli.assess", fail)
    assert main(["assess", "jiangxi-2025"]) == 2
    assert capsys.readouterr().err == "attain: No space left on device\n"


def texts(figure):
    drawn = [text.get_text() for axes in figure.axes for text in axes.texts]
    legends = [axes.get_legend() for axes in figure.axes if axes.get_legend()] + figure.legends
    told = [t.get_text() for legend in legends for t in legend.get_texts()]
    return [*drawn, *told, *(axes.get_title(loc="left") for axes in figure.axes)]


def lines(figure, label):
    return next(line for line in figure.axes[0].lines if line.get_label() == label)


@pytest.fixture
def ahead():
    history = pd.DataFrame({"x": [100.0, 104, 110, 113, 120]}, index=range(2020, 2025))
    targets = [
        at.growth("x", since=2026, by=2030, at_least="6%", id="g"),
        at.level("x", by=2030, at_most=140, id="c"),
        at.level("x", by=2029, between=[130, 150], id="b"),
        at.level("x", by=2024, at_least=110, id="s"),
        at.level("x", by=2028, at_least=90, id="n"),
    ]
    return at.assess({"id": "p", "targets": targets}, history)


def test_the_figure_shows_targets_and_treatments():
    figure = at.assess("jiangxi-2025").plot()
    shown = texts(figure)
    assert "Cluster revenue: more than 5 trillion yuan; needs 8.6 % a year" in shown
    assert "Cluster revenue growth: growth of about 10 % a year; needs 9.5 % a year" in shown
    labels = [label.get_text() for label in figure.axes[1].get_yticklabels()]
    assert labels[::-1] == ["2025-and-its-growth", "one-scope", "new-scope-from-2023", "new-scope-from-2025"]


def test_growth_from_a_year_ahead_starts_at_the_median_of_that_year(ahead):
    figure = ahead.plot()
    label = "g: growth of at least 6 % a year; needs 6.0 % a year from the median of 2026"
    assert label in texts(figure)
    path = next(line for line in figure.axes[0].lines if len(line.get_xdata()) == 5 and line.get_linestyle() == "--")
    median = ahead.projection.quantile(0.5)["x"][2026]
    assert list(path.get_xdata()) == [2026, 2027, 2028, 2029, 2030]
    np.testing.assert_allclose(path.get_ydata(), median * 1.06 ** np.arange(5), rtol=1e-9)
    np.testing.assert_allclose(lines(figure, label).get_ydata(), [median * 1.06**4], rtol=1e-9)


def test_ceilings_ranges_and_settled_targets_are_named_as_such(ahead):
    figure = ahead.plot()
    assert "c: at most 140; room for 2.6 % a year" in texts(figure)
    assert "s: at least 110; attained" in texts(figure)
    assert any(text.startswith("n: at least 90; holds down to −") for text in texts(figure))
    between = next(line for line in figure.axes[0].lines if line.get_label().startswith("b: 130 to 150"))
    np.testing.assert_allclose(between.get_ydata(), [130, 150])
    assert lines(figure, "c: at most 140; room for 2.6 % a year").get_marker() == "v"


def test_figures_of_another_scope_are_hollow_and_not_joined():
    frame = pd.DataFrame({"indicator": "x", "year": [2018, 2019, 2020, 2021], "value": [5.0, 6, 9, 10]})
    frame["scope"] = ["old", "old", "new", "new"]
    figure = at.project(frame, to=2024).plot()
    hollow, filled = lines(figure, "published, on another scope"), lines(figure, "published, used here")
    assert (list(hollow.get_xdata()), hollow.get_fillstyle()) == ([2018, 2019], "none")
    assert (list(filled.get_xdata()), filled.get_fillstyle()) == ([2020, 2021], "full")
    joined = [list(line.get_xdata()) for line in figure.axes[0].lines if line.get_linestyle() == "-"]
    assert not any({2019, 2020} <= set(years) for years in joined)


def test_an_unknown_indicator_or_language_is_refused():
    result = at.assess("jiangxi-2025")
    with pytest.raises(at.ArgumentError, match="'fr' is neither"):
        result.plot(language="fr")
    with pytest.raises(at.ArgumentError, match="'fr' is neither"):
        result.projection.plot(language="fr")
    with pytest.raises(at.ArgumentError, match="nonsense"):
        result.plot("nonsense")
    with pytest.raises(at.ArgumentError, match="nonsense"):
        figures.assessment_chart(result, "nonsense")


def test_chinese_is_drawn_as_chinese(tmp_path):
    if figures._chinese_font() is None:
        pytest.skip("no Chinese font on this machine")
    figure = at.assess("jiangxi-2025").plot(language="zh")
    figure.savefig(tmp_path / "figure.png")  # a missing glyph warns, and warnings are errors
    shown = [text for text in texts(figure) if not re.fullmatch(r"[\d%–<>]+", text)]
    assert any("省级产业集群" in text for text in shown)
    assert all(re.search(r"[\u4e00-\u9fff]", text) for text in shown)


def test_no_figure_is_left_with_pyplot():
    command = "import sys, attain as at; at.assess('jiangxi-2025').plot(); sys.exit('matplotlib.pyplot' in sys.modules)"
    subprocess.run([sys.executable, "-c", command], check=True)


def test_a_missing_chinese_font_is_told_once_with_the_way_out(monkeypatch, caplog):
    monkeypatch.setattr(figures, "_CHINESE_FONTS", ("No Such Font",))
    figures._chinese_font.cache_clear()
    with caplog.at_level(logging.WARNING):
        figures._chinese_font()
        figures._chinese_font()
    figures._chinese_font.cache_clear()
    assert [record.message for record in caplog.records] == [
        "no Chinese font found, Chinese labels show as boxes; on Debian: apt install fonts-wqy-microhei"
    ]


def test_fan_chart_of_levels_and_of_growth_only():
    levels = at.project(pd.Series([1.0, 1.1, 1.3], index=[2020, 2021, 2022], name="x"), to=2024).plot()
    assert "projection, median" in texts(levels)
    frame = pd.DataFrame({"indicator": "x", "year": [2020, 2021], "kind": "growth", "value": [0.05, 0.06]})
    assert at.project(frame, to=2023).plot().axes[0].get_ylabel() == "2021 = 1"
