"""A city file judged by itself: every fault with its line, then its worked examples."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib import resources
from string import Template
from typing import Any

from simulator.benefit.checks import check
from simulator.benefit.city import City
from simulator.benefit.city_file import NATIONAL, CityFile, compile_city
from simulator.benefit.examples import failing_examples
from simulator.benefit.policy_book import PolicyBook
from simulator.core.errors import DataFault, DataFaults
from simulator.core.schema_errors import shape
from simulator.core.strict_yaml import Document, parse_yaml, shape_faults

_ROW = re.compile(r"[^\[]+\[[0-9]+\]")
"""Row of a section at the beginning of a path; a fault inside the row leaves out the whole row."""
_HOLDERS = ("layers", "disease_groups", "dates")
"""Sections whose members stand by themselves."""


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """Result of a check; examples are worked out only where there is no fault."""

    name: str
    city: CityFile | None
    """The file as compiled; None where it is faulty."""
    faults: tuple[DataFault, ...]
    """Faults in the order of the file, or the differences of the examples."""
    examples: int = 0
    """Number of examples worked out."""
    examples_failed: int = 0


def check_city_file(raw: bytes | str, name: str, book: PolicyBook) -> CheckedFile:
    """Judges the text of a file laid over the national defaults of a book."""
    faults: list[DataFault] = []
    try:
        document = parse_yaml(raw, name, found=faults)
    except DataFaults as error:
        return CheckedFile(name, None, error.faults)
    city, more = _judged(document, book.files[NATIONAL])
    faults += more
    if city is None or faults:
        return CheckedFile(name, None, tuple(sorted(faults, key=lambda each: (each.line or 0, each.path))))
    if city.area == NATIONAL:
        return CheckedFile(name, city, ())
    wrong = failing_examples(City(city.area, city, book.files[NATIONAL]))
    failed = {each.path.partition(".")[0] for each in wrong}
    return CheckedFile(name, city, tuple(wrong), len(city.examples), len(failed))


def _judged(document: Document, national: CityFile) -> tuple[CityFile | None, list[DataFault]]:
    """Faults of shape, of single rows and of sense; a faulty row hides the faults of no other row."""
    wanted = shape("simulator.benefit", "city.schema.json")
    faults = shape_faults(document, wanted)
    if not isinstance(document.data, dict):
        return None, faults
    left_out = {_part(fault.path) for fault in faults}
    while True:
        sound = {"area": "", "name": "", "version": "", **_without(document.data, left_out)}
        try:
            city = compile_city(Document(sound, document.name, document.places))
        except DataFaults as error:
            faults += error.faults
            left_out |= {_part(fault.path) for fault in error.faults}
            continue
        incomplete = {re.split(r"[.\[]", part, maxsplit=1)[0] for part in left_out}
        faults += check(city, None if city.area == NATIONAL else national, incomplete)
        return city, faults


def _part(path: str) -> str:
    """Smallest part of a file that can be left out where there is a fault: a row, a member or a section."""
    if row := _ROW.match(path):
        return row.group()
    section, _, inner = path.partition(".")
    return f"{section}.{inner.partition('.')[0]}" if section in _HOLDERS and inner else section


def _without(data: Mapping[str, Any], left_out: Collection[str]) -> dict[str, Any]:
    """The data without these parts; None stands for a row, so that the rows after it keep their numbers."""

    def kept(value: Any, path: str) -> Any:
        if isinstance(value, list):
            return [None if f"{path}[{index}]" in left_out else item for index, item in enumerate(value)]
        if isinstance(value, dict):
            return {
                key: kept(inner, f"{path}.{key}") for key, inner in value.items() if f"{path}.{key}" not in left_out
            }
        return value

    return {key: kept(value, key) for key, value in data.items() if key not in left_out}


def new_city_file(area: str, name: str, book: PolicyBook) -> str:
    """Text of a city file to begin with: the national list of diseases, all other sections as comments."""
    rows = [_disease_row(dict(row)) for row in book.files[NATIONAL].document.data["diseases"]]
    template = resources.files(__package__).joinpath("city_template.yaml").read_text(encoding="utf-8")
    # An editor completes and checks by the schema of the version that is installed here.
    with resources.as_file(resources.files(__package__).joinpath("city.schema.json")) as file:
        schema = file.as_uri()
    listed = "".join(f"\n  - {row}" for row in rows)
    return Template(template).substitute(area=area, name=name, diseases=listed, schema=schema)


def _disease_row(stated: dict[str, object]) -> str:
    """Row in one line; quotation marks of JSON serve in YAML too."""
    return "{" + ", ".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in stated.items()) + "}"
