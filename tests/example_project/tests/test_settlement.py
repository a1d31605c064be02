"""The desk against a whole platform: state, money and lost answers."""

from decimal import Decimal

import pytest

from his.wire import Rejected

RETIREE = {
    "insured_at": "230900",
    "category": "retired",
    "account_balance": "1200.00",
    "registrations": [{"disease": "M07800", "from": "2025-01-01"}],
    "filings": [{"place": "110000", "group": "resettled_retiree", "from": "2025-01-01", "channel": "app"}],
}
DIALYSIS = [("003110000060000-311000027", "3", "420.00")]

pytestmark = pytest.mark.nhsa_clock("2025-03-10T09:00:00+08:00")


@pytest.mark.nhsa_people(patient=RETIREE)
def test_a_retiree_from_qitaihe_is_settled_in_beijing(desk, patient, national_platform):
    bill = desk.settle(patient, "M07803", DIALYSIS)
    assert bill.total == Decimal("1260.00")  # 3 × 420.00
    assert bill.fund == Decimal("684.00")  # (1260.00 − 500.00) × 0.90
    assert bill.account == Decimal("576.00")  # 1260.00 − 684.00, within the balance of 1200.00
    assert national_platform.control.audit()["balanced"]


@pytest.mark.nhsa_people(patient=RETIREE)
def test_a_lost_answer_is_reversed_and_settled_once(desk, patient, national_platform):
    national_platform.control.fault("drop_after_commit", infno="2207A")
    bill = desk.settle(patient, "M07803", DIALYSIS)
    assert bill.fund == Decimal("684.00")
    assert [each["infno"] for each in desk.wire.sent][-3:] == ["2207A", "2601", "2207A"]
    used = national_platform.control.accumulators(national_platform.people["patient"]["psn_no"])
    assert {each["kind"]: each["amount"] for each in used}["HIFP"] == "684.00"  # once, not twice


@pytest.mark.nhsa_people(patient={**RETIREE, "registrations": []})
def test_the_desk_passes_on_why_somebody_has_no_entitlement(desk, patient, national_platform):
    national_platform.expect_finding("disease_not_registered")
    with pytest.raises(Rejected, match="M078"):
        desk.settle(patient, "M07803", DIALYSIS)
