"""The rules one by one, on the shipped files where they have figures, on a file of the test's own elsewhere."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from simulator.benefit import Claim, Dates, PolicyBook, award
from simulator.core.errors import PolicyGap, Refusal
from tests.benefit.worlds import charge

BOOK = PolicyBook.shipped()
SAID = '"2025-01-01", source: illustrative, reference: invented for a test'
CLAIM = Claim(
    area="230900",
    insutype="310",
    category="employed",
    care="special_disease",
    disease="M07800",
    hospital_level="tertiary",
    treated="local",
    groups=(),
    civil_servant=False,
    identities=(),
    charges=(charge(1000_00),),
    account_used=False,
    account_balance=0,
    dates=Dates.all_on(date(2025, 6, 1)),
)
PAID = {("DEDC", ""): 500_00}


def given_by(claim, accumulated=PAID, book=BOOK):
    return award(claim, book.city(claim.area).rules(claim.dates), accumulated)


def with_rows(rows):
    """七台河 with some rules put in the place of its own."""
    return BOOK.with_city(f'area: "230900"\nname: 七台河\nversion: "x"\n{rows}\n', "test.yaml")


def test_a_half_fen_is_rounded_up():
    # 0.03 × 0.85 = 0.0255 → 0.03; 0.50 × 0.85 = 0.425 → 0.43
    assert given_by(replace(CLAIM, charges=(charge(3), charge(50)))).pool == 3 + 43


def test_a_half_fen_of_a_returned_charge_is_rounded_away_from_zero():
    # 10.00 × 0.85 = 8.50; −0.50 × 0.85 = −0.425 → −0.43
    assert given_by(replace(CLAIM, charges=(charge(10_00), charge(-50)))).pool == 8_50 - 43


def test_each_charge_is_rounded_and_the_sum_is_not_rounded_again():
    # 0.50 × 0.85 = 0.425 → 0.43, three times 1.29; 1.50 × 0.85 = 1.275 would be 1.28
    assert given_by(replace(CLAIM, charges=(charge(50),) * 3)).pool == 1_29


def test_the_deductible_is_taken_from_the_first_charges():
    # 500.00 left: all of 300.00, then 200.00 of 400.00; (200.00 + 100.00) × 0.85 = 255.00
    got = given_by(replace(CLAIM, charges=(charge(300_00), charge(400_00), charge(100_00))), {})
    assert (got.deductible, got.pool) == (500_00, 255_00)


def test_a_return_gives_back_the_deductible_that_its_charge_had_used():
    # 300.00 − 300.00 + 200.00 = 200.00 in scope, all of it deductible
    got = given_by(replace(CLAIM, charges=(charge(300_00), charge(-300_00), charge(200_00))), {})
    assert (got.deductible, got.pool, got.personal) == (200_00, 0, 200_00)


def test_own_purchases_ceilings_and_prior_selfpay_are_the_persons_alone():
    got = given_by(replace(CLAIM, charges=(charge(100_00, 20_00, 30_00, 40_00),)))
    # 100.00 × 0.85 = 85.00; 190.00 − 85.00 = 105.00
    assert (got.total, got.pool, got.personal, got.hospital) == (190_00, 85_00, 105_00, 0)


@pytest.mark.parametrize(
    ("disease", "category", "ratio"),
    [
        ("M07800", "employed", "0.85"),
        ("M07800", "retired", "0.90"),
        ("M00500", "employed", "0.80"),
        ("M00500", "retired", "0.85"),
        ("M08300", "employed", "0.85"),
        ("M08300", "retired", "0.90"),
    ],
)
def test_the_quoted_ratios_of_qitaihe(disease, category, ratio):
    assert given_by(replace(CLAIM, disease=disease, category=category)).ratio == Decimal(ratio)


@pytest.mark.parametrize(("disease", "cap"), [("M07800", 60000_00), ("M00500", 80000_00), ("M08300", 100000_00)])
def test_the_quoted_caps_of_qitaihe(disease, cap):
    claim = replace(CLAIM, disease=disease, charges=(charge(900000_00),))
    assert given_by(claim).pool == cap


def test_the_quoted_figures_of_hotan():
    claim = replace(CLAIM, area="653200", disease="M00503", charges=(charge(900000_00),))
    got = given_by(claim, {("DEDC", ""): 400_00})
    assert (got.ratio, got.pool) == (Decimal("0.75"), 100000_00)


@pytest.mark.parametrize("disease", ["M00500", "M00504"])
def test_the_quoted_figures_of_radio_and_chemotherapy_pay_no_other_care_of_cancer(disease):
    claim = replace(CLAIM, area="653200", category="resident", insutype="390", disease=disease)
    got = given_by(replace(claim, charges=(charge(900000_00),)), {("DEDC", ""): 200_00, ("HIFP", "M00503"): 99000_00})
    # Residents 0.60 at a tertiary hospital; the cap of 40000.00 is not that of radio- and chemotherapy.
    assert (got.ratio, got.pool) == (Decimal("0.6000"), 40000_00)


def test_dialysis_registered_by_sub_code_and_billed_by_class_find_each_other():
    city = BOOK.city("230900")
    assert city.mapped("M07803") == city.mapped("M07804") == city.mapped("M07800") == "M07800"
    got = given_by(replace(CLAIM, disease="M07803"))
    assert got.disease == "M07800"
    assert got.movements[("HIFP", "M07800")] == got.pool == got.movements[("HIFP", "")]


def test_a_cap_half_used_at_home_is_half_used_elsewhere():
    claim = replace(CLAIM, treated="nation", groups=("resettled_retiree",), charges=(charge(50000_00),))
    # 50000.00 × 0.85 = 42500.00, 30000.00 of the 60000.00 is left
    assert given_by(claim, PAID | {("HIFP", "M07800"): 30000_00, ("HIFP", ""): 30000_00}).pool == 30000_00


def test_what_exceeds_the_disease_cap_feeds_no_layer():
    year = PAID | {("HIFP", "M07800"): 60000_00, ("HIFP", ""): 60000_00}
    got = given_by(replace(CLAIM, civil_servant=True), year)
    # 850.00 above the cap is shut out; half of the remaining 150.00 is the supplement
    assert (got.pool, got.civil_servants, got.personal) == (0, 75_00, 925_00)
    assert got.movements == {
        ("CVLS", ""): 75_00,
        ("CVLS", "M07800"): 75_00,
        ("CVBS", ""): 150_00,
        ("CVBS", "M07800"): 150_00,
    }


def test_what_exceeds_the_disease_cap_is_shared_by_the_layers_where_the_file_says_so():
    book = with_rows(f"above_disease_cap: [{{value: layers, from: {SAID}}}]")
    year = {("DEDC", ""): 600_00, ("HIFP", "M07800"): 60000_00, ("HIFP", ""): 60000_00}
    # national defaults otherwise: half of 1000.00
    assert given_by(replace(CLAIM, civil_servant=True), year, book).civil_servants == 500_00


def test_the_large_amount_fund_begins_only_above_the_annual_cap():
    year = PAID | {("HIFP", ""): 399575_00}
    # 850.00, of which 425.00 is within 400000.00; 425.00 ÷ 0.85 = 500.00 × 0.90 = 450.00
    got = given_by(CLAIM, year)
    assert (got.pool, got.large_amount, got.personal) == (425_00, 450_00, 125_00)


def test_major_illness_pays_only_on_what_this_settlement_adds_above_its_line():
    resident = replace(CLAIM, insutype="390", category="resident", charges=(charge(1000_00),))
    # own share 1000.00 − 700.00 = 300.00; the year's goes from 14900.00 to 15200.00: 200.00 × 0.60 = 120.00
    got = given_by(resident, {("DEDC", ""): 300_00, ("MIBS", ""): 14900_00})
    assert (got.major_illness, got.movements[("MIBS", "")]) == (120_00, 300_00)


def test_the_deductible_counts_for_major_illness_and_own_purchases_do_not():
    resident = replace(CLAIM, insutype="390", category="resident", charges=(charge(300_00, own_purchase=50_00),))
    assert given_by(resident, {}).movements[("MIBS", "")] == 300_00


def test_of_several_identities_the_highest_ratio_counts():
    poor = replace(CLAIM, identities=("low_income", "destitute", "subsistence_allowance"))
    # 150.00 left by the pool × 0.90
    assert given_by(poor).assistance == 135_00


def test_an_identity_that_the_file_does_not_name_opens_nothing():
    assert given_by(replace(CLAIM, identities=("entitled_group",))).assistance == 0


def test_a_layer_without_figures_pays_nothing_and_says_why():
    step = next(step for step in given_by(CLAIM).steps if step.rule == "layers.enterprise")
    assert (step.before, step.after) == (150_00, 150_00)
    assert step.sentence.en == "enterprise supplement: the policy file gives no figures, pays 0"


def test_no_layer_pays_more_than_the_own_share_that_is_left():
    book = with_rows(
        "layers:\n"
        "  civil_servants:\n    insutypes: ['310']\n    who: everyone\n    base: own_scope\n"
        f"    figures: [{{ratio: '0.80', from: {SAID}}}]\n"
        "  other:\n    insutypes: ['310']\n    who: everyone\n    base: own_scope\n"
        f"    figures: [{{ratio: '0.80', from: {SAID}}}]\n"
    )
    # 1000.00 × 0.80 = 800.00 by the pool; 200.00 × 0.80 = 160.00 and then only 40.00
    got = given_by(CLAIM, {("DEDC", ""): 600_00}, book)
    assert (got.civil_servants, got.other, got.personal) == (160_00, 40_00, 0)


@pytest.mark.parametrize(
    ("groups", "group", "ratio"),
    [
        (("resettled_retiree",), "resettled_retiree", "0.8500"),
        (("referral",), "referral", "0.8000"),
        (("temporary",), "temporary", "0.7500"),
        ((), "unfiled", "0.6500"),
        (("temporary", "emergency"), "emergency", "0.8500"),
        (("emergency", "referral", "long_term_resident"), "long_term_resident", "0.8500"),
    ],
)
def test_the_best_filing_counts(groups, group, ratio):
    got = given_by(replace(CLAIM, treated="nation", groups=groups))
    assert (got.group, got.ratio) == (group, Decimal(ratio))


def test_at_home_no_group_changes_the_ratio():
    got = given_by(replace(CLAIM, groups=("temporary", "emergency")))
    assert (got.group, got.ratio) == ("local", Decimal("0.8500"))


def test_the_ratio_shown_is_the_ratio_used():
    # 0.85 × 0.3333 = 0.283305 → 0.2833; 1000.00 × 0.2833 = 283.30
    rows = (
        f"modifiers: [{{group: referral, times: '0.3333', from: {SAID}}}]\n"
        f"ratio: [{{disease: any, value: '0.85', from: {SAID}}}]"
    )
    claim = replace(CLAIM, treated="nation", groups=("referral",))
    got = given_by(claim, {("DEDC", ""): 600_00}, with_rows(rows))
    assert (got.ratio, got.pool) == (Decimal("0.2833"), 283_30)


def test_a_ratio_never_falls_below_nothing():
    rows = f"modifiers: [{{group: unfiled, minus: '0.9', from: {SAID}}}]"
    got = given_by(replace(CLAIM, treated="nation"), PAID, with_rows(rows))
    assert (got.ratio, got.pool) == (Decimal("0.0000"), 0)


def test_an_unfiled_person_of_hotan_is_refused():
    claim = replace(CLAIM, area="653200", treated="nation")
    assert BOOK.city("653200").unfiled(claim.dates, "nation") == "refuse"
    with pytest.raises(Refusal) as refusal:
        given_by(claim)
    assert refusal.value.rule == "not_filed"


def test_a_disease_that_is_not_on_the_list_is_refused():
    with pytest.raises(Refusal) as refusal:
        given_by(replace(CLAIM, disease="M03900"))
    assert refusal.value.rule == "disease_not_listed"
    assert "M03900" in str(refusal.value)


def test_charges_whose_parts_do_not_add_up_are_refused():
    with pytest.raises(Refusal) as refusal:
        given_by(replace(CLAIM, charges=(replace(charge(10_00), total=11_00),)))
    assert refusal.value.rule == "parts_of_charges"


def test_a_disease_of_hangzhou_that_is_not_opened_elsewhere():
    city, day = BOOK.city("330100"), date(2025, 6, 1)
    assert city.outbound("M07101", day, "nation")
    assert "M06700" in city.diseases(day)
    # D3: within the province every disease of the list is settled.
    assert city.outbound("M06700", day, "province")
    assert not city.outbound("M06700", day, "nation")
    assert not city.outbound("M00300", day, "province")
    assert sum(disease.outbound == "nation" for disease in city.diseases(day).values()) == 11


@pytest.mark.parametrize(
    ("pays", "account"),
    # in scope 1000.00 − 850.00 = 150.00; all but own purchases 150.00 + 30.00 + 40.00; all 240.00
    [("in_scope", 150_00), ("not_own", 220_00), ("all", 240_00), ("nothing", 0)],
)
def test_the_account_pays_what_the_file_lets_it(pays, account):
    rows = f"account_pays: [{{value: {pays}, from: {SAID}}}]\nratio: [{{disease: any, value: '0.85', from: {SAID}}}]"
    claim = replace(CLAIM, charges=(charge(1000_00, 20_00, 30_00, 40_00),), account_used=True, account_balance=999_00)
    got = given_by(claim, {("DEDC", ""): 600_00}, with_rows(rows))
    assert (got.account, got.cash, got.balance_after) == (account, 240_00 - account, 999_00 - account)
    assert got.fund_total == 850_00


def test_the_account_stops_at_its_balance():
    got = given_by(replace(CLAIM, account_used=True, account_balance=100_00))
    assert (got.account, got.cash, got.balance_after) == (100_00, 50_00, 0)
    assert [share.fund for share in got.details] == ["pool", "account"]


def test_the_account_of_hotan_does_not_pay_elsewhere():
    claim = replace(CLAIM, area="653200", treated="nation", groups=("referral",))
    got = given_by(replace(claim, account_used=True, account_balance=100_00))
    assert got.account == 0
    assert "account_elsewhere" in [step.rule for step in got.steps]


def test_a_deductible_for_each_disease_is_taken_for_each():
    book = with_rows(f"deductible_per: [{{value: disease, from: {SAID}}}]")
    first = given_by(CLAIM, {}, book)
    again = given_by(CLAIM, first.movements, book)
    other = given_by(replace(CLAIM, disease="M08300"), first.movements, book)
    assert (first.deductible, again.deductible, other.deductible) == (600_00, 0, 600_00)


def test_special_and_ordinary_care_share_the_deductible_of_the_year():
    first = given_by(replace(CLAIM, disease="", care="outpatient", charges=(charge(300_00),)), {})
    second = given_by(CLAIM, first.movements)
    assert (first.deductible, second.deductible) == (300_00, 200_00)


def test_the_day_that_the_file_names_chooses_the_figures_and_the_year():
    rows = (
        "dates:\n  figures: {value: charge, source: ours, reference: test}\n"
        "  year: {value: visit_begin, source: ours, reference: test}\n"
        f"deductible:\n  - {{value: '100.00', from: {SAID}}}\n"
        "  - {value: '200.00', from: '2026-01-01', source: ours, reference: test}"
    )
    dates = Dates(visit_begin=date(2024, 12, 30), charge=date(2025, 12, 31), settlement=date(2026, 1, 2))
    got = given_by(replace(CLAIM, dates=dates), {}, with_rows(rows))
    assert (got.deductible, got.year) == (100_00, 2024)


def test_the_day_of_settlement_chooses_unless_the_file_says_otherwise():
    dates = Dates(visit_begin=date(2024, 12, 30), charge=date(2024, 12, 31), settlement=date(2025, 1, 2))
    assert given_by(replace(CLAIM, dates=dates)).year == 2025


def test_before_the_first_known_day_there_is_a_gap_and_not_a_zero():
    claim = replace(CLAIM, disease="", care="outpatient", dates=Dates.all_on(date(2024, 12, 31)))
    with pytest.raises(PolicyGap) as gap:
        given_by(claim)
    assert str(gap.value.text.en) == (
        "230900 says nothing about deductible[insutype=310, category=employed, hospital_level=tertiary, "
        "disease=ordinary, scope=local, care=outpatient] on 2024-12-31 "
        "(asked by engine.deductible; known: 2025-01-01..)"
    )


def test_a_deductible_that_ended_is_none_and_no_gap():
    rows = "deductible: [{value: '100.00', from: '2025-01-01', to: '2025-03-31', source: ours, reference: test}]"
    got = given_by(CLAIM, {}, with_rows(rows))
    assert got.deductible == 0
    assert "已终止" in next(step.sentence.zh for step in got.steps if step.rule == "deductible")


def test_a_ratio_that_ended_is_a_gap():
    rows = "ratio: [{disease: any, value: '0.80', from: '2025-01-01', to: '2025-03-31', source: ours, reference: test}]"
    with pytest.raises(PolicyGap, match=r"2025-01-01\.\.2025-03-31"):
        given_by(CLAIM, {}, with_rows(rows))


def test_a_county_asks_and_its_city_answers():
    city = BOOK.city("230921")
    assert (city.area, city.file_area, city.name) == ("230921", "230900", "七台河市")
    assert given_by(replace(CLAIM, area="230921")).pool == given_by(CLAIM).pool


def test_a_quoted_ratio_that_an_invented_modifier_changed_is_not_shown_as_quoted():
    steps = {step.rule: step for step in given_by(replace(CLAIM, treated="nation", groups=("referral",))).steps}
    assert (steps["ratio"].source, steps["modifier"].source, steps["pool"].source) == ("D1", "illustrative", "")
