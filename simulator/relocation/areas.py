"""Areas of a moved scenario: each gets an area in the same scope of place to all others."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from simulator.domain.places import LOCAL, PROVINCE, PROVINCE_DIGITS, shipped
from simulator.people.areas import cities


class NoSuchPlace(Exception):
    """Relation of two areas that no pair of areas around the new city has."""

    def __init__(self, area: str, scope: str) -> None:
        super().__init__(area, scope)
        self.area = area
        self.scope = scope


def assigned_areas(areas: Sequence[str], fixed: tuple[str, str], pools: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """New area for each area; `fixed` is the one whose new area is given, `pools` are candidates for the others.

    Scope of place (`local`, `province`, `nation`) between any two stays as it was. Raises NoSuchPlace.
    """
    found = dict([fixed])
    for area in areas:
        if area in found:
            continue
        new = next((each for each in _candidates(area, fixed, pools.get(area, ())) if _fits(area, each, found)), None)
        if new is None:
            raise NoSuchPlace(area, shipped().scope(area, fixed[0]))
        found[area] = new
    return found


def _candidates(area: str, fixed: tuple[str, str], pool: Iterable[str]) -> Iterator[str]:
    old, new = fixed
    scope = shipped().scope(area, old)
    if scope == LOCAL:
        yield new
        return
    yield area
    yield from pool
    if scope == PROVINCE:
        yield from (each for each in cities() if each[:PROVINCE_DIGITS] == new[:PROVINCE_DIGITS])


def _fits(area: str, new: str, found: Mapping[str, str]) -> bool:
    scope = shipped().scope
    return all(
        scope(area, other) == scope(new, its) and scope(other, area) == scope(its, new) for other, its in found.items()
    )
