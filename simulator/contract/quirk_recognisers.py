"""Recognition of one quirk in one value: the normal form of the value, or None where it does not show the quirk."""

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from importlib import resources
from typing import Any

from simulator.contract.edition_rows import FieldRow
from simulator.contract.layout import Layout
from simulator.core.strict_csv import parse_csv

_PLAIN = re.compile(r"-?(?:0|[1-9][0-9]{0,29})(?:\.[0-9]{1,20})?\Z")
_SEPARATED = re.compile(r"-?[1-9][0-9]{0,2}(?:[,，][0-9]{3}){1,9}(?:\.[0-9]{1,20})?\Z")
_EXPONENT = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?[eE][+-]?[0-9]{1,2}\Z")
_LEADING_DOT = re.compile(r"-?\.[0-9]{1,20}\Z")
_LOWER_CASE_CHECK = re.compile(r"[0-9]{17}x\Z")
_SLASHED = re.compile(r"[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}(?: [0-9]{2}:[0-9]{2}:[0-9]{2})?\Z")
_COMPACT = re.compile(r"[0-9]{8}(?:[0-9]{6})?\Z")
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?\Z"
)
_BEIJING = timezone(timedelta(hours=8))
_JSON_TEXT = frozenset({"expContent", "exp_content"})


def _is_number(row: FieldRow) -> bool:
    return row.type in ("N", "Int") and row.form != "digits15" and row.code_table != "infcode"


def _number(written: str) -> Decimal | int | None:
    return (Decimal(written) if "." in written else int(written)) if _PLAIN.match(written) else None


def _text_number(_: Layout, row: FieldRow, value: Any) -> Any:
    return _number(value) if _is_number(row) and isinstance(value, str) else None


def _number_spaces(_: Layout, row: FieldRow, value: Any) -> Any:
    spaced = _is_number(row) and isinstance(value, str) and value != value.strip(" ")
    return _any_number(value.strip(" ")) if spaced else None


def _number_separators(_: Layout, row: FieldRow, value: Any) -> Any:
    separated = _is_number(row) and isinstance(value, str) and _SEPARATED.match(value)
    return _number(value.replace(",", "").replace("，", "")) if separated else None


def _number_exponent(_: Layout, row: FieldRow, value: Any) -> Any:
    if not (_is_number(row) and isinstance(value, str) and _EXPONENT.match(value)):
        return None
    return _number(format(Decimal(value), "f"))


def _number_leading_dot(_: Layout, row: FieldRow, value: Any) -> Any:
    dotted = _is_number(row) and isinstance(value, str) and _LEADING_DOT.match(value)
    return _number(value.replace(".", "0.", 1)) if dotted else None


def _any_number(written: str) -> Decimal | int | None:
    if _SEPARATED.match(written):
        written = written.replace(",", "").replace("，", "")
    if _LEADING_DOT.match(written):
        written = written.replace(".", "0.", 1)
    if _EXPONENT.match(written):
        written = format(Decimal(written), "f")
    return _number(written)


def _empty_amount(layout: Layout, row: FieldRow, value: Any) -> Any:
    """An empty text stays; the breach by it is excused where the platform works the amount out itself."""
    is_empty = isinstance(value, str) and value == "" and layout.direction == "in" and _is_number(row)
    return "" if is_empty and (layout.infno, row.field) in worked_out() else None


@lru_cache(maxsize=1)
def worked_out() -> frozenset[tuple[str, str]]:
    """Required amounts, by transaction, that the platform works out from the uploaded charges and can do without."""
    raw = resources.files(__package__).joinpath("amounts_worked_out.csv").read_bytes()
    columns = ("infno", "field")
    return frozenset((row["infno"], row["field"]) for row in parse_csv(raw, "amounts_worked_out.csv", columns))


def _number_text(_: Layout, row: FieldRow, value: Any) -> Any:
    if row.type != "C" or row.field in _JSON_TEXT or not _is_printable(value):
        return None
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _is_printable(value: Any) -> bool:
    """True for a number of ordinary size; an int of any size is compared without becoming a float."""
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) < 10**40
    return isinstance(value, (float, Decimal)) and math.isfinite(value) and abs(float(value)) < 1e40


def _code_zero(layout: Layout, row: FieldRow, value: Any) -> Any:
    """A code that is known once a leading zero is put back or taken away."""
    codes = layout.edition.checked_codes(row)
    if codes is None or not isinstance(value, str) or value in codes or not (value.isascii() and value.isdigit()):
        return None
    bare = value.lstrip("0")
    near = [code for code in codes if code.lstrip("0") == bare]
    return near[0] if len(near) == 1 and bare else None


