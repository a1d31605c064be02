"""The library in three cities that nobody shipped: an ordinary one, a municipality, one with three diseases."""

import shutil
from pathlib import Path

import pytest

from simulator.harness.environment.modes import Mode
from simulator.harness.execution.results import NOT_APPLICABLE, NOT_TESTED, PASSED
from simulator.harness.execution.runner import Stage, play
from simulator.harness.scenario.definition import INSURED, SELF, TREATMENT
from simulator.harness.scenario.library import load
from simulator.platform import load_defaults
from simulator.relocation import open_library, relocate
from tests.relocation import FOLDER
from tests.support.in_process import SEED, agencies, export, platform, played
from tests.support.library_sample import sample

CITIES = ("510100", "310000", "620100")
SHARE = 0.8
"""Least share of the library that a city file of area, diseases and ratios alone must reach."""

pytestmark = pytest.mark.slow


def move(scenarios, area, use, file=None):
    books = load_defaults("")
    city, library = open_library(
        f"{area}={file or FOLDER / f'{area}.yaml'}", books.policies, books.institutions, books.catalogues
    )
    return [relocate(each, city, library, use) for each in scenarios]


def ended(stage, mode, scenario):
    *_, last = play(stage, mode, scenario)
    return last.result


def told(result):
    """Status with what was wrong, for a failing assertion."""
    differences = [f"{each.path}: {each.wanted} / {each.got}" for each in result.differences]
    return (result.status, str(result.reason or ""), differences)


@pytest.mark.parametrize("area", CITIES)
def test_most_of_the_library_is_played_and_the_rest_says_why_not(area, tmp_path):
    moved = [each for each in move(sample(load([])), area, INSURED) if SELF in each.uses]
    with platform(tmp_path) as client:
        results = [ended(Stage(client, SEED, "rself"), Mode(SELF), each) for each in moved]
    wrong = {each.scenario.id: told(each) for each in results if each.status not in (PASSED, NOT_TESTED)}
    assert wrong == {}
    assert all(each.reason for each in results if each.status == NOT_TESTED)
    assert sum(each.status == PASSED for each in results) >= SHARE * len(results)


def test_agency_of_the_city_passes_with_its_own_file_and_people(tmp_path):
    area = "620100"
    moved = move(sample(load([])), area, INSURED)
    data = tmp_path / "data" / "policies"
    data.mkdir(parents=True)
    shutil.copy(FOLDER / f"{area}.yaml", data)
    people = export(tmp_path / "people", [area], "--city", f"{area}={FOLDER / area}.yaml")
    with (
        platform(tmp_path / "platform") as client,
        agencies(tmp_path / "agencies", people, [area], data.parent) as answering,
    ):
        results = played(client, moved, answering, "rcity")
    statuses = (PASSED, NOT_TESTED, NOT_APPLICABLE)
    wrong = {name: told(each) for name, each in results.items() if each.status not in statuses}
    assert wrong == {}
    passed = [each for each in results.values() if each.status == PASSED]
    assert all(any(leg.leg == "agency" for step in each.steps for leg in step.legs) for each in passed)
    assert len(passed) > len(moved) / 2


def test_city_becomes_the_place_of_treatment_and_the_amounts_stay(tmp_path):
    """People, prices and so the amounts worked out by hand are those of the scenario; the hospital is the city's."""
    (scenario,) = move(load([Path("dialysis/retiree-in-beijing")]), "620100", TREATMENT)
    assert scenario.places == {"hospital": "H62010000001"}
    assert scenario.insured_areas == ("230900",)
    with platform(tmp_path) as client:
        result = ended(Stage(client, SEED, "rplace"), Mode(SELF), scenario)
    assert told(result) == (PASSED, "", [])
    assert result.unchecked is None


def test_item_of_another_place_must_not_stand_in_the_catalogue_of_the_new_one(tmp_path):
    """Harbin goes by the catalogue of Qitaihe, whose code of dialysis the scenario charges where it is unknown."""
    (tmp_path / "harbin.yaml").write_text('area: "230100"\nname: 哈尔滨市\nversion: "1"\n', encoding="utf-8")
    scenarios = load([Path("catalogue/item-in-no-catalogue")])
    (treated,) = move(scenarios, "230100", TREATMENT, tmp_path / "harbin.yaml")
    (insured,) = move(scenarios, "230100", INSURED, tmp_path / "harbin.yaml")
    assert "003110000060000-311000025" in treated.unreachable.en
    assert insured.unreachable is None
