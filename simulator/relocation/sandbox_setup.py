"""Control calls that give a sandbox the institutions and catalogues of a moved scenario."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from simulator.catalogue import CatalogueBook, Institution, InstitutionBook, item_json
from simulator.harness.scenario.definition import ControlCall
from simulator.relocation.library import Library
from simulator.relocation.rewriting import Rewriting, strings


def setup_calls(places: Iterable[str], library: Library, rewrite: Rewriting) -> Iterator[ControlCall]:
    """Catalogues first, then the institutions of those areas that are not listed as the scenario needs them."""
    areas = list(dict.fromkeys(code[1:7] for code in places))
    yield from _catalogues(areas, library.catalogues, rewrite.areas)
    opened = _permuted(rewrite.diseases)
    for old in library.institutions.all():
        if old.area in areas:
            yield from _institution(old, library.institutions, rewrite, opened)


def unwanted_item(
    steps: Iterable[Any], places: Iterable[str], library: Library, areas: Mapping[str, str]
) -> str | None:
    """Item that a scenario may charge where no catalogue has it, and that the catalogue of the new area has."""
    of = library.catalogues.of
    for old in dict.fromkeys(code[1:7] for code in places):
        there, here = of(areas[old]).items, of(old).items
        found = next((code for code in strings(list(steps)) if code in there and code not in here), None)
        if found is not None:
            return found
    return None


def _catalogues(places: Iterable[str], catalogues: CatalogueBook, areas: Mapping[str, str]) -> Iterator[ControlCall]:
    """Items stay as the scenario charges them, so each new area gets the catalogue of the old one besides its own."""
    for old in places:
        new, file = areas.get(old, old), catalogues.file_for(old)
        if file is not None and catalogues.file_for(new) != file:
            items = [item_json(version) for versions in catalogues.own[file].values() for version in versions]
            yield ControlCall("PUT", f"catalogue/{new}", {"items": items})


def _institution(
    old: Institution, institutions: InstitutionBook, rewrite: Rewriting, opened: Mapping[str, str]
) -> Iterator[ControlCall]:
    diseases = frozenset(opened.get(each, each) for each in old.diseases)
    code = rewrite.institution(old.code)
    listed = institutions.get(code)
    if listed is None or _kind(listed) != (old.level, old.kind, diseases, old.open):
        body = {
            "name": rewrite(old.name),
            "area": rewrite.areas.get(old.area, old.area),
            "level": old.level,
            "kind": old.kind,
            "diseases": sorted(diseases),
            "open": old.open,
        }
        yield ControlCall("PUT", f"institutions/{code}", body)


def _kind(institution: Institution) -> tuple[str, str, frozenset[str], bool]:
    return (institution.level, institution.kind, institution.diseases, institution.open)


def _permuted(diseases: Mapping[str, str]) -> dict[str, str]:
    """Replacement of diseases closed to a permutation, so that an institution opened for neither code stays so."""
    found = {old: new for old, new in diseases.items() if old != new}
    back = {new: old for old, new in found.items()}
    for new in list(found.values()):
        if new not in found:
            first = new
            while first in back:
                first = back[first]
            found[new] = first
    return found
