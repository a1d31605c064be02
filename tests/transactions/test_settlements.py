"""Pre-settlement, settlement, cancellation (2206, 2207, 2208): one batch, once, on the inputs that were shown."""

from decimal import Decimal

import pytest

from simulator.store import tables
from tests.support.hospital import SESSION, Visit

SCOPES = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
LATEST_FIRST = (
    "area: '230900'\nname: 七台河市\nname_en: Qitaihe\nversion: 'test'\n"
    "cancel_order: {value: latest_first, source: ours, reference: test}\n"
)


@pytest.fixture
def patient(stage):
    return stage.patient()


@pytest.fixture
def visit(stage, patient):
    return stage.hospital.visit(patient)


def accrued(stage, person, year="2025"):
    data = {"psn_no": person["psn_no"], "cum_ym": f"{year}03"}
    rows = stage.hospital.send("5206", {"data": data}).output["cuminfo"]
    return {row["cum_type_code"]: row["cum"] for row in rows}


# What is settled


def test_the_preview_is_what_the_settlement_then_is_and_keeps_nothing(stage, visit):
    visit.charge(visit.session("1000.00"))
    shown = visit.preview("1000.00").setlinfo
    assert stage.rows(tables.settlement, tables.ledger) == {"settlement": [], "ledger": []}
    settled = visit.settle("1000.00").setlinfo
    differing = {name for name in settled if settled[name] != shown.get(name)}
    assert differing == {"setl_id", "medins_setl_id"}
    assert settled["hifp_pay"] == Decimal("450.00")  # (1000.00 − 500.00) × 0.90
    assert settled["psn_cash_pay"] == Decimal("550.00")


@pytest.mark.parametrize("infno", ["2206", "2206A"])
def test_2206_and_2207_demand_and_take_the_four_amounts_that_2207a_may_leave_out(visit, infno):
    visit.charge(visit.line(1, SESSION, "1", "500.00"))
    shown = visit.preview("500.00", infno=infno).setlinfo
    scopes = {name: float(shown[name]) for name in SCOPES}
    assert scopes["overlmt_selfpay"] == 80.0
    assert not visit.settle("500.00", infno="2207").ok
    assert visit.settle("500.00", infno="2207", **scopes).ok


@pytest.mark.parametrize("name", SCOPES)
def test_an_amount_in_scope_that_is_not_the_batchs_is_refused(visit, name):
    visit.charge(visit.line(1, SESSION, "1", "500.00"))
    shown = visit.preview("500.00").setlinfo
    scopes = {each: float(shown[each]) for each in SCOPES}
    answer = visit.settle("500.00", **scopes | {name: scopes[name] + 0.01})
    assert name in answer.err_msg
    assert visit.settle("500.00", **scopes).ok


@pytest.mark.parametrize("total", ["999.99", "1000.01", "0.00", "-1000.00"])
def test_the_total_must_be_that_of_the_batch(visit, total):
    visit.charge(visit.session("1000.00"))
    assert not visit.preview(total).ok
    assert "1000.00" in visit.settle(total).err_msg


def test_a_batch_settles_once_whatever_the_msgid(stage, visit):
    visit.settled("1000.00")
    answer = visit.settle("1000.00")
    assert "B1" in answer.err_msg
    assert "2601" in answer.err_msg
    assert not visit.preview("1000.00").ok
    assert len(stage.rows(tables.settlement)["settlement"]) == 1


def test_a_batch_that_was_never_sent_is_refused(visit):
    assert "B7" in visit.settle("1000.00", batch="B7").err_msg


@pytest.mark.parametrize(
    ("changed", "value"),
    [("psn_setlway", "02"), ("acct_used_flag", "1"), ("insutype", "390"), ("med_type", "11")],
)
def test_inputs_that_no_longer_equal_the_previews_are_refused_by_name(visit, changed, value):
    visit.charge(visit.session("1000.00"))
    assert visit.preview("1000.00").ok
    assert changed in visit.settle("1000.00", **{changed: value}).err_msg
    assert visit.settle("1000.00").ok


def test_another_voucher_than_the_previews_is_refused(patient, visit):
    visit.charge(visit.session("1000.00"))
    assert visit.preview("1000.00").ok
    token = {"mdtrt_cert_type": "01", "mdtrt_cert_no": patient["credential_token"]}
    assert "mdtrt_cert_type" in visit.settle("1000.00", **token).err_msg
    assert visit.preview("1000.00", **token).ok
    assert visit.settle("1000.00", **token).ok


def test_a_settlement_without_a_preview_is_taken(visit):
    assert visit.settled("1000.00")["hifp_pay"] == Decimal("450.00")


# Several diseases, special and ordinary


