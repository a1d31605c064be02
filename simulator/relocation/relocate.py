"""Relocation of a scenario: its people, or its hospitals, become those of the new city."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from simulator.benefit import City
from simulator.core.texts import Text, plain, text
from simulator.domain.places import LOCAL, NATION, shipped
from simulator.harness.scenario.definition import TREATMENT, ControlCall, Scenario
from simulator.people.areas import area_name
from simulator.people.diseases import known_diseases
from simulator.relocation.areas import NoSuchPlace, assigned_areas
from simulator.relocation.diseases import DiseaseNeeds, NoSuchDisease, assigned_diseases
from simulator.relocation.library import Library
from simulator.relocation.new_city import NewCity
from simulator.relocation.rewriting import Rewriting, m_codes
from simulator.relocation.sandbox_setup import setup_calls, unwanted_item

_GENERIC = ("自治州", "地区", "市", "盟", "县")


def relocate(scenario: Scenario, city: NewCity, library: Library, use: str) -> Scenario:
    """The scenario in the new city: its people's home, or in the treatment use the first place elsewhere that treats.

    One whose relations the new city cannot have is given back with the reason, `unreachable`.
    """
    fixed = (_home(scenario), city.area) if use != TREATMENT else (_treating(scenario), city.area)
    pools = {area: _pool(area, scenario, library) for area in _areas(scenario)}
    try:
        areas = assigned_areas(_areas(scenario), fixed, pools)
        diseases = _diseases(scenario, areas, library)
    except NoSuchPlace as missing:
        name = Text(city.name, city.name_en)
        return replace(scenario, unreachable=text(f"relocation.no_{missing.scope}_place", name=name, area=city.area))
    except NoSuchDisease as missing:
        return replace(scenario, unreachable=_no_disease(missing, scenario, library.policies.city(city.area)))
    item = unwanted_item([step.said for step in scenario.steps], scenario.places.values(), library, areas)
    if item is not None:
        return replace(scenario, unreachable=text("relocation.item_there", code=item, area=city.area))
    return _moved(scenario, city, library, areas, diseases)


def _moved(
    scenario: Scenario, city: NewCity, library: Library, areas: Mapping[str, str], diseases: Mapping[str, str]
) -> Scenario:
    home = _home(scenario)
    rewrite = Rewriting(areas, diseases, _words(areas, library), _disease_names(diseases, library, (home, areas[home])))
    changed = {old: new for old, new in (*areas.items(), *diseases.items()) if old != new}
    other_home = areas[home] != home or any(code in changed for code in diseases)
    return replace(
        scenario,
        name=rewrite(scenario.name),
        roles=rewrite(scenario.roles),
        places=rewrite(scenario.places),
        policy=rewrite(scenario.policy),
        steps=tuple(replace(step, said=rewrite(step.said)) for step in scenario.steps),
        preparation=_preparation(scenario, city, library, rewrite),
        moved=text("relocation.because", old=home, new=areas[home]) if other_home else None,
        changes=plain(", ".join(f"{old} → {new}" for old, new in changed.items())) if changed else None,
    )


def _preparation(scenario: Scenario, city: NewCity, library: Library, rewrite: Rewriting) -> tuple[ControlCall, ...]:
    own = ControlCall("PUT", f"policy/{city.area}", {"text": city.text, "name": city.file.name})
    concerned = any(rewrite.areas.get(area, area) == city.area for area in scenario.insured_areas)
    return (*((own,) if concerned else ()), *setup_calls(scenario.places.values(), library, rewrite))


def _home(scenario: Scenario) -> str:
    return scenario.insured_areas[0]


def _treating(scenario: Scenario) -> str:
    """Area of the first place beyond the home of the people; the first place where there is none."""
    areas = [code[1:7] for code in scenario.places.values()]
    home = _home(scenario)
    farthest = [area for area in areas if shipped().scope(area, home) == NATION]
    return next(iter(farthest or [area for area in areas if shipped().scope(area, home) != LOCAL] or areas))


def _areas(scenario: Scenario) -> list[str]:
    """Every area in which its people are insured, treated or filed for, in order."""
    filed = [filing["place"] for role in scenario.roles.values() for filing in role.get("filings", ())]
    return list(dict.fromkeys([*scenario.insured_areas, *(code[1:7] for code in scenario.places.values()), *filed]))


def _pool(area: str, scenario: Scenario, library: Library) -> Sequence[str]:
    """Areas that may stand in for one: for a home those with a city file, for a place those with institutions.

    A place without a catalogue of its own comes first: it takes the old one's and has no item besides.
    """
    if area in scenario.insured_areas:
        return sorted(each for each in library.written_under.files if each.isdecimal())
    areas = dict.fromkeys(each.area for each in library.institutions.all())
    return sorted(areas, key=lambda each: (library.catalogues.file_for(each) is not None, each))


def _diseases(scenario: Scenario, areas: Mapping[str, str], library: Library) -> dict[str, str]:
    home = _home(scenario)
    moments = [scenario.clock, *(str(step.said["clock"]) for step in scenario.steps if step.verb == "clock")]
    registered = [each["disease"] for role in scenario.roles.values() for each in role.get("registrations", ())]
    needs = DiseaseNeeds(
        codes=m_codes([list(scenario.roles.values()), [step.said for step in scenario.steps]]),
        days=[datetime.fromisoformat(moment).date() for moment in moments],
        scopes=list(dict.fromkeys(shipped().scope(code[1:7], home) for code in scenario.places.values())),
        told_apart=frozenset(registered),
    )
    old, new = library.written_under.city(home), library.policies.city(areas[home])
    return assigned_diseases(needs, old, new, known_diseases())


def _no_disease(missing: NoSuchDisease, scenario: Scenario, city: City) -> Text:
    on = date.fromisoformat(scenario.clock[:10])
    known: dict[str, Any] = {"codes": ", ".join(missing.codes), "area": city.area, "on": on}
    if not missing.listed:
        return text("relocation.every_disease_listed", **known)
    if missing.sub_codes:
        return text("relocation.no_sub_codes", **known)
    return text("relocation.no_disease", **known, count=len(city.diseases(on)))


def _words(areas: Mapping[str, str], library: Library) -> dict[str, str]:
    """Names of places, with and without what kind of place it is; English where both city files have one."""
    found: dict[str, str] = {}
    for old, new in areas.items():
        if old == new:
            continue
        one, other = library.written_under.city(old), library.policies.city(new)
        before, after = area_name(old), other.name if other.file_area == new else area_name(new)
        found |= {before: after, _short(before): _short(after)}
        if one.file_area == old and other.file_area == new:
            found[one.name_en] = other.name_en
    return found


def _short(name: str) -> str:
    return next((name.removesuffix(end) for end in _GENERIC if name.endswith(end) and len(name) > len(end) + 1), name)


def _disease_names(diseases: Mapping[str, str], library: Library, homes: tuple[str, str]) -> dict[str, str]:
    old, new = _names_of(library.written_under.city(homes[0])), _names_of(library.policies.city(homes[1]))
    pairs = [(old[code], new[its]) for code, its in diseases.items() if code != its and code in old and its in new]
    return dict(pairs)


def _names_of(city: City) -> dict[str, str]:
    rows = city.file.tables.get("diseases", ())
    return {row.value.code: row.value.name for row in rows}
