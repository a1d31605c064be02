"""Bytes and JSON: strict on the way in, exact amounts on the way out; the only JSON calls on the message path."""

import hashlib
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from typing import Any

import jiter
import msgspec

from simulator.core.errors import SimulatorError
from simulator.core.texts import text

LARGEST_MESSAGE = 1024 * 1024
DEEPEST = 32
LARGEST_INPUT = 40_000
"""Characters of `input` or `output` as compact JSON (printed in both editions)."""

_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(float_hook=Decimal)
_exact = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
_ordered = msgspec.json.Encoder(decimal_format="number", order="deterministic")


class NotAMessage(SimulatorError):
    """Bytes that are no message: too large, not UTF-8, not strict JSON, nested too deep, a NUL in a text."""


def read_json(raw: bytes, *, largest: int = LARGEST_MESSAGE) -> Any:
    """Parsed JSON, numbers with a fraction as Decimal; duplicate keys, NaN, lone surrogates and NUL are refused."""
    if len(raw) > largest:
        raise NotAMessage(text("wire.too_large", size=len(raw), limit=largest))
    try:
        value = jiter.from_json(raw, catch_duplicate_keys=True, float_mode="decimal", allow_inf_nan=False)
    except ValueError as error:
        raise _explain(raw, str(error)) from None
    # Few brackets cannot nest deep; counting them costs nothing beside a walk over every message.
    if raw.count(b"{") + raw.count(b"[") > DEEPEST and _depth(value, 0) > DEEPEST:
        raise NotAMessage(text("wire.too_deep", limit=DEEPEST))
    # No database column and few programs can hold it.
    if rb"\u0000" in raw and _holds_nul(value):
        raise NotAMessage(text("wire.nul"))
    return value


def read_own(written: str | bytes) -> Any:
    """JSON of our own writing, out of the store: as read_json reads it, without looking for what we never write."""
    return _decoder.decode(written)


def write_json(value: Any) -> bytes:
    """Compact UTF-8 JSON; a Decimal keeps its decimals (100.00 stays 100.00)."""
    return _encoder.encode(value)


def characters(value: Any) -> int:
    """Length of a value as compact JSON, in characters."""
    return len(_encoder.encode(value).decode())


def digest(*parts: Any) -> str:
    """Equal for bodies that are equal as parsed JSON: order of keys and 1.0 against 1.00 do not matter (rules 16)."""
    return hashlib.sha256(_ordered.encode([_plain(part) for part in parts])).hexdigest()


def _plain(value: Any) -> Any:
    kind = value.__class__
    if kind is dict:
        # Most of a message is text, which is what it is.
        return {key: item if item.__class__ is str else _plain(item) for key, item in value.items()}
    if kind is list:
        return [_plain(item) for item in value]
    if kind is Decimal:
        # Written as text: 1E+999999 must not be written out, and -0.0 is 0.
        return ["number", str(value.normalize(_exact)) if value else "0"]
    if kind is int:
        return ["number", str(Decimal(value).normalize(_exact)) if value else "0"]
    return value


def _depth(value: Any, above: int) -> int:
    if above > DEEPEST:
        return above
    if isinstance(value, dict):
        return max((_depth(item, above + 1) for item in value.values()), default=above + 1)
    if isinstance(value, list):
        return max((_depth(item, above + 1) for item in value), default=above + 1)
    return above


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any("\x00" in key or _holds_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(_holds_nul(item) for item in value)


def _explain(raw: bytes, problem: str) -> NotAMessage:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        try:
            raw.decode("gb18030")
        except UnicodeDecodeError:
            return NotAMessage(text("wire.not_utf8", byte=error.start))
        return NotAMessage(text("wire.gbk", byte=error.start))
    if "recursion" in problem:
        return NotAMessage(text("wire.too_deep", limit=DEEPEST))
    if raw.startswith(b"\xef\xbb\xbf"):
        return NotAMessage(text("wire.bom"))
    if "InvalidOperation" in problem:
        return NotAMessage(text("wire.exponent", where=problem.rpartition(" at ")[2]))
    return NotAMessage(text("wire.not_json", problem=problem))
