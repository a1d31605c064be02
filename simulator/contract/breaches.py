"""Breaches of the contract, worded so that a person can mend them: field, received value, allowed values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from simulator.contract.edition_rows import AREAS, Edition, FieldRow
from simulator.core.schema_errors import nearest
from simulator.core.texts import Text, plain, text

LENIENT_RULES = frozenset({"unknown_field", "unknown_node", "msgid", "list_missing", "input_size"})
"""Breaches that the lenient platform lets pass with a warning; habits are warnings in lenient too."""

NEVER_ERRORS = frozenset({"answer_alone"})
"""Rules that are reported without being a breach."""

_SHOWN_CODES = 12
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class ContractBreach:
    """Breach of the contract; `path` is a JSON pointer from the envelope, `row` the broken row of the edition.

    `right` is the normal form of what came, where a quirk of clients is recognised in it.
    """

    rule: str
    path: str
    field: str
    name_zh: str
    got: str
    allowed: Text
    sentence: Text
    row: str
    right: str = ""

    def is_error(self, strict: bool) -> bool:
        if self.rule in NEVER_ERRORS:
            return False
        return strict or not (self.rule in LENIENT_RULES or self.rule.startswith("habit"))

    @property
    def severity(self) -> str:
        """Severity in lenient: `error` or `warning`."""
        return "error" if self.is_error(strict=False) else "warning"


def leaf_rule(row: FieldRow, edition: Edition, value: Any) -> str:
    """Rule that a refused value breaks, decided by row and value alone, whatever the validator said."""
    if value == "" and isinstance(value, str):
        return "empty"
    if not _has_type(row, value):
        return "type"
    if row.code_table == "infcode" or edition.checked_codes(row) is not None or row.code_table == AREAS:
        return "code"
    if row.form == "digits15":
        return "digits"
    if row.type in ("N", "Int"):
        return "range"
    if row.type in ("D", "DT") or row.form in ("time14", "time17"):
        return "date"
    # The lenient platform takes other forms of a msgid, but none that its columns could not hold.
    if row.form in ("msgid", "refmsgid") and len(value) <= int(row.max_len):
        return "msgid"
    return "too_long"


def _has_type(row: FieldRow, value: Any) -> bool:
    is_text = isinstance(value, str)
    is_number = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) and value == value  # noqa: PLR0124  # NaN
    if row.form == "digits15" or row.code_table == "infcode":
        return is_text or is_number
    if row.type in ("N", "Int"):
        return is_number
    return is_text if row.type in ("C", "D", "DT") else False


def field_fault(rule: str, path: str, row: FieldRow, edition: Edition, *, value: Any, label: str) -> ContractBreach:
    """A breach by one field."""
    allowed = allowed_of(row, edition)
    got = "" if rule == "required" else came(value)
    sentence = text(f"contract.fault_{rule}", field=row.field, name=row.name_zh, got=got, allowed=allowed)
    return ContractBreach(rule, path, row.field, row.name_zh, got, allowed, sentence, f"{row.place} ({label})")


def node_fault(rule: str, path: str, *, name: str, title: str, value: Any, place: str, is_list: bool) -> ContractBreach:
    """Breach by a whole node: missing, or an object where a list belongs."""
    allowed = text("contract.allowed_list" if is_list else "contract.allowed_object")
    got = "" if rule in ("node_missing", "list_missing") else came(value)
    known_as = Text(f"（{title}）", f" ({title})") if title else plain("")
    sentence = text(f"contract.fault_{rule}", field=name, name=known_as, got=got, allowed=allowed)
    return ContractBreach(rule, path, name, title, got, allowed, sentence, place)


def unknown_fault(path: str, name: str, *, value: Any, known: list[str], place: str) -> ContractBreach:
    """A field or node that the edition does not have, with the nearest name that it has."""
    rule = "unknown_node" if isinstance(value, (dict, list)) else "unknown_field"
    close = nearest(name, known)
    allowed = text("contract.allowed_names", names=", ".join(known) or "-")
    near = text("contract.nearest", name=close) if close else plain("")
    got = came(value)
    sentence = text(f"contract.fault_{rule}", field=shown_name(name), got=got, nearest=near)
    return ContractBreach(rule, path, name, "", got, allowed, sentence, place)


def came(value: Any) -> str:
    """A value as it came, cut to a readable length; numbers of any size are safe here."""
    if isinstance(value, Decimal):
        return str(value)[:_SHOWN]
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 200:
        return f"{'-' if value < 0 else ''}10^{int(value.bit_length() * 0.30103)}…"
    if isinstance(value, str):
        cut = value[: _SHOWN + 1]
        return (
            json.dumps(cut, ensure_ascii=False)
            if len(cut) <= _SHOWN
            else json.dumps(cut[:-1], ensure_ascii=False) + "…"
        )
    if isinstance(value, dict):
        inner = ", ".join(f"{came(name)}: {came(item)}" for name, item in list(value.items())[:3])
        return ("{" + inner)[:_SHOWN] + ("}" if len(inner) < _SHOWN and len(value) <= 3 else "…")
    if isinstance(value, list):
        inner = ", ".join(came(item) for item in value[:3])
        return ("[" + inner)[:_SHOWN] + ("]" if len(inner) < _SHOWN and len(value) <= 3 else "…")
    return json.dumps(value, default=str)[:_SHOWN]


def shown_name(name: str) -> str:
    """A name as it came, cut to a readable length."""
    return name if len(name) <= 60 else name[:60] + "…"


def allowed_of(row: FieldRow, edition: Edition) -> Text:
    """Values that the row allows, in words."""
    parts: list[Text] = [_kind(row, edition)]
    if row.required == "Y":
        parts.append(text("contract.allowed_required"))
    elif row.required == "C":
        parts.append(condition_words(row.condition))
    return Text("，".join(part.zh for part in parts), ", ".join(part.en for part in parts))


def condition_words(condition: str) -> Text:
    """Condition of a conditional field, in words."""
    if "=" in condition:
        field, code = condition.split("=")
        return text("contract.when_equal", field=field, code=code)
    if condition.startswith("unless "):
        return text("contract.when_unless", field=condition.removeprefix("unless "))
    return text(f"contract.when_{condition}")


def _kind(row: FieldRow, edition: Edition) -> Text:
    codes = edition.checked_codes(row)
    if codes is not None:
        return text("contract.allowed_codes", table=row.code_table, codes=code_list(codes), count=len(codes))
    if row.code_table == AREAS:
        return text("contract.allowed_area")
    if row.form in ("digits15", "msgid", "refmsgid", "time14", "time17"):
        return text(f"contract.allowed_{row.form}")
    if row.type in ("N", "Int"):
        whole, scale = row.digits if row.type == "N" else (row.digits[0], 0)
        if whole is None:
            return text("contract.allowed_any_number")
        if scale is None:
            return text("contract.allowed_number_unscaled", whole=whole)
        return text("contract.allowed_number" if scale else "contract.allowed_whole", whole=whole, scale=scale)
    if row.type in ("D", "DT"):
        return text(f"contract.allowed_{row.type}")
    if row.type == "C":
        return text("contract.allowed_text", length=row.max_len) if row.max_len else text("contract.allowed_any_text")
    return text(f"contract.allowed_{row.type or 'anything'}")


def code_list(codes: Mapping[str, str]) -> str:
    """The codes with their names, as many as fit a line."""
    listed = [f"{code} {name}" for code, name in list(codes.items())[:_SHOWN_CODES]]
    return ", ".join(listed) + (" …" if len(codes) > _SHOWN_CODES else "")
