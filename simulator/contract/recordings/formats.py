"""Tells what a file is by what stands in it, and reads its legs in order."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from simulator.contract.recordings.exports import legs_within
from simulator.contract.recordings.har import is_har, legs_of_har
from simulator.contract.recordings.log_lines import is_log, legs_of_log
from simulator.contract.recordings.platform_journal import is_entry, is_journal, legs_of_entry, legs_of_journal
from simulator.contract.recordings.recorded_legs import (
    LARGEST_LINE,
    Broken,
    RecordedLeg,
    Where,
    direction_of,
    item_lines,
    read_text,
)
from simulator.core.json_codec import NotAMessage, characters, read_json
from simulator.core.texts import text

LARGEST_WHOLE = 512 * 1024 * 1024
_PEEK = 256 * 1024
_BOM = b"\xef\xbb\xbf"

Advance = Callable[[int], object]


def legs_of(path: Path, advance: Advance = lambda _: None) -> Iterator[RecordedLeg | Broken]:
    """Every leg of a file in its order; `advance` is told how many bytes were read."""
    name = str(path)
    with path.open("rb") as file:
        if path.suffix.lower() in (".jsonl", ".ndjson") or _is_lines(file):
            yield from _lines(file, name, advance)
            return
        size = path.stat().st_size
        if size > LARGEST_WHOLE:
            sentence = text("contract.too_large_whole", size=size, limit=LARGEST_WHOLE)
            yield Broken(Where(name, 1), "not_json", sentence)
            return
        raw = file.read().removeprefix(_BOM)
        advance(size)
        if not _is_json(raw) and is_log(raw[:_PEEK]):
            del raw
            file.seek(0)
            yield from legs_of_log(file, name)
            return
    yield from _whole(raw, name)


def _is_json(raw: bytes) -> bool:
    """True where a text begins as JSON does; a later break makes the text broken JSON, not a log."""
    return raw.lstrip()[:1] in (b"{", b"[")


def _is_lines(file: IO[bytes]) -> bool:
    """JSON Lines have a whole value on the first line and something behind it."""
    head = file.read(_PEEK)
    file.seek(0)
    first, newline, rest = head.removeprefix(_BOM).partition(b"\n")
    if not newline or not rest.strip():
        return False
    try:
        json.loads(first)
    except ValueError:
        return False
    return True


def _lines(file: IO[bytes], name: str, advance: Advance) -> Iterator[RecordedLeg | Broken]:
    number = 0
    while raw := file.readline(LARGEST_LINE + 1):
        number += 1
        where = Where(name, number)
        advance(len(raw))
        if len(raw) > LARGEST_LINE:
            yield Broken(where, "not_json", text("contract.line_too_long", limit=LARGEST_LINE))
            while raw and not raw.endswith(b"\n"):
                raw = file.readline(LARGEST_LINE)
                advance(len(raw))
            continue
        raw = raw.removeprefix(_BOM) if number == 1 else raw
        if raw.strip():
            yield from _line(raw, where)


def _line(raw: bytes, where: Where) -> Iterator[RecordedLeg | Broken]:
    value = read_text(raw.strip(), where)
    if isinstance(value, Broken):
        yield value
        return
    direction = direction_of(value)
    if is_entry(value):
        yield from legs_of_entry(value, where, where.line)
    elif direction is not None:
        yield RecordedLeg(where, direction, value, len(raw))
    else:
        yield Broken(where, "not_a_message", text("contract.not_a_message"))


def _whole(raw: bytes, name: str) -> Iterator[RecordedLeg | Broken]:
    where = Where(name, 1)
    try:
        value = read_json(raw, largest=LARGEST_WHOLE)
    except NotAMessage as error:
        yield Broken(Where(name, _line_of_error(raw)), "not_json", error.text)
        return
    written = raw.decode("utf-8")
    if is_har(value):
        yield from legs_of_har(value, name, written)
    elif is_journal(value):
        yield from legs_of_journal(value, name, written)
    elif isinstance(value, list) and value and any(direction_of(each) for each in value):
        yield from _listed(value, name, written)
    elif is_entry(value):
        yield from legs_of_entry(value, where, 0)
    elif direction_of(value) is not None:
        yield RecordedLeg(Where(name, 1, "", written), str(direction_of(value)), value, len(written))
    else:
        found = list(legs_within(value, name, written))
        yield from found or [Broken(where, "not_a_message", text("contract.not_a_message"))]


def _listed(values: list[Any], file: str, written: str) -> Iterator[RecordedLeg | Broken]:
    for number, (value, line) in enumerate(zip(values, item_lines(written, ""), strict=True)):
        place = Where(file, line, f"/{number}")
        direction = direction_of(value)
        if direction is None:
            yield Broken(place, "not_a_message", text("contract.not_a_message"))
        else:
            yield RecordedLeg(place, direction, value, characters(value))


def _line_of_error(raw: bytes) -> int:
    try:
        json.loads(raw)
    except json.JSONDecodeError as error:
        return error.lineno
    except (ValueError, RecursionError):
        return 1
    return 1
