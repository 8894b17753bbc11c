"""Plans and targets: their words, their numbers, and errors that name file, target, field and the way out."""

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import attain as at
from attain.errors import PlanError, UnitError
from attain.units import convert, parse_amount, parse_rate


@pytest.mark.parametrize(
    ("fields", "bounds"),
    [
        ({"at_least": "5万亿元"}, (5, None)),
        ({"more_than": 50_000, "unit": "亿元"}, (50_000, None)),
        ({"more_than": "5万亿元", "unit": "亿元"}, (50_000, None)),
        ({"at_most": 3}, (None, 3)),
        ({"less_than": 3}, (None, 3)),
        ({"about": 100}, (95, None)),
        ({"about": 100, "approx_tolerance": "10%"}, (90, None)),
        ({"between": [3, 4]}, (3, 4)),
    ],
)
def test_words_of_a_level(fields, bounds):
    assert at.level("x", by=2030, **fields).bounds == bounds


def test_about_a_rate_is_half_a_point_less():
    assert at.growth("x", since=2025, by=2028, about="10%").bounds == (Decimal("0.095"), None)
    assert at.growth("x", since=2025, by=2028, about=0.1, approx_tolerance="1pp").bounds == (
        Decimal("0.09"),
        None,
    )


def test_strict_words_are_strict_on_published_figures():
    assert at.level("x", by=2030, at_least=5).holds(Decimal(5))
    assert not at.level("x", by=2030, more_than=5).holds(Decimal(5))
    assert at.level("x", by=2030, at_most=5).holds(Decimal(5))
    assert not at.level("x", by=2030, less_than=5).holds(Decimal(5))
    assert not at.level("x", by=2030, between=[5, 6]).holds(Decimal("6.01"))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: at.level("x", by=2030), "exactly one of at_least.*given: none"),
        (lambda: at.level("x", by=2030, at_least=1, at_most=2), "given: at_least and at_most"),
        (
            lambda: at.growth("x", since=2025, by=2028, at_least=10),
            "at_least: a bare rate of 10 could mean 10 % or 1000 %",
        ),
        (lambda: at.growth("x", by=2028, at_least="10%"), "since: a growth needs its base year.*2025"),
        (
            lambda: at.growth("x", since=2028, by=2028, at_least="10%"),
            "since: the base year 2028 is not before",
        ),
        (lambda: at.growth("x", since=2025, by=2028, at_least="5亿元"), "is not a rate"),
        (lambda: at.level("x", by=2030, at_least=5, since=2025), "since: belongs to growth or multiple or reduction"),
        (lambda: at.level("x", by=2030, at_least=5, mode="average"), "mode: belongs to growth"),
        (lambda: at.level("x", by=2030, at_least=-5), "at_least: a level must be positive, not -5"),
        (lambda: at.level("x", by=2030, at_least="5亿"), "unknown unit '亿'; did you mean '亿元'"),
        (lambda: at.level("x", by=2030, at_least=5, unit="亿"), "unknown unit '亿'"),
        (lambda: at.level("x", by=2030, between=[5, 4]), "the lower number 5 is above the upper 4"),
        (lambda: at.level("x", by=2030, at_least=True), "at_least"),
        (lambda: at.level("x", by=2030, at_least="1e400亿元"), "too large"),
        (lambda: at.level("x", by=203, at_least=5), "by: .*greater than or equal to 1000"),
        (lambda: at.level("x", by=2030, at_leats=5), "at_leats"),
    ],
)
def test_bad_targets_name_the_field_and_the_way_out(build, message):
    with pytest.raises(PlanError, match=message) as caught:
        build()
    assert "target 'x-" in str(caught.value)


PLAN = """\
id: mine
targets:
  - id: revenue
    kind: level
    indicator: revenue
    at_least: 5万亿元
    by: 2028
"""


