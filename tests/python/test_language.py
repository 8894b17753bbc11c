"""The language of plans: kinds, relations, the round trip through YAML, the bundled plans against their documents."""

import csv
import json
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import attain as at
from attain.errors import PlanError

SEEDS = Path(__file__).parents[3] / "shared" / "seeds"
COUNTS = {"jiangsu-2021": 17, "jiangsu-2023": 10, "jiangsu-2025": 0, "jiangxi-2022": 20, "jiangxi-2025": 13}
WORDS = ("at_least", "more_than", "at_most", "less_than", "about", "between")

names = st.text("abcdefgh集群", min_size=1, max_size=12)
numbers = st.one_of(st.integers(1, 10**9), st.decimals("0.01", "1e6", places=2).map(float))
amounts = st.tuples(numbers, st.sampled_from(["亿元", "万亿元", "元", "家", "个"])).map(lambda a: f"{a[0]}{a[1]}")
rates = st.decimals("0.1", "99", places=1).map(lambda rate: f"{rate}%")


@st.composite
def targets(draw, name):
    kind = draw(st.sampled_from("level growth share multiple reduction count count_above flow coverage ratio".split()))
    value = rates if kind in ("growth", "share", "reduction", "coverage") else amounts
    value = st.integers(2, 9) if kind in ("multiple", "ratio") else value
    word = draw(st.sampled_from(WORDS[:-1]))
    fields = {
        "id": name,
        "kind": kind,
        "indicator": draw(names),
        word: draw(value),
        "by": draw(st.integers(2026, 2050)),
    }
    if kind in ("growth", "multiple", "reduction"):
        fields["since"] = draw(st.integers(2000, 2025))
    if kind in ("share", "ratio"):
        fields["of"] = draw(names)
    if kind == "count_above":
        fields["threshold"] = "1000亿元"
    if kind == "growth" and draw(st.booleans()):
        fields["mode"] = draw(st.sampled_from(["average", "every-year", "cumulative"]))
    optional = {
        "label": names, "label_zh": names, "note": st.text(max_size=40), "words": names, "clause": names,
        "entity": names,
        "scope": names, "aspiration": st.booleans(), "nature": st.sampled_from(["binding", "expected"]),
        "control": st.sampled_from(["market", "influenced", "administrative"]),
        "price": st.sampled_from(["nominal", "constant"]),
        "by_source": st.sampled_from(["stated", "section lead", "plan horizon", "resolved"]),
    }  # fmt: skip
    for field in draw(st.sets(st.sampled_from(sorted(optional)))):
        fields[field] = draw(optional[field])
    return fields


@st.composite
def plans(draw):
    ids = [f"t{i}" for i in range(draw(st.integers(0, 5)))]
    plan = {"schema": 1, "id": draw(names), "title": draw(st.text(max_size=30)), "issued": draw(st.dates())}
    plan["targets"] = [draw(targets(name)) for name in ids]
    if len(ids) > 1:
        plan["relations"] = [{"kind": draw(st.sampled_from(["overlap", "same_population"])), "parts": ids}]
    return plan


@settings(max_examples=1000, deadline=None)
@given(plans())
def test_a_thousand_random_plans_survive_the_round_trip(data):
    plan = at.load_plan(data)
    text = plan.to_yaml()
    again = at.load_plan(yaml.safe_load(text))
    assert again == plan
    assert again.to_yaml() == text
    assert yaml.safe_load(text) == data


@pytest.mark.parametrize("name", COUNTS)
def test_bundled_plans_survive_the_round_trip(name):
    plan = at.load_plan(name)
    again = at.load_plan(yaml.safe_load(plan.to_yaml()))
    assert again == plan
    stored = Path(at.__file__).parent / "plans" / f"{name}.yaml"
    assert yaml.safe_load(plan.to_yaml()) == yaml.safe_load(stored.read_text(encoding="utf-8"))


