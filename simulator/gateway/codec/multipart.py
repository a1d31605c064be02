"""Splits a multipart body into message and file, as 9101 sends them (source JL: parts jsonStr and file)."""

from collections.abc import Iterator

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from simulator.core.json_codec import LARGEST_MESSAGE
from simulator.core.texts import text
from simulator.domain.files import OCTET_STREAM, FileContent, is_plain_name
from simulator.gateway.codec.undecodable import BAD, TOO_LARGE, Undecodable

MULTIPART = "multipart/form-data"
MESSAGE_PART, FILE_PART = "jsonStr", "file"
MAX_UPLOAD = 10 * 1024 * 1024
"""Bytes of a whole multipart body (ours; the documents print no limit)."""
MAX_PARTS = 2
_MAX_BOUNDARY = 70
"""Characters (RFC 2046, 5.1.1)."""


def split_parts(content_type: str, raw: bytes) -> tuple[bytes, FileContent | None]:
    """Bytes of the message as sent, and the file or None; raises Undecodable."""
    boundary = parse_options_header(content_type)[1].get("boundary", "")
    if not boundary or len(boundary) > _MAX_BOUNDARY or not boundary.isascii():
        raise _bad("boundary")
    message, file = None, None
    for part, content in _parts(boundary.encode(), raw):
        if isinstance(part, Field) and part.name == MESSAGE_PART and message is None:
            message = content
        elif isinstance(part, File) and part.name == FILE_PART and file is None:
            file = FileContent(_plain_name(part), content, part.headers.get("content-type", OCTET_STREAM)[:100])
        else:
            raise _bad_part(part)
    if message is None:
        raise Undecodable(BAD, text("gateway.no_message_part", part=MESSAGE_PART, file=FILE_PART))
    if len(message) > LARGEST_MESSAGE:
        raise Undecodable(TOO_LARGE, text("wire.too_large", size=len(message), limit=LARGEST_MESSAGE))
    return message, file


def _parts(boundary: bytes, raw: bytes) -> Iterator[tuple[Field | File, bytes]]:
    """Yields each part with its bytes; raises Undecodable for a malformed body."""
    decoder = MultipartDecoder(boundary, max_parts=MAX_PARTS)
    part: Field | File | None = None
    pieces: list[bytes] = []
    try:
        decoder.receive_data(raw)
        decoder.receive_data(None)
        while not isinstance(event := decoder.next_event(), Epilogue | NeedData):
            if isinstance(event, Field | File):
                part, pieces = event, []
            elif isinstance(event, Data) and part is not None:
                pieces.append(event.data)
                if not event.more_data:
                    yield part, b"".join(pieces)
    except RequestEntityTooLarge:
        raise Undecodable(BAD, text("gateway.too_many_parts", limit=MAX_PARTS)) from None
    except ValueError as error:
        raise _bad(str(error)) from None


def _plain_name(part: File) -> str:
    # Some clients send the full path of the file on their own machine.
    name = part.filename.replace("\\", "/").rpartition("/")[2]
    return name if is_plain_name(name) else ""


def _bad(problem: str) -> Undecodable:
    return Undecodable(BAD, text("gateway.bad_multipart", problem=problem[:200]))


def _bad_part(part: Field | File) -> Undecodable:
    kind = "file" if isinstance(part, File) else "text"
    named = {"got": (part.name or "-")[:60], "kind": kind, "part": MESSAGE_PART, "file": FILE_PART}
    return Undecodable(BAD, text("gateway.bad_part", **named))
