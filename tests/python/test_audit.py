"""Audits: random histories that are consistent by construction, then rounded, give no finding; a planted contradiction
is found; the bundled histories give what a reader of them knows."""

import json
import random
from fractions import Fraction

import pandas as pd
import pytest

import attain as at
from attain.cli import main
from attain.errors import ArgumentError, BasisError, DataError
from attain.ledger import Cell, Ledger

YEARS = range(2015, 2022)
IDENTITIES = [
    {"kind": "share", "share": "share", "parts": ["a"], "whole": "w"},
    {"kind": "sum", "parts": ["a", "b", "c"], "whole": "w"},
    {"kind": "part_of", "parts": ["a", "b"], "whole": "w"},
    {"kind": "nested", "parts": ["a1", "a2"], "whole": "a"},
]


def rounded(value, unit):
    """The multiple of a unit that is nearest, as a person would print it."""
    units = value / unit
    nearest = int(units + Fraction(1, 2)) if units >= 0 else -int(-units + Fraction(1, 2))
    return float(nearest * unit)


def unit_of(value, digits):
    power = Fraction(1)
    while value / power >= 10**digits:
        power *= 10
    while value / power < 10 ** (digits - 1):
        power /= 10
    return power


def level(rng, name, year, value, period=""):
    """A row of a level, rounded to two to six digits; now and then a floor, which is cut rather than rounded."""
    unit = unit_of(value, rng.randint(2, 6))
    row = {"indicator": name, "year": year, "period": period, "kind": "level", "unit": "亿元", "bound": ""}
    if rng.random() < 0.2:
        return row | {"value": float(int(value / unit) * unit), "bound": "more_than"}
    return row | {"value": rounded(value, unit)}


def rate(rng, name, year, value, kind, period=""):
    unit = Fraction(1, rng.choice([1, 10, 100]))
    row = {"indicator": name, "year": year, "period": period, "kind": kind, "bound": ""}
    return row | {"unit": "pp" if kind == "change" else "%", "value": rounded(100 * value, unit)}


def consistent(rng):
    """Rows of a whole and its parts, of a share, and of parts of years: exact before they are rounded."""
    levels = {name: [Fraction(rng.randint(1000, 9000))] for name in "abc"}
    for path in levels.values():
        for _ in YEARS[1:]:
            path.append(path[-1] * (1 + Fraction(rng.randint(0, 1000), 10000)))
    levels["w"] = [sum(parts) for parts in zip(*levels.values(), strict=True)]
    levels["a1"] = [value * Fraction(7, 10) for value in levels["a"]]
    levels["a2"] = [value * Fraction(1, 2) for value in levels["a1"]]
    rows = []
    for name, path in levels.items():
        season = Fraction(rng.randint(40, 50), 100)
        for i, year in enumerate(YEARS):
            if rng.random() < 0.8:
                rows.append(level(rng, name, year, path[i]))
            if i and rng.random() < 0.7:
                rows.append(rate(rng, name, year, path[i] / path[i - 1] - 1, "growth"))
            if rng.random() < 0.4:
                rows.append(level(rng, name, year, season * path[i], f"{year}H1"))
            if i and rng.random() < 0.4:
                rows.append(rate(rng, name, year, path[i] / path[i - 1] - 1, "growth", f"{year}H1"))
    shares = [part / whole for part, whole in zip(levels["a"], levels["w"], strict=True)]
    for i, year in enumerate(YEARS):
        rows.append(rate(rng, "share", year, shares[i], "share"))
        if i and rng.random() < 0.5:
            rows.append(rate(rng, "share", year, shares[i] - shares[i - 1], "change"))
    return rows


def audited(rows):
    names = {row["indicator"] for row in rows}
    return at.audit(pd.DataFrame(rows), identities=[i for i in IDENTITIES if {i["whole"], *i["parts"]} <= names])


