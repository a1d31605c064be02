"""Institutions of the treatment places: level, kind, the special diseases they are opened for, open or closed."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from simulator.core.errors import DataFault, DataFaults, in_order
from simulator.core.schema_errors import faults_of, hint, shape
from simulator.core.strict_csv import CsvRow, parse_csv
from simulator.core.texts import Text, text
from simulator.domain.places import below
from simulator.people.areas import is_area
from simulator.people.identity import is_institution_code, is_valid_credit_code, unified_credit_code

COLUMNS = ("code", "name", "area", "level", "kind", "uscc", "diseases", "open", "source", "note")
LEVELS = (
    *("tertiary_special", "tertiary_a", "tertiary_b", "tertiary_c", "secondary_a", "secondary_b", "secondary_c"),
    *("primary_a", "primary_b", "primary_c", "ungraded"),
)
"""Our words for the codes of hosp_lv."""
KINDS = {"H": "institution", "P": "pharmacy"}
"""Our words for the codes of fixmedins_type, by the first letter of the institution's code."""
_DISEASE = re.compile(r"M[0-9]{5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Institution:
    """Designated institution or pharmacy (fixmedins_code)."""

    code: str
    name: str
    area: str
    level: str
    kind: str
    uscc: str
    diseases: frozenset[str] = frozenset()
    """M-codes opened for remote special-disease settlement; empty is all of them."""
    open: bool = True

    def opened_for(self, disease: str) -> bool:
        """True where the institution settles the disease; a class (sub-code 00) opens all its sub-codes."""
        return not self.diseases or disease in self.diseases or f"{disease[:4]}00" in self.diseases

    @staticmethod
    def from_json(code: str, body: object) -> "Institution":
        """Reads the body of `PUT /_sim/institutions/<code>`; raises DataFaults with paths."""
        faults = faults_of(body, shape("simulator.catalogue", "institution.schema.json"))
        if faults or not isinstance(body, Mapping):
            raise DataFaults(faults)
        area = body["area"]
        found = Institution(
            code=code,
            name=body["name"],
            area=area,
            level=body["level"],
            kind=body.get("kind", KINDS.get(code[:1], "")),
            uscc=_credit_code(code, area),
            diseases=frozenset(body.get("diseases", ())),
            open=body.get("open", True),
        )
        faults = [DataFault(sentence, key) for key, sentence in _faults(found)]
        if faults:
            raise DataFaults(faults)
        return found

    def to_json(self) -> dict[str, Any]:
        """The institution as a control call shows it; all but code and uscc is what it takes."""
        return {
            "code": self.code,
            "name": self.name,
            "area": self.area,
            "level": self.level,
            "kind": self.kind,
            "uscc": self.uscc,
            "diseases": sorted(self.diseases),
            "open": self.open,
        }


@dataclass(frozen=True, slots=True)
class InstitutionBook:
    """All institutions by code; each change gives a new book."""

    institutions: Mapping[str, Institution]

    @staticmethod
    def shipped() -> "InstitutionBook":
        """The institutions that come with the product, read once."""
        return _shipped()

    @staticmethod
    def load(folder: Path) -> "InstitutionBook":
        """The shipped institutions with those of `institutions.csv` in a user's folder, if it is there."""
        file = folder / "institutions.csv"
        if not file.is_file():
            return _shipped()
        return InstitutionBook({**_shipped().institutions, **_read(file.read_bytes(), str(file))})

    def get(self, code: str) -> Institution | None:
        return self.institutions.get(code)

    def all(self) -> Iterator[Institution]:
        """Every institution, by code."""
        return iter(sorted(self.institutions.values(), key=lambda institution: institution.code))

    def of(self, area: str) -> tuple[Institution, ...]:
        """Institutions of an area: a province, a city or a county, as the zeros at the end of its code say."""
        prefix = below(area)
        return tuple(institution for institution in self.all() if institution.area.startswith(prefix))

    def with_institution(self, institution: Institution) -> "InstitutionBook":
        return InstitutionBook({**self.institutions, institution.code: institution})


def level_of(hosp_lv: str) -> str:
    """`tertiary_a` and the like to the level that ratios go by: primary, secondary, tertiary or ungraded."""
    level = hosp_lv.split("_", maxsplit=1)[0]
    return level if level in ("primary", "secondary", "tertiary") else "ungraded"


@cache
def _shipped() -> InstitutionBook:
    raw = resources.files(__package__).joinpath("institutions.csv").read_bytes()
    return InstitutionBook(_read(raw, "institutions.csv"))


def _read(raw: bytes, name: str) -> dict[str, Institution]:
    needed = ("code", "name", "area", "level", "kind", "uscc", "open", "source")
    found: dict[str, Institution] = {}
    faults: list[DataFault] = []
    for row in parse_csv(raw, name, COLUMNS, key=("code",), needed=needed, found=faults):
        institution = _of_row(row)
        wrong = [*_faults(institution)]
        if row["open"] not in ("Y", "N"):
            wrong.append(("open", text("catalogue.yes_or_no", got=row["open"])))
        faults += [DataFault(sentence, column, name, row.line, COLUMNS.index(column) + 1) for column, sentence in wrong]
        found[institution.code] = institution
    if faults:
        raise DataFaults(in_order(faults))
    return found


def _of_row(row: CsvRow) -> Institution:
    return Institution(
        code=row["code"],
        name=row["name"],
        area=row["area"],
        level=row["level"],
        kind=row["kind"],
        uscc=row["uscc"],
        diseases=frozenset(row["diseases"].split()),
        open=row["open"] == "Y",
    )


def _credit_code(code: str, area: str) -> str:
    if not is_institution_code(code) or not is_area(area):
        return ""
    return unified_credit_code(area, int(code[7:]), pharmacy=code.startswith("P"))


def _faults(institution: Institution) -> Iterator[tuple[str, Text]]:
    code, area = institution.code, institution.area
    if not is_institution_code(code):
        yield "code", text("catalogue.institution_code", got=code)
        return
    if not is_area(area):
        yield "area", text("catalogue.unknown_area", got=area)
    elif code[1:7] != area:
        yield "area", text("catalogue.institution_area", code=code, area=area)
    if institution.level not in LEVELS:
        sentence = text(
            "data.not_allowed",
            got=institution.level,
            hint=hint(institution.level, LEVELS),
            allowed=", ".join(LEVELS),
        )
        yield "level", sentence
    if institution.kind != KINDS[code[0]]:
        yield "kind", text("catalogue.institution_kind", got=institution.kind)
    if is_area(area) and not is_valid_credit_code(institution.uscc):
        yield "uscc", text("catalogue.credit_code", got=institution.uscc)
    for disease in sorted(institution.diseases):
        if not _DISEASE.fullmatch(disease):
            yield "diseases", text("catalogue.disease_form", got=disease)
