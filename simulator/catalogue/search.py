"""Search of items by words of their names and codes."""

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.catalogue.catalogues import CatalogueBook
from simulator.catalogue.item import Item


@dataclass(frozen=True, slots=True)
class FoundItem:
    """Version of an item, with the area whose catalogue holds it."""

    area: str
    """Blank for the drug list that every place shares."""
    item: Item


def find_items(book: CatalogueBook, words: Sequence[str], area: str = "") -> list[FoundItem]:
    """Every version of the items whose name or code holds all words, in any case; shared drugs first, then by code.

    With an area, only the items that hold there.
    """
    wanted = [word.casefold() for word in words]
    files = [file for file in [book.file_for(area)] if file is not None] if area else sorted(book.own)
    tables = [("", book.shared), *((file, book.own[file]) for file in files)]
    return [
        FoundItem(place, version)
        for place, items in tables
        for code in sorted(items)
        for version in items[code]
        if all(word in f"{version.code} {version.name}".casefold() for word in wanted)
    ]
