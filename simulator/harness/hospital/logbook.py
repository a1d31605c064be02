"""Logbook of the hospital, written before sending and after the answer; survives `kill -9` at any moment."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from simulator.core.errors import SetupError
from simulator.core.texts import text
from simulator.harness.execution.journey import Batch, VisitRecord

SENT, ANSWERED, REVERSED = "sent", "answered", "reversed"
TAKEN, DONE, FAILED = "taken", "done", "failed"

_TABLES = """
create table if not exists sent (msgid text primary key, infno text not null, act text not null, task text not null,
  step integer not null, psn_no text not null, place text not null, insured_area text not null, raw blob not null,
  state text not null);
create table if not exists visit (reference text primary key, held text not null);
create table if not exists task (reference text primary key, number integer not null, body text not null,
  step integer not null, state text not null);
create table if not exists fact (name text primary key, value text not null);
"""


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was about to be sent, and what became of it."""

    msgid: str
    infno: str
    act: str
    task: str
    step: int
    psn_no: str
    place: str
    insured_area: str
    raw: bytes
    state: str = SENT


@dataclass(frozen=True, slots=True)
class Task:
    """A task that the hospital has taken, and the step it has come to."""

    reference: str
    number: int
    body: dict[str, Any]
    step: int
    state: str


class Logbook:
    """Logbook in an SQLite file; every method is a transaction."""

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(folder / "hospital.sqlite", isolation_level=None)
            self._file.execute("pragma journal_mode=wal")
            # A killed process loses nothing by this; waiting for the disk was half of the time that a visit took.
            self._file.execute("pragma synchronous=normal")
            self._file.executescript(_TABLES)
        except (OSError, sqlite3.Error) as error:
            raise SetupError(text("hospital.no_book", path=folder, problem=error)) from None

    def close(self) -> None:
        self._file.close()

    def take(self, task: Task) -> None:
        """Notes a task as taken."""
        values = (task.reference, task.number, json.dumps(task.body), task.step, task.state)
        self._run("insert or replace into task values (?, ?, ?, ?, ?)", values)

    def unfinished(self) -> list[Task]:
        """Tasks that were taken and not ended, as after a crash."""
        rows = self._all("select * from task where state = ? order by number", (TAKEN,))
        return [Task(reference, number, json.loads(body), step, state) for reference, number, body, step, state in rows]

    def end_task(self, reference: str, state: str) -> None:
        self._run("update task set state = ? where reference = ?", (state, reference))

    def begin(self, message: Message) -> None:
        """Notes a message before its first byte leaves."""
        m = message
        values = (m.msgid, m.infno, m.act, m.task, m.step, m.psn_no, m.place, m.insured_area, m.raw, SENT)
        self._run("insert or replace into sent values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)

    def unanswered(self, task: str = "", step: int = -1) -> list[Message]:
        """Messages whose outcome is unknown: of one step, or all of them."""
        where, values = ("", ()) if not task else (" and task = ? and step = ?", (task, step))
        rows = self._all(f"select * from sent where state = 'sent'{where} order by rowid", values)
        return [Message(*row) for row in rows]

    def end(self, msgid: str, state: str) -> None:
        self._run("update sent set state = ? where msgid = ?", (state, msgid))

    def conclude(self, msgid: str, task: str, step: int, reference: str, visit: VisitRecord | None) -> None:
        """The answer came: message, visit and the task's next step, together or not at all."""
        with self._file:
            self._file.execute("begin immediate")
            self._file.execute("update sent set state = ? where msgid = ?", (ANSWERED, msgid))
            self._file.execute("update task set step = ? where reference = ?", (step + 1, task))
            if visit is not None:
                held = json.dumps(asdict(visit), default=str)
                self._file.execute("insert or replace into visit values (?, ?)", (reference, held))

    def visit(self, reference: str) -> VisitRecord | None:
        """A visit by the board's reference."""
        rows = self._all("select held from visit where reference = ?", (reference,))
        if not rows:
            return None
        held = json.loads(rows[0][0])
        batches = {name: Batch(**each) for name, each in held.pop("batches").items()}
        return VisitRecord(**held, batches=batches)

    def fact(self, name: str) -> Any:
        """Fact remembered under a name; None when there is none."""
        rows = self._all("select value from fact where name = ?", (name,))
        return json.loads(rows[0][0]) if rows else None

    def remember(self, name: str, value: Any) -> None:
        self._run("insert or replace into fact values (?, ?)", (name, json.dumps(value, default=str)))

    def next_serial(self) -> int:
        """A number that was never given out before, not even before a crash."""
        serial = int(self.fact("serial") or 0) + 1
        self.remember("serial", serial)
        return serial

    def _run(self, statement: str, values: tuple[Any, ...]) -> None:
        self._file.execute(statement, values)

    def _all(self, statement: str, values: tuple[Any, ...]) -> list[Any]:
        with closing(self._file.execute(statement, values)) as found:
            return found.fetchall()


def given(values: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The named values that are there."""
    return {name: values[name] for name in names if values.get(name)}