def complete():
    """Every level of a and w to 0.1, growth and share to 0.01 %: a 8 % a year, the rest 4 %."""
    a = [Fraction(3000) * Fraction(108, 100) ** i for i in range(len(YEARS))]
    rest = [Fraction(5000) * Fraction(104, 100) ** i for i in range(len(YEARS))]
    levels = {"a": a, "b": [r * 2 / 5 for r in rest], "c": [r * 3 / 5 for r in rest]}
    levels["w"] = [sum(parts) for parts in zip(*levels.values(), strict=True)]
    rows = []
    for key in levels:
        for i, year in enumerate(YEARS):
            own = {"indicator": key, "year": year, "unit": "亿元", "period": "", "bound": ""}
            to_a_tenth = own | {"kind": "level", "rounding": "0.1"}
            rows.append(to_a_tenth | {"value": rounded(levels[key][i], Fraction(1, 10))})
            rows.append(to_a_tenth | {"value": rounded(levels[key][i] * 2 / 5, Fraction(1, 10)), "period": f"{year}H1"})
            if i:
                growth = rounded(100 * (levels[key][i] / levels[key][i - 1] - 1), Fraction(1, 100))
                rows.append(own | {"kind": "growth", "value": growth, "unit": "%"})
    for i, year in enumerate(YEARS):
        share = rounded(100 * a[i] / levels["w"][i], Fraction(1, 100))
        rows.append(
            {
                "indicator": "share",
                "year": year,
                "unit": "%",
                "period": "",
                "bound": "",
                "kind": "share",
                "value": share,
            }
        )
    return rows


def planted(rows, indicator, year, kind, factor, period=""):
    """The rows with one figure moved."""
    moved = [dict(row) for row in rows]
    (row,) = [
        r for r in moved if (r["indicator"], r["year"], r["kind"], r["period"]) == (indicator, year, kind, period)
    ]
    row["value"] = round(row["value"] * factor, 1)
    return moved


def test_consistent_figures_give_no_finding():
    rng = random.Random(8)
    for _ in range(40):
        rows = consistent(rng)
        found = audited(rows).findings
        assert not found, found[0].told.en


def test_the_random_histories_have_much_to_compare():
    """Otherwise no finding would prove nothing."""
    kinds = {row["kind"] for row in consistent(random.Random(8))}
    assert kinds == {"level", "growth", "share", "change"}
    assert audited(complete()).findings == ()


@pytest.mark.parametrize(
    ("indicator", "year", "kind", "factor", "check", "where"),
    [
        ("b", 2018, "level", 1.03, "level and growth", ("b", 2018)),
        ("b", 2018, "level", 0.97, "level and growth", ("b", 2019)),
        ("b", 2018, "level", 1.03, "parts and whole", ("w", 2018)),
        ("w", 2018, "growth", 1.3, "level and growth", ("w", 2018)),
        ("share", 2019, "share", 1.02, "share and levels", ("share", 2019)),
        ("a", 2017, "level", 1.02, "share and levels", ("share", 2017)),
    ],
)
def test_a_planted_contradiction_is_found(indicator, year, kind, factor, check, where):
    found = audited(planted(complete(), indicator, year, kind, factor)).findings
    own = [f for f in found if f.check == check and (f.indicators[0], f.year) == where]
    assert [f.verdict for f in own] == ["contradiction"]
    assert all(indicator in f.indicators for f in found), "nothing else is accused"


def test_planted_contradictions_anywhere_are_found():
    """Any level moved by 1 to 9 % breaks a growth link of its own; the finding names the year or the next."""
    rng = random.Random(80)
    for _ in range(60):
        name, year = rng.choice("abcw"), rng.choice(YEARS)
        factor = 1 + rng.choice([-1, 1]) * rng.uniform(0.01, 0.09)
        found = audited(planted(complete(), name, year, "level", factor)).findings
        links = {(f.indicators[0], f.year) for f in found if f.check == "level and growth"}
        assert links == {(name, y) for y in (year, year + 1) if y in YEARS[1:]}


def test_a_half_year_above_its_year():
    found = audited(planted(complete(), "b", 2018, "level", 2.6, "2018H1")).findings
    assert [(f.check, f.verdict, f.indicators, f.year) for f in found] == [
        ("part of the year", "contradiction", ("b",), 2018)
    ]


@pytest.mark.parametrize(
    ("growth", "verdict", "between"),
    [
        (37.5, "remarkable", "leave 300 for the time between, after 400 a year before"),
        (-40.0, "contradiction", "after -258 a year before"),
    ],
)
def test_the_time_between_two_parts_of_a_year(growth, verdict, between):
    """700 by September and 1,000 in the year with growth of 10 %: 909 the year before, of which 700 / (1 + g) by then;
    1,000 / 1.1 - 700 / 1.375 = 400."""
    rows = [
        {"indicator": "x", "period": "2024Q1-Q3", "value": 700.0, "unit": "亿元", "rounding": "0.1"},
        {"indicator": "x", "period": "2024Q1-Q3", "value": growth, "unit": "%", "kind": "growth"},
        {"indicator": "x", "period": "2024", "value": 1000.0, "unit": "亿元", "rounding": "0.1"},
        {"indicator": "x", "period": "2024", "value": 10.0, "unit": "%", "kind": "growth"},
    ]
    (found,) = at.audit(pd.DataFrame(rows)).findings
    assert (found.check, found.verdict) == ("part of the year", verdict)
    assert between in found.told.en


