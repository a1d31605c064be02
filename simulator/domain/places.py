"""Coverage of filings: the number of leading digits of an area code that make a place.

A city is four digits. Province-level places (北京 天津 上海 重庆 海南 西藏 and 兵团) are two, counties directly under a
province six; those rows are data, `places.csv`, each with its source, and a site may add rows of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from simulator.core.errors import DataFault, DataFaults
from simulator.core.strict_csv import parse_csv
from simulator.core.texts import text

CITY_DIGITS = 4
PROVINCE_DIGITS = 2
LOCAL, PROVINCE, NATION = "local", "province", "nation"
SCOPES = (LOCAL, PROVINCE, NATION)
"""Scopes of place (rules 33), the nearest first."""
COLUMNS = ("prefix", "digits", "source", "note")


def below(area: str) -> str:
    """The digits that an area and everything below it begin with: a province two, a city four, a county six."""
    return area[:2] if area.endswith("0000") else area[:4] if area.endswith("00") else area


@dataclass(frozen=True, slots=True)
class FilingCoverage:
    """Digits of one place by prefix of the area code; the longest matching prefix decides."""

    digits: Mapping[str, int]

    def place_of(self, area: str) -> str:
        """The leading digits that name the place of `area`: `2309` for 230921, `11` for 110105."""
        for length in range(len(area), 1, -1):
            if area[:length] in self.digits:
                return area[: self.digits[area[:length]]]
        return area[:CITY_DIGITS]

    def covers(self, place: str, area: str) -> bool:
        """Tells whether a filing for `place` is valid at `area`."""
        return area.startswith(self.place_of(place))

    def same_place(self, one: str, other: str) -> bool:
        return one == other or self.place_of(one) == self.place_of(other)

    def is_remote(self, treated: str, insured: str) -> bool:
        """True where a header names two different places; a blank place differs from none (rules 11)."""
        return bool(treated) and bool(insured) and not self.same_place(treated, insured)

    def scope(self, treated: str, insured: str) -> str:
        """The scope of place of the treatment seen from the insured place (rules 33)."""
        if self.same_place(treated, insured):
            return LOCAL
        return PROVINCE if treated[:PROVINCE_DIGITS] == insured[:PROVINCE_DIGITS] else NATION

    def is_filing_place(self, area: str) -> bool:
        """Tells whether a filing can name `area`: a whole province only where its row says so."""
        return not (area.endswith("0000") and len(self.place_of(area)) == CITY_DIGITS)

    def extended(self, more: "FilingCoverage") -> "FilingCoverage":
        """The rows of both; those of `more` win."""
        return FilingCoverage({**self.digits, **more.digits})


def read_places(raw: bytes, name: str) -> FilingCoverage:
    """Reads a table of places; raises DataFaults with line and column."""
    rows = parse_csv(raw, name, COLUMNS, key=("prefix",), needed=("prefix", "digits", "source"))
    faults = []
    digits: dict[str, int] = {}
    for row in rows:
        if not (row["prefix"].isdecimal() and row["prefix"].isascii() and 2 <= len(row["prefix"]) <= 6):
            faults.append(DataFault(text("people.place_prefix", got=row["prefix"]), "prefix", name, row.line, 1))
        elif row["digits"] not in ("2", "4", "6"):
            faults.append(DataFault(text("people.place_digits", got=row["digits"]), "digits", name, row.line, 2))
        else:
            digits[row["prefix"]] = int(row["digits"])
    if faults:
        raise DataFaults(faults)
    return FilingCoverage(digits)


@cache
def shipped() -> FilingCoverage:
    """The table that comes with the product, read once."""
    return read_places(resources.files(__package__).joinpath("places.csv").read_bytes(), "places.csv")


def covers(place: str, area: str) -> bool:
    """Tells whether a filing for `place` is valid at `area`, by the shipped table."""
    return shipped().covers(place, area)


def same_place(one: str, other: str) -> bool:
    """Tells whether two areas are one place to file for, by the shipped table."""
    return shipped().same_place(one, other)
