"""Charges in batches (2204, 2205): classified by the treatment place's catalogue, all of a call or nothing."""

from decimal import Decimal

import pytest

from simulator.store import tables
from tests.support.hospital import LEFT_OUT, SESSION

HANGZHOU = ("H33010000001", "杭州模拟第一医院", "330100")
PARTS = ("fulamt_ownpay_amt", "overlmt_amt", "preselfpay_amt", "inscp_scp_amt")


@pytest.fixture
def visit(stage):
    return stage.hospital.visit(stage.patient())


def withdraw(visit, batch):
    data = {"psn_no": visit.person["psn_no"], "mdtrt_id": visit.id, "chrg_bchno": batch}
    return visit.send("2205", {"data": data})


def batches(stage):
    return [(row.number, row.state, row.disease) for row in stage.rows(tables.subject)["subject"]]


def test_the_four_parts_of_every_charge_sum_to_it(stage, visit):
    items = stage.control("GET", "catalogue?area=110000")["items"]
    lines = [visit.line(number, item["code"], "3", "77.77") for number, item in enumerate(items, 1)]
    for row in visit.charge(*lines[:80]).output["result"]:
        assert sum(row[part] for part in PARTS) == row["det_item_fee_sumamt"] == Decimal("233.31")


def test_one_charge_is_classified_by_the_catalogue_of_the_place_that_treats(stage, visit):
    # 血液透析 in 北京: ceiling 420.00, 甲. 500.00 → 80.00 above the ceiling, 420.00 in scope.
    row = visit.charge(visit.line(1, SESSION, "1", "500.00")).output["result"][0]
    assert (row["overlmt_amt"], row["inscp_scp_amt"]) == (Decimal("80.00"), Decimal("420.00"))
    elsewhere = stage.another_hospital(HANGZHOU).visit(visit.person)
    row = elsewhere.charge(elsewhere.line(1, SESSION, "1", "500.00")).output["result"][0]
    assert row["fulamt_ownpay_amt"] == Decimal("500.00")


def test_an_item_in_no_catalogue_is_wholly_self_paid_with_the_reason_and_a_finding(stage, visit):
    row = visit.charge(visit.line(1, "X-NOWHERE", "1", "10.00")).output["result"][0]
    assert row["fulamt_ownpay_amt"] == Decimal("10.00")
    assert row["memo"]
    (found,) = stage.control.findings()
    assert found["severity"] == "warning"
    assert "X-NOWHERE" in found["message"]["zh"] or found["got"] == "X-NOWHERE"


@pytest.mark.parametrize(("flag", "in_scope"), [("0", False), ("1", True), ("2", False)])
def test_a_restricted_item_is_in_scope_only_with_approval(stage, visit, flag, in_scope):
    items = stage.control("GET", "catalogue?area=110000")["items"]
    item = next(each for each in items if each["restricted"] and Decimal(each["prior_selfpay_ratio"]) < 1)
    row = visit.charge(visit.line(1, item["code"], "1", "10.00", hosp_appr_flag=flag)).output["result"][0]
    assert row["lmt_used_flag"] == "1"
    assert (row["inscp_scp_amt"] > 0) == in_scope


def test_approval_withheld_makes_an_unrestricted_item_self_paid(visit):
    row = visit.charge(visit.session("400.00", hosp_appr_flag="2")).output["result"][0]
    assert row["fulamt_ownpay_amt"] == Decimal("400.00")


# What one call must be


def test_several_batches_may_come_in_one_call_each_with_a_disease_of_its_own(stage, visit):
    lines = (visit.session("400.00"), visit.session("800.00", serial=2, batch="B2", dise_codg="M00500"))
    assert visit.charge(*lines).ok
    assert batches(stage) == [("B1", "open", "M07803"), ("B2", "open", "M00500")]


def test_one_bad_charge_refuses_the_call_and_nothing_of_it_is_kept(stage, visit):
    good = visit.session("400.00")
    for number, bad in enumerate(bad_ones(visit)):
        assert not visit.charge(good, bad).ok
        assert batches(stage) == []
        found = stage.control.findings(severity="error")
        assert len(found) == number + 1
        assert found[-1]["path"].startswith("/input/feedetail")


def bad_ones(visit):
    return (
        visit.session("400.00", serial=2, mdtrt_id="110000000000000099"),
        visit.session("400.00", serial=2, psn_no="23090000000000000000"),
        visit.session("400.00", serial=2, dise_codg="M00500"),
        visit.session("400.00", serial=2, dise_codg=""),
        visit.session("400.00", serial=1),
        visit.session("400.00", serial=2, det_item_fee_sumamt=401.00),
        visit.session("-800.00", serial=2),
        visit.session("-400.00", serial=2, batch="B2"),
    )


def test_an_ordinary_charge_under_14_is_refused_with_the_advice_to_open_a_visit_under_11(stage, visit):
    answer = visit.charge(visit.session("400.00", dise_codg=""))
    assert "11" in answer.err_msg
    assert "14" in answer.err_msg
    ordinary = stage.hospital.visit(visit.person, med_type="11", disease="")
    assert ordinary.charge(ordinary.session("400.00")).ok


