"""Messages that the platform itself sends to an agency: past its own guards, judged against its own copy."""

import threading
from decimal import Decimal

import pytest

from simulator.core.json_codec import read_json, write_json
from tests.agencies.conftest import CITY


def sent_to_agency(city, infno):
    """The envelope of the last message of that number, as the agency saw it."""
    rows = city.control("GET", f"messages?raw=1&leg=agency&infno={infno}")["messages"]
    return read_json(rows[-1]["request"].encode())


def probe(city, message, status=200, **changes):
    """What the control call answers; amounts go as numbers, which a plain client would write as text."""
    way = f"{city.control.prefix}/agencies/{CITY}/messages"
    body = write_json({"message": {**message, **changes}})
    response = city.control.client.open(way, method="POST", data=body, content_type="application/json")
    assert response.status_code == status, response.text
    return read_json(response.data)


def rules(told):
    return [each["rule"] for each in told["findings"] if each["severity"] == "error"]


def settled(city):
    visit = city.visit()
    assert visit.settle("1000.00").ok
    return visit


def test_a_message_again_is_answered_as_recorded_and_the_books_agree(city, stubbed):
    stubbed()
    settled(city)
    first = sent_to_agency(city, "2207A")
    again = probe(city, first, inf_time="2025-03-10 23:00:00")
    assert (again["infcode"], again["msgid"], again["findings"]) == ("0", first["msgid"], [])
    other = probe(city, first, input={**first["input"], "data": {**first["input"]["data"], "invono": "9"}})
    assert (other["infcode"], other["findings"]) == ("-1", [])
    assert city.control("POST", "books", {}) == {"asked": 5, "findings": []}  # 1101, 5301, 5206 twice, SIM-DAY


def test_a_settled_batch_under_another_msgid_is_refused_without_a_finding(city, stubbed):
    stubbed()
    settled(city)
    told = probe(city, sent_to_agency(city, "2207A"), msgid="")
    assert (told["infcode"], told["findings"]) == ("-1", [])
    assert city.outbox() == []


def test_a_batch_that_is_settled_twice_is_found_and_the_second_is_reversed(city, stubbed):
    stub = stubbed()
    settled(city)
    first = sent_to_agency(city, "2207A")
    # So that the stub does not find the batch settled.
    stub.settlements[0].key = ("another", "batch")
    told = probe(city, first, msgid="")
    assert rules(told) == ["idempotency.settled_batch"]
    city.run_outbox()
    assert sent_to_agency(city, "2601")["input"]["data"]["omsgid"] == told["msgid"]
    assert city.outbox() == []


def test_a_message_by_the_agencys_numbers_moves_our_copy_and_frees_the_batch(city, stubbed):
    stubbed()
    visit = settled(city)
    omsgid = sent_to_agency(city, "2207A")["msgid"]
    data = {"psn_no": city.person["psn_no"], "omsgid": omsgid, "oinfno": "2207A"}
    assert probe(city, {"infno": "2601", "input": {"data": data}})["findings"] == []
    assert city.balances() == {}
    assert city.control("POST", "books", {"psn_no": city.person["psn_no"]})["findings"] == []
    assert visit.settle("1000.00").ok


def test_balances_that_differ_are_a_finding(city, stubbed):
    stubbed("5206_off")
    settled(city)
    errors = [each for each in city.control("POST", "books", {})["findings"] if each["severity"] == "error"]
    assert [each["rule"] for each in errors] == ["accumulators"]
    assert errors[0]["wanted"] != errors[0]["got"]


def test_a_reversal_without_effect_shows_in_the_books_with_its_cause(city, stubbed):
    stubbed("forgets_reversals")
    settled(city)
    omsgid = sent_to_agency(city, "2207A")["msgid"]
    data = {"psn_no": city.person["psn_no"], "omsgid": omsgid, "oinfno": "2207A"}
    assert probe(city, {"infno": "2601", "input": {"data": data}})["findings"] == []
    first = city.control("POST", "books", {})["findings"][0]
    assert first["rule"] == "accumulators"
    assert "没有退回" in first["message"]["zh"]


