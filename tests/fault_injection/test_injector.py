"""What each fault does to a message is one table, and both legs go by it."""

import json

import pytest

from simulator.agencies.delivery.channel import Channel
from simulator.agencies.delivery.transport import Reply
from simulator.core.schema_errors import load_schema
from simulator.fault_injection.injector import EFFECTS, HANDLED, Fault, after_handling, before_handling
from simulator.sandbox.configuration import Agency

ANSWER = json.dumps({"infcode": "0", "output": {"setlinfo": {"psn_no": "23090094037627056734", "psn_name": "周丽"}}})
RAW = ANSWER.encode()


class Transport:
    """An agency that answers as it is told, and counts."""

    def __init__(self, *replies: Reply) -> None:
        self.replies, self.received = list(replies), []

    def post(self, url, raw, timeout_s):
        self.received.append(raw)
        return self.replies[min(len(self.received), len(self.replies)) - 1]


def deliver(what, *replies):
    transport = Transport(*(replies or (Reply(RAW),)))
    channel = Channel(transport, Agency("230900", "http://127.0.0.1:1/", timeout_s=0.0), None)
    return channel.deliver(b"message", Fault(1, what, 0.0)), transport


def test_every_fault_that_can_be_ordered_has_an_effect_and_no_other_has():
    ordered = load_schema("simulator.control", "bodies.schema.json")["definitions"]["fault"]["properties"]["what"]
    assert ordered["enum"] == list(EFFECTS)


def test_a_message_without_a_fault_is_handled_and_its_answer_goes_as_it_is():
    assert before_handling(None) == HANDLED
    assert after_handling(None, RAW, "").body == RAW


@pytest.mark.parametrize("what", ["refuse", "drop_before", "late"])
def test_what_is_stopped_before_handling_never_reaches_the_agency(what):
    assert before_handling(Fault(1, what, 0.0)) != HANDLED
    if what != "refuse":
        reply, transport = deliver(what)
        assert (reply.body, transport.received) == (None, [])


def test_a_lost_answer_was_handled():
    reply, transport = deliver("drop_after_commit")
    assert (reply.body, reply.sent, transport.received) == (None, True, [b"message"])


def test_a_duplicate_is_delivered_twice_and_the_second_answer_counts():
    reply, transport = deliver("duplicate", Reply(b"first"), Reply(b"second"))
    assert (reply.body, len(transport.received)) == (b"second", 2)


def test_what_could_not_be_sent_is_not_sent_again():
    unsent = Reply(None, None, sent=False)
    reply, transport = deliver("duplicate", unsent)
    assert (reply, len(transport.received)) == (unsent, 1)


def test_a_truncated_answer_is_its_first_half():
    assert after_handling(Fault(1, "truncate", 0.0), b"0123456789", "").body == b"01234"


def test_a_garbled_answer_keeps_its_length_and_is_no_utf_8():
    got = after_handling(Fault(1, "garble", 0.0), b"0123456789", "").body
    assert len(got) == 10
    with pytest.raises(UnicodeDecodeError):
        got.decode()


def test_a_server_error_has_no_body():
    got = after_handling(Fault(1, "http_500", 0.0), RAW, "")
    assert (got.body, got.status) == (b"", 500)


def test_an_answer_about_another_person_keeps_the_area_of_the_number():
    got = json.loads(after_handling(Fault(1, "wrong_person", 0.0), RAW, "110100000000").body)
    assert got["output"]["setlinfo"] == {"psn_no": "11010099999999999999", "psn_name": "错认人"}


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[1]", b"7"])
def test_bytes_that_are_no_message_cannot_be_about_another_person(answer):
    assert after_handling(Fault(1, "wrong_person", 0.0), answer, "").body == answer
    reply, _ = deliver("wrong_person", Reply(answer))
    assert reply.body == answer


def test_an_answer_that_comes_after_the_time_limit_is_none():
    # The time limit is 0 s, the delay 0 s: not sooner than the limit.
    reply, transport = deliver("delay")
    assert (reply.body, transport.received) == (None, [b"message"])
