"""The command line as a person or a script runs it, and the figures that it writes."""

import json
import logging
import subprocess
import sys

import pandas as pd
import pytest

import attain as at
from attain import figures
from attain.cli import main

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
        (["project", "jiangxi", "--to", "2020"], "nothing can be projected to 2020"),
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


def texts(figure):
    drawn = [text.get_text() for axes in figure.axes for text in axes.texts]
    legends = [t.get_text() for axes in figure.axes if axes.get_legend() for t in axes.get_legend().get_texts()]
    return [*drawn, *legends, *(axes.get_title(loc="left") for axes in figure.axes)]


def test_the_figure_shows_targets_and_treatments():
    figure = at.assess("jiangxi-2025").plot()
    shown = texts(figure)
    assert "Cluster revenue: 50,000, 8.6 % a year" in shown
    assert "Cluster revenue growth: 51,204, 9.5 % a year" in shown
    labels = [label.get_text() for label in figure.axes[1].get_yticklabels()]
    assert labels[::-1] == ["2025-and-its-growth", "one-scope", "new-scope-from-2023", "new-scope-from-2025"]


def test_chinese_is_drawn_as_chinese(tmp_path):
    if figures._chinese_font() is None:
        pytest.skip("no Chinese font on this machine")
    figure = at.assess("jiangxi-2025").plot(language="zh")
    figure.savefig(tmp_path / "figure.png")  # a missing glyph warns, and warnings are errors
    assert any("省级产业集群" in text for text in texts(figure))


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
    assert "median" in texts(levels)
    frame = pd.DataFrame({"indicator": "x", "year": [2020, 2021], "kind": "growth", "value": [0.05, 0.06]})
    assert at.project(frame, to=2023).plot().axes[0].get_ylabel() == "2021 = 1"
