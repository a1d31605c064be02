"""One change to a message that was really sent: in its header, a field, a node; sometimes a breach, sometimes none.

What a change amounts to is not decided here: rows are looked at only to find values near their limits.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from tests.support.oracle import is_number
from tests.support.rehearsed import Said


@dataclass(frozen=True)
class Mutation:
    """A message with one change, and what was changed."""

    kind: str
    path: tuple
    said: Said

    def __str__(self):
        where = self.said.leg.where
        return f"{self.kind} at /{'/'.join(map(str, self.path))} of {where.file}:{where.line}{where.pointer}"


ALWAYS = (
    *("too_long", "unknown_field", "node_kind", "three_decimals", "too_wide", "impossible_day", "no_code"),
    *("true", "text_as_number", "number_as_text"),
)
"""Kinds that are a breach wherever they are made."""
DAY = re.compile(r"\d{4}-\d\d-\d\d")
NEVER = ("same_number", "longest", "more_space")
"""Kinds that are none, but for what they do to the numbers by which messages find each other."""


def places(said):
    """The path of every value in a message that a check looks at; amounts and days, which bind others, more often."""
    found, binding = [], []

    def walk(value, path):
        found.append(path)
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            inside = (*path, name)
            if isinstance(inner, (dict, list)):
                walk(inner, inside)
                continue
            found.append(inside)
            if is_number(inner) or (isinstance(inner, str) and DAY.match(inner)):
                binding.append(inside)

    walk(said.leg.envelope, ())
    return [path for path in found + 2 * binding if said.judged or (path and path[0] not in ("input", "output"))]


def mutate(random: Random, said: Said, paths: list) -> Mutation | None:
    """A change at a random place; None where the change that was drawn makes no sense there."""
    envelope = said.leg.envelope
    path = paths[random.randrange(len(paths))]
    value = at(envelope, path)
    if isinstance(value, (dict, list)):
        kind, changed = _of_node(random, value, path)
    else:
        kind, changed = _of_field(random, value, row_of(said, path), said.rows.edition)
    if kind is None:
        return None
    if kind == "left_out":
        return Mutation(kind, path, said.with_envelope(without(envelope, path)))
    return Mutation(kind, path, said.with_envelope(put(envelope, path, changed)))


def row_of(said, path):
    names = [part for part in path if isinstance(part, str)]
    if names[0] not in ("input", "output"):
        return said.rows.trees["ENVELOPE", said.leg.direction][""]["rows"].get(names[0])
    tree = said.rows.trees.get((said.number, said.leg.direction), {})
    return tree.get(".".join(names[1:-1]), {"rows": {}})["rows"].get(names[-1])


def _of_node(random: Random, value: Any, path: tuple):
    draw = random.choice(("left_out", "node_kind", "unknown_field", "emptied", "null", "row_gone"))
    if draw == "unknown_field":
        return (draw, {**value, f"{next(iter(value), 'x')}_x": "1"}) if isinstance(value, dict) else (None, None)
    if not path:
        return None, None
    if draw == "left_out":
        return draw if isinstance(path[-1], str) else None, None
    if draw == "node_kind":
        return draw, "一段文本" if path[-1] != "output" else ["1"]
    if draw == "emptied":
        return draw, type(value)()
    if draw == "row_gone":
        return (draw, value[:-1]) if isinstance(value, list) and len(value) > 1 else (None, None)
    return draw, None


def _of_field(random: Random, value: Any, row, edition):
    # A row without a type prints a value of any kind.
    if row is None or not row.type:
        return None, None
    draws = ["left_out", "empty", "null", "true", "as_list"]
    codes = edition.checked_codes(row)
    if is_number(value):
        draws += ["number_as_text", "three_decimals", "too_wide", "a_fen_more", "negated", "zero", "same_number"]
    elif codes is not None:
        draws += ["no_code", "no_code", "another_code", "another_code", "text_as_number"]
    elif row.type in ("D", "DT") or row.form.startswith("time"):
        draws += ["impossible_day", "impossible_day", "another_day", "another_day", "text_as_number"]
    else:
        draws += ["too_long", "too_long", "longest", "more_space", "another_text", "text_as_number"]
    kind = random.choice(draws)
    if kind in ("left_out", "empty", "null", "true", "as_list"):
        return kind, {"empty": "", "null": None, "true": True, "as_list": [value]}.get(kind)
    return _value(random, kind, value, row, codes)


def _value(random: Random, kind: str, value: Any, row, codes):
    length = int(row.max_len) if row.max_len.isdigit() else 0
    free = row.type == "C" and length and not row.form and row.code_table in ("",) and isinstance(value, str)
    if kind in ("too_long", "longest"):
        return (kind, "长" * (length + (kind == "too_long"))) if free else (None, None)
    if kind == "more_space":
        return (kind, value + " ") if free and value and len(value) < length else (None, None)
    if kind == "another_code":
        return kind, random.choice([*codes])
    if kind in ("no_code", "another_text", "text_as_number"):
        return kind, {"no_code": "×", "another_text": f"{value}9", "text_as_number": 5}[kind]
    if kind in ("impossible_day", "another_day"):
        return _day(random, kind, value)
    return _number(kind, value, row)


def _day(random: Random, kind: str, value: Any):
    if not isinstance(value, str) or len(value) < 10:
        return None, None
    if kind == "impossible_day":
        return kind, value[:4] + ("-02-30" if "-" in value else "0230") + value[10 if "-" in value else 8 :]
    return kind, str(int(value[:4]) + random.choice((-1, 1))) + value[4:].replace("02-29", "02-28")


def _number(kind: str, value: Any, row):
    number = Decimal(str(value))
    whole, scale = row.digits if row.type == "N" else (row.digits[0], 0)
    if row.form or row.type not in ("N", "Int") or (None in (whole, scale) and kind in ("three_decimals", "too_wide")):
        return None, None
    made = {
        "number_as_text": lambda: str(value),
        "three_decimals": lambda: number + Decimal(1).scaleb(-scale - 1),
        "too_wide": lambda: 10**whole,
        "a_fen_more": lambda: number + Decimal("0.01"),
        "negated": lambda: -number,
        "zero": lambda: 0,
        "same_number": lambda: Decimal(f"{number:f}" + ("0" if "." in f"{number:f}" else ".0")),
    }
    return kind, made[kind]()


def at(value, path):
    for part in path:
        value = value[part]
    return value


def put(value, path, new):
    """A copy with one value changed; what is not on the way is shared."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = put(value[path[0]], path[1:], new)
    return copy


def without(value, path):
    copy = value.copy()
    if len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = without(value[path[0]], path[1:])
    return copy