def test_every_kind_has_a_constructor():
    built = [
        at.level("x", by=2030, at_least=5),
        at.growth("x", since=2025, by=2030, about="8%"),
        at.share("x", of="y", by=2030, more_than="42%"),
        at.multiple("x", since=2025, by=2030, at_least="2倍"),
        at.reduction("x", since=2025, by=2030, at_least="13.5%"),
        at.count("x", by=2030, at_least="9000家"),
        at.count_above("x", threshold="1000亿元", by=2030, at_least="10个"),
        at.flow("x", per="year", by=2030, at_least="100个"),
        at.coverage("x", by=2030, at_least="100%"),
        at.ratio("x", of="y", per="chain", by=2030, at_least=1),
    ]
    assert [target.kind for target in built] == (
        "level growth share multiple reduction count count_above flow coverage ratio".split()
    )
    assert at.load_plan({"id": "p", "targets": built}).targets == tuple(built)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: at.share("x", by=2030, at_least="42%"), "of: a share needs it"),
        (lambda: at.share("x", of="y", by=2030, at_least="142%"), "a share lies between 0 and 100 %, not at 142 %"),
        (lambda: at.ratio("x", by=2030, at_least=1), "of: a ratio needs it"),
        (lambda: at.count_above("x", by=2030, at_least=1), "threshold: a count_above needs it"),
        (lambda: at.count_above("x", threshold="1000", by=2030, at_least=1), "threshold: '1000' has no unit"),
        (lambda: at.level("x", of="y", by=2030, at_least=1), "of: belongs to coverage or ratio or share"),
        (lambda: at.level("x", per="year", by=2030, at_least=1), "per: belongs to flow or ratio"),
        (lambda: at.reduction("x", by=2030, at_least="5%"), "since: a reduction needs its base year"),
        (lambda: at.reduction("x", since=2025, by=2030, at_least="100%"), "between 0 and 100 %"),
        (lambda: at.growth("x", since=2025, by=2030, at_least="-120%"), "leaves nothing to grow"),
        (lambda: at.multiple("x", since=2025, by=2030, at_least="2亿元"), "is not a multiple; write 2, '2倍'"),
        (lambda: at.growth("x", since=2025, by=2030, at_least=0.5, unit="家"), "is not a rate"),
        (lambda: at.level("x", by=2030, at_least=5, approx_tolerance="5%"), "belongs to about, not to at_least"),
        (lambda: at.level("x", by=2030, about=5, approx_tolerance="-5%"), "is not between 0 and 100 %"),
    ],
)
def test_fields_that_do_not_fit_the_kind(build, message):
    with pytest.raises(PlanError, match=message):
        build()


def test_numbers_are_read_in_their_units():
    assert at.level("x", by=2030, between=["4万亿元", "45000亿元"]).bounds == (4, Decimal("4.5"))
    assert at.growth("x", since=2025, by=2030, at_least=8, unit="%").value == Decimal("0.08")
    assert at.growth("x", since=2025, by=2030, at_least=0.5, unit="%").value == Decimal("0.005")
    assert at.multiple("x", since=2025, by=2030, at_least="200%").value == 2
    assert at.multiple("x", since=2025, by=2030, at_least="2倍").value == 2


def related(*relations):
    base = {"by": 2030, "kind": "count", "indicator": "x"}
    ids = ("a", "b", "c")
    money = {"id": "m", "kind": "level", "indicator": "x", "at_least": "5亿元", "by": 2030}
    return {
        "id": "p",
        "targets": [*({"id": i, **base, "at_least": "5个"} for i in ids), money],
        "relations": list(relations),
    }


