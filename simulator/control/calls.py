"""Registry of control calls, and readers for their bodies, paths and queries."""

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

MAX_ROWS = 1000


@dataclass(frozen=True, slots=True)
class ControlRequest:
    """Request of a control call: platform, sandbox, body, parts of the path, and query."""

    platform: Platform
    optional_sandbox: Sandbox | None
    body: Any
    path_values: Mapping[str, str]
    query: Mapping[str, str]

    @property
    def sandbox(self) -> Sandbox:
        """Sandbox of the call; calls registered with `of_platform` must not ask for it."""
        assert self.optional_sandbox is not None
        return self.optional_sandbox

    def validated_body(self, name: str) -> dict[str, Any]:
        """Body, validated against the definition `name` of bodies.schema.json; raises DataFaults with paths."""
        faults = faults_of(self.body, _shape(name))
        if faults:
            raise DataFaults(faults)
        body: dict[str, Any] = self.body
        return body

    def query_values(self, *names: str) -> dict[str, str]:
        """Query parameters, blank where absent; raises DataFaults for a name that is not in `names`."""
        unknown = [name for name in self.query if name not in names]
        if unknown:
            sentence = text("control.unknown_query", name=unknown[0], allowed=", ".join(names) or "-")
            raise DataFaults([DataFault(sentence, unknown[0])])
        return {name: self.query.get(name, "") for name in names}

    def today(self) -> date:
        """Trade day of the sandbox; bodies are judged by it before the unit of work that books them."""
        with self.sandbox.begin() as (_, _config, clock):
            return clock.now(self.platform.sandboxes.real_time()).date()

    def person(self, work: UnitOfWork, *, lock: bool = False) -> people.KnownPerson:
        """Person with the psn_no of the path; raises Refusal if unknown."""
        known = people.load(work, self.path_values["psn_no"], lock=lock)
        if known is None:
            raise refuse("person_unknown", path="psn_no", psn_no=self.path_values["psn_no"])
        return known


ControlHandler = Callable[[ControlRequest], Any]
CALLS: list[tuple[str, str, ControlHandler, bool]] = []


def call(method: str, rule: str, *, of_platform: bool = False) -> Callable[[ControlHandler], ControlHandler]:
    """Registers a control call; with `of_platform` it needs no sandbox and has no route under /s/<sandbox>."""

    def register(handler: ControlHandler) -> ControlHandler:
        CALLS.append((rule, method, handler, of_platform))
        return handler

    return register


def number_of(written: str, default: int = 0, path: str = "after") -> int:
    """Reads a whole number of at most 15 digits from a query; raises DataFaults."""
    if not written:
        return default
    # Every integer column of the store holds 15 digits.
    if not (written.isascii() and written.isdigit() and len(written) < 16):
        raise DataFaults([DataFault(text("control.not_a_number", got=written), path)])
    return int(written)


def seconds_of(written: str, path: str) -> float:
    """Reads seconds from a query, 0 if blank; raises DataFaults."""
    if not written:
        return 0.0
    if not re.fullmatch(r"[0-9]{1,6}([.][0-9]{1,3})?", written, re.ASCII):
        raise DataFaults([DataFault(text("control.not_seconds", got=written), path)])
    return float(written)


def id_of(written: str) -> int | None:
    """Reads a row id from a path; None if it is not a number."""
    return int(written) if written.isascii() and written.isdigit() and len(written) < 19 else None


def limit_of(written: str, default: int = 100) -> int:
    """Reads a number of rows from a query, cut to MAX_ROWS; raises DataFaults."""
    return min(number_of(written, default, "limit"), MAX_ROWS)


def day_of(written: str, path: str) -> date:
    """Reads an ISO date; raises DataFaults."""
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise DataFaults([DataFault(text("control.not_a_day", got=written), path)]) from None


def moment_of(written: str, path: str) -> datetime:
    """Reads a Beijing time of the years 2000 to 2099; raises DataFaults."""
    # Ages, years and periods are added and subtracted later, which overflows at the ends of the calendar.
    try:
        moment = from_iso(written)
        if moment.year // 100 == 20:
            return moment
    except (ValueError, OverflowError):
        pass
    raise DataFaults([DataFault(text("control.not_a_time", got=written), path)])


def fen_of(written: str, path: str) -> int:
    """Reads an amount of yuan with at most two decimals as fen; raises DataFaults."""
    try:
        return to_fen(written)
    except NotAnAmount:
        raise DataFaults([DataFault(text("control.not_an_amount", got=written), path)]) from None


@cache
def _shape(name: str) -> Shape:
    schema = load_schema("simulator.control", "bodies.schema.json")
    return Shape({"$ref": f"#/definitions/{name}", "definitions": schema["definitions"]})
