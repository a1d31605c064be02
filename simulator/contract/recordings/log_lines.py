"""Messages inside the lines of a log or of pasted text: JSON that begins anywhere in a line."""

import json
import re
from collections.abc import Iterator
from typing import IO

from simulator.contract.recordings.recorded_legs import (
    LARGEST_LINE,
    Broken,
    RecordedLeg,
    Where,
    direction_of,
    read_text,
)
from simulator.core.texts import text

_BEGINS = re.compile(r'\{\s*(?:"|$)')
_ENVELOPE = re.compile(r'"(?:infno|infcode)"')
_LONGEST_MESSAGE = 5_000
"""Lines over which one message may be spread."""
_decoder = json.JSONDecoder()


def is_log(head: bytes) -> bool:
    """True where a text that is not JSON as a whole holds messages inside its lines."""
    written = head.decode("utf-8", "replace")
    return bool(_ENVELOPE.search(written) and _BEGINS.search(written))


def legs_of_log(file: IO[bytes], name: str) -> Iterator[RecordedLeg | Broken]:
    """The messages of a log in their order; lines without one are passed over, a broken one is named with its column.

    A message may go on over several lines. Memory is bounded by the longest message.
    """
    begun: list[str] = []
    first = column = 0
    for number, line in enumerate(iter(lambda: file.readline(LARGEST_LINE + 1), b""), 1):
        written = line.decode("utf-8", "replace").rstrip("\r\n")
        if not begun:
            opening = _BEGINS.search(written)
            if opening is None:
                continue
            first, column = number, opening.start() + 1
            written = written[opening.start() :]
        begun.append(written)
        # Without a closing brace nothing can end on this line, and decoding again would cost all lines so far.
        end = _end_of(begun) if "}" in written else None
        if end is None and _goes_on(begun):
            continue
        whole = "\n".join(begun)
        yield from _leg(whole[:end] if end else whole, Where(name, first), column, complete=end is not None)
        begun = []
    if begun:
        yield from _leg("\n".join(begun), Where(name, first), column, complete=False)


def _end_of(begun: list[str]) -> int | None:
    """End of the JSON value that begins a text; None while the value is incomplete."""
    try:
        return _decoder.raw_decode("\n".join(begun))[1]
    except (ValueError, RecursionError):
        return None


def _goes_on(begun: list[str]) -> bool:
    """True where the next line may belong to the message: pretty-printed JSON ends its lines with `{ [ , :`."""
    last = begun[-1].rstrip()
    return len(begun) < _LONGEST_MESSAGE and (last.endswith(("{", "[", ",", ":")) or (len(begun) > 1 and last != "}"))


def _leg(written: str, where: Where, column: int, *, complete: bool) -> Iterator[RecordedLeg | Broken]:
    if not _ENVELOPE.search(written):
        return
    value = read_text(written, where)
    if isinstance(value, Broken):
        problem = value.sentence if complete else text("contract.log_unfinished")
        sentence = text("contract.log_line", line=where.line, column=column, problem=problem)
        yield Broken(where, "not_json", sentence)
    elif (direction := direction_of(value)) is not None:
        yield RecordedLeg(where, direction, value, len(written))
