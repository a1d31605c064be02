"""The arithmetic between amounts of one settlement, and between a settlement and what came before and after it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.contract.identities import (
    batch_fault,
    cancellation_faults,
    charge_faults,
    classification_faults,
    repeated_faults,
    settlement_faults,
)


def amounts(**changed):
    """1000.00 = 100.00 own + 20.00 above ceiling + 80.00 prior self-pay + 800.00 in scope.

    Deductible 50.00; pool (800 - 50) x 0.8 = 600.00, 大病 40.00, hospital 10.00.
    The person pays 350.00 = account 150.00 + cash 200.00.
    """
    info = {
        "medfee_sumamt": Decimal("1000.00"),
        "fulamt_ownpay_amt": 100,
        "overlmt_selfpay": 20.0,
        "preselfpay_amt": "80.00",
        "inscp_scp_amt": 800,
        "act_pay_dedc": 50,
        "hifp_pay": 600,
        "cvlserv_pay": 0,
        "hifes_pay": 0,
        "hifmi_pay": 40,
        "hifob_pay": 0,
        "maf_pay": 0,
        "oth_pay": 0,
        "fund_pay_sumamt": 640,
        "psn_part_amt": 350,
        "acct_pay": 150,
        "psn_cash_pay": 200,
        "hosp_part_amt": 10,
        "acct_mulaid_pay": 30,
        "balc": 1.5,
    }
    return info | changed


def detail(*rows):
    return [{"fund_pay_type": code, "fund_payamt": amount} for code, amount in rows]


def rules(info, rows=(), **kwargs):
    return [fault.rule for fault in settlement_faults("2207", {"setlinfo": info, "setldetail": list(rows)}, **kwargs)]


def test_a_settlement_that_balances_has_no_fault():
    assert rules(amounts(), detail(("310100", 600), ("390200", 40), ("310200", 150))) == []


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"medfee_sumamt": Decimal("1000.01")}, ["identity_total", "identity_scope"]),
        ({"hifmi_pay": 41}, ["identity_funds"]),
        ({"fund_pay_sumamt": 641}, ["identity_total", "identity_funds"]),
        ({"inscp_scp_amt": 799}, ["identity_scope"]),
        ({"psn_cash_pay": 199}, ["identity_person"]),
        ({"acct_mulaid_pay": 151}, ["identity_shared_account"]),
        ({"act_pay_dedc": 801}, ["identity_deductible"]),
        ({"hosp_part_amt": 0}, ["identity_total"]),
    ],
)
def test_one_amount_that_is_off_is_named_by_the_identities_it_breaks(changed, rule):
    assert rules(amounts(**changed)) == rule


def test_detail_rows_add_up_to_fund_and_account_where_the_account_is_listed():
    # 600 + 40 + 150 = 640 + 150
    assert rules(amounts(), detail(("310100", 600), ("390200", 40), ("310201", 150))) == []
    assert rules(amounts(), detail(("310100", 600), ("390200", 40))) == []
    assert rules(amounts(), detail(("310100", 600), ("390200", 40), ("310200", 149))) == ["identity_detail"]


def test_a_province_that_counts_the_account_inside_the_fund_total_is_read_so():
    # 790 = 640 + 150; 1000 = 790 + 350 + 10 - 150
    info = amounts(fund_pay_sumamt=790)
    rows = detail(("310100", 600), ("390200", 40), ("310200", 150))
    assert rules(info, rows, account_in_fund=True) == []
    assert rules(info, rows) == ["identity_total", "identity_funds", "identity_detail"]


def test_the_disabled_fund_may_stand_inside_other_or_beside_it():
    assert rules(amounts(hifdm_pay=5, oth_pay=5, fund_pay_sumamt=645, psn_part_amt=345, psn_cash_pay=195)) == []
    assert rules(amounts(hifdm_pay=5, fund_pay_sumamt=645, psn_part_amt=345, psn_cash_pay=195)) == []


def test_what_the_hospital_carries_may_be_missing_and_then_only_fills_the_sum_up():
    info = amounts()
    del info["hosp_part_amt"]
    assert rules(info) == []
    assert rules(info | {"medfee_sumamt": 900, "inscp_scp_amt": 700}) == ["identity_total"]


def test_5203_names_person_and_cash_differently():
    info = amounts(psn_pay=350, cash_payamt=200)
    del info["psn_part_amt"], info["psn_cash_pay"]
    assert rules(info) == []
    assert rules(info | {"cash_payamt": 201}) == ["identity_person"]


def cancelled(**changed):
    info = {name: -Decimal(str(value)) for name, value in amounts().items() if name != "psn_cash_pay"}
    return info | {"pdn_cash_pay": -200, "balc": 151.5} | changed


def test_a_cancellation_keeps_every_identity_with_its_signs_turned():
    assert rules(cancelled(), detail(("310100", -600), ("390200", -40), ("310200", -150))) == []


def test_a_cancellation_takes_back_exactly_what_was_settled():
    original = {"setlinfo": amounts()}
    assert cancellation_faults("2208", original, {"setlinfo": cancelled()}) == ()
    found = cancellation_faults("2208", original, {"setlinfo": cancelled(hifp_pay=-599, pdn_cash_pay=-201)})
    assert [(fault.field, fault.got) for fault in found] == [("hifp_pay", "-599.00"), ("pdn_cash_pay", "-201.00")]


@given(st.integers(-(10**9), 10**9), st.integers(0, 10**6), st.integers(0, 10**9))
def test_any_split_of_a_bill_that_adds_up_is_accepted_to_the_fen(fund, account, cash):
    def yuan(fen):
        return Decimal(fen).scaleb(-2)

    info = {"medfee_sumamt": yuan(fund + account + cash), "fund_pay_sumamt": yuan(fund), "hosp_part_amt": 0}
    info |= {"psn_part_amt": yuan(account + cash), "acct_pay": yuan(account), "psn_cash_pay": yuan(cash)}
    assert rules(info) == []
    assert "identity_total" in rules(info | {"medfee_sumamt": yuan(fund + account + cash + 1), "hosp_part_amt": 0})


def test_a_charge_is_price_times_quantity_within_a_fen():
    # 3 x 33.335 = 100.005, half-up 100.01
    line = {"cnt": 3, "pric": Decimal("33.335"), "det_item_fee_sumamt": Decimal("100.00")}
    assert charge_faults("2204", line, "/input/feedetail/0") == ()
    (fault,) = charge_faults("2204", line | {"det_item_fee_sumamt": 99}, "/input/feedetail/0")
    assert (fault.rule, fault.path) == ("identity_line", "/input/feedetail/0/det_item_fee_sumamt")
    assert "100.01" in fault.sentence.zh


def test_a_returned_charge_has_a_negative_amount():
    assert charge_faults("2301", {"cnt": -2, "pric": 10, "det_item_fee_sumamt": -20}, "") == ()


def test_the_parts_of_a_classified_line_add_up():
    line = {"det_item_fee_sumamt": 100, "fulamt_ownpay_amt": 0, "preselfpay_amt": 10, "inscp_scp_amt": 90}
    assert classification_faults("2204", line, "") == ()
    assert len(classification_faults("2204", line | {"inscp_scp_amt": 91}, "/output/result/0")) == 1


def test_a_settlement_settles_what_its_batch_charged():
    assert batch_fault("2207", "30.00", [1000, 2000], "/input/data/medfee_sumamt") is None
    fault = batch_fault("2207", 31, 3000, "/input/data/medfee_sumamt")
    assert fault is not None
    assert fault.rule == "identity_batch"


def test_2207_sends_back_the_four_amounts_that_2206_answered():
    sent = {"fulamt_ownpay_amt": 100, "overlmt_selfpay": 20, "preselfpay_amt": 80, "inscp_scp_amt": "800.0"}
    assert repeated_faults("2207", amounts(), sent) == ()
    found = repeated_faults("2207", amounts(), sent | {"preselfpay_amt": 81, "overlmt_selfpay": ""})
    assert [fault.field for fault in found] == ["preselfpay_amt"]


@pytest.mark.parametrize(
    "broken", [None, [], {"setlinfo": []}, {"setlinfo": {"medfee_sumamt": True}}, {"setlinfo": {}}]
)
def test_what_the_contract_has_refused_already_is_passed_over(broken):
    assert settlement_faults("2207", broken if isinstance(broken, dict) else {}) == ()
