"""The registry of control calls, and what each is given."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from simulator.core.clock import from_iso
from simulator.core.errors import DataFault, DataFaults, refuse
from simulator.core.money import NotAnAmount, to_fen
from simulator.core.schema_errors import Shape, faults_of, load_schema
from simulator.core.texts import text
from simulator.platform import Platform
from simulator.sandbox.sandboxes import Sandbox
from simulator.store import people
from simulator.store.unit_of_work import UnitOfWork

MOST_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Asking:
    """One control call: the platform, the sandbox it is about, body, parts of the path, and query."""

    platform: Platform
    found: Sandbox | None
    body: Any
    parts: Mapping[str, str]
    query: Mapping[str, str]

    @property
    def sandbox(self) -> Sandbox:
        assert self.found is not None
        return self.found

    def checked(self, name: str) -> dict[str, Any]:
        """The body, when it has the shape `name` of bodies.schema.json; raises DataFaults with paths."""
        faults = faults_of(self.body, _shape(name))
        if faults:
            raise DataFaults(faults)
        body: dict[str, Any] = self.body
        return body

    def asked(self, *names: str) -> dict[str, str]:
        """The query, which may hold these names only; absent ones are blank."""
        unknown = [name for name in self.query if name not in names]
        if unknown:
            sentence = text("control.unknown_query", name=unknown[0], allowed=", ".join(names) or "-")
            raise DataFaults([DataFault(sentence, unknown[0])])
        return {name: self.query.get(name, "") for name in names}

    def person(self, work: UnitOfWork, *, lock: bool = False) -> people.KnownPerson:
        known = people.load(work, self.parts["psn_no"], lock=lock)
        if known is None:
            raise refuse("person_unknown", path="psn_no", psn_no=self.parts["psn_no"])
        return known


ControlHandler = Callable[[Asking], Any]
CALLS: list[tuple[str, str, ControlHandler, bool]] = []


def call(method: str, rule: str, *, of_platform: bool = False) -> Callable[[ControlHandler], ControlHandler]:
    """Registers a control call; one of the platform is about no sandbox."""

    def register(handler: ControlHandler) -> ControlHandler:
        CALLS.append((rule, method, handler, of_platform))
        return handler

    return register


def number_of(written: str, default: int = 0, path: str = "after") -> int:
    """A whole number of a query; raises DataFaults."""
    if not written:
        return default
    if not (written.isascii() and written.isdigit() and len(written) < 16):
        raise DataFaults([DataFault(text("control.not_a_number", got=written), path)])
    return int(written)


def seconds_of(written: str, path: str) -> float:
    """Seconds of a query, 0 when blank; raises DataFaults."""
    if not written:
        return 0.0
    if not re.fullmatch(r"[0-9]{1,6}([.][0-9]{1,3})?", written, re.ASCII):
        raise DataFaults([DataFault(text("control.not_seconds", got=written), path)])
    return float(written)


def id_of(written: str) -> int | None:
    """The id of a row in a path; None for what can be none."""
    return int(written) if written.isascii() and written.isdigit() and len(written) < 19 else None


def limit_of(written: str, default: int = 100) -> int:
    """A number of rows, at most MOST_ROWS."""
    return min(number_of(written, default, "limit"), MOST_ROWS)


def day_of(written: str, path: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise DataFaults([DataFault(text("control.not_a_day", got=written), path)]) from None


def moment_of(written: str, path: str) -> datetime:
    """A Beijing moment of this century; ages, years and periods are counted back and forth from it."""
    try:
        moment = from_iso(written)
        if moment.year // 100 == 20:
            return moment
    except (ValueError, OverflowError):
        pass
    raise DataFaults([DataFault(text("control.not_a_time", got=written), path)])


def fen_of(written: str, path: str) -> int:
    try:
        return to_fen(written)
    except NotAnAmount:
        raise DataFaults([DataFault(text("control.not_an_amount", got=written), path)]) from None


@cache
def _shape(name: str) -> Shape:
    schema = load_schema("simulator.control", "bodies.schema.json")
    return Shape({"$ref": f"#/definitions/{name}", "definitions": schema["definitions"]})
