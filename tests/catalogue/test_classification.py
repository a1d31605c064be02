"""What of a charge is payable: by the catalogue of the treatment place, before any policy."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.catalogue import CatalogueBook, Charge, Item, classify, classify_at
from simulator.core.errors import Refusal

ITEM = Item(
    code="003110000060000-311000027",
    name="血液透析",
    kind="service",
    grade="class_b",
    charge_type="treatment",
    price_ceiling=Decimal("420.00"),
    prior_selfpay_ratio=Decimal("0.10"),
    restricted=False,
    marks=frozenset({"special"}),
    unit="次",
    valid_from=date(2023, 1, 1),
    valid_to=None,
    source="illustrative",
    note="",
)


def charge(cnt, pric, amount, flag="0"):
    """Amount in yuan."""
    return Charge(Decimal(cnt), Decimal(pric), int(Decimal(amount) * 100), flag, ITEM.code)


def parts(found):
    return found.fulamt_ownpay_amt, found.overlmt_amt, found.preselfpay_amt, found.inscp_scp_amt


def test_prior_self_payment_is_taken_from_what_is_within_the_ceiling():
    """2 × 400.00 = 800.00 within the ceiling; 10 % = 80.00 first, 720.00 in scope."""
    found = classify(charge(2, 400, 800), ITEM)
    assert parts(found) == (0, 0, 80_00, 720_00)
    assert (found.pric_uplmt_amt, found.selfpay_prop) == (Decimal("420.00"), Decimal("0.10"))
    assert (found.grade, found.charge_type, found.restricted, found.memo) == ("class_b", "treatment", False, None)


def test_above_the_ceiling_is_the_persons():
    """2 × 430.00 = 860.00; 2 × 420.00 = 840.00 within, 20.00 above; 84.00 first, 756.00 in scope."""
    assert parts(classify(charge(2, 430, 860), ITEM)) == (0, 20_00, 84_00, 756_00)


def test_a_price_at_the_ceiling_is_not_above_it():
    assert classify(charge(1, 420, 420), ITEM).overlmt_amt == 0


def test_a_fen_that_the_hospital_rounded_up_is_not_above_a_ceiling_that_its_price_keeps():
    """1 × 420.00 sent as 420.01: taken as sent, 42.00 first, 378.01 in scope."""
    assert parts(classify(charge(1, 420, "420.01"), ITEM)) == (0, 0, 42_00, 378_01)


def test_a_fen_that_the_hospital_rounded_down_makes_nothing_negative():
    """3 × 1.350001 = 4.05 sent as 4.04; the ceiling's own product is 3 × 1.35 = 4.05."""
    item = replace(ITEM, price_ceiling=Decimal("1.350000"), prior_selfpay_ratio=Decimal(0))
    assert parts(classify(charge(3, "1.350001", "4.04"), item)) == (0, 0, 0, 4_04)


def test_a_ceiling_has_six_decimals():
    """3 × 1.350000 = 4.05 within, 3 × 1.350001 = 4.05 as well: nothing is above after rounding."""
    item = replace(ITEM, price_ceiling=Decimal("1.350000"))
    assert classify(charge(3, "1.350001", "4.05"), item).overlmt_amt == 0


def test_without_a_ceiling_nothing_is_above_it_and_none_is_shown_as_zero():
    found = classify(charge(1, 99999, 99999), replace(ITEM, price_ceiling=None))
    assert (found.overlmt_amt, found.pric_uplmt_amt) == (0, Decimal(0))


def test_class_c_is_wholly_self_paid_and_says_so():
    found = classify(charge(1, 100, 100), replace(ITEM, grade="class_c"))
    assert parts(found) == (100_00, 0, 0, 0)
    assert (found.selfpay_prop, found.findings) == (Decimal(1), ())
    assert "丙类" in found.memo.zh


@pytest.mark.parametrize(
    ("restricted", "flag", "payable"),
    [
        (True, "0", False),
        (True, "1", True),
        (True, "2", False),
        (False, "0", True),
        (False, "1", True),
        (False, "2", False),
    ],
)
def test_restriction_and_approval_decide_together(restricted, flag, payable):
    found = classify(charge(1, 100, 100, flag), replace(ITEM, restricted=restricted))
    assert parts(found) == ((0, 0, 10_00, 90_00) if payable else (100_00, 0, 0, 0))
    assert (found.memo is None) == payable
    assert found.restricted == restricted


def test_an_item_of_no_catalogue_is_wholly_self_paid_and_a_finding():
    found = classify(charge(1, 100, 100), None, path="feedetail/3")
    assert parts(found) == (100_00, 0, 0, 0)
    assert ITEM.code in found.memo.zh
    (finding,) = found.findings
    assert (finding.rule, finding.path) == ("charge_not_in_catalogue", "feedetail/3.med_list_codg")
    assert (found.grade, found.charge_type) == ("class_c", "other")


@pytest.mark.parametrize(
    ("letter", "charge_type"), [("X", "western_drug"), ("Z", "patent_drug"), ("T", "herbal_pieces"), ("C", "materials")]
)
def test_what_an_unknown_item_is_can_be_told_from_its_code(letter, charge_type):
    assert classify(replace(charge(1, 1, 1), code=f"{letter}999"), None).charge_type == charge_type


def test_quantity_times_price_is_rounded_half_up():
    """0.5 × 0.01 = 0.005 → 0.01."""
    found = classify(charge("0.5", "0.01", "0.01"), replace(ITEM, prior_selfpay_ratio=Decimal(0)))
    assert (parts(found), found.findings) == ((0, 0, 0, 1), ())


