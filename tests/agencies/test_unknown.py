"""An outcome that nobody knows: what is refused meanwhile, what is carried on, what ends it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from simulator.agencies.outbox import worker
from simulator.agencies.outbox.acknowledgements import MAX_BACKOFF_S
from simulator.platform import create_platform
from simulator.store import tables
from tests.agencies.bodies import referral, registration, withdrawal
from tests.agencies.conftest import ANY_PRICE, plain
from tests.agencies.stub_agency import StubAgency, serve


def settlement_message(city, visit, total="1000.00"):
    return city.hospital.envelope("2207A", {"data": visit.settlement_input(total)})


def seen(stub, infno):
    return [each["msgid"] for each in stub.seen if each["infno"] == infno]


def test_everything_of_the_visit_is_refused_and_nothing_of_another(city, stubbed):
    stubbed()
    visit, another = city.visit(), city.visit()
    settled = another.settle("1000.00").setlinfo
    city.charge(another, "100.00", batch="B2", first=2)
    city.fault("drop_before", "2207A")
    assert another.settle("100.00", batch="B2").err_msg.startswith("结果未知")
    refused = [
        another.charge(another.line(9, ANY_PRICE, "1", "5.00", batch="B9")),
        another.send("2205", {"data": withdrawal(another)}),
        another.preview("100.00", batch="B2"),
        another.settle("100.00", batch="B2"),
        another.cancel(settled["setl_id"]),
    ]
    assert all(each.err_msg.startswith("结果未知") for each in refused), [each.err_msg for each in refused]
    looked_up = {"psn_no": city.person["psn_no"], "setl_id": settled["setl_id"], "mdtrt_id": another.id}
    assert another.send("5203", {"data": looked_up}).ok
    assert visit.preview("1000.00").ok
    city.run_outbox()
    assert another.settle("100.00", batch="B2").ok
    assert city.errors() == []


def test_the_hospitals_own_reversal_is_recorded_answered_and_carried_on(city, stubbed):
    stub = stubbed()
    visit = city.visit()
    city.fault("drop_after_commit", "2207A")
    message = settlement_message(city, visit)
    city.hospital.post(message)
    assert visit.reverse(message["msgid"], "2207A").ok
    assert seen(stub, "2601") == []
    # Answered at once; the visit waits until the agency has answered too.
    assert visit.preview("1000.00").err_msg.startswith("结果未知")
    assert city.run_outbox() == {"acknowledged": 1, "waiting": 0}
    assert [each.state for each in stub.settlements] == ["reversed"]
    assert "已冲正" in city.hospital.post(message).err_msg
    assert visit.settle("1000.00").ok
    assert city.day_differences() == []


def test_a_reversal_that_overtakes_the_answer_wins(city, running):
    held, released = threading.Event(), threading.Event()

    class Slow(StubAgency):
        def handle(self, message: dict[str, Any]) -> dict[str, Any]:
            if message["infno"] == "2207A" and not held.is_set():
                held.set()
                released.wait(20)
            return super().handle(message)

    stub = Slow(plain(city.people))
    city.register(running(serve(stub)))
    visit = city.visit()
    message = settlement_message(city, visit)
    with ThreadPoolExecutor(1) as calls:
        pending = calls.submit(city.hospital.post, message)
        assert held.wait(10)
        assert visit.reverse(message["msgid"], "2207A").ok
        released.set()
        assert "已冲正" in pending.result().err_msg
    assert [each.state for each in stub.settlements] == ["live"]
    assert city.run_outbox() == {"acknowledged": 1, "waiting": 0}
    assert [each.state for each in stub.settlements] == ["reversed"]
    assert visit.settle("1000.00").setlinfo["act_pay_dedc"] == Decimal(500)
    assert city.errors() == []
    assert city.day_differences() == []


def test_a_refusal_that_a_reversal_overtook_has_nothing_to_reverse(city, running):
    held, released = threading.Event(), threading.Event()

    class Slow(StubAgency):
        def handle(self, message: dict[str, Any]) -> dict[str, Any]:
            if message["infno"] == "2207A":
                held.set()
                released.wait(20)
            return super().handle(message)

    city.register(running(serve(Slow(plain(city.people), frozenset({"refuses_registered"})))))
    visit = city.visit()
    message = settlement_message(city, visit)
    with ThreadPoolExecutor(1) as calls:
        pending = calls.submit(city.hospital.post, message)
        assert held.wait(10)
        assert visit.reverse(message["msgid"], "2207A").ok
        released.set()
        assert "已冲正" in pending.result().err_msg
    assert city.outbox() == []
    assert "已冲正" in city.hospital.post(message).err_msg


def test_a_reversal_without_an_answer_is_recorded_and_repeated_as_it_was(city, stubbed):
    stub = stubbed()
    visit = city.visit()
    message = settlement_message(city, visit)
    assert city.hospital.post(message).ok
    city.fault("drop_before", "2601", times=1)
    reversal = city.hospital.envelope(
        "2601", {"data": {"psn_no": city.person["psn_no"], "omsgid": message["msgid"], "oinfno": "2207A"}}
    )
    assert city.hospital.post(reversal).ok
    assert city.control.audit()["unknown"] == 1
    # Our copy has followed already; the visit waits for the agency.
    assert visit.settle("1000.00").err_msg.startswith("结果未知")
    assert city.hospital.post(reversal).ok
    waiting = city.outbox()[0]["msgid"]
    assert city.run_outbox() == {"acknowledged": 1, "waiting": 0}
    assert seen(stub, "2601") == [waiting]
    assert [each.state for each in stub.settlements] == ["reversed"]
    assert visit.settle("1000.00").ok
    assert city.errors() == []
    assert city.day_differences() == []


@pytest.mark.parametrize("infno", ["2503", "2501"])
def test_a_grant_without_an_answer_is_repeated_until_it_has_one(city, stubbed, infno):
    stub = stubbed()
    body = {"data": registration(city.person, "M08300")} if infno == "2503" else {"refmedin": referral(city.person)}
    message = city.hospital.envelope(infno, body)
    city.fault("drop_after_commit", infno)
    answer = city.hospital.post(message)
    assert answer.err_msg.startswith("结果未知")
    assert "以同一报文重发" in answer.err_msg
    assert city.hospital.post(message).err_msg.startswith("结果未知")
    assert city.run_outbox() == {"acknowledged": 1, "waiting": 0}
    # The same msgid twice, and one row at the agency.
    assert len(seen(stub, infno)) == 2
    assert len(set(seen(stub, infno))) == 1
    recorded = city.hospital.post(message)
    assert recorded.output["result"]["trt_dcla_detl_sn"]
    assert len(seen(stub, infno)) == 2
    if infno == "2503":
        assert city.hospital.send("5301", {"data": {"psn_no": city.person["psn_no"]}}).ok
        received_reply = {"trt_dcla_detl_sn": recorded.output["result"]["trt_dcla_detl_sn"], "memo": "x"}
        city.fault("drop_after_commit", "2504")
        ended = city.hospital.envelope("2504", {"data": received_reply | {"psn_no": city.person["psn_no"]}})
        assert city.hospital.post(ended).err_msg.startswith("结果未知")
        city.run_outbox()
        assert city.hospital.post(ended).ok
        assert city.hospital.send("5301", {"data": {"psn_no": city.person["psn_no"]}}).ok
    assert city.errors() == []


def test_a_grant_that_the_agency_refuses_when_repeated_may_be_sent_again(city, running):
    class Refusing(StubAgency):
        refusing = True

        def handle(self, message: dict[str, Any]) -> dict[str, Any]:
            if message["infno"] == "2503" and self.refusing:
                message = {**message, "infno": "9999"}
            return super().handle(message)

    stub = Refusing(plain(city.people))
    city.register(running(serve(stub)))
    city.fault("drop_before", "2503")
    message = city.hospital.envelope("2503", {"data": registration(city.person, "M08300")})
    assert city.hospital.post(message).err_msg.startswith("结果未知")
    assert city.run_outbox() == {"acknowledged": 0, "waiting": 0}
    stub.refusing = False
    assert city.hospital.post(message).ok


def test_filings_of_the_platform_arrive_in_their_order_however_often_the_line_breaks(city, stubbed):
    stub = stubbed()
    path = f"people/{city.person['psn_no']}/filings"
    body = {"place": "330100", "group": "long_term_resident", "from": "2025-03-01", "channel": "app"}
    city.register("http://127.0.0.1:9/")
    number = city.control("POST", path, body)["id"]
    city.control("DELETE", f"{path}/{number}")
    assert [each["infno"] for each in city.outbox()] == ["SIM-FILING", "SIM-FILING"]
    assert city.run_outbox()["waiting"] == 2
    city.register(stub.url)
    assert city.run_outbox() == {"acknowledged": 2, "waiting": 0}
    states = [each["input"]["data"]["state"] for each in stub.seen if each["infno"] == "SIM-FILING"]
    assert states == ["active", "ended"]
    assert stub.people[0]["filings"][-1]["to"] == "2025-03-09"


def test_a_registration_ended_before_the_agency_knew_of_it_is_ended_there_too(city, stubbed):
    stub = stubbed()
    path = f"people/{city.person['psn_no']}/registrations"
    city.register("http://127.0.0.1:9/")
    number = city.control("POST", path, {"disease": "M08300", "from": "2025-03-01"})["id"]
    assert city.control("DELETE", f"{path}/{number}")["delivery"] == "queued"
    city.register(stub.url)
    assert city.run_outbox() == {"acknowledged": 2, "waiting": 0}
    ended = stub.people[0]["registrations"][-1]
    assert (ended["disease"], ended["to"]) == ("M08300", "2025-03-09")
    assert city.hospital.send("5301", {"data": {"psn_no": city.person["psn_no"]}}).ok
    assert city.errors() == []


def test_a_registration_that_only_the_agency_numbers_is_ended_by_hand(city, stubbed):
    stubbed()
    number = city.person["registrations"][0]["id"]
    ended = city.control("DELETE", f"people/{city.person['psn_no']}/registrations/{number}")
    assert ended["delivery"] == "by_hand"
    (asked,) = city.control("GET", "tasks?role=agency")["tasks"]
    assert asked["data"]["disease"] == "M07800"
    assert asked["data"]["to"] == "2025-03-09"


def test_a_removed_agency_needs_no_delivery_any_more(city):
    city.register("http://127.0.0.1:9/")
    body = {"place": "330100", "group": "long_term_resident", "from": "2025-03-01", "channel": "app"}
    city.control("POST", f"people/{city.person['psn_no']}/filings", body)
    city.control("DELETE", "agencies/230900")
    assert city.run_outbox() == {"acknowledged": 0, "waiting": 0}
    assert city.outbox() == []


def test_waits_double_until_a_minute_and_the_control_call_does_not_wait(city, stubbed):
    stub = stubbed()
    visit = city.visit()
    city.fault("drop_before", "2207A")
    visit.settle("1000.00")
    city.register("http://127.0.0.1:9/")
    platform = city.stage.platform
    waits = []
    for _ in range(8):
        now = platform.forwarding.real_time()
        city.run_outbox()
        with city.stage.sandbox.begin() as (work, _, _clock):
            row = work.find(tables.outbox)[0]
        waits.append(round(row.next_try - now))
    assert waits == [1, 2, 4, 8, 16, 32, MAX_BACKOFF_S, MAX_BACKOFF_S]
    # Left to itself it is not due yet.
    assert worker.run(city.stage.sandbox, platform.forwarding) == 0
    city.register(stub.url)
    assert city.run_outbox() == {"acknowledged": 1, "waiting": 0}


def test_what_is_unknown_of_a_person_leaves_awards_unjudged(city, stubbed):
    stub = stubbed()
    visit, another = city.visit(), city.visit()
    city.fault("drop_after_commit", "2207A")
    visit.settle("1000.00")
    # The city holds a settlement that we do not; its next award is right by its own books.
    assert another.settle("1000.00").setlinfo["act_pay_dedc"] == 0
    assert city.errors() == []
    assert any(each["rule"] == "award.not_judged" for each in city.control.findings(severity="info"))
    city.run_outbox()
    assert [each.state for each in stub.settlements] == ["reversed", "live"]
    assert city.day_differences() == []


@pytest.mark.parametrize("alone", [False, True])
def test_one_more_process_of_a_store_leaves_alone_what_the_first_is_sending(city, stubbed, monkeypatch, alone):
    """Who says that it is alone takes what is in flight for left behind by a crash."""
    stub = stubbed()
    visit = city.visit()
    first = city.stage.platform
    settings = replace(first.settings, alone=alone)

    def meanwhile(point):
        if point == "intent_committed":
            create_platform(settings).close()

    monkeypatch.setattr(first.forwarding, "checkpoint", meanwhile)
    assert visit.settle("1000.00").ok is not alone
    city.run_outbox()
    assert [each.state for each in stub.settlements] == ["reversed" if alone else "live"]
    assert city.errors() == []


FAULTS = (
    *("delay", "refuse", "drop_before", "drop_after_commit", "duplicate", "late"),
    *("truncate", "garble", "wrong_person", "http_500"),
)


@pytest.mark.parametrize("where", ["registered", "simulated"])
@pytest.mark.parametrize("what", FAULTS)
def test_every_fault_of_the_agencys_leg_ends_with_equal_books(city, referred, where, what):
    reference = referred() if where == "registered" else None
    visit = city.visit()
    person = city.person["psn_no"]

    def match_fault(infno, body):
        """The message once under the fault, and again until it is taken."""
        city.fault(what, infno, delay_s=0.01)
        message = city.hospital.envelope(infno, body)
        answer = city.hospital.post(message)
        city.run_outbox()
        city.control("DELETE", "faults")
        if not answer.ok and infno in ("2503", "2601"):
            answer = city.hospital.post(message)
        elif not answer.ok:
            message = city.hospital.envelope(infno, body)
            answer = city.hospital.post(message)
        assert answer.ok, (infno, answer.body)
        return message["msgid"], answer

    match_fault("2206A", {"data": visit.settlement_input("1000.00")})
    _, settled = match_fault("2207A", {"data": visit.settlement_input("1000.00")})
    setl_id = settled.setlinfo["setl_id"]
    match_fault("2208", {"data": {"psn_no": person, "setl_id": setl_id, "mdtrt_id": visit.id}})
    second, settled = match_fault("2207A", {"data": visit.settlement_input("1000.00")})
    assert settled.setlinfo["act_pay_dedc"] == Decimal(500)
    match_fault("2601", {"data": {"psn_no": person, "omsgid": second, "oinfno": "2207A"}})
    match_fault("2503", {"data": registration(city.person, "M08300")})
    assert city.balances() == {}
    registered = city.hospital.send("5301", {"data": {"psn_no": person}}).output["feedetail"]
    assert [row["opsp_dise_code"] for row in registered] == ["M07800", "M08300"]
    assert city.errors() == []
    assert city.control.audit() | {"entries": 0, "settlements": 0} == EVEN
    if reference is not None:
        assert reference.audit().differences == ()
        assert city.day_differences() == []


EVEN = {"balanced": True, "entries": 0, "settlements": 0, "unknown": 0, "differences": []}


def test_an_answer_beyond_the_time_limit_is_reversed_though_the_agency_took_it(city, stubbed):
    stub = stubbed(timeout_s=0.1)
    visit = city.visit()
    city.fault("delay", "2207A", delay_s=0.2)
    assert "0.1 秒内没有应答" in visit.settle("1000.00").err_msg
    city.run_outbox()
    assert [each.state for each in stub.settlements] == ["reversed"]
    # A busy machine may take longer than that for an answer that nobody holds up.
    city.register(stub.url)
    assert visit.settle("1000.00").ok
    assert city.errors() == []


def test_the_simulated_place_is_asked_by_the_same_rules_after_a_lost_answer(city):
    """The hospital's 2601 for what went through the simulated desk takes the old success away for good."""
    visit = city.visit()
    city.fault("delay", "2207A", delay_s=0)
    message = settlement_message(city, visit)
    assert city.hospital.post(message).ok
    city.fault("duplicate", "2601")
    assert visit.reverse(message["msgid"], "2207A").ok
    assert "已冲正" in city.hospital.post(message).err_msg
    assert visit.settle("1000.00").ok
