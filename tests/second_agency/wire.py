"""JSON and amounts on the wire: yuan with two decimals outside, whole fen inside."""

import json
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

MOST_FEN = 10**18


class Refusal(Exception):
    """A message that is answered -1, with the reason that goes to the hospital."""


def decode(data: bytes) -> dict[str, Any]:
    """The object in a message; raises Refusal for anything that is not one."""
    try:
        read = json.loads(
            data.decode("utf-8"), parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_unique
        )
    except (ValueError, RecursionError) as error:
        raise Refusal(f"报文不是 JSON：{error}") from None
    if not isinstance(read, dict):
        raise Refusal("报文不是一个 JSON 对象")
    return read


def _no_number(name: str) -> Any:
    raise ValueError(name)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key twice")
    return made


def encode(value: Any) -> str:
    """JSON text in which a Decimal is a number written with the decimals that it has."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(str(key))}:{encode(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(encode(inner) for inner in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def same(value: Any, *, numbers_as_text: bool) -> Any:
    """A comparable form of parsed JSON: keys in order; 1.0 and 1.00 are equal unless numbers are taken as text."""
    if isinstance(value, dict):
        return tuple(sorted((key, same(inner, numbers_as_text=numbers_as_text)) for key, inner in value.items()))
    if isinstance(value, list):
        return ("list", *(same(inner, numbers_as_text=numbers_as_text) for inner in value))
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return ("number", str(value) if numbers_as_text else str(Decimal(value).normalize()))
    return (type(value).__name__, str(value))


def fen(node: dict[str, Any], field: str, default: int | None = None) -> int:
    """An amount of a node in fen; raises Refusal when it is missing, no number, or finer than a fen."""
    value = node.get(field)
    if value is None and default is not None:
        return default
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise Refusal(f"{field} 不是数值")
    scaled = Decimal(value) * 100
    if abs(scaled) > MOST_FEN or scaled != scaled.to_integral_value():
        raise Refusal(f"{field} 超出范围或小数多于两位")
    return int(scaled)


def fen_of_text(yuan: str) -> int:
    return int(Decimal(yuan) * 100)


def yuan(amount: int) -> Decimal:
    return (Decimal(amount) / 100).quantize(Decimal("0.01"))


def half_up(exact: Decimal) -> int:
    """To the whole fen; decimal's ROUND_HALF_UP goes by the absolute value."""
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def text(node: dict[str, Any], *fields: str) -> str:
    """The first of the fields that is a text with something in it, else an empty one."""
    found: Iterable[Any] = (node.get(field) for field in fields)
    return next((value for value in found if isinstance(value, str) and value), "")


def needed(node: dict[str, Any], field: str) -> str:
    value = text(node, field)
    if not value:
        raise Refusal(f"缺少 {field}")
    return value


def child(node: dict[str, Any], field: str) -> dict[str, Any]:
    value = node.get(field)
    if not isinstance(value, dict):
        raise Refusal(f"缺少节点 {field}")
    return value


def rows(node: dict[str, Any], field: str) -> list[dict[str, Any]]:
    value = node.get(field, [])
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise Refusal(f"节点 {field} 不是列表")
    return value
