"""Items from a row of a table or from an object of a control call, by one set of rules."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from simulator.catalogue.item import CHARGE_TYPES, GRADES, KINDS, MARKS, Item, Items
from simulator.core.errors import DataFault, DataFaults, in_order
from simulator.core.schema_errors import faults_of, hint, shape
from simulator.core.strict_csv import parse_csv
from simulator.core.texts import Text, text

COLUMNS = (
    *("code", "name", "kind", "level", "charge_type", "price_ceiling", "prior_selfpay_ratio", "restricted"),
    *("marks", "unit", "valid_from", "valid_to", "source", "note"),
)
NEEDED = ("code", "name", "kind", "level", "charge_type", "prior_selfpay_ratio", "restricted", "valid_from", "source")
LEVELS = {"甲": "class_a", "乙": "class_b", "丙": "class_c", **{grade: grade for grade in GRADES}}
LONG_AGO = "2000-01-01"
_CODE = re.compile(r"[0-9A-Z][0-9A-Za-z-]{3,49}", re.ASCII)
_USUAL_TYPE = {"drug": "western_drug", "service": "treatment", "consumable": "materials"}
_USUAL_RATIO = {"class_a": "0", "class_b": "0", "class_c": "1"}

Place = Callable[[str, Text], DataFault]
"""Makes a fault of a field and a sentence."""


def read_table(raw: bytes, name: str) -> Items:
    """Reads a table of items; raises DataFaults with file, line and column."""
    faults: list[DataFault] = []
    rows = parse_csv(raw, name, COLUMNS, key=("code", "valid_from"), needed=NEEDED, found=faults)
    read: list[tuple[Item, Place]] = []
    for row in rows:

        def place(column: str, sentence: Text, line: int = row.line) -> DataFault:
            return DataFault(sentence, column, name, line, COLUMNS.index(column) + 1)

        _take(row.values, place, read, faults)
    return _gathered(read, faults)


def read_items(body: object) -> Items:
    """Reads `{"items": […]}` of a control call; raises DataFaults with paths."""
    faults = faults_of(body, shape("simulator.catalogue", "items.schema.json"))
    if faults or not isinstance(body, Mapping):
        raise DataFaults(faults)
    read: list[tuple[Item, Place]] = []
    for index, entry in enumerate(body["items"]):

        def place(key: str, sentence: Text, index: int = index) -> DataFault:
            return DataFault(sentence, f"items[{index}].{key}")

        _take(_as_row(entry), place, read, faults)
    return _gathered(read, faults)


def item_json(item: Item) -> dict[str, Any]:
    """The item as a control call shows and takes it."""
    written: dict[str, Any] = {
        "code": item.code,
        "name": item.name,
        "kind": item.kind,
        "level": item.grade,
        "charge_type": item.charge_type,
        "price_ceiling": None if item.price_ceiling is None else str(item.price_ceiling),
        "prior_selfpay_ratio": str(item.prior_selfpay_ratio),
        "restricted": item.restricted,
        "marks": sorted(item.marks),
        "unit": item.unit,
        "valid_from": item.valid_from.isoformat(),
        "source": item.source,
        "note": item.note,
    }
    return written | ({"valid_to": item.valid_to.isoformat()} if item.valid_to else {})


def _as_row(entry: Mapping[str, Any]) -> dict[str, str]:
    level = LEVELS[entry["level"]]
    usual = {
        "charge_type": _USUAL_TYPE[entry["kind"]],
        "prior_selfpay_ratio": _USUAL_RATIO[level],
        "valid_from": LONG_AGO,
        "source": "control call",
    }
    row = {column: str(entry.get(column) or usual.get(column, "")) for column in COLUMNS}
    return row | {"restricted": "Y" if entry.get("restricted") else "N", "marks": " ".join(entry.get("marks", ()))}


def _take(row: Mapping[str, str], place: Place, read: list[tuple[Item, Place]], faults: list[DataFault]) -> None:
    found = [*_word_faults(row, place), *_figure_faults(row, place)]
    faults += found
    if not found:
        read.append((_item(row), place))


def _word_faults(row: Mapping[str, str], place: Place) -> list[DataFault]:
    faults = []
    if not _CODE.fullmatch(row["code"]):
        faults.append(place("code", text("catalogue.code_form", got=row["code"])))
    words: Sequence[tuple[str, Sequence[str]]] = (
        ("kind", KINDS),
        ("level", ("甲", "乙", "丙", *GRADES)),
        ("charge_type", CHARGE_TYPES),
        ("restricted", ("Y", "N")),
    )
    for column, allowed in words:
        if row[column] not in allowed:
            faults.append(place(column, _not_allowed(row[column], allowed)))
    unknown = [mark for mark in row["marks"].split() if mark not in MARKS]
    faults += [place("marks", _not_allowed(mark, MARKS)) for mark in unknown]
    return faults


def _figure_faults(row: Mapping[str, str], place: Place) -> list[DataFault]:
    faults = []
    if row["price_ceiling"] and _decimal(row["price_ceiling"], decimals=6, most=Decimal("9999999999")) is None:
        faults.append(place("price_ceiling", text("catalogue.price_form", got=row["price_ceiling"])))
    if _decimal(row["prior_selfpay_ratio"], decimals=4, most=Decimal(1)) is None:
        faults.append(place("prior_selfpay_ratio", text("catalogue.ratio_form", got=row["prior_selfpay_ratio"])))
    days = [column for column in ("valid_from", "valid_to") if row[column] and _day(row[column]) is None]
    faults += [place(column, text("people.no_such_day", got=row[column])) for column in days]
    if not days and row["valid_to"] and row["valid_to"] < row["valid_from"]:
        sentence = text("people.to_before_from", start=row["valid_from"], to=row["valid_to"])
        faults.append(place("valid_to", sentence))
    return faults


def _item(row: Mapping[str, str]) -> Item:
    return Item(
        code=row["code"],
        name=row["name"],
        kind=row["kind"],
        grade=LEVELS[row["level"]],
        charge_type=row["charge_type"],
        price_ceiling=Decimal(row["price_ceiling"]) if row["price_ceiling"] else None,
        prior_selfpay_ratio=Decimal(row["prior_selfpay_ratio"]),
        restricted=row["restricted"] == "Y",
        marks=frozenset(row["marks"].split()),
        unit=row["unit"],
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        source=row["source"],
        note=row["note"],
    )


def _gathered(read: Sequence[tuple[Item, Place]], faults: list[DataFault]) -> Items:
    """Items by code, the earliest version first; two versions of one day are a fault."""
    found: dict[str, tuple[Item, ...]] = {}
    for item, place in sorted(read, key=lambda entry: (entry[0].code, entry[0].valid_from)):
        earlier = found.get(item.code, ())
        if earlier and (earlier[-1].valid_to or date.max) >= item.valid_from:
            faults.append(place("valid_from", text("catalogue.versions_overlap", code=item.code)))
        found[item.code] = (*earlier, item)
    if faults:
        raise DataFaults(in_order(faults))
    return found


def _decimal(written: str, *, decimals: int, most: Decimal) -> Decimal | None:
    try:
        value = Decimal(written)
    except InvalidOperation:
        return None
    if not value.is_finite() or not 0 <= value <= most:
        return None
    exponent = value.as_tuple().exponent
    return value if isinstance(exponent, int) and exponent >= -decimals else None


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _not_allowed(got: str, allowed: Sequence[str]) -> Text:
    return text("data.not_allowed", got=got, hint=hint(got, allowed), allowed=", ".join(allowed))