def test_rows_of_a_day_that_were_altered_must_be_told(city, stubbed):
    stub = stubbed()
    settled(city)
    assert city.day_differences() == []
    day = sent_to_agency(city, "SIM-DAY")
    assert day["input"]["data"]["run"] == day["input"]["rows"][0]["msgid"][:12]
    day["input"]["rows"][0]["acct_pay"] += Decimal("0.01")
    assert probe(city, day, msgid="")["findings"] == []
    stub.settlements[0].info["acct_pay"] = str(day["input"]["rows"][0]["acct_pay"])
    told = probe(city, day, msgid="")
    assert rules(told) == ["day.not_told"]
    assert city.control("POST", "books", {})["findings"][-1]["rule"] == "day.amount"


@pytest.mark.parametrize(
    ("message", "status", "code"),
    [
        ({"infno": "SIM-FILING", "input": {"data": {"psn_no": "1"}}}, 400, "probe_not_judged"),
        ({"infno": "1101", "fixmedins_code": "H99999999999", "input": {}}, 404, "institution_unknown"),
        ({"infno": "1101"}, 400, "faults"),
        ({"infno": "1101", "input": []}, 400, "faults"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_its_reason(city, stubbed, message, status, code):
    stubbed()
    assert probe(city, message, status)["error"]["code"] == code


def test_nobody_registered_is_nobody_to_probe(city):
    assert probe(city, {"infno": "1101", "input": {"data": {}}}, 404)["error"]["code"] == "agency_unknown"
    assert city.control("POST", "books", {}) == {"asked": 0, "findings": []}


def test_an_undecided_msgid_is_not_sent_again(city, stubbed):
    stubbed()
    city.fault("drop_before", "2207A")
    city.visit().settle("1000.00")
    (waiting,) = city.outbox()
    told = probe(city, {"infno": "2207A", "msgid": waiting["msgid"], "input": {"data": {}}}, 400)
    assert told["error"]["code"] == "probe_undecided"


def test_a_message_twice_at_once_is_answered_the_same_and_booked_once(city, stubbed):
    stubbed()
    settled(city)
    first = sent_to_agency(city, "2207A")
    data = {"psn_no": first["input"]["data"]["psn_no"], "omsgid": first["msgid"], "oinfno": "2207A"}
    body = {"message": {**first, "infno": "2601", "msgid": "", "input": {"data": data}}, "at_once": 3}
    told = city.control("POST", f"agencies/{CITY}/messages", body)
    assert (told["infcode"], told["findings"]) == ("0", [])
    legs = city.control("GET", "messages?raw=1&leg=agency&infno=2601")["messages"]
    assert len(legs) == 3
    assert {read_json(each["request"].encode())["msgid"] for each in legs} == {told["msgid"]}
    assert city.control("POST", "books", {})["findings"] == []


def malform(city, infno, way, status=200):
    """A query of the patient, or under another number, sent malformed; what the control call answers."""
    message = {"infno": infno, "input": {"data": {"psn_no": city.person["psn_no"], "cum_ym": ""}}}
    response = city.control.client.post(
        f"{city.control.prefix}/agencies/{CITY}/messages", json={"message": message, "malformed": way}
    )
    assert response.status_code == status, response.text
    return response.json


@pytest.mark.parametrize("way", ["half", "empty", "xml", "list", "deep", "not_utf8"])
def test_bytes_that_are_no_message_must_be_answered(city, stubbed, referred, way):
    # The stub breaks the connection off where it cannot read.
    stubbed()
    assert rules(malform(city, "5206", way)) == ["unreadable.not_answered"]
    referred()
    told = malform(city, "5206", way)
    assert (told["infcode"], told["findings"]) == ("-1", [])


def test_an_unlisted_number_must_be_refused(city, stubbed, referred):
    stub = stubbed()
    stub.handle = lambda message: {**type(stub).handle(stub, {**message, "infno": "5206"})}
    assert rules(malform(city, "9999", "unlisted")) == ["unreadable.accepted"]
    referred()
    told = malform(city, "9999", "unlisted")
    assert (told["infcode"], told["findings"]) == ("-1", [])


@pytest.mark.parametrize("way", ["oversized", "content_type"])
def test_a_legible_query_may_be_answered_either_way(city, stubbed, referred, way):
    stubbed()
    assert (malform(city, "5206", way)["infcode"], city.errors()) == ("0", [])
    referred()
    assert (malform(city, "5206", way)["infcode"] in ("0", "-1"), city.errors()) == (True, [])


@pytest.mark.parametrize(
    ("infno", "way", "code"), [("5206", "unlisted", "probe_listed"), ("2207A", "oversized", "probe_legible")]
)
def test_what_might_take_effect_is_not_sent_malformed(city, stubbed, infno, way, code):
    stub = stubbed()
    assert malform(city, infno, way, 400)["error"]["code"] == code
    assert stub.seen == []


def races(city, first, **more):
    """Sends a settlement anew and its 2601 at the same time; amounts go as numbers."""
    body = write_json({"message": {**first, "msgid": ""}, "reversed_at_once": True, **more})
    way = f"{city.control.prefix}/agencies/{CITY}/messages"
    response = city.control.client.open(way, method="POST", data=body, content_type="application/json")
    return read_json(response.data)


def reversed_settlement(city, person=None, **visit):
    """A settlement as the agency saw it, reversed since."""
    opened = city.visit(person=person, **visit)
    settled = city.hospital.envelope("2207A", {"data": opened.settlement_input("1000.00")})
    assert city.hospital.post(settled).ok
    first = sent_to_agency(city, "2207A")
    assert opened.reverse(settled["msgid"], "2207A").ok
    return first


def test_a_reversal_beside_its_original_leaves_nothing_whichever_comes_first(city, stubbed):
    stub = stubbed()
    first = reversed_settlement(city)
    for _ in range(4):
        told = races(city, first)
        assert told["findings"] == []
        assert {each.state for each in stub.settlements} == {"reversed"}
        again = probe(city, first, msgid=told["msgid"])
        assert (again["infcode"], again["findings"]) == ("-1", [])
    assert city.control("POST", "books", {})["findings"] == []
    assert {each["state"] for each in city.outbox()} <= {"given_up"}


def test_a_reversal_that_is_refused_beside_its_original_is_found(city, stubbed):
    stub = stubbed()
    first = reversed_settlement(city)
    stub.mistakes = frozenset({"refuses_reversals"})
    assert "reversal.refused" in rules(races(city, first))


def test_a_reversal_forgotten_beside_its_original_is_seen_in_the_books(city, stubbed):
    stub = stubbed()
    first = reversed_settlement(city)
    stub.mistakes = frozenset({"forgets_reversals"})
    handle, settled = stub.handle, threading.Event()

    def original_first(message):
        # The agency begins with the original, so that its reversal has something to take back.
        if message["infno"] == "2601":
            assert settled.wait(10)
        answer = handle(message)
        settled.set()
        return answer

    stub.handle = original_first
    assert rules(races(city, first)) == []
    found = city.control("POST", "books", {})["findings"]
    assert "accumulators" in [each["rule"] for each in found]
    assert any("没有退回累计" in each["message"]["zh"] for each in found)


def test_persons_at_the_same_time_are_settled_each_by_themselves(city, stubbed):
    stubbed()
    one = reversed_settlement(city)
    other = reversed_settlement(city, city.people[1], disease="M00503")
    way = f"{city.control.prefix}/agencies/{CITY}/messages"

    def together(*messages):
        first, *beside = [{**each, "msgid": ""} for each in messages]
        body = write_json({"message": first, "beside": beside})
        return read_json(city.control.client.open(way, method="POST", data=body, content_type="application/json").data)

    assert together(one, one)["error"]["code"] == "still_running"
    told = together(one, other)
    assert (told["infcode"], told["findings"]) == ("0", [])
    # (1000.00 − 500.00) × 0.90
    assert city.balances()["HIFP"] == Decimal("450.00")
    assert city.balances(city.people[1])["DEDC"] == Decimal("500.00")
    assert city.control("POST", "books", {})["findings"] == []


def test_a_message_is_sent_in_one_way_at_a_time(city, stubbed):
    stubbed()
    assert races(city, {"infno": "5206", "input": {"data": {}}}, at_once=2)["error"]["code"] == "faults"
    query = {"infno": "5206", "input": {"data": {"psn_no": city.person["psn_no"], "cum_ym": ""}}}
    assert races(city, query)["error"]["code"] == "probe_not_reversible"
