"""Catalogue of defects, `defects.csv`: their meaning, the scenarios that show them first, and the right naming."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from simulator.core.errors import DataFault, DataFaults, SetupError
from simulator.core.schema_errors import hint
from simulator.core.strict_csv import CsvRow, parse_csv
from simulator.core.texts import Text, text

FILE = "defects.csv"
AGENCY, HOSPITAL = SIDES = ("agency", "hospital")
COLUMNS = ("name", "side", "family", "zh", "en", "named", "shown_by")
FAMILIES = (
    "amounts",
    "caps_and_layers",
    "account",
    "books",
    "messages",
    "time",
    "form",
    "entitlement",
    "day",
    "conduct",
)


@dataclass(frozen=True, slots=True)
class Defect:
    """Row of the catalogue."""

    name: str
    side: str
    family: str
    wrong: Text
    named: re.Pattern[str]
    """Pattern found in `rule: sentence` of the first finding, in English, where the finding names the defect."""
    shown_by: tuple[str, ...]
    """Ids of the scenarios that are most likely to show it, the likeliest first."""


def read_defects(raw: bytes, name: str) -> dict[str, Defect]:
    """Reads a catalogue; raises DataFaults with line and column of every fault."""
    rows = parse_csv(raw, name, COLUMNS, key=("name",), needed=("name", "side", "family", "zh", "en", "named"))
    faults = [fault for row in rows for fault in _faults(row, name)]
    if faults:
        raise DataFaults(faults)
    return {row["name"]: _defect(row) for row in rows}


@cache
def defects() -> Mapping[str, Defect]:
    """Every defect by name, in the order of the file."""
    return read_defects(resources.files(__package__).joinpath(FILE).read_bytes(), FILE)


def chosen(names: Iterable[str], *sides: str) -> list[Defect]:
    """Defects of these names on these sides, all of the sides where none is named; raises SetupError for a stranger."""
    known = {each.name: each for each in defects().values() if each.side in (sides or SIDES)}
    asked = list(dict.fromkeys(names))
    for name in asked:
        if name not in known:
            raise SetupError(text("self_check.no_such_defect", name=name, hint=hint(name, known)))
    return [known[name] for name in asked] if asked else list(known.values())


def listing(side: str) -> str:
    """Lines with the name, the family and the meaning of each defect of a side."""
    rows = [each for each in defects().values() if each.side == side]
    widest = max(len(each.name) for each in rows)
    return "\n".join(f"{each.name:{widest}}  {text(f'self_check.family_{each.family}')}  {each.wrong}" for each in rows)


def _defect(row: CsvRow) -> Defect:
    return Defect(
        name=row["name"],
        side=row["side"],
        family=row["family"],
        wrong=Text(row["zh"], row["en"]),
        named=re.compile(row["named"], re.IGNORECASE),
        shown_by=tuple(row["shown_by"].split()),
    )


def _faults(row: CsvRow, file: str) -> Iterable[DataFault]:
    def fault(column: str, sentence: Text) -> DataFault:
        return DataFault(sentence, column, file, row.line, COLUMNS.index(column) + 1)

    for column, allowed in (("side", SIDES), ("family", FAMILIES)):
        if row[column] not in allowed:
            known = ", ".join(allowed)
            yield fault(
                column, text("self_check.not_one_of", got=row[column], hint=hint(row[column], allowed), known=known)
            )
    try:
        re.compile(row["named"])
    except re.error as error:
        yield fault("named", text("self_check.no_pattern", got=row["named"], problem=error))