def test_a_rest_that_shrinks_while_all_grows():
    rows = complete()
    for row in rows:
        if (row["indicator"], row["kind"], row["year"]) == ("a", "growth", 2021):
            row["value"] = 40.0
    (found,) = [f for f in audited(rows).findings if f.check == "rest"]
    share = next(r["value"] for r in rows if r["indicator"] == "share" and r["year"] == 2021) / 100
    whole = next(r["value"] for r in rows if (r["indicator"], r["kind"], r["year"]) == ("w", "growth", 2021)) / 100
    before = share * (1 + whole) / 1.4
    fell = 1 - (1 + whole) * (1 - share) / (1 - before)
    assert f"the share of 2020 was {100 * before:.1f} %" in found.told.en
    assert f"fell by {100 * fell:.0f} %" in found.told.en


def figures(history, **cell):
    return Ledger(at.load_history(history)).of(Cell(**cell))


def test_how_figures_are_read():
    def one(value, kind="level", **fields):
        frame = pd.DataFrame([{"indicator": "x", "year": 2020, "kind": kind, "value": value} | fields])
        (read,) = figures(frame, indicator="x", kind=kind, year=2020)
        return [None if end is None else float(end) for end in read.sure], float(read.point)

    assert one(39000, unit="亿元") == ([38500, 39500], 39000)
    assert one(39000, unit="亿元", bound="more_than") == ([39000, None], 39000)
    assert one(39000, unit="亿元", rounding=100)[0] == pytest.approx([38950, 39050])
    assert one(118, unit="个") == ([118, 118], 118)
    assert one(36000, unit="家") == ([35500, 36500], 36000)
    assert one(9.8, "growth", unit="%") == ([1.0975, 1.0985], 1.098)
    assert one(20, "growth", unit="%") == ([1.195, 1.205], 1.2), "a rate is known to half a point at least"
    assert one(84.4, "share", unit="%") == ([0.8435, 0.8445], 0.844)
    assert one(0.5, "change", unit="pp") == ([0.0045, 0.0055], 0.005)


def test_counts_need_their_total():
    rows = [
        {"indicator": name, "year": 2025, "value": value, "unit": unit}
        for name, value, unit in [("n", 50, "个"), ("n100", 30, "个"), ("n500", 12, "个"), ("total", 6000, "亿元")]
    ]
    members = {
        "kind": "members",
        "whole": "total",
        "parts": ["n", "n100", "n500"],
        "thresholds": ["100亿元", "500亿元"],
    }
    (found,) = at.audit(pd.DataFrame(rows), identities=[members]).findings
    assert (found.check, found.verdict, float(found.implied.point)) == ("counts", "contradiction", 18 * 100 + 12 * 500)
    rows[3]["value"] = 8000
    assert at.audit(pd.DataFrame(rows), identities=[members]).findings == ()
    rows[2]["value"] = 31
    found = at.audit(pd.DataFrame(rows), identities=[members]).findings
    assert {f.check for f in found} == {"parts and whole", "counts"}, "more are over 500 than over 100"


def test_sources_and_vintages():
    rows = [
        {"indicator": "x", "year": 2022, "value": value, "source": source} for value, source in ((709, "a"), (712, "b"))
    ]
    (found,) = at.audit(pd.DataFrame(rows)).findings
    assert (found.check, found.marked) == ("sources", False)
    vintages = [row | {"vintage": f"202{i}", "source": ""} for i, row in enumerate(rows)]
    assert at.audit(pd.DataFrame(vintages)).findings == (), "a revision contradicts nothing"


def test_a_revision_is_named_as_the_cause():
    rows = [
        {"indicator": "x", "year": 2021, "value": 1000.5, "vintage": "2022"},
        {"indicator": "x", "year": 2021, "value": 1050.5, "vintage": "2024"},
        {"indicator": "x", "year": 2022, "value": 1100.5, "vintage": "2023"},
        {"indicator": "x", "year": 2022, "value": 10.0, "kind": "growth", "unit": "%", "vintage": "2023"},
    ]
    (found,) = at.audit(pd.DataFrame(rows)).findings
    assert (found.check, found.cause, round(found.gap, 4)) == (
        "level and growth",
        "revision",
        round(1050.5 / (1100.5 / 1.1) - 1, 4),
    )


