"""Is what came what was wanted: a list of differences, empty when it is."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from simulator.core.texts import Text, plain, text
from simulator.harness.environment.envelope_codec import write_json
from simulator.harness.field_names import name_zh
from simulator.harness.scenario.expressions import (
    Fields,
    Lookup,
    NotThere,
    as_number,
    evaluate,
    follow,
    is_expression,
    resolve,
)

OPERATORS = (
    "contains",
    "not",
    "one_of",
    "matches",
    "at_most",
    "at_least",
    "less_than",
    "more_than",
    "absent",
    "count",
)
_LONGEST = 300
_BALANCE = re.compile(r"cuminfo\[cum_type_code=[^\]]+\]\.cum")


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Difference found by a scenario: field, wanted value, received value, likely cause."""

    path: str
    wanted: Text
    got: Text
    infno: str = ""
    causes: tuple[Text, ...] = field(default=())

    @property
    def field_zh(self) -> str:
        """The Chinese name of the field, when the path ends in one; a `value` of a control call is none."""
        last = re.sub(r"\[.*\]$", "", re.split(r"[.\s]", self.path)[-1])
        return name_zh(last, self.infno) if self.infno or "_" in last else ""

    def because(self, causes: Sequence[Text]) -> "Mismatch":
        return Mismatch(self.path, self.wanted, self.got, self.infno, tuple(causes))


def differences(
    wanted: Mapping[str, Any], got: Mapping[str, Any], lookup: Lookup, *, infno: str = ""
) -> list[Mismatch]:
    """Differences of a message's fields by path; an expression as a key is looked up instead. Raises NotThere for a
    wanted value that leads nowhere.
    """
    found: list[Mismatch] = []
    for path, matcher in wanted.items():
        try:
            value = evaluate(path, lookup) if is_expression(path) else follow(Fields(got), path)
        except NotThere as error:
            value = error
        asked = resolve(matcher, lookup)
        if not _zero_row_left_out(path, asked, value, got):
            found += compare(path, asked, value, infno=infno)
    return found


def _zero_row_left_out(path: str, wanted: Any, value: Any, got: Mapping[str, Any]) -> bool:
    """True for a balance of 0 that 5206 does not list, as it may (rules 21)."""
    listed = isinstance(Fields(got).get("cuminfo"), list)
    return isinstance(value, NotThere) and listed and bool(_BALANCE.fullmatch(path)) and as_number(wanted) == 0


def compare(path: str, matcher: Any, got: Any, *, infno: str = "") -> list[Mismatch]:
    """Differences of one value against a matcher whose expressions are resolved."""
    if isinstance(got, NotThere):
        if isinstance(matcher, Mapping) and matcher.get("absent") is True:
            return []
        return [Mismatch(path, shown(matcher), text("harness.missing", why=got.text), infno)]
    if _holds(matcher, got):
        return []
    return [Mismatch(path, shown(matcher), plain(_written(got)), infno)]


def shown(matcher: Any) -> Text:
    """A matcher in words."""
    if isinstance(matcher, Mapping) and len(matcher) == 1:
        name, value = next(iter(matcher.items()))
        if name in OPERATORS:
            return text(f"harness.wants_{name}", value=_written(value))
    return plain(_written(matcher))


def same(wanted: Any, got: Any) -> bool:
    """Equal as the trade has it: 491.4 is "491.40", objects and lists are compared row by row."""
    if isinstance(wanted, Mapping):
        return isinstance(got, Mapping) and wanted.keys() == got.keys() and all(same(wanted[k], got[k]) for k in wanted)
    if isinstance(wanted, list):
        return isinstance(got, list) and len(wanted) == len(got) and all(map(same, wanted, got))
    if isinstance(wanted, bool) or isinstance(got, bool) or wanted is None or got is None:
        return wanted is got
    if isinstance(got, (int, Decimal)) or isinstance(wanted, Decimal):
        one, other = as_number(wanted), as_number(got)
        return one is not None and one == other
    return str(wanted) == str(got)


def _holds(matcher: Any, got: Any) -> bool:
    if isinstance(matcher, Mapping) and len(matcher) == 1:
        name, wanted = next(iter(matcher.items()))
        if name in OPERATORS:
            return bool(_OPERATIONS[name](wanted, got))
    return same(matcher, got)


def _compare_numbers(wanted: Any, got: Any, holds: Any) -> bool:
    one, other = as_number(got), as_number(wanted)
    return one is not None and other is not None and bool(holds(one, other))


def _contains(wanted: Any, got: Any) -> bool:
    if isinstance(wanted, list):
        return all(_contains(each, got) for each in wanted)
    if isinstance(got, list):
        return any(same(wanted, each) or (isinstance(wanted, Mapping) and _includes(wanted, each)) for each in got)
    return str(wanted) in str(got)


def _includes(wanted: Mapping[str, Any], row: Any) -> bool:
    return isinstance(row, Mapping) and all(key in row and same(value, row[key]) for key, value in wanted.items())


_OPERATIONS: dict[str, Any] = {
    "contains": _contains,
    "not": lambda wanted, got: not _holds(wanted, got),
    "one_of": lambda wanted, got: any(same(each, got) for each in wanted),
    "matches": lambda wanted, got: re.fullmatch(wanted, str(got)) is not None,
    "at_most": lambda wanted, got: _compare_numbers(wanted, got, lambda a, b: a <= b),
    "at_least": lambda wanted, got: _compare_numbers(wanted, got, lambda a, b: a >= b),
    "less_than": lambda wanted, got: _compare_numbers(wanted, got, lambda a, b: a < b),
    "more_than": lambda wanted, got: _compare_numbers(wanted, got, lambda a, b: a > b),
    "absent": lambda wanted, _: wanted is False,
    "count": lambda wanted, got: isinstance(got, list) and len(got) == wanted,
}


def _written(value: Any) -> str:
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else value[:_LONGEST] + "…"
    written = write_json(value).decode()
    return written if len(written) <= _LONGEST else written[:_LONGEST] + "…"
