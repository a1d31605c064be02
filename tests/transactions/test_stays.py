"""Stays in hospital: refusals of their messages, and long stays cut into intervals."""

import pytest

from tests.support.hospital import Visit
from tests.support.stay import Stay


@pytest.fixture
def stay(stage):
    opened = Stay(stage.hospital, stage.patient())
    assert opened.admit().ok
    return opened


def refused(stage, answer) -> str:
    """The rule by which the last message was refused."""
    assert not answer.ok
    return stage.control.findings()[-1]["rule"]


def test_an_outpatient_med_type_admits_nobody(stage):
    assert refused(stage, Stay(stage.hospital, stage.patient()).admit(med_type="11")) == "med_type_no_stay"


def test_a_visit_and_a_stay_do_not_take_each_others_messages(stage, stay):
    visit = Visit(stage.hospital, stage.patient()).open()
    asked = Stay(stage.hospital, visit.person, visit.id)
    assert refused(stage, asked.charge(asked.line(1))) == "visit_is_no_stay"
    about = {"mdtrt_id": stay.id, "psn_no": stay.person["psn_no"]}
    assert refused(stage, stay.send("2205", {"data": about | {"chrg_bchno": "0000"}})) == "visit_is_stay"


def test_one_bad_charge_refuses_the_whole_upload(stage, stay):
    assert refused(stage, stay.charge(stay.line(1), stay.line(2, -1, init_feedetl_sn="9"))) == "refund_of_unknown"
    assert refused(stage, stay.withdraw("1")) == "charge_unknown"
    assert stay.charge(stay.line(1)).ok
    assert refused(stage, stay.charge(stay.line(1))) == "charge_repeated"


def test_a_refund_names_an_earlier_charge_and_takes_back_no_more_than_is_left(stage, stay):
    assert stay.charge(stay.line(1, 3)).ok
    assert refused(stage, stay.charge(stay.line(2, -1))) == "refund_of_unknown"
    assert stay.charge(stay.line(2, -2, init_feedetl_sn="1")).ok
    assert refused(stage, stay.charge(stay.line(3, -2, init_feedetl_sn="1"))) == "refund_beyond_charge"
    assert stay.charge(stay.line(3, -1, init_feedetl_sn="1")).ok


def test_a_charge_is_withdrawn_with_its_refund_or_after_it(stage, stay):
    assert stay.charge(stay.line(1, 3), stay.line(2, -1, init_feedetl_sn="1")).ok
    assert refused(stage, stay.withdraw("1")) == "charge_is_refunded"
    assert stay.withdraw("1", "2").ok


def test_a_settled_charge_stays_until_its_settlement_is_cancelled(stage, stay):
    assert stay.charge(stay.line(1)).ok
    settled = stay.settle(420).setlinfo["setl_id"]
    assert refused(stage, stay.withdraw("1")) == "charge_is_settled"
    assert refused(stage, stay.change(begntime="2025-03-09 09:00:00")) == "stay_fact_fixed"
    assert stay.cancel(settled).ok
    assert stay.change(begntime="2025-03-09 09:00:00").ok
    assert stay.withdraw("1").ok


def test_a_refund_is_settled_with_a_charge_and_not_by_itself(stage, stay):
    assert stay.charge(stay.line(1, 2)).ok
    assert stay.settle(840).ok
    assert stay.charge(stay.line(2, -1, init_feedetl_sn="1")).ok
    assert refused(stage, stay.settle(-420)) == "interval_negative"
    assert stay.charge(stay.line(3, 2)).ok
    assert stay.settle(420).ok  # 2 × 420.00 − 420.00


def test_a_discharge_ends_the_charges_and_does_not_precede_the_admission(stage, stay):
    assert refused(stage, stay.discharge(endtime="2025-03-09 10:00:00")) == "ends_before_it_begins"
    assert refused(stage, stay.recall()) == "stay_not_discharged"
    assert stay.discharge().ok
    assert refused(stage, stay.charge(stay.line(1))) == "stay_discharged"


def test_a_long_stay_is_cut_by_days_into_intervals_of_a_thousand_charges(stage, stay):
    for first in range(0, 1001, 100):
        day = "2025-03-10" if first < 600 else "2025-03-11"
        numbers = range(first, min(first + 100, 1001))
        assert stay.charge(*(stay.line(number, day=day) for number in numbers)).ok
    total = 1001 * 420
    assert refused(stage, stay.preview(total)) == "interval_too_long"
    # 600 charges of the first day, 401 of the second.
    assert stay.preview(600 * 420, dscgTime="2025-03-10").ok
    assert stay.settle(600 * 420).ok
    assert stay.settle(401 * 420).ok
    assert stage.control.audit()["differences"] == []


def test_two_admissions_of_one_person_leave_one_stay(stage, stay):
    elsewhere = Stay(stage.hospital, stay.person)
    assert refused(stage, elsewhere.admit(ipt_no="ZY2")) == "stay_open_already"
    assert stay.discharge().ok
    assert elsewhere.admit(ipt_no="ZY2").ok
