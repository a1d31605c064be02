"""What the insured place grants in advance: registrations and referrals (2501-2504, rules 18, 23)."""

from decimal import Decimal

import pytest

from simulator.store import tables


@pytest.fixture
def patient(stage):
    return stage.patient(registrations=[], filings=[])


def register(stage, patient, **changes):
    fields = {key: changes.pop(key) for key in ("msgid",) if key in changes}
    data = {
        "psn_no": patient["psn_no"],
        "insutype": "310",
        "opsp_dise_code": "M07803",
        "opsp_dise_name": "血液透析",
        "tel": "",
        "addr": "",
        "insu_optins": "230900",
        "ide_fixmedins_no": "H11000000001",
        "ide_fixmedins_name": "北京模拟第一医院",
        "hosp_ide_date": "2025-03-10",
        "diag_dr_codg": "D110000000001",
        "diag_dr_name": "医师",
        "begndate": "2025-03-01",
        "enddate": "",
    }
    return stage.hospital.send("2503", {"data": data | changes}, **fields)


def refer(stage, patient, infno="2501A", **changes):
    fields = {key: changes.pop(key) for key in ("msgid",) if key in changes}
    data = {
        "psn_no": patient["psn_no"],
        "insutype": "310",
        "tel": "",
        "addr": "",
        "insu_optins": "230900",
        "diag_code": "N18.500",
        "diag_name": "慢性肾脏病5期",
        "dise_cond_dscr": "病情",
        "reflin_medins_no": "H11000000001",
        "reflin_medins_name": "北京模拟第一医院",
        "mdtrtarea_admdvs": "110000",
        "hosp_agre_refl_flag": "1",
        "refl_type": "3",
        "refl_date": "2025-03-01",
        "refl_rea": "转院",
        "refl_opnn": "同意",
        "begndate": "2025-03-01",
        "enddate": "",
    }
    return stage.hospital.send(infno, {"refmedin": data | changes}, **fields)


def withdraw(stage, infno, patient, serial):
    data = {"trt_dcla_detl_sn": serial, "psn_no": patient["psn_no"], "memo": "撤销"}
    return stage.hospital.send(infno, {"data": data})


def serial(answer):
    return answer.output["result"]["trt_dcla_detl_sn"]


def grants(stage):
    rows = stage.rows(tables.registration, tables.filing)
    return len(rows["registration"]), len(rows["filing"])


def test_a_registration_by_2503_opens_care_under_14_and_2504_ends_it(stage, patient):
    number = serial(register(stage, patient))
    visit = stage.hospital.visit(patient)
    assert visit.settled("1000.00")["hifp_pay"] == Decimal("350.00")  # unfiled: (1000.00 − 500.00) × 0.70
    assert withdraw(stage, "2504", patient, number).ok
    again = stage.hospital.visit(patient)
    again.charge(again.session("1000.00"))
    assert "M07803" in again.settle("1000.00").err_msg


@pytest.mark.parametrize("infno", ["2501", "2501A"])
def test_a_referral_by_2501_counts_as_filed_in_its_group_and_2502_ends_it(stage, infno):
    patient = stage.patient(filings=[])
    visit = stage.hospital.visit(patient)
    visit.charge(visit.session("1000.00"))
    number = serial(refer(stage, patient, infno))
    assert visit.preview("1000.00").setlinfo["pool_prop_selfpay"] == Decimal("0.8500")
    assert withdraw(stage, "2502", patient, number).ok
    assert visit.preview("1000.00").setlinfo["pool_prop_selfpay"] == Decimal("0.7000")


@pytest.mark.parametrize("grant", [register, refer])
def test_the_same_msgid_and_the_same_content_both_answer_the_same_number(stage, patient, grant):
    first = grant(stage, patient, msgid="H11000000001202503100900009001")
    assert grant(stage, patient, msgid="H11000000001202503100900009001").raw == first.raw
    before = grants(stage)
    assert serial(grant(stage, patient, msgid="H11000000001202503100900009002")) == serial(first)
    assert grants(stage) == before


def test_another_registration_of_the_same_disease_over_the_same_days_is_refused(stage, patient):
    assert register(stage, patient).ok
    assert "M07803" in register(stage, patient, begndate="2025-06-01").err_msg
    assert register(stage, patient, opsp_dise_code="M00500", opsp_dise_name="肿瘤").ok


def test_a_disease_that_is_not_on_the_list_is_not_registered(stage, patient):
    assert "M03900" in register(stage, patient, opsp_dise_code="M03900", opsp_dise_name="高血压").err_msg
    assert grants(stage) == (0, 0)


@pytest.mark.parametrize("grant", [register, refer])
def test_what_ends_before_it_begins_is_refused(stage, patient, grant):
    assert "2025-02-01" in grant(stage, patient, enddate="2025-02-01").err_msg
    assert grants(stage) == (0, 0)


@pytest.mark.parametrize("place", ["230900", "230921", "330000"])
def test_a_referral_home_or_to_a_whole_province_is_refused(stage, patient, place):
    assert place in refer(stage, patient, mdtrtarea_admdvs=place).err_msg
    assert grants(stage) == (0, 0)


def test_a_withdrawal_repeated_later_answers_0_and_moves_nothing(stage, patient):
    number, referral = serial(register(stage, patient)), serial(refer(stage, patient))
    assert withdraw(stage, "2504", patient, number).ok
    assert withdraw(stage, "2502", patient, referral).ok
    ended = stage.rows(tables.registration, tables.filing)
    stage.now("2025-03-20 09:00:00")
    assert withdraw(stage, "2504", patient, number).ok
    assert withdraw(stage, "2502", patient, referral).ok
    assert stage.rows(tables.registration, tables.filing) == ended


def test_one_may_be_registered_again_after_a_withdrawal(stage, patient):
    first = serial(register(stage, patient))
    withdraw(stage, "2504", patient, first)
    stage.now("2025-03-11 09:00:00")
    second = register(stage, patient, begndate="2025-03-11")
    assert serial(second) != first


def test_a_grant_of_another_person_or_kind_is_not_withdrawn(stage, patient):
    number = serial(register(stage, patient))
    assert number in withdraw(stage, "2504", stage.patient(age=66), number).err_msg
    assert not withdraw(stage, "2502", patient, number).ok
    assert not withdraw(stage, "2504", patient, "x").ok


def test_a_grant_cannot_be_reversed(stage, patient):
    register(stage, patient, msgid="H11000000001202503100900009001")
    data = {"psn_no": patient["psn_no"], "omsgid": "H11000000001202503100900009001", "oinfno": "2503"}
    assert "2503" in stage.hospital.send("2601", {"data": data}).err_msg
