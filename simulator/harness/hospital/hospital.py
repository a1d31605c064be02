"""Takes tasks from the board and performs them, message by message; recovers what a crash or a lost answer left."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from simulator.core.errors import SetupError
from simulator.harness.environment.client import ControlRefused, SandboxClient
from simulator.harness.environment.envelope_codec import Sent, read_json
from simulator.harness.hospital.logbook import ANSWERED, DONE, FAILED, REVERSED, TAKEN, Logbook, Message, Task
from simulator.harness.hospital.message_builder import Order, learn, order_of, write_message, write_reversal
from simulator.harness.templates import Template, number_of, template

POLL_S = 0.03
UNKNOWN = "结果未知"
SIGN_IN = number_of("sign_in")
"""Stands in the err_msg of a platform that wants the operator signed in first, whatever else it says."""
REVERSAL = number_of("reverse")
_LONGEST_PAUSE_S = 2.0
WriteMessage = Callable[[Logbook, Order], Message | None]
"""Function that writes the message of an act; None where the act is left out."""
WriteReversal = Callable[[Logbook, Message, str, Mapping[str, Any]], tuple[str, bytes]]
"""Function that writes the reversal of a lost message: its msgid and its bytes."""
Recovery = Callable[[Template], str]
"""Function that decides what follows the lost answer to a transaction."""
REVERSE, REPEAT, ASK_ANEW, GIVE_UP = "reverse", "repeat", "ask_anew", "give_up"
_WAIT_S = 1
"""Seconds that the platform waits for a task to be put on an empty board."""


class GivenUp(Exception):
    """An act could not be performed; the sentence is what the hospital was told."""


def recovery_of(lost: Template) -> str:
    """Recovery after a lost answer: a reversal where there is one, else the effect repeated or the query asked anew."""
    if lost.reversible:
        return REVERSE
    return REPEAT if lost.effect else ASK_ANEW


@dataclass(slots=True)
class ReferenceHospital:
    """The institutions of some areas as one process."""

    sandbox: SandboxClient
    book: Logbook
    cities: tuple[str, ...]
    patience_s: float
    """Seconds of trying before an act is given up."""
    tell: Callable[[str, str, str], None]
    """Callback for each task: its title, its state, and the message about it."""
    write: WriteMessage = write_message
    write_back: WriteReversal = write_reversal
    recovery: Recovery = recovery_of

    def run(self, forever: Callable[[], bool] = lambda: True) -> None:
        """Recovers, then serves the board as long as `forever` holds."""
        recovered = False
        while forever():
            taken = False
            try:
                if not recovered:
                    self.recover()
                    recovered = True
                for task in self._open_tasks():
                    taken = self._take(task) or taken
            except SetupError:
                # A sandbox that is being reset, or a platform that restarts: the board is back in a moment.
                taken = False
            if not taken:
                # Tasks of others are answered at once, again and again.
                time.sleep(POLL_S)

    def recover(self) -> None:
        """After a crash: reverses settlements whose answer never came, then goes on with what was begun."""
        for message in self.book.unanswered():
            if template(message.infno).reversible:
                try:
                    self._reverse(message)
                except GivenUp as error:
                    self.tell(f"{REVERSAL} {message.msgid}", FAILED, str(error))
        for task in self.book.unfinished():
            if self._still_mine(task):
                self._perform(task)
            else:
                self.book.end_task(task.reference, FAILED)

    def _open_tasks(self) -> list[dict[str, Any]]:
        tasks = self.sandbox.control("GET", f"tasks?role=hospital&state=open&wait={_WAIT_S}")["tasks"]
        return [each for each in tasks if self._is_ours(each)]

    def _is_ours(self, task: Mapping[str, Any]) -> bool:
        data = task.get("data") or {}
        place = data.get("institution") or {}
        named = "steps" in data and "reference" in data and "area" in place
        return named and ("all" in self.cities or place["area"] in self.cities)

    def _take(self, task: Mapping[str, Any]) -> bool:
        try:
            self.sandbox.control("PUT", f"tasks/{task['id']}", {"state": TAKEN})
        except ControlRefused:
            # Somebody else was quicker.
            return False
        mine = Task(str(task["data"]["reference"]), int(task["id"]), dict(task), 0, TAKEN)
        self.book.take(mine)
        self._perform(mine)
        return True

    def _perform(self, task: Task) -> None:
        data = task.body["data"]
        title = str((task.body.get("title") or {}).get("zh") or task.body["act"])
        try:
            for step, act in enumerate(data["steps"]):
                if step >= task.step:
                    self._act(order_of(self.book, act, data["institution"], task.reference, step))
        except GivenUp as error:
            self._end(task, FAILED, title, str(error))
            return
        self._end(task, DONE, title, "")

    def _end(self, task: Task, state: str, title: str, said: str) -> None:
        self.book.end_task(task.reference, state)
        self.tell(title, state, said)
        try:
            self.sandbox.control("PUT", f"tasks/{task.number}", {"state": state, "note": said[:2000]})
        except SetupError:
            # The board was emptied meanwhile; what was done is done.
            return

    def _act(self, order: Order) -> None:
        """Performs one act until it is answered; raises GivenUp when it is refused or the patience is over."""
        deadline = time.monotonic() + self.patience_s
        pause = POLL_S
        pending = self.book.unanswered(order.task, order.step)
        may_sign_in = order.name not in ("sign_in", "sign_out") and not order.act.get("meant_to_be_refused")
        while True:
            message = pending.pop() if pending else self.write(self.book, order)
            if message is None:
                self.book.conclude("", order.task, order.step, order.reference, order.visit)
                return
            self.book.begin(message)
            sent = self.sandbox.send(message.infno, message.msgid, message.raw)
            told = str(sent.body.get("err_msg") or sent.problem)
            unknown = sent.lost or told.startswith(UNKNOWN)
            if not unknown and may_sign_in and str(sent.body.get("infcode")) != "0" and SIGN_IN in told:
                may_sign_in = False
                self.book.end(message.msgid, ANSWERED)
                self._sign_in(order)
                continue
            if not unknown:
                self._conclude(order, message, sent, told)
                return
            if time.monotonic() > deadline:
                raise GivenUp(told)
            next_act = self.recovery(template(order.infno))
            if next_act == GIVE_UP:
                self.book.end(message.msgid, ANSWERED)
                raise GivenUp(told)
            if next_act == REVERSE:
                self._reverse(message)
            elif next_act == REPEAT:
                pending = [message]
            else:
                self.book.end(message.msgid, ANSWERED)
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    def _sign_in(self, order: Order) -> None:
        """Signs in anew, as at the beginning of a day; whatever comes of it, the act is sent once more."""
        signing = replace(order, act={**order.act, "act": "sign_in", "infno": SIGN_IN, "fields": {}}, task="")
        message = self.write(self.book, signing)
        if message is None:
            return
        self.book.begin(message)
        sent = self.sandbox.send(message.infno, message.msgid, message.raw)
        self.book.end(message.msgid, ANSWERED)
        if str(sent.body.get("infcode")) == "0":
            learn(self.book, signing, message, sent.body)

    def _conclude(self, order: Order, message: Message, sent: Sent, told: str) -> None:
        if str(sent.body.get("infcode")) != "0":
            self.book.end(message.msgid, ANSWERED)
            raise GivenUp(told)
        learn(self.book, order, message, sent.body)
        self.book.conclude(message.msgid, order.task, order.step, order.reference, order.visit)

    def _reverse(self, lost: Message) -> None:
        """Sends 2601 for a message again and again until it is answered; a refusal is final and is told."""
        head = read_json(lost.raw)
        place = {"code": lost.place, "name": head["fixmedins_name"], "area": head["mdtrtarea_admvs"]}
        deadline = time.monotonic() + self.patience_s
        pause = POLL_S
        while True:
            number, raw = self.write_back(self.book, lost, str(head["inf_time"]), place)
            sent = self.sandbox.send(REVERSAL, number, raw)
            if not sent.lost:
                break
            if time.monotonic() > deadline:
                raise GivenUp(sent.problem)
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)
        if str(sent.body.get("infcode")) != "0":
            self.book.end(lost.msgid, ANSWERED)
            raise GivenUp(str(sent.body.get("err_msg") or ""))
        self.book.end(lost.msgid, REVERSED)

    def _still_mine(self, task: Task) -> bool:
        try:
            tasks = self.sandbox.control("GET", "tasks?role=hospital&state=taken")["tasks"]
        except ControlRefused:
            return False
        return any(each["id"] == task.number and each["data"].get("reference") == task.reference for each in tasks)
