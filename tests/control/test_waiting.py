"""Who waits for a task or a message is answered when it comes, and does not ask again and again."""

import threading

import pytest

from simulator.app import create_app
from simulator.settings import Settings
from tests.support.hospital import Control

TASK = {"role": "hospital", "act": "visit"}
LONG = 15


@pytest.fixture
def another(app):
    """A second process over the same store would have an application like this one."""
    made = create_app(Settings(store=app.extensions["platform"].settings.store, outbox_every_s=0))
    yield made
    made.extensions["platform"].close()


def answered_to(app, path):
    """Asks in a thread of its own; what is answered stands in the list once the thread is done."""
    found = []
    thread = threading.Thread(target=lambda: found.append(Control(app.test_client())("GET", path)))
    thread.start()
    return thread, found


@pytest.mark.parametrize("where", ["here", "in another process"])
def test_a_task_is_told_when_it_is_put_on_the_board(app, another, where):
    thread, found = answered_to(app, f"tasks?role=hospital&state=open&wait={LONG}")
    Control((app if where == "here" else another).test_client())("POST", "tasks", TASK)
    thread.join(LONG - 5)
    assert not thread.is_alive()
    assert [each["act"] for each in found[0]["tasks"]] == ["visit"]


def test_a_message_is_told_when_it_comes(app, control, hospital):
    thread, found = answered_to(app, f"messages?after=0&wait={LONG}")
    hospital.send("9001", {"signIn": {"opter_no": "01", "mac": "00", "ip": "127.0.0.1"}})
    thread.join(LONG - 5)
    assert not thread.is_alive()
    assert [each["infno"] for each in found[0]["messages"]] == ["9001"]


def test_what_does_not_come_is_answered_with_nothing_when_the_time_is_over(control):
    assert control("GET", "tasks?wait=0.05") == {"tasks": []}
    assert control("GET", "messages?wait=0") == {"messages": []}


def test_what_is_there_is_answered_at_once(control):
    control("POST", "tasks", TASK)
    assert len(control("GET", f"tasks?wait={LONG}")["tasks"]) == 1
