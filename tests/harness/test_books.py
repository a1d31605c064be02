"""Running again against a system that keeps its books: recognised before the first scenario is played."""

from pathlib import Path

import pytest

from simulator.harness.environment.client import ControlRefused, SandboxClient
from simulator.harness.environment.plan import Plan
from simulator.harness.execution.rehearsal import rehearse
from simulator.harness.execution.results import FAILED, PASSED, Ended
from simulator.harness.scenario.library import load
from tests.support.in_process import SEED, agencies, export

QITAIHE = "230900"
PLAYED, OTHER = Path("dialysis/retiree-in-beijing"), Path("identity/electronic-voucher")
BORN_AS_MADE = Path("account/patient-decides")
"""The role states no birth, so the number of the identity card follows from the day on which the person is made."""


@pytest.fixture
def city(tmp_path):
    """The URL of an agency that lives on from run to run, by its area."""
    people = export(tmp_path / "people", [QITAIHE], str(PLAYED), str(OTHER), str(BORN_AS_MADE))
    with agencies(tmp_path / "agency", people, [QITAIHE]) as answering:
        yield answering


@pytest.fixture
def run(platform_url, city):
    def rehearse_it(*paths, **options):
        given = {"uses": ("insured",), "seed": SEED, "platform": platform_url, "agencies": city}
        *_, ended = rehearse(Plan(load(paths), paths=paths, **given | options))
        assert isinstance(ended, Ended)
        return ended

    return rehearse_it


def test_second_run_stops_with_one_sentence_before_anything_is_played(run):
    """The deductible of 500.00 was taken in the first run; a scenario that was not played then is not played either."""
    first = run(PLAYED)
    assert [each.status for each in first.results] == [PASSED]
    second = run(OTHER, PLAYED)
    assert (second.exit_code, list(second.results)) == (2, [])
    assert "people of 1 scenarios" in second.broken.en
    assert "2025 310 DEDC of patient must be 0.00, the insured place holds 500.00" in second.broken.en


def test_declared_to_keep_its_books_the_run_goes_on_from_what_the_city_reports(run):
    run(PLAYED)
    again = run(PLAYED, capabilities={"reset": False})
    assert [(each.status, each.unchecked is not None) for each in again.results] == [(PASSED, True)]


def test_new_people_find_empty_books_and_literal_amounts_are_checked(run):
    run(PLAYED)
    other = run(OTHER)
    assert [(each.status, each.unchecked, each.notes) for each in other.results] == [(PASSED, None, [])]


def test_people_unknown_to_the_city_are_for_the_scenario_to_find(run):
    """Another seed makes people that the city was not given."""
    ended = run(PLAYED, seed=SEED + 1)
    assert [each.status for each in ended.results] == [FAILED]
    assert ended.broken is None


def test_people_whose_birth_follows_from_the_clock_are_asked_for_as_the_city_was_given_them(run):
    """Made on another day they would be strangers, their books would seem empty, and the balance of 1101 be wrong."""
    assert [each.status for each in run(BORN_AS_MADE).results] == [PASSED]
    again = run(BORN_AS_MADE)
    assert (again.exit_code, list(again.results)) == (2, [])
    assert "people of 1 scenarios" in again.broken.en


def test_books_that_are_not_told_are_no_empty_books(run, monkeypatch):
    """The first look finds the city silent; asked again by the scenario it tells that it settled before."""
    run(PLAYED)
    ask, silent = SandboxClient.control, []

    def without_answer(self, method, path, body=None):
        if path == "people/learn" and not silent:
            silent.append(body)
            raise ControlRefused("POST people/learn", 400, {"code": "agency_no_answer", "message": "timeout"})
        return ask(self, method, path, body)

    monkeypatch.setattr(SandboxClient, "control", without_answer)
    (again,) = run(PLAYED).results
    assert len(silent) == 1
    assert ["2025 310 DEDC of patient must be 0.00" in note.en for note in again.notes] == [True]