@pytest.mark.parametrize(
    ("relations", "message"),
    [
        ([{"kind": "nested", "whole": "a", "parts": ["z"]}], r"relation no. 1 \(nested\): no target 'z'; the targets"),
        ([{"kind": "nested", "parts": ["a", "b"]}], "relation no. 1: .*a nested relation needs it"),
        ([{"kind": "overlap", "whole": "a", "parts": ["b", "c"]}], "overlap relation has none"),
        ([{"kind": "overlap", "parts": ["b"]}], "needs two or more"),
        ([{"kind": "sum", "whole": "a", "parts": ["a", "b"]}], "a target stands twice in the sum relation"),
        ([{"kind": "each_of", "parts": ["a"]}], "an each_of relation needs the number of its units"),
        ([{"kind": "sum", "whole": "a", "parts": ["b"], "units": 3}], "and no other has one"),
        ([{"kind": "sum", "whole": "a", "parts": ["b", "m"]}], "'m' is a money, 'a' a count; their units"),
        (
            [{"kind": "nested", "whole": "a", "parts": ["b"]}, {"kind": "sum", "whole": "b", "parts": ["c"]},
             {"kind": "part_of", "whole": "c", "parts": ["a"]}],
            "is within .* is within .*a cycle",
        ),
        ([{"kind": "inside", "whole": "a", "parts": ["b"]}], "relation no. 1: kind: "),
    ],
)  # fmt: skip
def test_relations_are_checked(relations, message):
    with pytest.raises(PlanError, match=message):
        at.load_plan(related(*relations))


def test_relations_may_form_a_lattice():
    lattice = [{"kind": "nested", "whole": "a", "parts": ["b", "c"]}, {"kind": "nested", "whole": "b", "parts": ["c"]}]
    assert len(at.load_plan(related(*lattice)).relations) == 2


def test_the_json_schema_describes_the_bundled_plans():
    schema = at.plan_schema()
    for name in COUNTS:
        jsonschema.validate(json.loads(at.load_plan(name).model_dump_json(by_alias=True, exclude_unset=True)), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"id": "p", "targets": [{"id": "t", "kind": "height"}]}, schema)


def test_every_commitment_is_bundled():
    assert {plan.id: len(plan.targets) for plan in at.bundled_plans()} == COUNTS
    kinds = Counter(target.kind for plan in at.bundled_plans() for target in plan.targets)
    assert sum(kinds.values()) == 60
    assert kinds == KINDS
    empty = at.load_plan("jiangsu-2025")
    assert "no target" in empty.note


KINDS = {
    "count": 32,
    "level": 7,
    "ratio": 5,
    "count_above": 5,
    "share": 3,
    "coverage": 3,
    "flow": 2,
    "growth": 2,
    "multiple": 1,
}


def places():
    with open(Path(__file__).with_name("places.csv"), encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_target_has_a_place_in_its_document():
    recorded = {(row["plan"], row["target"]) for row in places()}
    assert recorded == {(plan.id, target.id) for plan in at.bundled_plans() for target in plan.targets}


def numbers_in(text):
    """The numbers of a phrase, Chinese numerals and words of extent among them."""
    words = {
        "一位": "1",
        "一个": "1",
        "一张": "1",
        "倍增": "2",
        "全覆盖": "1",
        "基本实现": "1",
        "531": "50",
        "51010": "25",
    }
    found = set(re.findall(r"\d+(?:\.\d+)?", text)) | {value for word, value in words.items() if word in text}
    return {Decimal(number) for number in found}


def word_of(text):
    """The word that a phrase of the document stands for."""
    if re.search(r"\d-\d", text):
        return "between"
    if re.search(r"(突破|超过)\s*\d", text):
        return "more_than"
    return "about" if re.search("(?<!年)左右|基本实现", text) else "at_least"


@pytest.mark.parametrize("row", places(), ids=lambda row: f"{row['plan']}-{row['target']}")
def test_the_number_stands_in_the_document(row):
    target = next(t for t in at.load_plan(row["plan"]).targets if t.id == row["target"])
    assert row["text"] == target.words
    assert target.word == word_of(target.words)
    values = {v for v in (target.value, target.upper) if v is not None}
    stated = {100 * v if target.is_rate and v != 1 else v for v in values}
    assert stated <= numbers_in(target.words), f"{target.words} has not {stated}"
    unit = target.effective_unit
    assert (
        unit is None
        or unit in target.words.replace(" ", "")
        or f"{unit[-1]}" in target.words
        or "531" in target.words
        or "51010" in target.words
    )
    if not SEEDS.exists():
        pytest.skip("the documents are not beside this checkout")
    content = (SEEDS / row["seed"]).read_bytes().decode("utf-8")
    assert content[int(row["start"]) : int(row["end"])] == row["text"]
