"""The platform's journal, as `GET /_sim/messages` answers it: both legs of every message, as text."""

from collections.abc import Iterator, Sequence
from typing import Any

from simulator.contract.recordings.recorded_legs import (
    HOSPITAL,
    Broken,
    RecordedLeg,
    Spoken,
    Where,
    direction_of,
    item_lines,
    read_text,
)


def is_journal(value: Any) -> bool:
    """A list of entries with `request` and `answer`, bare or under `messages`."""
    entries = value.get("messages") if isinstance(value, dict) else value
    return isinstance(entries, list) and bool(entries) and all(is_entry(entry) for entry in entries)


def is_entry(value: Any) -> bool:
    """True for an object with a `request`; an object that also names its infno needs an answer or response as well."""
    if not isinstance(value, dict) or "request" not in value:
        return False
    return "answer" in value or "response" in value or "infno" not in value


def legs_of_journal(value: Any, file: str, written: str) -> Iterator[RecordedLeg | Broken]:
    """The legs of every entry, each on the line on which its entry begins."""
    above = "/messages" if isinstance(value, dict) else ""
    entries: Sequence[Any] = value["messages"] if isinstance(value, dict) else value
    for number, (entry, line) in enumerate(zip(entries, item_lines(written, above), strict=True)):
        yield from legs_of_entry(entry, Where(file, line, f"{above}/{number}"), number)


def legs_of_entry(entry: dict[str, Any], where: Where, number: int) -> Iterator[RecordedLeg | Broken]:
    """Request and answer of one entry; either may be text or JSON already, and an answer may be missing.

    `nhsa-sim rehearse --record` also says in each entry of which sandbox it is, and how it was spoken.
    """
    side = str(entry.get("leg") or HOSPITAL)
    strict = entry.get("strict")
    sandbox, edition = (str(entry.get(name) or "") for name in ("sandbox", "edition"))
    spoken = Spoken(sandbox, edition, strict if isinstance(strict, bool) else None)
    rules = _rules(entry.get("findings"))
    for name, direction in (("request", "in"), ("answer", "out")):
        said = entry.get(name, entry.get("response")) if name == "answer" else entry[name]
        place = Where(where.file, where.line, f"{where.pointer}/{name}")
        if said in (None, ""):
            continue
        value = read_text(said, place) if isinstance(said, str) else said
        if isinstance(value, Broken):
            yield value
        elif direction_of(value) == direction:
            size = len(said) if isinstance(said, str) else 0
            yield RecordedLeg(place, direction, value, size, number, side, str(entry.get("infno") or ""), spoken, rules)


def _rules(findings: Any) -> tuple[str, ...]:
    listed = findings if isinstance(findings, list) else []
    errors = [each for each in listed if isinstance(each, dict) and each.get("severity") == "error"]
    return tuple(dict.fromkeys(str(each.get("rule") or "") for each in errors))
