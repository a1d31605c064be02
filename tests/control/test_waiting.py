"""Who waits for a task or a message is answered when it comes, and does not ask again and again."""

import threading

import pytest

from simulator.control import waiting
from simulator.core.settings import Settings
from simulator.sandbox.sandboxes import Changes
from simulator.server.app import create_app
from tests.support.hospital import Control

TASK = {"role": "hospital", "act": "visit"}
SOON_S = 20
"""By then it must have been answered; nothing but being told, or looking again, comes in that time."""


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    monkeypatch.setattr(waiting, "MAX_WAIT_S", 1000.0)


@pytest.fixture
def waits(monkeypatch):
    """Set once somebody waits."""
    event, wait = threading.Event(), Changes.wait

    def told(self, since, timeout_s):
        event.set()
        wait(self, since, timeout_s)

    monkeypatch.setattr(Changes, "wait", told)
    return event


def answered_to(app, path):
    """Asks in a thread of its own; what is answered stands in the list once the thread is done."""
    found = []
    thread = threading.Thread(target=lambda: found.append(Control(app.test_client())("GET", path)), daemon=True)
    thread.start()
    return thread, found


def test_a_task_is_told_when_it_is_put_on_the_board(app, control, waits, monkeypatch):
    monkeypatch.setattr(waiting, "POLL_INTERVAL_S", 1000.0)
    thread, found = answered_to(app, "tasks?role=hospital&state=open&wait=1000")
    assert waits.wait(SOON_S)
    control("POST", "tasks", TASK)
    thread.join(SOON_S)
    assert [each["act"] for each in found[0]["tasks"]] == ["visit"]


def test_a_message_is_told_when_it_comes_and_other_changes_are_no_answer(app, control, hospital, waits, monkeypatch):
    monkeypatch.setattr(waiting, "POLL_INTERVAL_S", 1000.0)
    thread, found = answered_to(app, "messages?after=0&wait=1000")
    assert waits.wait(SOON_S)
    control("POST", "tasks", TASK)
    hospital.send("9001", {"signIn": {"opter_no": "01", "mac": "00", "ip": "127.0.0.1"}})
    thread.join(SOON_S)
    assert [each["infno"] for each in found[0]["messages"]] == ["9001"]


def test_what_another_process_of_the_store_writes_is_found_too(app, control, waits):
    thread, found = answered_to(app, "tasks?wait=1000")
    assert waits.wait(SOON_S)
    other = create_app(Settings(store=app.extensions["platform"].settings.store, outbox_every_s=0, alone=False))
    Control(other.test_client())("POST", "tasks", TASK)
    thread.join(SOON_S)
    other.extensions["platform"].close()
    assert [each["act"] for each in found[0]["tasks"]] == ["visit"]


def test_what_does_not_come_is_answered_with_nothing_when_the_time_is_over(control, waits):
    assert control("GET", "tasks?wait=0.05") == {"tasks": []}
    assert waits.is_set()
    assert control("GET", "messages?wait=0") == {"messages": []}


def test_what_is_there_is_answered_at_once(control, waits):
    control("POST", "tasks", TASK)
    assert len(control("GET", "tasks?wait=1000")["tasks"]) == 1
    assert not waits.is_set()


def test_only_so_many_wait_that_messages_find_a_thread(app, control, waits):
    """A quarter of the threads; who comes after them is answered at once."""
    seats = app.extensions["platform"].waiters
    taken = 0
    while seats.acquire(blocking=False):
        taken += 1
    assert taken == Settings().threads // 4
    assert control("GET", "tasks?wait=1000") == {"tasks": []}
    assert not waits.is_set()
    seats.release()
    assert control("GET", "tasks?wait=0.05") == {"tasks": []}
    assert waits.is_set()