def test_accepted_proposals_mark_the_break():
    history = pd.DataFrame(planted(complete(), "b", 2018, "level", 1.2))
    before = at.audit(history)
    assert set(before.breaks) == {("b", 2018), ("b", 2019)}
    places = set(before.proposals["place"])
    kept = history[[f"row {i}" not in places for i in history.index]]
    after = at.audit(pd.concat([kept, before.proposals[history.columns.union(["scope"])]], ignore_index=True))
    assert len(after.findings) == len(before.findings)
    assert all(f.marked for f in after.findings)
    assert after.breaks == ()
    scopes = after.history.rows.query("indicator == 'b'").groupby("year")["scope"].first()
    assert scopes[[2017, 2018, 2020]].tolist() == ["to 2017", "since 2018", "since 2019"]


def test_identities_that_cannot_be():
    frame = pd.DataFrame({"x": [1.0, 2.0]}, index=[2020, 2021])
    with pytest.raises(ArgumentError, match="no indicator 'y'"):
        at.audit(frame, identities=[{"kind": "sum", "whole": "x", "parts": ["y", "z"]}])
    for wrong in (
        {"kind": "share", "whole": "x", "parts": ["y"]},
        {"kind": "sum", "whole": "x", "parts": ["y"]},
        {"kind": "members", "whole": "x", "parts": ["y", "z"]},
        {"kind": "members", "whole": "x", "parts": ["y", "z"], "thresholds": ["100"]},
        {"kind": "sum", "whole": "x", "parts": ["y", "y"]},
    ):
        with pytest.raises(ArgumentError, match="identities"):
            at.audit(frame, identities=[wrong])


def test_identities_do_not_mix_prices():
    frame = pd.DataFrame(
        [
            {"indicator": name, "year": 2020, "value": 1, "price": price}
            for name, price in (("x", ""), ("y", "constant"))
        ]
    )
    with pytest.raises(BasisError, match="y at constant prices"):
        at.audit(frame, identities=[{"kind": "part_of", "whole": "x", "parts": ["y"]}])


def levels(**figures):
    """One level a name, given as number and unit."""
    return [{"indicator": name, "year": 2023, "value": value, "unit": unit} for name, (value, unit) in figures.items()]


def test_parts_are_compared_in_the_unit_of_their_whole():
    rows = levels(p=(500_100.0, "万元"), q=(50.03, "亿元"), w=(100.04, "亿元"))
    rows.append({"indicator": "s", "year": 2023, "value": 50.0, "unit": "%", "kind": "share"})
    kinds = {
        "share": {"share": "s", "parts": ["p"]}, "sum": {"parts": ["p", "q"]}, "part_of": {"parts": ["p", "q"]},
        "nested": {"parts": ["p"]},
    }  # fmt: skip
    identities = [{"kind": kind, "whole": "w", **fields} for kind, fields in kinds.items()]
    assert at.audit(pd.DataFrame(rows), identities=identities).findings == ()
    rows[0]["value"] = 600_100.0
    found = at.audit(pd.DataFrame(rows), identities=identities[:2]).findings
    assert {f.check: round(float(f.implied.point), 4) for f in found} == {
        "share and levels": 0.5999, "parts and whole": 110.04,
    }  # fmt: skip
    assert any("60.01 over w of 100.04" in f.told.en for f in found)


def test_counts_in_ten_thousands_need_their_total_too():
    rows = levels(n=(5, "万家"), big=(2.5, "万家"), w=(20_100.0, "亿元"))
    members = {"kind": "members", "whole": "w", "parts": ["n", "big"], "thresholds": ["10000万元"]}
    (found,) = at.audit(pd.DataFrame(rows), identities=[members]).findings
    assert (found.check, float(found.implied.point)) == ("counts", 25_000)


@pytest.mark.parametrize(
    "identity",
    [
        {"kind": "sum", "whole": "w", "parts": ["tonnes", "q"]},
        {"kind": "share", "share": "s", "whole": "w", "parts": ["tonnes"]},
        {"kind": "nested", "whole": "w", "parts": ["tonnes"]},
        {"kind": "members", "whole": "w", "parts": ["n", "n1"], "thresholds": ["100吨"]},
        {"kind": "members", "whole": "w", "parts": ["n", "q"], "thresholds": ["100亿元"]},
    ],
)
def test_units_that_do_not_convert_are_refused(identity):
    rows = levels(tonnes=(5.0, "吨"), q=(50.0, "亿元"), w=(100.0, "亿元"), n=(5, "个"), n1=(4, "个"))
    rows.append({"indicator": "s", "year": 2023, "value": 50.0, "unit": "%", "kind": "share"})
    with pytest.raises(at.UnitError, match=f"the {identity['kind']} of .* in w: cannot convert"):
        at.audit(pd.DataFrame(rows), identities=[identity])


