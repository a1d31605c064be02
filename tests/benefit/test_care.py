"""Figures by kind of care, period and bracket, on files of the test's own (rules 33 to 36)."""

from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.benefit import Dates, award
from tests.benefit.reference import half_up
from tests.benefit.test_award import CLAIM, SAID, with_rows
from tests.benefit.worlds import charge

STAY = replace(CLAIM, care="inpatient", disease="", visit="1")
CLINIC = replace(CLAIM, care="outpatient", disease="", visit="2")
EMERGENCY = replace(CLINIC, care="emergency")
FEW = settings(max_examples=60, deadline=None)


def on(claim, month, day=1):
    return replace(claim, dates=Dates.all_on(date(2025, month, day)))


def in_turn(rows, *claims):
    """The awards of claims that follow one another, and the year's accumulators after them."""
    city, year, found = with_rows(rows).city("230900"), Counter(), []
    for claim in claims:
        found.append(award(claim, city.rules(claim.dates), year))
        year.update(found[-1].movements)
    return found, year


def flat(rows="", *, line="0.00"):
    return (
        f"ratio: [{{disease: ordinary, value: '0.80', from: {SAID}}}]\n"
        f"deductible: [{{value: '{line}', from: {SAID}}}{rows}]\n"
    )


def test_inpatients_bear_a_deductible_of_their_own_at_every_stay():
    rows = flat(f", {{care: inpatient, period: stay, value: '800.00', from: {SAID}}}", line="300.00")
    again = replace(STAY, visit="3")
    (first, part, second, clinic), year = in_turn(rows, STAY, STAY, again, CLINIC)
    # 800.00 of the first 1000.00, nothing when the same stay is settled on, 800.00 of the next stay.
    assert [got.deductible for got in (first, part, second)] == [800_00, 0, 800_00]
    # What inpatients bore does not count for the general one (rules 35).
    assert clinic.deductible == 300_00
    assert year["DEDC", "/inpatient/V1"] == 800_00
    assert year["DEDC", ""] == 300_00


def test_without_a_row_of_its_own_a_kind_of_care_shares_the_deductible():
    (first, second), _ = in_turn(flat(line="300.00"), EMERGENCY, CLINIC)
    assert [first.deductible, second.deductible] == [300_00, 0]


def test_kinds_of_care_share_a_deductible_where_the_file_says_so():
    rows = flat(f", {{care: outpatient, shared_with: [emergency], value: '200.00', from: {SAID}}}", line="900.00")
    (first, second, stay), year = in_turn(rows, EMERGENCY, CLINIC, STAY)
    assert [got.deductible for got in (first, second, stay)] == [200_00, 0, 900_00]
    assert year["DEDC", "/outpatient"] == 200_00


def test_a_cap_on_ordinary_care_is_applied_and_leaves_special_disease_alone():
    rows = flat() + f"care_cap: [{{care: outpatient, value: '1000.00', from: {SAID}}}]"
    (first, second, special), year = in_turn(rows, CLINIC, CLINIC, CLAIM)
    # 1000.00 × 0.80 = 800.00; of the next 800.00 only 1000.00 − 800.00 = 200.00; special disease 1000.00 × 0.80
    assert [got.pool for got in (first, second, special)] == [800_00, 200_00, 800_00]
    assert year["HIFP", "/outpatient"] == 1000_00
    step = next(step for step in second.steps if step.rule == "care_cap")
    assert step.sentence.zh == "普通门诊年度限额 1000.00，已用 800.00，尚余 200.00；超出 600.00 统筹不付"
    assert step.sentence.en.startswith("year cap of ordinary care 1000.00, 800.00 used, 200.00 left")


