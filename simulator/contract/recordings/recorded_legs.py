"""Recorded legs: a request or an answer, with its place in the recording."""

import json
from dataclasses import dataclass
from typing import Any

from simulator.core.json_codec import NotAMessage, read_json
from simulator.core.texts import Text

LARGEST_LINE = 16 * 1024 * 1024
HOSPITAL, AGENCY = "hospital", "agency"


@dataclass(frozen=True, slots=True)
class Where:
    """A file, a line of it, and the JSON pointer inside the file at which the message stands.

    `text` is the file's own text where it is one message, to find the line of a member.
    """

    file: str
    line: int
    pointer: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Spoken:
    """Circumstances stated by a recording: conversation, edition, strictness."""

    sandbox: str = ""
    edition: str = ""
    strict: bool | None = None


UNTOLD = Spoken()


@dataclass(frozen=True, slots=True)
class RecordedLeg:
    """A request (`in`) or an answer (`out`); legs of one exchange share its number where the recording tells."""

    where: Where
    direction: str
    envelope: dict[str, Any]
    size: int
    exchange: int | None = None
    side: str = HOSPITAL
    infno: str = ""
    spoken: Spoken = UNTOLD
    rules: tuple[str, ...] = ()
    """Rules of the error findings on its exchange, where the recording has findings."""


@dataclass(frozen=True, slots=True)
class Broken:
    """Part of a recording that is not a message, with the reason; reading goes on behind it."""

    where: Where
    rule: str
    sentence: Text


def read_text(written: str | bytes, where: Where) -> Any | Broken:
    """Parsed JSON, or why it is none."""
    # A lone surrogate has to reach the JSON reader, which refuses it in a sentence; encoding strictly would raise here.
    raw = written.encode("utf-8", "surrogatepass") if isinstance(written, str) else written
    try:
        return read_json(raw, largest=LARGEST_LINE)
    except NotAMessage as error:
        return Broken(where, "not_json", error.text)


def direction_of(value: Any) -> str | None:
    """`in` for what has infno, `out` for what has infcode, None for what is no envelope."""
    if not isinstance(value, dict):
        return None
    if "infno" in value:
        return "in"
    return "out" if "infcode" in value else None


def line_of(text: str, pointer: str) -> int | None:
    """The line (from 1) at which the member of a pointer begins, or None where the text has no such member."""
    at = _find(text, _skip(text, 0), [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]])
    return None if at is None else text.count("\n", 0, at) + 1


def item_lines(text: str, pointer: str) -> list[int]:
    """The lines on which the items of a list begin, found in one pass."""
    at = _find(text, _skip(text, 0), pointer.split("/")[1:])
    if at is None or text[at : at + 1] != "[":
        return []
    lines: list[int] = []
    line, counted = 1, 0
    at = _skip(text, at + 1)
    while text[at : at + 1] not in ("]", ""):
        line += text.count("\n", counted, at)
        counted = at
        lines.append(line)
        _, at = _decoder.raw_decode(text, at)
        at = _skip(text, at)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
    return lines


_decoder = json.JSONDecoder()


def _find(text: str, at: int, parts: list[str]) -> int | None:
    for part in parts:
        found = _member(text, at, part) if text[at : at + 1] == "{" else _item(text, at, part)
        if found is None:
            return None
        at = found
    return at


def _member(text: str, at: int, name: str) -> int | None:
    at = _skip(text, at + 1)
    while text[at : at + 1] == '"':
        key, at = _decoder.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)
        if key == name:
            return at
        _, at = _decoder.raw_decode(text, at)
        at = _skip(text, at)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
    return None


def _item(text: str, at: int, part: str) -> int | None:
    if text[at : at + 1] != "[" or not part.isdigit():
        return None
    at = _skip(text, at + 1)
    for _ in range(int(part)):
        if text[at : at + 1] in ("]", ""):
            return None
        _, at = _decoder.raw_decode(text, at)
        at = _skip(text, at)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
    return None if text[at : at + 1] in ("]", "") else at


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n\ufeff":
        at += 1
    return at