def test_two_diseases_of_one_visit_are_two_batches_each_with_its_own_ratio_and_cap(stage):
    patient = stage.patient(
        registrations=[{"disease": "M07800", "from": "2025-01-01"}, {"disease": "M00500", "from": "2025-01-01"}]
    )
    visit = stage.hospital.visit(patient)
    cancer = visit.session("1000.00", serial=2, batch="B2", dise_codg="M00500")
    assert visit.charge(visit.session("1000.00"), cancer).ok
    # One deductible for both: (1000.00 − 500.00) × 0.90, then 1000.00 × 0.85.
    assert visit.settle("1000.00").setlinfo["hifp_pay"] == Decimal("450.00")
    assert visit.settle("1000.00", batch="B2").setlinfo["hifp_pay"] == Decimal("850.00")
    found = accrued(stage, patient)
    assert (found["HIFPM07800"], found["HIFPM00500"], found["HIFP"]) == (450, 850, 1300)
    assert (found["DEDCM07800"], found["DEDC"]) == (500, 500)


def test_special_and_ordinary_care_of_one_day_are_two_visits_with_one_deductible(stage, patient, visit):
    visit.settled("400.00")
    ordinary = stage.hospital.visit(patient, med_type="11", disease="")
    # Ordinary care of a retired person at a tertiary hospital: 0.60; 100.00 of the deductible are left.
    assert ordinary.settled("400.00")["hifp_pay"] == Decimal("180.00")  # (400.00 − 100.00) × 0.60
    assert accrued(stage, patient)["DEDC"] == 500


# The account


def test_the_account_pays_what_is_left_up_to_its_balance_and_a_cancellation_gives_it_back(stage):
    patient = stage.patient(account_balance="200.00")
    visit = stage.hospital.visit(patient)
    settled = visit.settled("1000.00", acct_used_flag="1")
    assert (settled["acct_pay"], settled["psn_cash_pay"], settled["balc"]) == (200, 350, 0)
    assert settled["fund_pay_sumamt"] == 450
    assert stage.hospital.identify(patient).output["insuinfo"][0]["balc"] == 0
    back = visit.cancel(settled["setl_id"]).setlinfo
    assert (back["acct_pay"], back["pdn_cash_pay"], back["balc"]) == (-200, -350, 200)


def test_without_the_flag_the_account_is_left_alone(stage):
    visit = stage.hospital.visit(stage.patient(account_balance="200.00"))
    settled = visit.settled("1000.00")
    assert (settled["acct_pay"], settled["balc"]) == (0, 200)


def test_the_rows_of_setldetail_sum_to_fund_and_account(stage):
    patient = stage.patient(account_balance="200.00", civil_servant=True)
    visit = stage.hospital.visit(patient)
    visit.charge(visit.session("1000.00"))
    output = visit.settle("1000.00", acct_used_flag="1").output
    info = output["setlinfo"]
    assert sum(row["fund_payamt"] for row in output["setldetail"]) == info["fund_pay_sumamt"] + info["acct_pay"]
    assert {row["fund_pay_type"] for row in output["setldetail"]} >= {"310100", "310200"}


# 2208


def test_a_cancellation_answers_the_original_number_and_every_amount_negated(stage, visit):
    settled = visit.settled("1000.00")
    stage.now("2025-03-10 11:00:00")
    output = visit.cancel(settled["setl_id"]).output
    info = output["setlinfo"]
    assert info["setl_id"] == settled["setl_id"]
    assert info["setl_time"] == "2025-03-10 11:00:00"
    for name in (*SCOPES, "medfee_sumamt", "act_pay_dedc", "hifp_pay", "fund_pay_sumamt", "acct_pay"):
        assert info[name] == -settled[name], name
    assert info["pdn_cash_pay"] == -settled["psn_cash_pay"]
    assert [row["fund_payamt"] for row in output["setldetail"]] == [Decimal("-450.00")]


def test_a_cancellation_restores_the_year_to_what_it_was(stage, patient, visit):
    settled = visit.settled("1000.00")
    assert accrued(stage, patient) == {"DEDC": 500, "DEDCM07800": 500, "HIFP": 450, "HIFPM07800": 450}
    visit.cancel(settled["setl_id"])
    assert accrued(stage, patient) == {}
    assert visit.settle("1000.00").setlinfo["hifp_pay"] == Decimal("450.00")


def test_a_settlement_is_cancelled_once_by_its_person_and_visit(stage, patient, visit):
    setl_id = visit.settled("1000.00")["setl_id"]
    other = stage.hospital.visit(patient)
    somebody = stage.hospital.visit(stage.patient(age=66))
    assert not other.cancel(setl_id).ok
    assert not somebody.cancel(setl_id).ok
    assert not Visit(stage.hospital, somebody.person, id=visit.id).cancel(setl_id).ok
    assert "230900000000000099" in visit.cancel("230900000000000099").err_msg
    assert "x" in visit.cancel("x").err_msg
    cancelled = visit.cancel(setl_id)
    assert cancelled.ok
    assert "已撤销" in visit.cancel(setl_id).err_msg


def test_a_cancellation_itself_cannot_be_cancelled(stage, visit):
    setl_id = visit.settled("1000.00")["setl_id"]
    visit.cancel(setl_id)
    rows = stage.rows(tables.settlement)["settlement"]
    number = f"230900{rows[-1].id:012d}"
    assert not visit.cancel(number).ok


