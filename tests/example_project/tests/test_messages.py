"""The desk's messages against the contract, with no server at all."""

import json
from pathlib import Path

import pytest

RECORDINGS = Path(__file__).parents[1] / "recordings"


def test_what_was_recorded_in_the_field_keeps_the_contract(contract):
    contract.check_file(RECORDINGS / "outpatient.jsonl")


def test_a_settlement_without_its_batch_is_caught(contract):
    message = contract.example("2207A")
    del message["input"]["data"]["chrg_bchno"]
    with pytest.raises(AssertionError, match="chrg_bchno"):
        contract.check(message)


@pytest.mark.nhsa_edition("jiangxi-1.0")
def test_jiangxi_codes_the_identity_card_otherwise(contract):
    first = json.loads((RECORDINGS / "outpatient.jsonl").read_text(encoding="utf-8").splitlines()[0])
    with pytest.raises(AssertionError, match="psn_cert_type"):
        contract.check(first["request"])
    first["request"]["input"]["data"]["psn_cert_type"] = "1"
    contract.check(first["request"])


@pytest.mark.nhsa_strict(False)
def test_amounts_as_text_are_a_habit_that_lenient_platforms_take(contract):
    message = contract.example("2207A")
    message["input"]["data"]["medfee_sumamt"] = "1000.00"
    contract.check(message)
    assert [found.fault.rule for found in contract.faults(message)] == ["habit_text_number"]
