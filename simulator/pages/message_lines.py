"""A message as text with numbered lines, and the lines at which something is wrong."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from simulator.contract.export.openapi import plain_json
from simulator.contract.recordings.recorded_legs import line_of


@dataclass(slots=True)
class MarkedLine:
    """Line of a message; `remarks` are the numbers of the remarks on it, `severity` the worst of them."""

    number: int
    written: str
    severity: str = ""
    remarks: list[int] = field(default_factory=list)


def written(value: Any) -> str:
    """A message as a person edits it."""
    return json.dumps(plain_json(value), ensure_ascii=False, indent=2)


def tidy(raw: str) -> str:
    """JSON laid out in lines, every number with its own digits; a text that is not JSON stays unchanged."""
    try:
        return msgspec.json.format(raw, indent=2)
    # Any text may be pasted into the page: broken, nested beyond the stack, or with lone surrogates.
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return raw


def marked(message: str, remarks: Iterable[tuple[int, int, str]]) -> list[MarkedLine]:
    """The lines of a message; a remark is its number, its line and its severity."""
    lines = [MarkedLine(number, line) for number, line in enumerate(message.split("\n"), 1)]
    for number, at, severity in remarks:
        if 1 <= at <= len(lines):
            line = lines[at - 1]
            line.remarks.append(number)
            line.severity = "error" if "error" in (severity, line.severity) else severity
    return lines


def place_of(message: str, pointer: str) -> int:
    """The line of a member, or of the nearest one above it that is there; 0 where the message is no JSON."""
    try:
        json.loads(message)
    except (ValueError, RecursionError):
        return 0
    while pointer:
        found = line_of(message, pointer)
        if found is not None:
            return found
        pointer = pointer.rpartition("/")[0]
    return 1


def filled_for(message: Mapping[str, Any], person: Mapping[str, Any]) -> Any:
    """The message with the identity of a person wherever it has one, shown by certificate; the rest stays."""
    known = {
        **{name: person[name] for name in ("psn_no", "certno", "psn_name", "psn_type", "insutype")},
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": person["certno"],
        "card_sn": "",
        "insuplc_admdvs": person["insured_at"],
    }
    return _with(message, known)


def _with(value: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        return {
            name: known[name] if name in known and isinstance(inner, str) else _with(inner, known)
            for name, inner in value.items()
        }
    return [_with(inner, known) for inner in value] if isinstance(value, list) else value
