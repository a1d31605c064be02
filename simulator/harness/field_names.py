"""Chinese names of wire fields, read as data from the tables of the interface; for people, never for judging."""

import csv
from functools import cache
from importlib import resources


def name_zh(field: str, infno: str = "") -> str:
    """The Chinese name of a field, as the transaction prints it or else as any does; "" for one that no table has."""
    return _names().get((infno, field)) or _names().get(("", field), "")


@cache
def _names() -> dict[tuple[str, str], str]:
    file = resources.files("simulator").joinpath("contract/editions/national/fields.csv")
    found: dict[tuple[str, str], str] = {}
    for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines()):
        found.setdefault((row["infno"], row["field"]), row["name_zh"])
        found.setdefault(("", row["field"]), row["name_zh"])
    return found