@pytest.mark.parametrize("blank", [LEFT_OUT, "", None])
@pytest.mark.parametrize("blanks", [(0,), (1,), (0, 1)])
def test_in_lenient_a_charge_under_14_without_a_disease_takes_that_of_its_visit(stages, blank, blanks):
    stage = stages(strict=False)
    visit = stage.hospital.visit(stage.patient(), disease="M07800")
    lines = [visit.session("400.00", serial=number + 1) for number in range(2)]
    for index in blanks:
        lines[index]["dise_codg"] = blank
        lines[index] = {name: value for name, value in lines[index].items() if value is not LEFT_OUT}
    assert visit.charge(*lines).ok
    assert batches(stage) == [("B1", "open", "M07800")]
    (warned,) = stage.control.findings(rule="ordinary_charge_under_special")
    assert (warned["severity"], warned["path"]) == ("warning", f"/input/feedetail/{blanks[0]}/dise_codg")
    # 800.00 − 500.00 deductible = 300.00, × 0.90
    assert visit.settle("800.00").setlinfo["hifp_pay"] == Decimal("270.00")
    assert stage.control.findings(severity="error") == []


def test_in_lenient_a_batch_still_has_one_disease(stages):
    stage = stages(strict=False)
    visit = stage.hospital.visit(stage.patient())
    answer = visit.charge(visit.session("400.00", dise_codg="M00500"), visit.session("400.00", serial=2, dise_codg=""))
    assert "M07803" in answer.err_msg
    assert batches(stage) == []


def test_a_batch_comes_whole_and_once(stage, visit):
    assert visit.charge(visit.session("400.00")).ok
    assert "B1" in visit.charge(visit.session("400.00", serial=2)).err_msg
    assert "2205" in visit.charge(visit.session("400.00", serial=2)).err_msg


def test_a_serial_stands_once_in_a_visit_whatever_the_batch(stage, visit):
    assert visit.charge(visit.session("400.00")).ok
    assert "1" in visit.charge(visit.session("400.00", batch="B2")).err_msg
    assert visit.charge(visit.session("400.00", serial=2, batch="B2")).ok
    other = stage.hospital.visit(visit.person)
    assert other.charge(other.session("400.00")).ok


def test_a_charge_of_tomorrow_is_taken_with_a_warning(stage, visit):
    assert visit.charge(visit.session("400.00", fee_ocur_time="2025-03-11 09:00:00")).ok
    assert [each["rule"] for each in stage.control.findings(severity="warning")] == ["charge.in_future"]


# Negative lines (rules 13)


def test_a_negative_line_returns_what_its_batch_holds_at_that_price(stage, visit):
    lines = (visit.line(1, SESSION, "3", "400.00"), visit.line(2, SESSION, "-1", "400.00"))
    assert visit.charge(*lines).ok
    assert visit.settle("800.00").setlinfo["hifp_pay"] == Decimal("270.00")  # (800.00 − 500.00) × 0.90


@pytest.mark.parametrize(
    "back",
    [("-4", "400.00"), ("-1", "399.00"), ("-3.0001", "400.00")],
)
def test_more_than_it_holds_or_at_another_price_is_refused(stage, visit, back):
    answer = visit.charge(visit.line(1, SESSION, "3", "400.00"), visit.line(2, SESSION, *back))
    assert answer.body["infcode"] == "-1"
    assert batches(stage) == []


def test_a_batch_may_sum_to_nothing_and_is_settled_at_nothing(stage, visit):
    assert visit.charge(visit.line(1, SESSION, "1", "400.00"), visit.line(2, SESSION, "-1", "400.00")).ok
    settled = visit.settle("0.00").setlinfo
    assert (settled["hifp_pay"], settled["act_pay_dedc"], settled["psn_cash_pay"]) == (0, 0, 0)


# 2205


def test_a_withdrawn_batch_may_be_sent_again_with_the_same_serials(stage, visit):
    assert visit.charge(visit.session("400.00")).ok
    assert withdraw(visit, "B1").ok
    assert visit.charge(visit.session("800.00")).ok
    assert visit.settle("800.00").ok


def test_0000_withdraws_all_that_is_not_settled_and_is_no_error_when_there_is_nothing(stage, visit):
    visit.settled("400.00")
    assert visit.charge(visit.session("400.00", serial=2, batch="B2"), visit.session("400.00", serial=3, batch="B3")).ok
    assert withdraw(visit, "0000").ok
    assert [state for _, state, _ in batches(stage)] == ["settled", "withdrawn", "withdrawn"]
    assert withdraw(visit, "0000").ok


def test_a_settled_batch_is_cancelled_before_it_is_withdrawn(stage, visit):
    settled = visit.settled("400.00")
    assert "2208" in withdraw(visit, "B1").err_msg
    assert visit.cancel(settled["setl_id"]).ok
    assert withdraw(visit, "B1").ok
    assert "B1" in withdraw(visit, "B1").err_msg
    assert "B9" in withdraw(visit, "B9").err_msg
