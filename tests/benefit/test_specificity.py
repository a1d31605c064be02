"""Choice among rows: scope before care before disease (sub-code, class, group, `any`), then the number of selectors."""

from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.benefit import award
from simulator.benefit.dated_rows import CLASS, DatedRow, find
from simulator.core.errors import DataFaults
from tests.benefit.test_award import CLAIM, SAID, with_rows

DAY = date(2025, 6, 1)
CLASS_OF = {"M07803": "M07800", "M07804": "M07800", "M07800": "M07800", "M00503": "M00500"}
GROUPS = {"dialysis": ("M07803", "M07804"), "kidneys": ("M07800", "M08300"), "heart": ("M04600",)}
DISEASES = ("M07803", "M07800", "M00500", *GROUPS, "any", "ordinary")
selectors = st.fixed_dictionaries(
    {},
    optional={
        "scope": st.sampled_from(("local", "nation")),
        "care": st.sampled_from(("special_disease", "outpatient")),
        "disease": st.sampled_from(DISEASES),
        "category": st.sampled_from(("employed", "retired")),
        "hospital_level": st.sampled_from(("primary", "tertiary")),
    },
)
cases = st.fixed_dictionaries(
    {
        "scope": st.sampled_from(("local", "nation")),
        "care": st.sampled_from(("special_disease", "outpatient")),
        "disease": st.sampled_from((*CLASS_OF, "ordinary")),
        "category": st.sampled_from(("employed", "retired")),
        "hospital_level": st.sampled_from(("primary", "tertiary")),
    }
)


def row_of(when, number):
    group = GROUPS.get(when.get("disease"), ())
    return DatedRow(
        "ratio", tuple(when.items()), number, "", date(2025, 1, 1), None, "ours", "test", "x", "", group=group
    )


def nearness(when, case):
    """From 4, the billed code itself, down to 1, every disease; 0 names no disease, None is about another one."""
    named, billed = when.get("disease"), case["disease"]
    if named is None:
        return 0
    if "ordinary" in (named, billed):
        return 1 if named == billed else None
    both = {billed, CLASS_OF[billed]}
    steps = (
        (named == billed, 4),
        (named in both, 3),
        (bool(both & set(GROUPS.get(named, ()))), 2),
        (named == "any", 1),
    )
    return next((step for holds, step in steps if holds), None)


def rank(when, case):
    """The order of rules 33 to 35, None where the row does not speak of the case."""
    near = nearness(when, case)
    others = {name: value for name, value in when.items() if name != "disease"}
    if near is None or any(case[name] != value for name, value in others.items()):
        return None
    special = "care" not in when and when.get("disease", "ordinary") != "ordinary"
    if special and case["care"] != "special_disease":
        return None
    return "scope" in when, "care" in when or special, near, len(when) - (when.get("disease") == "any")


@settings(max_examples=400, deadline=None)
@given(st.lists(selectors, min_size=1, max_size=8), cases)
def test_the_most_specific_row_that_speaks_of_the_case_decides(stated, case):
    rows = [row_of(when, number) for number, when in enumerate(stated)]
    asked = case | ({CLASS: CLASS_OF[case["disease"]]} if case["disease"] != "ordinary" else {})
    ranks = {number: rank(when, case) for number, when in enumerate(stated)}
    best = max((each for each in ranks.values() if each is not None), default=None)
    if best is None:
        with pytest.raises(LookupError):
            find([rows], asked, DAY)
    else:
        assert ranks[find([rows], asked, DAY).value] == best


RATIOS = {"M07803": "0.95", "M07800": "0.90", "kidneys": "0.85", "any": "0.80"}
FILE = (
    "disease_groups: {kidneys: {name: 肾病, codes: [M07800, M08300], source: ours, reference: test}}\n"
    f"deductible: [{{value: '0.00', from: {SAID}}}]\n"
)


def pays(claim, stated, caps=""):
    ratios = ", ".join(f"{{disease: {code}, value: '{RATIOS[code]}', from: {SAID}}}" for code in stated)
    file = FILE if "kidneys" in stated else FILE.partition("\n")[2]
    city, year, found = with_rows(file + f"ratio: [{ratios}]\n" + caps).city("230900"), Counter(), []
    for each in claim:
        found.append(award(each, city.rules(each.dates), year))
        year.update(found[-1].movements)
    return found, year


