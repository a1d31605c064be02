"""The harness's own JSON and envelope: amounts go out and come in as exact decimals, bytes are kept as they were."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

DEEPEST = 64
LARGEST_EXPONENT = 300
"""Of a number as an answer may write it; 1e999999999 would fill the memory when it is shown."""
_SHOWN = 60


class NotJson(ValueError):
    """Bytes that are no JSON object in UTF-8."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Message to the platform with its answer; `answer` is None where no usable answer came."""

    infno: str
    msgid: str
    request: bytes
    answer: bytes | None
    status: int = 200
    problem: str = ""

    @property
    def lost(self) -> bool:
        """No answer arrived: the sender cannot know whether the message took effect."""
        return self.answer is None

    @property
    def body(self) -> dict[str, Any]:
        """The answer as an object, empty when it cannot be read."""
        try:
            return read_json(self.answer or b"")
        except NotJson:
            return {}


def write_json(value: Any) -> bytes:
    """Compact UTF-8 JSON; a Decimal is written as a number with its own digits."""
    return "".join(_written(value)).encode()


def read_json(raw: bytes) -> dict[str, Any]:
    """A JSON object; raises NotJson for anything else, and for an object that no report could show."""
    try:
        written = raw.decode("utf-8")
        value = json.loads(written, parse_float=_number, parse_constant=_no_number)
    # RecursionError: a system under test may send brackets nested deeper than Python's stack.
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error)) from None
    if not isinstance(value, dict):
        raise NotJson(type(value).__name__)
    if _is_deeper(value, DEEPEST):
        raise NotJson(f"nested deeper than {DEEPEST}")
    if r"\ud" in written.lower() and _has_lone_surrogate(value):
        raise NotJson("a lone surrogate")
    return value


def envelope(head: Mapping[str, Any], body: Any) -> dict[str, Any]:
    """A message: the header fields in the order of the document, then the input."""
    blank = dict.fromkeys(HEADER, "")
    return {**blank, **{name: value for name, value in head.items() if value is not None}, "input": body}


def msgid(institution: str, moment: str, serial: int) -> str:
    """Institution, 12; time, 14; number, 4 (the rule of the interface document)."""
    digits = "".join(letter for letter in moment if letter.isdigit())
    return f"{institution:0<12.12}{digits:0<14.14}{serial % 10000:04d}"


HEADER = (
    "infno",
    "msgid",
    "mdtrtarea_admvs",
    "insuplc_admdvs",
    "recer_sys_code",
    "dev_no",
    "dev_safe_info",
    "cainfo",
    "signtype",
    "infver",
    "opter_type",
    "opter",
    "opter_name",
    "inf_time",
    "fixmedins_code",
    "fixmedins_name",
    "sign_no",
)


def _number(written: str) -> Decimal:
    number = Decimal(written)
    if not -LARGEST_EXPONENT <= number.adjusted() <= LARGEST_EXPONENT:
        raise ValueError(f"{written[:_SHOWN]} is out of range")
    return number


def _no_number(written: str) -> Any:
    raise ValueError(f"{written} is no number")


def _is_deeper(value: Any, depth: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(depth == 0 or _is_deeper(each, depth - 1) for each in inner)


def _has_lone_surrogate(value: Any) -> bool:
    """True where a text holds half a letter, which no report could be written with."""
    try:
        write_json(value)
    except UnicodeEncodeError:
        return True
    return False


def _written(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        parts = [
            f"{json.dumps(str(key), ensure_ascii=False)}:{''.join(_written(inner))}" for key, inner in value.items()
        ]
        return ["{", ",".join(parts), "}"]
    if isinstance(value, (list, tuple)):
        return ["[", ",".join("".join(_written(inner)) for inner in value), "]"]
    if isinstance(value, Decimal):
        return [format(value, "f")]
    return [json.dumps(value, ensure_ascii=False)]
