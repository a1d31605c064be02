"""Facts that a hospital's message must have right whatever the task: numbers, times, the person's insurance."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from simulator.core.texts import plain, text
from simulator.harness.execution.journal_legs import ObservedLeg
from simulator.harness.execution.matching import Mismatch, compare
from simulator.harness.templates import value_of

_UTC_BEHIND = timedelta(hours=8)
_NEAR = timedelta(minutes=10)
"""Distance at which a time in UTC is recognised."""
_MSGID_OF_INSTITUTION = 12
"""First characters of a msgid, which are the institution's code (national text, msgid)."""


def fact_differences(now_shown: str, planned: Mapping[str, Any], row: ObservedLeg) -> Iterator[Mismatch]:
    """Yields the facts that differ: begin of msgid, inf_time in UTC, insutype, visit and charges in time.

    `now_shown` is the time on the board, `planned` the input of the harness's own hospital.
    """
    message, now = row.said(), _moment(now_shown)
    code, msgid = str(message.get("fixmedins_code") or ""), str(message.get("msgid") or "")
    if msgid and len(code) == _MSGID_OF_INSTITUTION and not msgid.startswith(code):
        yield Mismatch("msgid", text("harness.begins_with", begin=code), plain(msgid), row.infno)
    sent = _moment(message.get("inf_time"))
    if sent is not None and now is not None and abs(sent + _UTC_BEHIND - now) <= _NEAR:
        yield Mismatch("inf_time", text("harness.beijing_time", now=now_shown), plain(str(sent)), row.infno)
    said = message.get("input")
    insutype, wanted = value_of(said, "insutype"), value_of(planned, "insutype")
    if insutype and wanted:
        yield from compare("insutype", wanted, insutype, infno=row.infno)
    begins, due = _moment(value_of(said, "begntime")), _moment(value_of(planned, "begntime"))
    if begins is not None and due is not None and begins.date() > due.date():
        yield Mismatch("begntime", text("harness.not_after", day=due.date()), plain(str(begins)), row.infno)
    charged, first = _first_charge(said), _first_charge(planned)
    if charged is not None and first is not None and charged.date() < first.date():
        wanted_day = text("harness.not_before", day=first.date())
        yield Mismatch("feedetail.fee_ocur_time", wanted_day, plain(str(charged)), row.infno)


def _first_charge(said: Any) -> datetime | None:
    """Earliest time of a charge of an input."""
    rows = value_of(said, "feedetail")
    held = rows if isinstance(rows, list) else []
    times = [_moment(each.get("fee_ocur_time")) for each in held if isinstance(each, Mapping)]
    return min((each for each in times if each is not None), default=None)


def _moment(written: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(written))
    except ValueError:
        return None
