"""Reads the body of a request within its limit, by content type: JSON or text as it is, multipart in parts."""

from collections.abc import Callable
from dataclasses import dataclass

from simulator.core.json_codec import LARGEST_MESSAGE
from simulator.core.texts import text
from simulator.domain.files import FileContent
from simulator.gateway.codec.multipart import MAX_UPLOAD, MULTIPART, split_parts
from simulator.gateway.codec.undecodable import TOO_LARGE, UNSUPPORTED, Undecodable

JSON, PLAIN_TEXT = "application/json", "text/plain"
READ_AS_TEXT = (JSON, PLAIN_TEXT)
FORM = "application/x-www-form-urlencoded"
"""Default content type of Java's HttpURLConnection and of curl -d, which clients forget to change."""

Read = Callable[[int], bytes]
"""Function that reads at most the given number of bytes of the body, and fewer only at its end."""


@dataclass(frozen=True, slots=True)
class RequestBody:
    """Request body as read: bytes of the message, uploaded file, and the reason if it is not a message."""

    message: bytes
    file: FileContent | None = None
    problem: Undecodable | None = None


def read_body(content_type: str, length: int | None, read: Read) -> RequestBody:
    """Reads the body of a request; `length` is its Content-Length, None for a chunked body.

    A body declared larger than its limit is not read at all; a chunked one at most a byte beyond the limit.
    """
    media = content_type.partition(";")[0].strip().lower()
    largest = MAX_UPLOAD if media == MULTIPART else LARGEST_MESSAGE
    if length is not None and length > largest:
        return RequestBody(b"", problem=_too_large(length, largest))
    raw = read(largest + 1 if length is None else length)
    if len(raw) > largest:
        return RequestBody(b"", problem=_too_large(len(raw), largest))
    if media in READ_AS_TEXT or not media:
        return RequestBody(raw)
    if media == MULTIPART:
        return _parts(content_type, raw)
    return RequestBody(raw, problem=_unsupported(media))


def _parts(content_type: str, raw: bytes) -> RequestBody:
    try:
        message, file = split_parts(content_type, raw)
    except Undecodable as problem:
        return RequestBody(b"", problem=problem)
    return RequestBody(message, file)


def _too_large(size: int, limit: int) -> Undecodable:
    return Undecodable(TOO_LARGE, text("wire.too_large", size=size, limit=limit))


def _unsupported(media: str) -> Undecodable:
    allowed = ", ".join((*READ_AS_TEXT, MULTIPART))
    return Undecodable(
        UNSUPPORTED, text("gateway.content_type", got=media[:100], allowed=allowed), lenient=media == FORM
    )
