"""All catalogues together: the drug list that every place shares, and what each treatment place pays besides.

Which file holds for an area: its own, else its city's (four digits), else the one that says it serves the province. An
area with none gets the shared drug list only, and its catalogue says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from simulator.catalogue.item import Catalogue, Items
from simulator.catalogue.item_reader import read_items, read_table
from simulator.core.errors import DataFault, DataFaults
from simulator.core.strict_csv import parse_csv
from simulator.core.texts import text
from simulator.people.areas import is_area

SHARED = "drugs.csv"
INDEX = "catalogues.csv"
INDEX_COLUMNS = ("area", "serves", "source", "note")
_OTHER_TABLES = frozenset({"institutions.csv"})


@dataclass(frozen=True, slots=True)
class CatalogueBook:
    """Immutable; each change gives a new book."""

    shared: Items
    own: Mapping[str, Items]
    """By the area whose file it is."""
    serves: Mapping[str, str]
    """Province prefix to the area whose file serves it."""
    _found: dict[str, Catalogue] = field(default_factory=dict, repr=False, compare=False)

    @staticmethod
    def shipped() -> "CatalogueBook":
        """The catalogues that come with the product, read once."""
        return _shipped()

    @staticmethod
    def load(folder: Path) -> "CatalogueBook":
        """The shipped catalogues with a user's folder laid over them: `drugs.csv`, `catalogues.csv`, `<area>.csv`."""
        if not folder.is_dir():
            raise DataFaults([DataFault(text("data.no_such_file", path=str(folder)), file=str(folder))])
        return _read(folder, _shipped())

    def of(self, area: str) -> Catalogue:
        """The catalogue by which care at `area` is classified."""
        found = self._found.get(area)
        if found is None:
            file = self.file_for(area)
            items = {**self.shared, **self.own[file]} if file else self.shared
            found = self._found.setdefault(area, Catalogue(area, items, own=file is not None))
        return found

    def file_for(self, area: str) -> str | None:
        """The area whose file holds for `area`, or None."""
        for candidate in (area, area[:4] + "00"):
            if candidate in self.own:
                return candidate
        for length in range(len(area), 1, -1):
            if area[:length] in self.serves:
                return self.serves[area[:length]]
        return None

    def with_items(self, area: str, body: object) -> "CatalogueBook":
        """A book in which the items of `body` hold at `area`; raises DataFaults with paths."""
        if not is_area(area):
            raise DataFaults([DataFault(text("catalogue.unknown_area", got=area), "area")])
        file = self.file_for(area)
        before = self.own[file] if file else {}
        return CatalogueBook(self.shared, {**self.own, area: {**before, **read_items(body)}}, self.serves)


@cache
def _shipped() -> CatalogueBook:
    return _read(resources.files(__package__), CatalogueBook({}, {}, {}))


def _read(folder: Traversable, base: CatalogueBook) -> CatalogueBook:
    """Every table of the folder laid over `base`; the faults of all files together."""
    shared, own, serves = base.shared, dict(base.own), dict(base.serves)
    faults: list[DataFault] = []
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        stem, _, ending = file.name.rpartition(".")
        if ending != "csv" or file.name in _OTHER_TABLES:
            continue
        try:
            if file.name == INDEX:
                serves |= _read_index(file)
            elif file.name == SHARED:
                shared = read_table(file.read_bytes(), str(file))
            elif is_area(stem):
                own[stem] = read_table(file.read_bytes(), str(file))
            else:
                faults.append(DataFault(text("catalogue.unknown_file", name=file.name), file=str(file)))
        except DataFaults as error:
            faults += error.faults
    missing = [area for area in serves.values() if area not in own]
    faults += [DataFault(text("catalogue.no_file", area=area), "area", INDEX) for area in dict.fromkeys(missing)]
    if faults:
        raise DataFaults(faults)
    return CatalogueBook(shared, own, serves)


def _read_index(file: Traversable) -> dict[str, str]:
    rows = parse_csv(file.read_bytes(), str(file), INDEX_COLUMNS, key=("area",), needed=("area", "serves", "source"))
    return {prefix: row["area"] for row in rows for prefix in row["serves"].split()}