def test_a_disease_may_be_capped_by_quarter():
    rows = flat() + f"disease_cap: [{{disease: any, period: quarter, value: '500.00', from: {SAID}}}]"
    (march, april, may), year = in_turn(rows, on(CLAIM, 3, 31), on(CLAIM, 4), on(CLAIM, 5))
    assert [march.pool, april.pool, may.pool] == [500_00, 500_00, 0]
    assert (year["HIFP", "M07800//Q1"], year["HIFP", "M07800//Q2"], year["HIFP", "M07800"]) == (500_00, 500_00, 1000_00)


def test_the_row_of_the_billed_sub_code_goes_before_that_of_its_class():
    rows = (
        f"ratio: [{{disease: M07800, value: '0.70', from: {SAID}}}, {{disease: M07803, value: '0.90', from: {SAID}}}]\n"
        f"disease_cap: [{{disease: M07800, value: '5000.00', from: {SAID}}},"
        f" {{disease: M07803, value: '600.00', from: {SAID}}}]\ndeductible: [{{value: '0.00', from: {SAID}}}]"
    )
    sub = replace(CLAIM, disease="M07803")
    (first, other, whole), year = in_turn(rows, sub, replace(CLAIM, disease="M07804"), CLAIM)
    # 1000.00 × 0.90 = 900.00, of which its own cap leaves 600.00; the others 1000.00 × 0.70 = 700.00 each
    assert [(got.ratio, got.pool) for got in (first, other, whole)] == [
        (Decimal("0.9000"), 600_00),
        (Decimal("0.7000"), 700_00),
        (Decimal("0.7000"), 700_00),
    ]
    # Cap and accumulators stand under the code of the row that sets the cap (rules 34).
    assert (year["HIFP", "M07803"], year["HIFP", "M07800"]) == (600_00, 1400_00)


def test_drugs_for_two_diseases_have_figures_by_disease_of_their_own():
    drugs = replace(CLAIM, care="two_disease_drugs", disease="M07800")
    rows = (
        f"ratio: [{{care: two_disease_drugs, value: '0.50', from: {SAID}}}]\n"
        f"deductible: [{{value: '0.00', from: {SAID}}}]\n"
        f"disease_cap: [{{disease: M07800, care: two_disease_drugs, period: month, value: '300.00', from: {SAID}}}]"
    )
    (january, special), year = in_turn(rows, on(drugs, 1), on(CLAIM, 1))
    # 1000.00 × 0.50 = 500.00, capped at 300.00; special disease keeps the default 0.80
    assert [january.pool, special.pool] == [300_00, 800_00]
    assert year["HIFP", "M07800/two_disease_drugs/M01"] == 300_00


BRACKETS = (
    f"ratio: [{{care: inpatient, period: PERIOD, brackets: [{{above: '0.00', ratio: '0.80'}},"
    f" {{above: '1000.00', ratio: '0.90'}}, {{above: '3000.00', ratio: '0.95'}}], from: {SAID}}}]\n"
    f"deductible: [{{value: '400.00', from: {SAID}}}]\nmodifiers: [{{group: unfiled, minus: '0.10', from: {SAID}}}]\n"
)


def test_the_pool_pays_by_brackets_of_the_years_amount_in_scope():
    claim = replace(STAY, charges=(charge(2000_00),))
    (first, second), year = in_turn(BRACKETS.replace("PERIOD", "year"), claim, claim)
    # 400.00 deductible; 600.00 × 0.80 + 1000.00 × 0.90 = 1380.00
    assert (first.deductible, first.pool, first.ratio) == (400_00, 1380_00, Decimal("0.9000"))
    # from 2000.00: 1000.00 × 0.90 + 1000.00 × 0.95 = 1850.00
    assert (second.pool, second.ratio) == (1850_00, Decimal("0.9500"))
    assert year["INSC", "/inpatient"] == 4000_00


def test_a_modifier_changes_every_bracket():
    (got,), _ = in_turn(BRACKETS.replace("PERIOD", "year"), replace(STAY, charges=(charge(2000_00),), treated="nation"))
    # 600.00 × 0.70 + 1000.00 × 0.80 = 1220.00
    assert (got.pool, got.ratio) == (1220_00, Decimal("0.8000"))


