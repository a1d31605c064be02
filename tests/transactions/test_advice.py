"""What a refusal advises can be done, and helps."""

import re

import pytest

from simulator.store import tables
from tests.support.hospital import Visit

LOSING = ("drop_after_commit", "truncate", "garble")
"""Faults after which the settlement stands and its answer is not known."""


@pytest.fixture
def visit(stage):
    found = stage.hospital.visit(stage.patient())
    assert found.charge(found.session("1000.00")).ok
    return found


@pytest.fixture(params=LOSING)
def lost(request, stage, visit):
    """The envelope of a 2207A whose answer was lost, and the refusal of a second one under a msgid of its own."""
    stage.control("POST", "faults", {"at": "hospital", "infno": "2207A", "what": request.param})
    sent = stage.hospital.envelope("2207A", {"data": visit.settlement_input("1000.00")})
    assert stage.hospital.post(sent).body is None
    again = visit.settle("1000.00")
    assert stage.control.findings(severity="error")[-1]["rule"] == "batch_settled"
    return sent, again


def advised(answer, form):
    """The one word of that form that the refusal names."""
    assert not answer.ok
    (word,) = re.findall(form, answer.err_msg)
    return word


def test_a_settlement_whose_answer_was_lost_is_found_by_the_msgid_that_the_refusal_names(stage, lost):
    sent, again = lost
    assert advised(again, r"H\d{11}\d{18}") == sent["msgid"]
    assert stage.hospital.post(sent).setlinfo["hifp_pay"] == 450  # (1000.00 − 500.00) × 0.90
    assert len(stage.rows(tables.settlement)["settlement"]) == 1


def test_a_settlement_whose_answer_was_lost_is_reversed_by_the_msgid_that_the_refusal_names(stage, visit, lost):
    _, again = lost
    assert advised(again, r"\b2601\b")
    assert visit.reverse(advised(again, r"H\d{11}\d{18}"), "2207A").ok
    assert visit.settle("1000.00").ok
    assert [row.state for row in stage.rows(tables.settlement)["settlement"]] == ["reversed", "live"]


def test_no_refusal_of_a_lost_settlement_sends_to_what_needs_its_number(lost):
    _, again = lost
    assert "5203" not in again.err_msg


@pytest.mark.usefixtures("lost")
def test_charges_of_a_lost_settlement_are_withdrawn_after_the_cancellation_that_the_refusal_names(visit):
    about = {"psn_no": visit.person["psn_no"], "mdtrt_id": visit.id}
    refused = visit.send("2205", {"data": about | {"chrg_bchno": "B1"}})
    assert advised(refused, r"\b2208\b")
    assert visit.cancel(advised(refused, r"\b230900\d{18}\b")).ok
    assert visit.send("2205", {"data": about | {"chrg_bchno": "B1"}}).ok


def test_a_visit_is_withdrawn_when_what_stands_in_its_way_is_undone_in_the_order_told(visit):
    about = {"psn_no": visit.person["psn_no"], "mdtrt_id": visit.id}
    setl_id = visit.settle("1000.00").setlinfo["setl_id"]
    steps = {
        "2208": lambda: visit.cancel(setl_id),
        "2205": lambda: visit.send("2205", {"data": about | {"chrg_bchno": "0000"}}),
    }
    told = re.findall(r"\b220\d\b", visit.send("2202", {"data": about | {"ipt_otp_no": "M1"}}).err_msg)
    assert [steps[infno]().ok for infno in told] == [True, True]
    assert visit.send("2202", {"data": about | {"ipt_otp_no": "M1"}}).ok


@pytest.mark.parametrize(("edition", "infno"), [("national", "2203A"), ("hunan-1.3", "2203"), ("jiangxi-1.0", "2203A")])
def test_a_visit_that_is_not_described_names_a_transaction_of_the_edition(stages, edition, infno):
    stage = stages(edition=edition)
    visit = Visit(stage.hospital, stage.patient())
    visit.id = visit.register().output["data"]["mdtrt_id"]
    refused = visit.charge(visit.session("400.00"))
    assert infno in re.findall(r"2203A?", refused.err_msg)
    assert visit.describe(infno).ok
    assert visit.charge(visit.session("400.00")).ok