def test_a_reversed_settlement_cannot_be_cancelled(visit):
    visit.charge(visit.session("1000.00"))
    settled = visit.settle("1000.00", fields={"msgid": "H11000000001202503100900009001"}).setlinfo
    assert visit.reverse("H11000000001202503100900009001", "2207A").ok
    assert "已冲正" in visit.cancel(settled["setl_id"]).err_msg


def test_a_partial_refund_is_2208_2205_2204_2207(stage, patient, visit):
    settled = visit.settled("1200.00")
    assert settled["hifp_pay"] == Decimal("630.00")  # (1200.00 − 500.00) × 0.90
    assert visit.cancel(settled["setl_id"]).ok
    data = {"psn_no": patient["psn_no"], "mdtrt_id": visit.id, "chrg_bchno": "B1"}
    assert visit.send("2205", {"data": data}).ok
    # One of three sessions is given back.
    assert visit.settled("800.00")["hifp_pay"] == Decimal("270.00")  # (800.00 − 500.00) × 0.90
    assert accrued(stage, patient) == {"DEDC": 500, "DEDCM07800": 500, "HIFP": 270, "HIFPM07800": 270}


def test_cancelling_an_older_settlement_reprices_nothing(stage, patient, visit):
    first = visit.settled("1000.00")
    second = visit.settled("1000.00", batch="B2", serial=2)
    assert second["hifp_pay"] == Decimal("900.00")
    assert visit.cancel(first["setl_id"]).ok
    assert accrued(stage, patient) == {"HIFP": 900, "HIFPM07800": 900}
    # The deductible was given back with the first; whoever comes next bears it.
    assert visit.settle("1000.00").setlinfo["act_pay_dedc"] == 500


def test_a_city_may_have_the_latest_cancelled_first_of_a_person_and_insurance(stage, patient, visit):
    stage.control("PUT", "policy/230900", {"text": LATEST_FIRST})
    first = visit.settled("1000.00")
    elsewhere = stage.hospital.visit(patient, med_type="11", disease="")
    second = elsewhere.settled("400.00")
    stage.hospital.visit(stage.patient(age=66)).settled("400.00")
    assert second["setl_id"] in visit.cancel(first["setl_id"]).err_msg
    assert elsewhere.cancel(second["setl_id"]).ok
    assert visit.cancel(first["setl_id"]).ok


# The year


def test_december_cancelled_in_january_is_taken_back_from_the_old_year(stage, patient):
    stage.now("2025-12-30 09:00:00")
    visit = stage.hospital.visit(patient)
    settled = visit.settled("1000.00")
    stage.now("2026-01-05 09:00:00")
    anew = stage.hospital.visit(patient)
    assert anew.settled("1000.00")["act_pay_dedc"] == 500
    assert visit.cancel(settled["setl_id"]).ok
    assert accrued(stage, patient, "2025") == {}
    assert accrued(stage, patient, "2026")["HIFP"] == Decimal("450.00")


def test_a_visit_begun_in_december_and_settled_in_january_counts_in_january(stage, patient):
    stage.now("2025-12-31 23:00:00")
    visit = stage.hospital.visit(patient)
    visit.charge(visit.session("1000.00"))
    stage.now("2026-01-01 00:00:00")
    assert visit.settle("1000.00").ok
    assert accrued(stage, patient, "2025") == {}
    assert accrued(stage, patient, "2026")["DEDC"] == 500


# 5203


def look_up(visit, setl_id, **changes):
    data = {"psn_no": visit.person["psn_no"], "setl_id": setl_id, "mdtrt_id": visit.id}
    return visit.send("5203", {"data": data | changes})


def test_5203_shows_a_settlement_as_booked_under_its_own_names(visit):
    settled = visit.settled("1000.00", fields={"msgid": "H11000000001202503100900009001"})
    found = look_up(visit, settled["setl_id"]).setlinfo
    assert (found["psn_pay"], found["cash_payamt"]) == (settled["psn_part_amt"], settled["psn_cash_pay"])
    assert found["medins_setl_id"] == "H11000000001202503100900009001"
    assert (found["year"], found["refd_setl_flag"], found["pay_loc"]) == ("2025", "0", "4")


def test_5203_marks_a_cancelled_settlement_and_does_not_know_a_reversed_one(visit):
    settled = visit.settled("1000.00")
    visit.cancel(settled["setl_id"])
    assert look_up(visit, settled["setl_id"]).setlinfo["refd_setl_flag"] == "1"
    again = visit.settle("1000.00", fields={"msgid": "H11000000001202503100900009002"}).setlinfo
    visit.reverse("H11000000001202503100900009002", "2207A")
    assert again["setl_id"] in look_up(visit, again["setl_id"]).err_msg


def test_5203_answers_nobody_but_the_person_and_visit(stage, patient, visit):
    setl_id = visit.settled("1000.00")["setl_id"]
    other = stage.hospital.visit(stage.patient(age=66))
    assert not look_up(visit, setl_id, psn_no=other.person["psn_no"]).ok
    assert not look_up(visit, setl_id, mdtrt_id=stage.hospital.visit(patient).id).ok
    assert not look_up(visit, "1").ok