def test_a_change_in_points_is_no_level():
    rows = [
        {"indicator": "x", "year": 2020, "kind": "level", "value": 5},
        {"indicator": "x", "year": 2021, "kind": "change", "value": "1pp"},
    ]
    with pytest.raises(DataError, match="kind"):
        at.load_history(pd.DataFrame(rows))
    rows[0]["kind"], rows[0]["value"] = "share", 0.4
    history = at.load_history(pd.DataFrame(rows))
    assert history.rows["value"].tolist() == [0.4, 0.01]
    assert history.years_of("x") == [2020]
    assert "not modelled" in history.rows.at[1, "unused"]
    with pytest.raises(at.UnitError, match="percentage points"):
        at.load_history(pd.DataFrame([rows[0], rows[1] | {"value": 1}]))


# --- the bundled histories ------------------------------------------------------------------------------------------


def only(name, check, indicator, year):
    (found,) = [f for f in at.audit(name).findings if (f.check, f.indicators[0], f.year) == (check, indicator, year)]
    return found


def test_jiangxi_clusters_grow_while_the_rest_must_have_fallen():
    found = only("jiangxi", "rest", "cluster_prov_revenue_share_of_above_scale", 2025)
    before = 0.844 * 1.05 / 1.098
    assert f"the share of 2024 was {100 * before:.1f} %" in found.told.en
    assert "80.7 %" in found.told.en
    assert f"fell by {100 * (1 - 1.05 * (1 - 0.844) / (1 - before)):.0f} %" in found.told.en
    assert "15 %" in found.told.en
    assert "the part grew by 9.8 % and the whole by 5 %, to a share of 84.4 %" in found.told.en
    assert f"from {35000 * 17.6 / 82.4:,.0f} to {46644.9 * 0.156:,.0f}" in found.told.en
    assert (found.verdict, found.cause, found.marked) == ("remarkable", "scope", False)
    assert ("cluster_prov_revenue_share_of_above_scale", 2025) in at.audit("jiangxi").breaks


def test_jiangxi_counts_of_clusters():
    found = only("jiangxi", "counts", "cluster_prov_count", 2025)
    assert "136 (2023), 126 (2024) and 118 (2025)" in found.told.en
    assert f"{35000 / 136:.0f} per member in 2023, {39000 / 118:.0f} in 2025" in found.told.en


def test_jiangxi_electronics():
    jump = only("jiangxi", "jump", "electronic_info_revenue", 2022)
    assert all(told in jump.told.en for told in ("over 6,500", "over 10,000", "54 %"))
    share = only("jiangxi", "share and levels", "electronic_info_share_of_above_scale", 2024)
    assert float(share.implied.point) == pytest.approx(11600 / (46644.9 / 1.05))
    assert (share.verdict, share.cause, float(share.published.point)) == ("contradiction", "scope", 0.209)


def test_jiangxi_base_of_industry_above_scale():
    found = only("jiangxi", "level and growth", "above_scale_industry_revenue", 2021)
    assert found.gap == pytest.approx(37909.2 / (43976.7 / 1.256) - 1)
    assert found.marked


def test_jiangsu_share_breaks_at_2020():
    found = only("jiangsu", "jump", "sei_output_share", 2020)
    assert "from 32.8 % to 37.8 %" in found.told.en
    assert (found.gap, found.marked, found.cause) == (0.05, True, "scope")


def test_provinces_agree():
    assert at.audit("provinces").findings == ()


@pytest.mark.parametrize("name", ["jiangxi", "jiangsu", "provinces"])
def test_every_form_of_the_result(name, capsys):
    result = at.audit(name)
    assert main(["audit", name, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["text"] for row in told["findings"]] == [f.told.en for f in result.findings]
    assert len(told["proposals"]) == len(result.proposals)
    for language in ("en", "zh"):
        assert main(["audit", name, "--lang", language]) == 0
        page = capsys.readouterr().out
        assert page == result.summary(language=language) + "\n"
        assert all(len(line) <= 100 for line in page.splitlines())
    assert list(result.to_frame().columns) == list(result.table.columns)
    assert "Audit of" in result._repr_html_()
    assert len(result.table) == len(result.findings)