def test_brackets_begin_anew_with_the_month():
    claim = replace(STAY, charges=(charge(2000_00),))
    (_, february), _ = in_turn(BRACKETS.replace("PERIOD", "month"), on(claim, 1), on(claim, 2))
    # 1000.00 × 0.80 + 1000.00 × 0.90 = 1700.00
    assert february.pool == 1700_00


LIMITS = ((0, Fraction(8, 10)), (1000_00, Fraction(9, 10)), (3000_00, Fraction(95, 100)))
amounts = st.lists(st.integers(0, 1500_00), min_size=1, max_size=5)


def recomputed(amounts, line):
    """The deductible and the pool by brackets, one fen-wide slice after the other, without the product's engine."""
    ends, pool, position = [above for above, _ in LIMITS[1:]] + [10**12], 0, 0
    for amount in amounts:
        begin, position = position, position + amount
        paid_from = max(begin, min(position, line))
        pool += half_up(
            sum(
                (max(0, min(position, end) - max(paid_from, above)) * ratio)
                for (above, ratio), end in zip(LIMITS, ends, strict=True)
            )
        )
    return min(line, position), pool


@FEW
@given(amounts)
def test_brackets_are_what_a_computation_by_hand_gives(scope):
    claim = replace(STAY, charges=tuple(map(charge, scope)))
    (got,), _ = in_turn(BRACKETS.replace("PERIOD", "year"), claim)
    assert (got.deductible, got.pool) == recomputed(scope, 400_00)


@FEW
@given(amounts, st.integers(0, 5), st.sampled_from(("year", "quarter", "month", "stay")))
def test_a_bill_split_within_a_period_pays_the_same_to_the_fen(scope, cut, period):
    rows = BRACKETS.replace("PERIOD", period) + f"care_cap: [{{care: inpatient, value: '2500.00', from: {SAID}}}]"
    claim = replace(STAY, charges=tuple(map(charge, scope)))
    (whole,), _ = in_turn(rows, claim)
    parts = [replace(claim, charges=part) for part in (claim.charges[:cut], claim.charges[cut:]) if part]
    split, year = in_turn(rows, *parts)
    assert sum(got.pool for got in split) == whole.pool
    assert sum(got.deductible for got in split) == whole.deductible
    assert year["HIFP", "/inpatient"] <= 2500_00
    assert all(0 <= got.pool <= got.in_scope for got in split)


@FEW
@given(amounts, st.integers(1, 900_00))
def test_more_in_scope_never_lowers_what_brackets_pay(scope, more):
    rows = BRACKETS.replace("PERIOD", "year")
    (less,), _ = in_turn(rows, replace(STAY, charges=tuple(map(charge, scope))))
    (grown,), _ = in_turn(rows, replace(STAY, charges=tuple(map(charge, [*scope[:-1], scope[-1] + more]))))
    assert grown.pool >= less.pool


@FEW
@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 900_00)), min_size=1, max_size=8))
def test_every_month_has_its_deductible_and_its_cap(visits):
    rows = (
        f"ratio: [{{disease: ordinary, value: '0.80', from: {SAID}}}]\n"
        f"deductible: [{{care: outpatient, period: month, value: '100.00', from: {SAID}}},"
        f" {{value: '0.00', from: {SAID}}}]\n"
        f"care_cap: [{{care: outpatient, period: month, value: '300.00', from: {SAID}}}]"
    )
    found, _ = in_turn(rows, *(on(replace(CLINIC, charges=(charge(amount),)), month) for month, amount in visits))
    for month in {month for month, _ in visits}:
        mine = [got for got, (each, _) in zip(found, visits, strict=True) if each == month]
        spent = sum(got.in_scope for got in mine)
        assert sum(got.deductible for got in mine) == min(spent, 100_00)
        assert sum(got.pool for got in mine) <= 300_00
