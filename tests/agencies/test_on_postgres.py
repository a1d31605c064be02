"""Several platform processes on one PostgreSQL: one of them tries a row of the outbox, and leases outlive the dead."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from simulator.core.settings import Settings
from simulator.server.app import create_app
from tests.agencies.conftest import City, of_two_patients, plain
from tests.agencies.stub_agency import StubAgency, serve
from tests.support.hospital import Control, Hospital
from tests.support.stage import Stage

pytestmark = pytest.mark.postgres


@dataclass
class Clock:
    real: float = 1_741_568_400.0

    def __call__(self) -> float:
        return self.real


class Death(BaseException):
    """Ends a process of the test at a checkpoint; nothing of the platform catches it."""


@pytest.fixture
def process(postgres_database: str) -> Iterator[Callable[..., Flask]]:
    """Another process of the same platform."""
    with ExitStack() as opened:

        def start(**parts: Any) -> Flask:
            app = create_app(Settings(store=postgres_database, outbox_every_s=0, check_output=1), **parts)
            opened.callback(app.extensions["platform"].close)
            return app

        yield start


def played_on(app: Flask) -> City:
    control = Control(app.test_client())
    control("POST", "reset", {})
    control.now("2025-03-10T09:00:00+08:00")
    return of_two_patients(Stage(app, "default", control, Hospital(app.test_client())))


def test_a_lost_answer_is_reversed_and_the_books_agree(process, running):
    city = played_on(process())
    stub = StubAgency(plain(city.people))
    city.register(running(serve(stub)))
    visit = city.visit()
    city.fault("drop_after_commit", "2207A")
    assert visit.settle("1000.00").err_msg.startswith("结果未知")
    assert city.run_outbox() == {"acknowledged": 1, "waiting": 0}
    settled = visit.settle("1000.00").setlinfo
    assert visit.cancel(settled["setl_id"]).ok
    assert [each.state for each in stub.settlements] == ["reversed", "cancelled"]
    assert city.day_differences() == []
    assert city.control.audit()["differences"] == []
    assert city.errors() == []


def test_two_processes_never_try_the_same_row_at_once(process, running):
    one, other = process(), process()
    city = played_on(one)
    held, released = threading.Event(), threading.Event()

    class Slow(StubAgency):
        def handle(self, message: dict[str, Any]) -> dict[str, Any]:
            if message["infno"] == "2601":
                held.set()
                released.wait(20)
            return super().handle(message)

    stub = Slow(plain(city.people))
    city.register(running(serve(stub)))
    city.fault("drop_after_commit", "2207A")
    city.visit().settle("1000.00")
    with ThreadPoolExecutor(1) as calls:
        first = calls.submit(city.run_outbox)
        assert held.wait(10)
        assert Control(other.test_client())("POST", "outbox/run", {}) == {"acknowledged": 0, "waiting": 1}
        released.set()
        assert first.result() == {"acknowledged": 1, "waiting": 0}
    assert len([each for each in stub.seen if each["infno"] == "2601"]) == 1


def test_what_a_dead_process_had_in_flight_is_reversed_when_its_lease_is_over(process, running):
    clock = Clock()

    def die(point: str) -> None:
        if point == "answer_received":
            raise Death

    city = played_on(process(clock=clock, checkpoint=die))
    stub = StubAgency(plain(city.people))
    city.register(running(serve(stub)))
    visit = city.visit()
    with pytest.raises(Death):
        visit.settle("1000.00")
    living = Control(process(clock=clock).test_client())
    # The other may still be waiting for its answer: time limit 5 s and a margin of 10 s.
    assert living("POST", "outbox/run", {}) == {"acknowledged": 0, "waiting": 1}
    clock.real += 16
    assert living("POST", "outbox/run", {}) == {"acknowledged": 1, "waiting": 0}
    assert [each.state for each in stub.settlements] == ["reversed"]


def test_two_processes_settle_for_one_person_one_after_the_other(process, running):
    one, other = process(), process()
    city = played_on(one)
    city.register(running(serve(StubAgency(plain(city.people)))))
    visits = [city.visit() for _ in range(4)]
    elsewhere = Hospital(other.test_client())
    for visit in visits[2:]:
        visit.hospital = elsewhere
    messages = [visit.hospital.envelope("2207A", {"data": visit.settlement_input("1000.00")}) for visit in visits]
    for index, message in enumerate(messages):
        message["msgid"] = f"{message['msgid'][:-4]}{9000 + index}"
    with ThreadPoolExecutor(4) as calls:
        answers = list(calls.map(lambda pair: pair[0].hospital.post(pair[1]), zip(visits, messages, strict=True)))
    assert sorted(each.setlinfo["act_pay_dedc"] for each in answers) == [0, 0, 0, 500]
    assert city.errors() == []
    assert city.day_differences() == []
