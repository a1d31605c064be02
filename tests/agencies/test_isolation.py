"""One agency that hangs holds up neither local traffic nor another agency, nor does it take every thread."""

import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from concurrent.futures import wait as wait_for
from pathlib import Path
from typing import Any

import pytest

from simulator.server.serving import free_port
from tests.agencies.conftest import ANY_PRICE, City, plain
from tests.agencies.peers import Peer, request_of
from tests.agencies.processes import ROOT, Client
from tests.agencies.stub_agency import StubAgency, serve
from tests.support.hospital import Control, Hospital, Visit

THREADS = 12
"""Of the platform; a third of them may wait for one agency."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Client]:
    """`nhsa-sim serve` as a process of its own."""
    port = free_port()
    command = [sys.executable, "-m", "simulator", "serve", "--port", str(port), "--store", str(tmp_path / "store")]
    process = subprocess.Popen(
        [*command, "--threads", str(THREADS)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        client = Client(port)
        while not listens(port):
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            threading.Event().wait(0.05)
        yield client
    finally:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Silent:
    """An agency that takes messages and answers none of them; `came` counts them."""

    def __init__(self) -> None:
        self.came = 0
        self.changed = threading.Condition()
        self.peer = Peer(self._play)

    def _play(self, connection: socket.socket, over: threading.Event) -> None:
        request_of(connection)
        with self.changed:
            self.came += 1
            self.changed.notify_all()
        over.wait()

    def until(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.came >= count, timeout=20), self.came


@pytest.fixture
def silent() -> Iterator[Silent]:
    made = Silent()
    yield made
    made.peer.close()


def patients(control: Control, area: str, count: int) -> list[dict[str, Any]]:
    filed = [{"place": "110000", "group": "resettled_retiree", "from": "2025-01-01", "channel": "app"}]
    listed = [{"disease": "M07800", "from": "2025-01-01"}]
    return [control.person(insured_at=area, registrations=listed, filings=filed) for _ in range(count)]


def charged(hospital: Hospital, person: dict[str, Any]) -> Visit:
    visit = hospital.visit(person)
    assert visit.charge(visit.line(1, ANY_PRICE, "1", "1000.00")).ok
    return visit


def test_a_hanging_agency_holds_up_nobody_else(served, silent, running):
    control, hospital = Control(served), Hospital(served)
    control.now("2025-03-10T09:00:00+08:00")
    stuck = [charged(hospital, each) for each in patients(control, "230900", 20)]
    others = [charged(hospital, each) for each in patients(control, "653200", 6)]
    simulated = [charged(hospital, each) for each in patients(control, "330100", 6)]
    stub = StubAgency(plain([each.person for each in others]), area="653200")
    control("PUT", "agencies/230900", {"url": silent.peer.url, "timeout_s": 60})
    control("PUT", "agencies/653200", {"url": running(serve(stub)), "timeout_s": 10})
    # Each visit writes its own msgid, so the calls may go at once.
    with ThreadPoolExecutor(20) as calls:
        pending = [calls.submit(visit.settle, "1000.00") for visit in stuck]
        silent.until(THREADS // 3)
        busy = [each.result() for each in as_completed_at_least(pending, len(stuck) - THREADS // 3)]
        assert all("已达上限 4 笔，本次未发出" in each.err_msg for each in busy), [each.err_msg for each in busy]
        answered = [visit.settle("1000.00") for visit in (*others, *simulated)]
        assert all(each.ok for each in answered), [each.body for each in answered]
        assert control("GET", "clock")["running"] is False
        # Not one of the hanging calls has come back meanwhile.
        assert sum(not each.done() for each in pending) == THREADS // 3
        assert silent.came == THREADS // 3
        silent.peer.close()
        assert all(each.result().err_msg.startswith("结果未知") for each in pending if each.result() not in busy)
    assert control.audit()["differences"] == []
    metrics = served.open("/metrics").text
    assert re.search(r"nhsa_sim_defects_total 0", metrics), metrics[:500]


def as_completed_at_least(pending: list[Any], count: int) -> list[Any]:
    """The first so many that are done."""
    found = []
    for each in as_completed(pending, timeout=20):
        found.append(each)
        if len(found) == count:
            break
    return found


def test_the_same_message_sent_twice_waits_for_the_first_and_gets_its_answer(city, running):
    held, released = threading.Event(), threading.Event()

    class Slow(StubAgency):
        def handle(self, message: dict[str, Any]) -> dict[str, Any]:
            if message["infno"] == "2207A":
                held.set()
                released.wait(20)
            return super().handle(message)

    stub = Slow(plain(city.people))
    city.register(running(serve(stub)))
    visit = city.visit()
    message = city.hospital.envelope("2207A", {"data": visit.settlement_input("1000.00")})
    with ThreadPoolExecutor(3) as calls:
        first = calls.submit(city.hospital.post, message)
        assert held.wait(10)
        again = calls.submit(city.hospital.post, message)
        other = calls.submit(visit.preview, "1000.00")
        assert not wait_for([first, again, other], timeout=0.2).done
        # Somebody else is not held up.
        assert city.hospital.identify(city.people[1]).ok
        released.set()
        assert first.result().ok
        assert again.result().body == first.result().body
        assert "已于" in other.result().err_msg
    assert len([each for each in stub.seen if each["infno"] == "2207A"]) == 1


def test_another_settlement_of_the_person_waits_its_turn(city, running):
    """Two visits of one person settle at once: the deductible is taken once, and nobody has to guess the order."""
    held, released = threading.Event(), threading.Event()

    class Slow(StubAgency):
        def handle(self, message: dict[str, Any]) -> dict[str, Any]:
            if message["infno"] == "2207A" and not held.is_set():
                held.set()
                released.wait(20)
            return super().handle(message)

    city.register(running(serve(Slow(plain(city.people)))))
    one, other = city.visit(), city.visit()
    with ThreadPoolExecutor(2) as calls:
        first = calls.submit(one.settle, "1000.00")
        assert held.wait(10)
        second = calls.submit(other.settle, "1000.00")
        assert not wait_for([second], timeout=0.2).done
        released.set()
        taken = [each.result().setlinfo["act_pay_dedc"] for each in (first, second)]
    assert taken == [500, 0]
    assert city.errors() == []


def test_an_agency_that_is_down_leaves_nothing_behind(city):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    city.register(f"http://127.0.0.1:{port}/")
    visit = city.visit()
    message = city.hospital.envelope("2207A", {"data": visit.settlement_input("1000.00")})
    answer = city.hospital.post(message)
    assert "没有应答（连不上" in answer.err_msg
    assert city.outbox() == []
    assert city.error_rules() == []
    # Nothing was sent, so the same message may simply come again when the agency is up.
    city.control("DELETE", "agencies/230900")
    assert city.hospital.post(message).ok


def test_a_dead_agency_does_not_hold_up_the_reversals_of_another(stages, running, silent):
    stage = stages()
    city = City(stage, patients(stage.control, "230900", 3) + patients(stage.control, "653200", 1))
    stub = StubAgency(plain(city.people[3:]), area="653200")
    stage.control("PUT", "agencies/653200", {"url": running(serve(stub)), "timeout_s": 5})
    stage.control("PUT", "agencies/230900", {"url": silent.peer.url, "timeout_s": 0.2})
    for person in city.people:
        city.fault("drop_before" if person["insured_at"] == "230900" else "drop_after_commit", "2207A")
        assert city.visit(person=person).settle("1000.00").err_msg.startswith("结果未知")
    assert city.run_outbox() == {"acknowledged": 1, "waiting": 3}
    # After one silence the other two of the dead agency were left alone.
    assert silent.came == 1
    assert [each["attempts"] for each in city.outbox()] == [1, 0, 0]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "ftp://127.0.0.1/"}, "agency_url"),
        ({"url": "http://user:word@127.0.0.1/"}, "agency_url_user"),
        ({"url": "http://10.0.0.7:8200/"}, "agency_url_target"),
        ({"url": "http://127.0.0.1/", "edition": "hunan"}, "faults"),
        ({"url": "http://127.0.0.1/", "timeout_s": 0}, "faults"),
        ({"url": "http://127.0.0.1/", "capabilities": {"clok": "own"}}, "faults"),
    ],
)
def test_an_agency_that_must_not_be_called_is_not_registered(city, body, code):
    refused = city.control("PUT", "agencies/230900", body, status=400)
    assert refused["error"]["code"] == code
    assert city.control("GET", "agencies")["agencies"] == []
