"""Number of decimals of a number, found without writing the number out."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from simulator.contract.edition_rows import FieldRow
from simulator.contract.layout import Node

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class NumberPlan:
    """The numeric fields of a node with their allowed decimals (None: any finite number), and the nodes in it."""

    fields: tuple[tuple[str, int | None], ...]
    children: tuple[tuple[str, bool, "NumberPlan"], ...]


def plan_of(node: Node) -> NumberPlan | None:
    """The plan of a node, or None where neither it nor anything in it is a number."""
    fields = tuple((row.field, _scale(row)) for row in node.rows.values() if row.type in ("N", "Int"))
    inner = [(name, child.is_list, plan_of(child)) for name, child in node.children.items()]
    children = tuple((name, is_list, plan) for name, is_list, plan in inner if plan is not None)
    return NumberPlan(fields, children) if fields or children else None


def _scale(row: FieldRow) -> int | None:
    return 0 if row.type == "Int" or row.form == "digits15" else row.digits[1]


def decimals(value: Decimal | float) -> int:
    """Decimals that the value needs, trailing zeros not counted; -1 for what is no finite number."""
    number = value if isinstance(value, Decimal) else Decimal(repr(value))
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):
        return -1
    if exponent >= 0 or not number:
        return 0
    zeros = 0
    for digit in reversed(digits):
        if digit or zeros >= -exponent:
            break
        zeros += 1
    return -exponent - zeros


class TooFine(Exception):
    """A number with too many decimals, or too large to be judged as a float: the slow path says which and why."""


def lighten(plan: NumberPlan, value: Any, *, is_list: bool) -> Any:
    """The message with its Decimals as floats, which the fast validator reads four times faster; made for speed.

    Raises TooFine where a number has too many decimals. Floats judge a Decimal of at most 15 digits as itself.
    """
    if is_list:
        if value.__class__ is not list:
            return value
        items = [lighten(plan, item, is_list=False) for item in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    if value.__class__ is not dict:
        return value
    copy: dict[str, Any] | None = None
    for name, scale in plan.fields:
        number: Any = value.get(name)
        kind = number.__class__
        if kind is Decimal:
            # Its text tells most at a glance and costs a third of what as_tuple does.
            written = str(number)
            point = written.find(".")
            plain = len(written) <= 16 and written[-1] <= "9" and "E" not in written
            if not plain or (scale is not None and point >= 0 and len(written) - point - 1 > scale):
                _judge_slowly(number, scale)
            if plain:
                copy = value.copy() if copy is None else copy
                copy[name] = float(number)
        elif kind is float and not _is_fine(number, scale):
            raise TooFine
    for name, inner_list, inner in plan.children:
        child = value.get(name)
        if child is not None:
            lightened = lighten(inner, child, is_list=inner_list)
            if lightened is not child:
                copy = value.copy() if copy is None else copy
                copy[name] = lightened
    return value if copy is None else copy


def _judge_slowly(number: Decimal, scale: int | None) -> None:
    needed = decimals(number)
    if needed < 0 or abs(number.adjusted()) > 24 or (scale is not None and needed > scale):
        raise TooFine


def _is_fine(number: Any, scale: int | None) -> bool:
    if number.__class__ is float:
        written = repr(number)
        point = written.find(".")
        if scale is not None and point > 0 and len(written) - point - 1 <= scale and "e" not in written:
            return True
    found = decimals(number)
    return found >= 0 and (scale is None or found <= scale)


def faulty(plan: NumberPlan, value: Any, path: Path, *, is_list: bool) -> list[tuple[Path, str]]:
    """Every number with too many decimals, or that is not finite, in a message of any shape."""
    if is_list:
        items = list(enumerate(value)) if isinstance(value, list) else []
        return [found for index, item in items for found in faulty(plan, item, (*path, index), is_list=False)]
    if not isinstance(value, dict):
        return []
    found = [((*path, name), name) for name, scale in plan.fields if _breaks(value.get(name), scale)]
    for name, inner_list, inner in plan.children:
        found += faulty(inner, value.get(name), (*path, name), is_list=inner_list)
    return found


def _breaks(number: Any, scale: int | None) -> bool:
    return isinstance(number, (float, Decimal)) and not _is_fine(number, scale)