def write(tmp_path, text, name="plan.yaml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_yaml_toml_json_and_dict_are_the_same_plan(tmp_path):
    fields = {"id": "revenue", "kind": "level", "indicator": "revenue", "at_least": "5万亿元", "by": 2028}
    plain = {"id": "mine", "targets": [fields]}
    toml = 'id = "mine"\n[[targets]]\n' + "\n".join(
        f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in fields.items()
    )
    expected = at.load_plan(write(tmp_path, PLAN))
    assert at.load_plan(write(tmp_path, toml, "plan.toml")) == expected
    assert at.load_plan(write(tmp_path, json.dumps(plain), "plan.json")) == expected
    assert at.load_plan(plain) == expected
    assert at.load_plan(expected) is expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            PLAN.replace("at_least", "at_lest"),
            "plan.yaml: target 'revenue': unknown field 'at_lest'; did you mean 'at_least'",
        ),
        (PLAN.replace("by:", "byy:"), "target 'revenue': unknown field 'byy'; did you mean 'by'"),
        (PLAN.replace("kind: level", "kind: height"), "plan.yaml: target 'revenue': kind: .*'level'"),
        (PLAN.replace("5万亿元", "viel"), "target 'revenue': at_least: 'viel' is not a number with a unit"),
        (
            PLAN.replace("    id: revenue\n", "")
            .replace("- id: revenue", "- kind: level")
            .replace("    kind: level\n", ""),
            "target no. 1: id: Field required",
        ),
        (PLAN + PLAN.split("targets:\n")[1], "plan.yaml: target 'revenue' stands twice"),
        (
            PLAN.replace("    by: 2028", "    by: 2028\n    by: 2030"),
            "plan.yaml: not well-formed YAML: the key 'by' stands twice.*line 8",
        ),
        (PLAN.replace("  - id", "  - : id: ["), "plan.yaml: not well-formed YAML"),
        ("- a\n- b\n", "plan.yaml: a plan is a mapping.*this is list"),
        ("", "plan.yaml: a plan is a mapping"),
        (
            PLAN.replace("id: mine", "id: mine\ntitel: x"),
            "plan.yaml: unknown field 'titel'; did you mean 'title'",
        ),
    ],
)
def test_bad_files_name_file_target_field_and_nearest_name(tmp_path, text, message):
    with pytest.raises(PlanError, match=message):
        at.load_plan(write(tmp_path, text))


def test_missing_and_odd_files(tmp_path):
    with pytest.raises(PlanError, match=r"no bundled plan 'utopia'; bundled: jiangsu-2021,.* jiangxi-2025"):
        at.load_plan("utopia")
    with pytest.raises(PlanError, match=r"nowhere\.yaml: cannot be read"):
        at.load_plan("nowhere.yaml")
    with pytest.raises(PlanError, match=r"a plan is a \.yaml, \.toml or \.json file"):
        at.load_plan(write(tmp_path, PLAN, "plan.txt"))


def test_the_bundled_plan_has_every_commitment_of_its_document():
    plan = at.load_plan("jiangxi-2025")
    assert plan.issued == date(2025, 8, 28)
    assert [t.kind for t in plan.targets].count("count_above") == 3
    numbers = {t.id: (t.word, t.value, t.upper) for t in plan.targets}
    assert numbers == {
        "cluster-revenue-growth": ("about", Decimal("0.1"), None),
        "cluster-revenue": ("more_than", 5, None),
        "advanced-clusters": ("at_least", 20, None),
        "key-projects": ("at_least", 100, None),
        "pilot-clusters": ("at_least", 40, None),
        "high-tech-firms": ("at_least", 9000, None),
        "specialised-smes": ("at_least", 7000, None),
        "clusters-over-1000-per-city": ("between", 1, 2),
        "clusters-over-1000": ("at_least", 10, None),
        "clusters-over-500": ("about", 30, None),
        "advanced-clusters-per-city": ("between", 1, 2),
        "digital-coverage": ("at_least", 1, None),
        "six-ones-coverage": ("at_least", 1, None),
    }


@given(st.decimals(min_value="0.001", max_value="1e6", places=3))
def test_amounts_survive_conversion_exactly(value):
    assert parse_amount(f"{value}万亿元", "亿元") == (value * 10_000, "亿元")
    assert convert(convert(value, "万元", "元"), "元", "万元") == value


@pytest.mark.parametrize(
    ("text", "rate"),
    [("10%", "0.1"), (0.1, "0.1"), ("0.1", "0.1"), ("-3.5%", "-0.035"), (1, "1"), ("250%", "2.5")],
)
def test_rates(text, rate):
    assert parse_rate(text) == Decimal(rate)


@pytest.mark.parametrize("text", [10, "10", -1, "1.01", "0.5pp", "ten", True, float("nan"), float("inf")])
def test_what_is_no_rate(text):
    with pytest.raises(UnitError):
        parse_rate(text)