def _other_edition_code(layout: Layout, row: FieldRow, value: Any) -> Any:
    """The edition's own code for what another edition prints; the same code where it has no counterpart."""
    codes = layout.edition.checked_codes(row)
    if codes is None or not isinstance(value, str) or not value or value in codes:
        return None
    for left in layout.edition.left_out:
        if left.table == row.code_table and left.code == value:
            return left.same_as
    name = _printed_elsewhere().get(row.code_table, {}).get(value)
    if name is None:
        return None
    return next((code for code, known in codes.items() if known == name), value)


@lru_cache(maxsize=1)
def _printed_elsewhere() -> Mapping[str, Mapping[str, str]]:
    """Names of every code that any shipped edition prints, by table and code."""
    # Editions import the contract's tables; a module that they import may load them only when asked.
    from simulator.contract.edition_folder import shipped_names
    from simulator.contract.editions import load_edition

    found: dict[str, dict[str, str]] = {}
    for edition in shipped_names():
        try:
            tables = load_edition(edition).codes
        except Exception:  # noqa: BLE001, S112 (an overlay alone is no edition)
            continue
        for table, codes in tables.items():
            for code, name in codes.items():
                found.setdefault(table, {}).setdefault(code, name)
    return found


def _check_letter(_: Layout, row: FieldRow, value: Any) -> Any:
    named = row.field.endswith("certno") or row.field == "mdtrt_cert_no"
    is_number = row.type == "C" and named and isinstance(value, str)
    return value.upper() if is_number and _LOWER_CASE_CHECK.match(value) else None


def _wire_date(row: FieldRow, moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d" if row.type == "D" else "%Y-%m-%d %H:%M:%S")


def _parsed(value: str, *forms: str) -> datetime | None:
    for form in forms:
        try:
            return datetime.strptime(value, form)  # noqa: DTZ007 (the wire's times are Beijing's, without a zone)
        except ValueError:
            continue
    return None


def _day_for_time(_: Layout, row: FieldRow, value: Any) -> Any:
    if row.type != "DT" or not isinstance(value, str) or len(value) != 10 or _SLASHED.match(value):
        return None
    day = _parsed(value, "%Y-%m-%d")
    return None if day is None else _wire_date(row, day)


def _time_for_day(_: Layout, row: FieldRow, value: Any) -> Any:
    if row.type != "D" or not isinstance(value, str) or len(value) != 19:
        return None
    moment = _parsed(value, "%Y-%m-%d %H:%M:%S")
    return None if moment is None else _wire_date(row, moment)


def _slash_date(_: Layout, row: FieldRow, value: Any) -> Any:
    if row.type not in ("D", "DT") or not isinstance(value, str) or not _SLASHED.match(value):
        return None
    moment = _parsed(value, "%Y/%m/%d", "%Y/%m/%d %H:%M:%S")
    return None if moment is None else _wire_date(row, moment)


def _compact_date(_: Layout, row: FieldRow, value: Any) -> Any:
    if row.type not in ("D", "DT") or not isinstance(value, str) or not _COMPACT.match(value):
        return None
    moment = _parsed(value, "%Y%m%d" if len(value) == 8 else "%Y%m%d%H%M%S")
    return None if moment is None else _wire_date(row, moment)


def _iso_time(_: Layout, row: FieldRow, value: Any) -> Any:
    """Beijing time in wire form of a time with T; a time with a zone of its own is converted."""
    if row.type not in ("D", "DT") or not isinstance(value, str) or not _ISO.match(value):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.tzinfo is not None:
        if not date(1900, 1, 2) <= moment.date() <= date(9998, 12, 31):
            return None
        moment = moment.astimezone(_BEIJING)
    return _wire_date(row, moment)


def _object_text(_: Layout, row: FieldRow, value: Any) -> Any:
    if row.field not in _JSON_TEXT or not isinstance(value, (dict, list)):
        return None
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    except (ValueError, RecursionError):
        return None


RECOGNISERS: dict[str, Callable[[Layout, FieldRow, Any], Any]] = {
    "text_number": _text_number,
    "number_spaces": _number_spaces,
    "number_separators": _number_separators,
    "number_exponent": _number_exponent,
    "number_leading_dot": _number_leading_dot,
    "empty_amount": _empty_amount,
    "object_text": _object_text,
    "number_text": _number_text,
    "code_zero": _code_zero,
    "other_edition_code": _other_edition_code,
    "check_letter": _check_letter,
    "day_for_time": _day_for_time,
    "time_for_day": _time_for_day,
    "slash_date": _slash_date,
    "compact_date": _compact_date,
    "iso_time": _iso_time,
}
"""The normal form of a value by quirk, None where a value does not show it; in the order in which they may follow."""
