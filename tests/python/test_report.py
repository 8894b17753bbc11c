"""The page of an assessment: whole, self-contained, safe, and in two languages; and the fragments of notebooks."""

import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from priors import PROTOTYPE

import attain as at
from attain.files import write_bytes, write_text
from attain.fragments import assessment_fragment, history_fragment, plan_fragment, projection_fragment
from attain.report import assessment_page, known_rows
from attain.text import percent_range
from attain.wording import chinese, stated_words, tight

PLANS = ("jiangsu-2021", "jiangsu-2023", "jiangsu-2025", "jiangxi-2022", "jiangxi-2025")
VOID = {"meta", "br", "link", "img", "hr", "input"}
FOREIGN = {"path", "use", "g", "svg", "defs", "clippath", "rect", "style", "metadata"}


class Page(HTMLParser):
    """A page whose elements must nest, with its visible text, attributes and ids."""

    def __init__(self, text):
        super().__init__()
        self.open, self.text, self.attributes, self.ids, self.languages = [], [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, name, value) for name, value in attrs]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.attributes += [(tag, name, value) for name, value in attrs]
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.text.append(data)

    @property
    def said(self):
        return re.sub(r"\s+", " ", "".join(self.text))

    def tags(self):
        return {tag for tag, _, _ in self.attributes}


@pytest.fixture(scope="module")
def results():
    return {name: at.assess(name, prior=PROTOTYPE) for name in PLANS}


def mine(**fields):
    history = pd.DataFrame({"x": [100.0, 104, 110, 113, 120]}, index=range(2020, 2025))
    plan = {"id": "mine", "title": "Mine", "targets": [at.level("x", by=2030, at_least=150, id="a")], **fields}
    return at.assess(plan, history)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", PLANS)
def test_a_page_is_whole_and_names_every_target(results, name, language):
    text = assessment_page(results[name], language)
    page = Page(text)
    assert ("html", "lang", "zh-Hans" if language == "zh" else "en") in page.attributes
    for target in results[name].plan.targets:
        label = target.label_zh if language == "zh" else target.label
        assert (chinese(label) if language == "zh" else label) in page.said, target.id
    assert len(page.ids) == len(set(page.ids))
    assert "{{" not in page.said
    assert "None" not in page.said.replace("None of", "")
    assert "nan" not in page.said.split()


@pytest.mark.parametrize("name", PLANS)
def test_nothing_comes_from_the_network_and_nothing_runs(results, name):
    page = Page(assessment_page(results[name], "en"))
    assert not {"script", "link", "img", "iframe", "object"} & page.tags()
    for tag, attribute, value in page.attributes:
        assert not attribute.startswith("on")
        if "http" in (value or ""):
            assert (tag, attribute) == ("a", "href")
    assert "url(http" not in assessment_page(results[name], "en")
    assert "@import" not in assessment_page(results[name], "en")


def test_sources_are_linked_and_only_to_the_web():
    figures = pd.DataFrame(
        {"indicator": "x", "year": [2020, 2021], "value": [1.0, 1.1], "source": ["good", "bad"]}
    ).assign(url=["https://example.org/?a=1&b=2", "javascript:alert(1)"])
    result = at.assess({"id": "p", "targets": [at.level("x", by=2030, at_least=2, id="a")]}, figures)
    page = Page(assessment_page(result, "en"))
    links = [value for tag, name, value in page.attributes if (tag, name) == ("a", "href")]
    assert links == ["https://example.org/?a=1&b=2"]
    assert "good" in page.said
    assert "bad" in page.said
    assert "javascript:" not in assessment_page(result, "en")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_hostile_words_stay_words(language):
    evil = "<script>alert(1)</script>"
    target = at.level("x", by=2030, at_least=150, id="a", label=evil, label_zh=evil, words=evil)
    other = at.level(evil, by=2030, at_least=150, id="<b>", label=f"{evil}2", label_zh=f"{evil}2")
    document = {"title": evil, "url": "javascript:alert(1)"}
    result = mine(title=evil, title_zh=evil, note=evil, targets=[target, other], document=document)
    page = Page(assessment_page(result, language))
    assert page.said.count(evil) > 4
    assert "script" not in page.tags()
    for fragment in (assessment_fragment(result), plan_fragment(result.plan)):
        assert "<script" not in fragment
        assert "&lt;script" in fragment


def test_the_verdict_leads_with_the_range_where_little_is_known(results):
    said = Page(assessment_page(results["jiangxi-2025"], "en")).said
    span = percent_range(*results["jiangxi-2025"].range)
    assert said.index(span) < said.index("Targets assessed")
    assert f"both targets that can be assessed, of 13 in the plan, is {span} over " in said
    assert "(18 % by default)" in said
    assert "1 growth observation: read the range" in said
    zh = Page(assessment_page(results["jiangxi-2025"], "zh")).said
    assert "规划 13 个目标中\N{FULLWIDTH COMMA}可评估的 2 个全部实现的概率为 " + tight(span, "zh") in zh


def test_a_long_record_with_one_treatment_gives_the_number():
    history = pd.DataFrame({"x": [100 * 1.05**i for i in range(12)]}, index=range(2013, 2025))
    result = at.assess({"id": "p", "targets": [at.level("x", by=2026, at_least=120, id="a")]}, history)
    said = Page(assessment_page(result, "en")).said
    assert "the one target that can be assessed, of 1 in the plan, is >99 %." in said
    assert "read the range" not in said


