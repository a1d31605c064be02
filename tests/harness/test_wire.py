import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.harness.environment.envelope_codec import NotJson, envelope, msgid, read_json, write_json


@given(st.decimals(-(10**13), 10**13, places=2))
def test_amount_goes_out_and_comes_in_to_the_fen(amount):
    raw = write_json({"a": amount})
    assert read_json(raw)["a"] == amount
    assert isinstance(json.loads(raw)["a"], (int, float))


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"\xff{}", b"1"])
def test_what_is_no_object_in_utf8_is_told(raw):
    with pytest.raises(NotJson):
        read_json(raw)


def test_message_has_every_header_field_once_and_the_input_last():
    fields = list(envelope({"infno": "1101"}, {"data": {}}))
    assert len(fields) == len(set(fields)) == 18
    assert (fields[0], fields[-1]) == ("infno", "input")


def test_msgid_is_institution_time_and_number():
    assert msgid("H11000000001", "2025-03-10 09:00:00", 7) == "H11000000001202503100900000007"
    assert len(msgid("H1", "2025-03-10 09:00:00", 123456)) == 30


def test_letters_are_written_as_they_are():
    assert (
        write_json({"psn_name": "周“丽”", "none": None, "yes": True})
        == '{"psn_name":"周“丽”","none":null,"yes":true}'.encode()
    )


def test_amount_is_written_with_its_own_digits():
    assert write_json([Decimal("0.10"), Decimal("1E+3")]) == b"[0.10,1000]"
