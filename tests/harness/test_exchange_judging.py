"""What an exchange shows, apart from the scenario that it belongs to."""

import pytest

from simulator.harness.execution.exchange_judging import award_differences
from simulator.harness.execution.journal_legs import ObservedLeg


def settlement(in_scope, deductible, ratio):
    award = {"inscp_scp_amt": in_scope, "act_pay_dedc": deductible, "hifp_pay": "0.00", "pool_prop_selfpay": "0.9000"}
    return {"expected": {"award": award}, "answered": {**award, "pool_prop_selfpay": ratio}}


def test_ratio_is_judged_only_where_an_amount_lies_above_the_deductible():
    """420.00 in scope and 420.00 of deductible leave nothing; 420.00 − 400.00 = 20.00 are left (rules 31)."""
    assert award_differences(settlement("420.00", "420.00", "0"), "2207A") == []
    assert award_differences(settlement("0.00", "0.00", "0"), "2207A") == []
    (found,) = award_differences(settlement("420.00", "400.00", "0"), "2207A")
    assert found.path == "pool_prop_selfpay"


@pytest.mark.parametrize(
    ("outcome", "answer", "lost"),
    [
        ("dropped", "", True),
        ("answered", "", True),
        ("answered", '{"infcode": "0", "out', True),
        ("answered", "\ufffd\ufffd", True),
        ("answered", '{"infcode": "0"}', False),
        ("refused", '{"infcode": "-1", "err_msg": "x"}', False),
    ],
)
def test_answer_that_cannot_be_read_leaves_the_hospital_as_ignorant_as_none(outcome, answer, lost):
    leg = ObservedLeg(1, "e", "hospital", "2207A", "m", "", "", outcome, "{}", answer, [])
    assert leg.lost is lost
