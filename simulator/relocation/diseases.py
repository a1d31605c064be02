"""Diseases of a moved scenario: where the new city lacks a disease, another of the same standing stands for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from simulator.benefit import City, Disease

_UNLISTED = "-"


class NoSuchDisease(Exception):
    """Codes of a scenario for which the list of the new city has no disease left."""

    def __init__(self, codes: Sequence[str], *, listed: bool, sub_codes: bool = False) -> None:
        super().__init__(codes)
        self.codes = tuple(codes)
        self.listed = listed
        """False where a disease on no list is wanted."""
        self.sub_codes = sub_codes
        """True where only the sub-codes are missing."""


@dataclass(frozen=True, slots=True)
class DiseaseNeeds:
    """Requirements of a scenario on the list of diseases of its city."""

    codes: Sequence[str]
    """Every code that it names, in order."""
    days: Sequence[date]
    """Days to which its clock is set."""
    scopes: Sequence[str]
    """Scopes of place in which its people are treated."""
    told_apart: frozenset[str] = frozenset()
    """Sub-codes that must not become the code of their class where the scenario names that too."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Codes of one class, with its standing on the days on which the old city lists it."""

    head: str
    codes: Sequence[str]
    days: Sequence[date]
    standing: tuple[str, ...]

    @property
    def listed(self) -> bool:
        return any(each != _UNLISTED for each in self.standing)

    @property
    def sub_codes(self) -> list[str]:
        return [code for code in self.codes if code != self.head]


def assigned_diseases(needs: DiseaseNeeds, old: City, new: City, known: Sequence[str]) -> dict[str, str]:
    """New code for each code of a scenario, unchanged where the new city has it in the same standing.

    `known` are codes to take for a disease that is on no list. Codes of one class stay codes of one class, and two
    classes stay two. Raises NoSuchDisease.
    """
    groups = _groups(needs, old)
    kept = [group for group in groups if _has(group, needs, new)]
    found = {code: code for group in kept for code in group.codes}
    taken = {new.mapped(code) for code in found}
    for group in groups:
        if group in kept:
            continue
        chosen = _replacement(group, needs, new, taken) if group.listed else _unlisted(group, needs, new, known, taken)
        found |= chosen
        taken |= {new.mapped(code) for code in chosen.values()}
    return found


def _groups(needs: DiseaseNeeds, old: City) -> list[_Group]:
    by_class: dict[str, list[str]] = {}
    for code in needs.codes:
        listed = any(_standing(code, day, needs, old) != _UNLISTED for day in needs.days)
        by_class.setdefault(old.mapped(code) if listed else f"{code[:4]}00", []).append(code)
    groups = []
    for head, codes in by_class.items():
        listed_days = [day for day in needs.days if _standing(head, day, needs, old) != _UNLISTED]
        days = listed_days or needs.days
        groups.append(_Group(head, codes, days, tuple(_standing(head, day, needs, old) for day in days)))
    return groups


def _standing(code: str, day: date, needs: DiseaseNeeds, city: City) -> str:
    """Scopes of place in which a disease is settled on a day, of those that the scenario comes to."""
    disease = city.diseases(day).get(city.mapped(code))
    if disease is None:
        return _UNLISTED
    return ",".join(scope for scope in needs.scopes if disease.reaches(scope))


def _stands_alike(code: str, group: _Group, needs: DiseaseNeeds, city: City) -> bool:
    return tuple(_standing(code, day, needs, city) for day in group.days) == group.standing


def _has(group: _Group, needs: DiseaseNeeds, city: City) -> bool:
    """True where the city's list has all codes of a group, under the same class."""
    if not all(_stands_alike(code, group, needs, city) for code in group.codes):
        return False
    classes = {city.mapped(code) for code in group.codes}
    return not group.listed or (len(classes) == 1 and (group.head not in group.codes or classes == {group.head}))


def _replacement(group: _Group, needs: DiseaseNeeds, city: City, taken: set[str]) -> Mapping[str, str]:
    listed = {code: disease for day in group.days for code, disease in city.diseases(day).items()}
    free = [each for each in listed.values() if each.code not in taken and _stands_alike(each.code, group, needs, city)]
    enough = [each for each in free if len(_sub_codes(each)) >= len(group.sub_codes)]
    apart = group.head in group.codes and not needs.told_apart.isdisjoint(group.sub_codes)
    if not free or (apart and not enough):
        raise NoSuchDisease(group.codes, listed=True, sub_codes=bool(free))
    disease = (enough or free)[0]
    # A class without sub-codes is registered and billed by its own code.
    names = [*_sub_codes(disease), *[disease.code] * len(group.sub_codes)]
    return {group.head: disease.code, **dict(zip(group.sub_codes, names, strict=False))}


def _unlisted(
    group: _Group, needs: DiseaseNeeds, city: City, known: Sequence[str], taken: set[str]
) -> Mapping[str, str]:
    free = [code for code in known if code not in taken and _stands_alike(code, group, needs, city)]
    if len(free) < len(group.codes):
        raise NoSuchDisease(group.codes, listed=False)
    return dict(zip(group.codes, free, strict=False))


def _sub_codes(disease: Disease) -> list[str]:
    return [code for code in disease.covers if code != disease.code]