@pytest.mark.parametrize("sent", ["33.32", "33.34"])
def test_one_fen_of_the_hospitals_own_rounding_is_taken_as_sent_with_a_warning(sent):
    """3.3333 × 10 = 33.33."""
    found = classify(charge("3.3333", 10, sent), ITEM)
    assert sum(parts(found)) == int(Decimal(sent) * 100)
    assert [finding.rule for finding in found.findings] == ["charge_amount_rounded"]


@pytest.mark.parametrize("sent", ["33.31", "33.35", "-33.33", "0"])
def test_a_larger_difference_is_refused_with_what_was_wanted(sent):
    with pytest.raises(Refusal) as caught:
        classify(charge("3.3333", 10, sent), ITEM, path="feedetail/0")
    assert (caught.value.rule, caught.value.path) == ("charge_amount_differs", "feedetail/0.det_item_fee_sumamt")
    assert "33.33" in caught.value.text.zh


def test_a_negative_price_is_refused():
    with pytest.raises(Refusal) as caught:
        classify(charge(-1, -10, 10), ITEM)
    assert caught.value.rule == "charge_price_negative"


def test_a_line_that_takes_back_a_charge_gives_back_each_part():
    """−1 × 430.00: −10.00 above the ceiling, −42.00 first, −378.00 in scope."""
    assert parts(classify(charge(-1, 430, -430), ITEM)) == (0, -10_00, -42_00, -378_00)


def test_the_widest_line_is_exact():
    """9999.9999 × 9999999999.999999 = 99999998999999.9900000001, which 16,2 just holds."""
    found = classify(charge("9999.9999", "9999999999.999999", "99999998999999.99"), replace(ITEM, price_ceiling=None))
    assert (sum(parts(found)), found.findings) == (99999998999999_99, ())


counts = st.decimals("0.0001", "10000", places=4)
prices = st.decimals("0", "10000", places=6)
items = st.builds(
    lambda grade, ceiling, ratio, restricted: replace(
        ITEM, grade=grade, price_ceiling=ceiling, prior_selfpay_ratio=ratio, restricted=restricted
    ),
    st.sampled_from(["class_a", "class_b", "class_c"]),
    st.none() | prices,
    st.decimals("0", "1", places=4),
    st.booleans(),
)
flags = st.sampled_from("012")


def half_up(value):
    """Rounds half away from zero by hand: fen of a positive amount in yuan."""
    fen = value * 100
    whole = int(fen)
    return whole + (1 if fen - whole >= Decimal("0.5") else 0)


@given(counts, prices, items | st.none(), flags, st.sampled_from([-1, 0, 1]))
def test_the_four_parts_always_sum_to_the_charge_and_none_is_negative(cnt, pric, item, flag, off):
    amount = max(0, half_up(cnt * pric) + off)
    found = classify(Charge(cnt, pric, amount, flag), item)
    assert sum(parts(found)) == amount
    assert min(parts(found)) >= 0


@given(counts, prices, items | st.none(), flags)
def test_taking_back_mirrors_the_charge(cnt, pric, item, flag):
    amount = half_up(cnt * pric)
    there = classify(Charge(cnt, pric, amount, flag), item)
    back = classify(Charge(-cnt, pric, -amount, flag), item)
    assert parts(back) == tuple(-part for part in parts(there))
    assert (back.memo, back.grade, back.findings) == (there.memo, there.grade, there.findings)


@given(counts, prices, items, flags, prices)
def test_a_lower_ceiling_never_puts_more_in_scope(cnt, pric, item, flag, lower):
    ceiling = pric if item.price_ceiling is None else item.price_ceiling
    amount = half_up(cnt * pric)
    higher = classify(Charge(cnt, pric, amount, flag), item)
    cut = classify(Charge(cnt, pric, amount, flag), replace(item, price_ceiling=min(ceiling, lower)))
    assert cut.inscp_scp_amt <= higher.inscp_scp_amt


@given(counts, prices, items, flags)
def test_an_independent_recomputation_agrees(cnt, pric, item, flag):
    """Fractions instead of Decimals, and the rule written the other way round: first who pays nothing at all."""
    amount = half_up(cnt * pric)
    found = classify(Charge(cnt, pric, amount, flag), item)
    approved = flag == "1" or (flag == "0" and not item.restricted)
    if item.grade == "class_c" or not approved:
        assert parts(found) == (amount, 0, 0, 0)
        return
    within = amount
    if item.price_ceiling is not None and item.price_ceiling < pric:
        within = min(amount, half_up(cnt * item.price_ceiling))
    prior = half_up(Decimal(within) * item.prior_selfpay_ratio / 100)
    assert parts(found) == (0, amount - within, prior, within - prior)


def test_one_bill_in_two_catalogues_differs():
    """Dialysis at 430.00. 北京: ceiling 420.00, paid in full. 上海: ceiling 440.00. Neither knows the other's code."""
    book, day = CatalogueBook.shipped(), date(2025, 6, 1)
    bill = charge(1, 430, 430)
    beijing = classify_at(book.of("110000"), replace(bill, code="003110000060000-311000027"), day)
    shanghai = classify_at(book.of("310000"), replace(bill, code="003110000060000-311000028"), day)
    foreign = classify_at(book.of("310000"), replace(bill, code="003110000060000-311000027"), day)
    assert parts(beijing) == (0, 10_00, 0, 420_00)
    assert parts(shanghai) == (0, 0, 0, 430_00)
    assert parts(foreign) == (430_00, 0, 0, 0)
    assert "310000" in foreign.memo.zh
