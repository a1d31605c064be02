"""Differences between two masked answers: values of one side only, and values that differ."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from simulator.core.masking import mask_text
from simulator.core.texts import Text, plain
from simulator.harness.environment.envelope_codec import write_json

MISSING = object()
"""In the place of a value that one side has not."""
ADDED, REMOVED, CHANGED, RENAMED, FORM = "added", "removed", "changed", "renamed", "form"
"""Kinds of values: only the new has it, only the old, both have it with another value, under another name, or written
otherwise (text for number).
"""
OUTCOME, NUMBER, ENDED, VERDICT = "outcome", "number", "ended", "verdict"
"""Kinds of messages: accepted or not, another transaction in its place, never sent on one side; and another end of the
scenario, where no message tells why.
"""
MONEY, STATE, WRITTEN = "money", "state", "form"
WEIGHTS = (MONEY, STATE, WRITTEN)
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class ValueDifference:
    """Two values at a path of an answer, `MISSING` where a side has none."""

    path: str
    old: Any
    new: Any
    kind: str


@dataclass(frozen=True, slots=True)
class UpgradeDifference:
    """Difference between the two systems with its place, its weight, and the row of the editions that explains it."""

    scenario: str
    use: str
    step: str
    infno: str
    path: str
    name_zh: str
    kind: str
    weight: str
    old: Text
    new: Text
    row: str = ""
    """The changed row, as `contract diff` names it; blank for an unexplained difference."""
    level: str = ""
    reason: Text | None = None

    @property
    def explained(self) -> bool:
        return bool(self.row)


def value_differences(old: Any, new: Any, renamed: Mapping[str, str], path: str = "") -> Iterator[ValueDifference]:
    """Differences of two values; `renamed` gives the new path of an old field that has another name now."""
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _of_objects(old, new, renamed, path)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            one = old[index] if index < len(old) else MISSING
            other = new[index] if index < len(new) else MISSING
            yield from value_differences(one, other, renamed, f"{path}[{index}]")
    elif old is MISSING or new is MISSING:
        yield ValueDifference(path, old, new, ADDED if old is MISSING else REMOVED)
    elif not _same(old, new):
        yield ValueDifference(path, old, new, CHANGED)
    elif isinstance(old, str) != isinstance(new, str):
        yield ValueDifference(path, old, new, FORM)


def _of_objects(
    old: Mapping[str, Any], new: Mapping[str, Any], renamed: Mapping[str, str], path: str
) -> Iterator[ValueDifference]:
    taken = set()
    for key, one in old.items():
        here = _under(path, key)
        other = new.get(key, MISSING)
        now = renamed.get(without_indexes(here), "").rpartition(".")[2]
        if other is MISSING and now in new:
            other = new[now]
            taken.add(now)
            if _same(one, other):
                yield ValueDifference(here, one, other, RENAMED)
                continue
        yield from value_differences(one, other, renamed, here)
    for key, other in new.items():
        if key not in old and key not in taken:
            yield ValueDifference(_under(path, key), MISSING, other, ADDED)


def _under(path: str, key: str) -> str:
    """The path of a field, or of a row that is found by its key."""
    return f"{path}{key}" if key.startswith("[") or not path else f"{path}.{key}"


def without_indexes(path: str) -> str:
    """`output.insuinfo[2].balc` as the tables have it."""
    return re.sub(r"\[[^\]]*\]", "", path)


def shown_value(value: Any) -> Text:
    """A value for people: short, identities masked; a dash where there is none."""
    if value is MISSING:
        return plain("—")
    written = mask_text(write_json(value).decode() if isinstance(value, (dict, list)) else json_text(value))
    return plain(written if len(written) <= _LONGEST else written[:_LONGEST] + "…")


def json_text(value: Any) -> str:
    """A scalar as JSON writes it, so that a number and a text are told apart."""
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def _same(old: Any, new: Any) -> bool:
    """Equal as the trade has it: 491.4 is "491.40", but 1 is not true, and 0100 is not 100."""
    if isinstance(old, bool) or isinstance(new, bool) or old is None or new is None:
        return old is new
    if isinstance(old, str) and isinstance(new, str):
        return old == new or ("." in old + new and _number(old) is not None and _number(old) == _number(new))
    if isinstance(old, (dict, list)) or isinstance(new, (dict, list)):
        return bool(old == new)
    return _number(old) is not None and _number(old) == _number(new)


def _number(value: Any) -> Decimal | None:
    written = str(value)
    return Decimal(written) if re.fullmatch(r"-?\d{1,30}(\.\d{1,30})?", written) else None