def test_an_empty_plan_and_one_with_nothing_assessed_say_so(results):
    empty = Page(assessment_page(results["jiangsu-2025"], "en")).said
    assert "No target to assess" in empty
    assert results["jiangsu-2025"].plan.note.split(".")[0] in empty
    assert "Targets assessed" not in empty
    none = Page(assessment_page(results["jiangsu-2021"], "en")).said
    assert f"None of the plan's {len(results['jiangsu-2021'].plan.targets)} targets can be assessed" in none
    assert "No published series speaks of them (17)" in none
    assert "没有可评估的目标" in Page(assessment_page(results["jiangsu-2025"], "zh")).said


def test_a_figure_for_each_indicator_and_treatments_side_by_side(results):
    result = results["jiangxi-2022"]
    text = assessment_page(result, "en")
    page = Page(text)
    paths = len(result.attaining_path.bound)
    assert text.count("<svg") == result.table["indicator"].nunique() + 1 + paths == 7 + paths
    for treatment in ("comparable-scope", "as-reported", "comparable-scope-at-floors", "as-reported-at-floors"):
        assert treatment in page.said
        assert result.history.treatments[treatment].en.split(".")[0] in page.said
    for color in ("#1b1b1b", "white", "#ffffff"):
        assert color not in text[text.index("<svg") : text.rindex("</svg>")]


def test_what_was_known_later_is_marked_and_used_nowhere():
    result = at.assess("jiangxi-2022", as_of="2022-06-30")
    text = assessment_page(result, "en")
    box = text[text.index('<section class="hindsight">') :]
    box = box[: box.index("</section>") + len("</section>")]
    assert "known only later" in box
    assert "11,600 × 100 million yuan" in box
    outside = Page(text.replace(box, "")).said
    assert "11,600 ×" not in outside
    assert "Written with today's knowledge" in outside
    known = known_rows(result.history, result.as_of)
    assert len(known)
    assert (known["released"] <= "2022-06-30").all()
    assert (known_rows(result.history, 2021)["year"] <= 2021).all()
    released = re.findall(r'<td class="tight">(20\d\d-\d\d-\d\d)</td>', text.replace(box, ""))
    assert released
    assert max(released) <= "2022-06-30"


def test_without_a_date_there_is_no_hindsight(results):
    assert "known only later" not in assessment_page(results["jiangxi-2022"], "en")


def test_relations_and_notes_are_told(results):
    said = Page(assessment_page(results["jiangxi-2025"], "en")).said
    assert "“Clusters over 50 billion yuan” includes “Clusters over 100 billion yuan”." in said
    assert "holds for each of 11 units" in said
    assert "Where plan and statistic differ" in said


def test_an_unknown_language_is_refused(results):
    with pytest.raises(at.ArgumentError, match="'fr' is neither"):
        assessment_page(results["jiangxi-2025"], "fr")


def test_pages_are_the_same_each_time(results):
    assert assessment_page(results["jiangxi-2025"], "zh") == assessment_page(results["jiangxi-2025"], "zh")


@pytest.mark.parametrize(
    ("target", "english", "chinese_words"),
    [
        (at.level("x", by=2030, more_than="5万亿元"), "more than 5 trillion yuan", "超过5万亿元"),
        (at.level("x", by=2030, at_most="300亿元"), "at most 300 × 100 million yuan", "不超过300亿元"),
        (at.growth("x", since=2025, by=2030, about="8%"), "growth of about 8 % a year", "年均增长8%左右"),
        (
            at.multiple("x", since=2025, by=2030, at_least=2),
            "at least 2 times the level of 2025",
            "达到 2025 年的不少于2 倍",
        ),
        (at.level("x", by=2030, between=["2个", "3个"]), "2 to 3", "2个至3个"),
        (
            at.count_above("x", by=2030, at_least="8个", threshold="1000亿元"),
            "at least 8, each over 1,000 × 100 million yuan",
            "不少于8个\N{FULLWIDTH LEFT PARENTHESIS}门槛 1,000亿元\N{FULLWIDTH RIGHT PARENTHESIS}",
        ),
    ],
)
def test_targets_are_said_in_words(target, english, chinese_words):
    assert stated_words(target, "en") == english
    assert stated_words(target, "zh") == chinese_words


def test_chinese_punctuation_is_full_width_and_numbers_are_left_alone():
    english = "The plan speaks of clusters (集群), not of firms"
    assert chinese(english) == english
    assert chinese("目标(口径):1,234,中; a, b (c)") == "目标（口径）：1,234，中；a, b (c)"


def test_fragments_take_the_notebook_s_colours():
    history = at.load_history("jiangxi")
    result = at.assess("jiangxi-2025", prior=PROTOTYPE)
    fragments = {
        "plan": (plan_fragment(result.plan), "Cluster revenue"),
        "history": (history_fragment(history), "cluster_prov_revenue"),
        "projection": (projection_fragment(result.projection), "Revenue of provincial industrial clusters"),
        "assessment": (assessment_fragment(result), percent_range(*result.range)),
        "empty": (assessment_fragment(at.assess("jiangsu-2025")), "The plan has no target."),
    }
    for fragment, says in fragments.values():
        page = Page(fragment)
        assert says in page.said
        assert not {"script", "style", "link", "img"} & page.tags()
        styles = " ".join(value for _, name, value in page.attributes if name == "style")
        assert not re.search(r"#[0-9a-f]{3}|white(?!-)|black|rgb\(", styles)


def test_files_are_whole_honour_the_umask_and_leave_nothing_behind(tmp_path, monkeypatch):
    import os

    old = os.umask(0o027)
    try:
        write_text(tmp_path / "page.html", "字")
    finally:
        os.umask(old)
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == "字"
    assert (tmp_path / "page.html").stat().st_mode & 0o777 == 0o640
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_bytes(tmp_path / "folder", b"x")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("attain.files.os.replace", fail)
    with pytest.raises(OSError, match="No space left"):
        write_text(tmp_path / "page.html", "new")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "page.html"]
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == "字"