@settings(max_examples=60, deadline=None)
@given(st.sets(st.sampled_from(tuple(RATIOS)), min_size=1).map(sorted), st.sampled_from(("M07803", "M07804", "M07800")))
def test_a_city_file_may_leave_out_any_step_of_the_ladder(stated, billed):
    ladder = ("M07803", "M07800", "kidneys", "any") if billed == "M07803" else ("M07800", "kidneys", "any")
    nearest = next((code for code in ladder if code in stated), None)
    (got,), _ = pays([replace(CLAIM, disease=billed)], stated)
    # Without any row that speaks of it the default 0.80 of employees holds.
    assert got.ratio == Decimal(RATIOS[nearest] if nearest else "0.80")


def test_every_disease_of_a_group_has_the_cap_for_itself():
    caps = f"disease_cap: [{{disease: kidneys, value: '600.00', from: {SAID}}}]"
    claims = [replace(CLAIM, disease=code) for code in ("M07803", "M07804", "M08300")]
    (first, second, other), year = pays(claims, ["kidneys"], caps)
    # 1000.00 × 0.85 = 850.00, of which the class M07800 has 600.00 left, then nothing; M08300 has a cap of its own.
    assert [got.pool for got in (first, second, other)] == [600_00, 0, 600_00]
    assert (year["HIFP", "M07800"], year["HIFP", "M08300"], year["HIFP", ""]) == (600_00, 600_00, 1200_00)


def test_a_cap_of_a_group_of_sub_codes_counts_each_sub_code():
    groups = "disease_groups: {forms: {name: 透析方式, codes: [M07803, M07804], source: ours, reference: test}}\n"
    rows = groups + (
        f"ratio: [{{disease: forms, value: '0.90', from: {SAID}}}]\ndeductible: [{{value: '0.00', from: {SAID}}}]\n"
        f"disease_cap: [{{disease: forms, value: '500.00', from: {SAID}}}]"
    )
    city, year = with_rows(rows).city("230900"), Counter()
    for code in ("M07803", "M07804", "M07800"):
        year.update(award(replace(CLAIM, disease=code), city.rules(CLAIM.dates), year).movements)
    # 900.00 of each form is cut to 500.00; the class itself is in no group: the default 0.80 and 60000.00.
    assert [year["HIFP", code] for code in ("M07803", "M07804", "M07800")] == [500_00, 500_00, 800_00]


def test_a_row_that_was_followed_does_not_return_when_its_successor_ends():
    first, second = (replace(row_of({"disease": "any"}, n), valid_from=date(2025, 1 + 3 * n, 1)) for n in (0, 1))
    rows = [first, replace(second, valid_to=date(2025, 5, 31)), replace(row_of({}, 2), valid_from=date(2025, 7, 1))]
    asked = {"disease": "M07800", CLASS: "M07800"}
    found = [find([rows], asked, date(2025, month, 1)) for month in (3, 4, 6, 7)]
    assert [row.value if row else None for row in found] == [0, 1, None, 2]


def test_rows_in_force_show_the_codes_of_their_group():
    shown = with_rows(FILE + f"ratio: [{{disease: kidneys, value: '0.85', from: {SAID}}}]").city("230900").as_json(DAY)
    (row,) = (each for each in shown["rules"] if each.get("when") == {"disease": "kidneys"})
    assert row["group"] == ["M07800", "M08300"]


def test_two_groups_with_a_disease_in_common_are_settled_by_a_row_of_the_disease():
    groups = (
        "disease_groups:\n  one: {name: 一, codes: [M07800, M08300], source: ours, reference: test}\n"
        "  two: {name: 二, codes: [M08300, M04600], source: ours, reference: test}\n"
    )
    rows = (
        f"ratio:\n  - {{disease: one, value: '0.70', from: {SAID}}}\n"
        f"  - {{disease: two, value: '0.60', from: {SAID}}}\n"
    )
    with pytest.raises(DataFaults, match="disease=M08300"):
        with_rows(groups + rows)
    settled = with_rows(groups + rows + f"  - {{disease: M08300, value: '0.65', from: {SAID}}}\n").city("230900")
    got = award(replace(CLAIM, disease="M08300"), settled.rules(CLAIM.dates), {})
    assert got.ratio == Decimal("0.65")
