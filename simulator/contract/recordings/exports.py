"""Messages anywhere in a JSON document: tables of {in, out}, Postman and Apifox exports, whatever a vendor keeps."""

from collections.abc import Iterator
from typing import Any

from simulator.contract.recordings.recorded_legs import Broken, RecordedLeg, Where, direction_of, line_of, read_text
from simulator.core.json_codec import characters

_DEEPEST = 60
_MOST_LINES = 1_000
"""Messages whose line is looked for; finding one reads the text up to it."""


def legs_within(value: Any, name: str, written: str) -> Iterator[RecordedLeg | Broken]:
    """Messages of a document in order, as objects or as JSON text; yields none where there are none."""
    for number, (pointer, envelope, size) in enumerate(_messages(value, "", 0)):
        line = line_of(written, pointer) if number < _MOST_LINES else None
        where = Where(name, line or 1, pointer)
        yield RecordedLeg(where, str(direction_of(envelope)), envelope, size)


def _messages(value: Any, pointer: str, depth: int) -> Iterator[tuple[str, dict[str, Any], int]]:
    if depth > _DEEPEST:
        return
    if isinstance(value, str):
        if '"infno"' in value or '"infcode"' in value:
            inner = read_text(value.strip(), Where("", 1))
            if not isinstance(inner, Broken) and direction_of(inner) is not None:
                yield pointer, inner, len(value)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _messages(item, f"{pointer}/{index}", depth + 1)
    elif isinstance(value, dict):
        if direction_of(value) is not None:
            yield pointer, value, characters(value)
            return
        for member, inner in value.items():
            escaped = str(member).replace("~", "~0").replace("/", "~1")
            yield from _messages(inner, f"{pointer}/{escaped}", depth + 1)
