"""HTTP archives: the messages in the bodies of a browser's or a proxy's recording."""

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from simulator.contract.recordings.recorded_legs import Broken, RecordedLeg, Where, direction_of, item_lines, read_text
from simulator.core.texts import text


def is_har(value: Any) -> bool:
    log = value.get("log") if isinstance(value, dict) else None
    return isinstance(log, dict) and isinstance(log.get("entries"), list)


def legs_of_har(value: Any, file: str, written: str) -> Iterator[RecordedLeg | Broken]:
    """The legs of every entry whose body is a message; other traffic is passed over."""
    found = bodies = 0
    entries = value["log"]["entries"]
    for number, (entry, line) in enumerate(zip(entries, item_lines(written, "/log/entries"), strict=True)):
        request = _body(entry, "request", "postData")
        bodies += request is not None
        if request is None or '"infno"' not in request:
            continue
        found += 1
        yield from _legs(entry, request, Where(file, line, f"/log/entries/{number}"), number)
    if not found:
        key = "contract.har_without_messages" if bodies else "contract.har_without_bodies"
        yield Broken(Where(file, 1), "no_message", text(key, count=len(entries)))


def _legs(entry: Any, request: str, where: Where, number: int) -> Iterator[RecordedLeg | Broken]:
    answer = _body(entry, "response", "content")
    spots = [("in", request, "/request/postData/text")]
    if answer:
        spots.append(("out", answer, "/response/content/text"))
    for direction, written, inner in spots:
        place = Where(where.file, where.line, where.pointer + inner)
        value = read_text(written, place)
        if isinstance(value, Broken):
            yield value
        elif direction_of(value) == direction:
            yield RecordedLeg(place, direction, value, len(written), number)


def _body(entry: Any, side: str, part: str) -> str | None:
    if not isinstance(entry, dict) or not isinstance(entry.get(side), dict):
        return None
    content = entry[side].get(part)
    written = content.get("text") if isinstance(content, dict) else None
    if not isinstance(written, str):
        return None
    if content.get("encoding") != "base64":
        return written
    try:
        return base64.b64decode(written, validate=True).decode("utf-8", "replace")
    except binascii.Error:
        return written
