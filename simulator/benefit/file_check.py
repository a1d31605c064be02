"""A city file judged by itself: every fault with its line, then its worked examples."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from string import Template

from simulator.benefit.checks import check
from simulator.benefit.city import City
from simulator.benefit.city_file import NATIONAL, CityFile, compile_city
from simulator.benefit.examples import failing_examples
from simulator.benefit.policy_book import PolicyBook
from simulator.core.errors import DataFault, DataFaults
from simulator.core.schema_errors import faults_of, shape
from simulator.core.strict_yaml import Document, parse_yaml

_LOOKED_AT_BY_OTHERS = frozenset({"diseases", "layers", "layer_order"})
"""Sections without which others cannot be judged: the default would be taken in their place."""
_SECTION = re.compile(r"[^.\[]+")


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
    try:
        document = parse_yaml(raw, name)
    except DataFaults as error:
        return CheckedFile(name, None, error.faults)
    city, faults = _judged(document, book.files[NATIONAL])
    if city is None or faults:
        return CheckedFile(name, None, tuple(sorted(faults, key=lambda each: (each.line or 0, each.path))))
    if city.area == NATIONAL:
        return CheckedFile(name, city, ())
    wrong = failing_examples(City(city.area, city, book.files[NATIONAL]))
    failed = {each.path.partition(".")[0] for each in wrong}
    return CheckedFile(name, city, tuple(wrong), len(city.examples), len(failed))


def _judged(document: Document, national: CityFile) -> tuple[CityFile | None, list[DataFault]]:
    """Faults of shape, of single rows and of sense; a faulty section does not hide the faults of the others."""
    wanted = shape("simulator.benefit", "city.schema.json")
    faults = [document.fault(fault.path, fault.sentence) for fault in faults_of(document.data, wanted)]
    if not isinstance(document.data, dict):
        return None, faults
    left_out = _sections(faults)
    while True:
        sound = {key: value for key, value in document.data.items() if key not in left_out}
        sound = {"area": "", "name": "", "version": "", **sound}
        try:
            city = compile_city(Document(sound, document.name, document.places))
        except DataFaults as error:
            faults += error.faults
            left_out |= _sections(error.faults)
            continue
        if left_out.isdisjoint(_LOOKED_AT_BY_OTHERS):
            faults += check(city, None if city.area == NATIONAL else national)
        return city, faults


def _sections(faults: Iterable[DataFault]) -> set[str]:
    return {found.group() for fault in faults if (found := _SECTION.match(fault.path))}


def new_city_file(area: str, name: str, book: PolicyBook) -> str:
    """Text of a city file to begin with: the national list of diseases, all other sections as comments."""
    rows = [_disease_row(dict(row)) for row in book.files[NATIONAL].document.data["diseases"]]
    template = resources.files(__package__).joinpath("city_template.yaml").read_text(encoding="utf-8")
    return Template(template).substitute(area=area, name=name, diseases="".join(f"\n  - {row}" for row in rows))


def _disease_row(stated: dict[str, object]) -> str:
    """Row in one line; quotation marks of JSON serve in YAML too."""
    return "{" + ", ".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in stated.items()) + "}"
