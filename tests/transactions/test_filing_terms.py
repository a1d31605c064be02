"""Terms of filings, filing afterwards, referrals and filings that contradict each other (rules 40)."""

from decimal import Decimal

import pytest

from tests.transactions.test_filings import filing, ratio
from tests.transactions.test_grants import refer

SAID = 'from: "2020-01-01", source: illustrative, reference: test'
FILED, UNFILED = Decimal("0.9000"), Decimal("0.7000")
"""Ratios of a retired person's dialysis: 0.90, and 0.90 − 0.20 without a filing that counts."""


def under(stage, rows):
    """A city that states these rows and goes by the national defaults, where a retired person has 0.85."""
    text = f"area: '230900'\nname: 七台河市\nversion: test\n{rows}\n"
    stage.control("PUT", "policy/230900", {"text": text})


def file(stage, patient, status=200, **filed):
    return stage.control("POST", f"people/{patient['psn_no']}/filings", filing(**filed), status=status)


@pytest.mark.parametrize(
    ("begins", "today", "counts"),
    [
        ("2025-01-01", "2025-06-30", True),
        ("2025-01-01", "2025-07-01", False),
        # 2025-08-31 plus six months is the last of February, so the day before it is the 27th.
        ("2025-08-31", "2026-02-27", True),
        ("2025-08-31", "2026-02-28", False),
    ],
)
def test_a_temporary_filing_without_a_last_day_ends_after_six_months(stage, begins, today, counts):
    stage.now(f"{today} 09:00:00")
    assert ratio(stage, filing(group="temporary", valid_from=begins)) == (Decimal("0.8000") if counts else UNFILED)


def test_a_last_day_that_is_named_goes_before_the_term_and_lasting_groups_have_none(stage):
    stage.now("2025-12-01 09:00:00")
    assert ratio(stage, filing(group="temporary", to="2025-12-31")) == Decimal("0.8000")
    assert ratio(stage, filing(group="long_term_resident", valid_from="2020-01-01")) == FILED


@pytest.mark.parametrize(("days", "expected"), [(2, "0.8500"), (1, "0.6500")])
def test_a_filing_made_before_the_settlement_may_begin_so_many_days_after_the_visit(stage, days, expected):
    under(stage, f"filed_before_settlement: [{{value: {days}, {SAID}}}]")
    patient = stage.patient(filings=[])
    visit = stage.hospital.visit(patient)
    assert visit.charge(visit.session("400.00")).ok
    stage.now("2025-03-12 09:00:00")
    file(stage, patient, valid_from="2025-03-12")
    # The visit began on 2025-03-10, two days before; unfiled is 0.85 − 0.20.
    assert visit.preview("400.00").setlinfo["pool_prop_selfpay"] == Decimal(expected)


def test_a_filing_made_after_payment_in_full_may_begin_so_many_days_earlier_and_an_emergency_has_its_own_limit(stage):
    rows = f"[{{value: 30, {SAID}}}, {{group: emergency, value: 60, {SAID}}}]"
    under(stage, f"filed_after_self_payment: {rows}")
    patient = stage.patient(filings=[])
    # Today is 2025-03-10: 30 days before it is 2025-02-08.
    file(stage, patient, valid_from="2025-02-08")
    refused = file(stage, patient, status=None, valid_from="2025-02-07", place="330100")
    assert "30" in str(refused)
    assert "filed_too_late" in str(refused)
    file(stage, patient, valid_from="2025-02-07", place="330100", group="emergency")
    late = refer(stage, patient, begndate="2025-02-07")
    assert not late.ok
    assert "2025-02-07" in late.err_msg
    assert refer(stage, patient, begndate="2025-02-08").ok


def test_only_a_hospital_of_the_insured_place_refers_where_the_city_says_so(stage):
    patient = stage.patient(filings=[])
    assert refer(stage, patient).ok
    under(stage, f"referral_by: [{{value: home_hospital, {SAID}}}]")
    refused = refer(stage, patient, begndate="2025-03-02")
    assert not refused.ok
    assert "参保地" in refused.err_msg
    home = stage.another_hospital(("H23090000001", "七台河模拟第一医院", "230900"))
    stage.hospital = home
    assert refer(stage, patient, begndate="2025-03-02").ok


def test_filings_that_overlap_or_contradict_each_other_are_taken_and_told(stage):
    patient = stage.patient(filings=[filing(group="long_term_resident", to="2025-12-31")])

    def told(**filed):
        return [each["rule"] for each in file(stage, patient, **filed)["warnings"]]

    assert told(group="long_term_resident", valid_from="2025-06-01") == ["filing.overlaps"]
    assert told(group="stationed_worker", place="330100", valid_from="2025-02-01", to="2025-02-28") == [
        "filing.contradicts"
    ]
    # A temporary stay beside a lasting one is the rule of the trade, and the same filing again replaces.
    assert told(group="temporary", place="310000") == []
    assert told(group="temporary", place="310000", to="2025-03-31") == []
    # Both ended before it begins, but for the second one that has no end.
    assert told(group="resettled_retiree", place="330200", valid_from="2026-01-01") == ["filing.contradicts"]
