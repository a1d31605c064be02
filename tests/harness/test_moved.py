"""A scenario moved to another city, and one that says nothing of a city: told as such, never as passed."""

from dataclasses import replace
from pathlib import Path

import pytest

from simulator.core.texts import plain
from simulator.harness.environment.modes import Mode
from simulator.harness.environment.plan import Plan
from simulator.harness.execution.rehearsal import rehearse
from simulator.harness.execution.results import NOT_APPLICABLE, NOT_TESTED, PASSED, Ended, Started
from simulator.harness.execution.runner import Stage, play
from simulator.harness.report import write_report
from simulator.harness.report.console import Console
from simulator.harness.report.junit import write_junit
from simulator.harness.scenario.definition import INSURED, SELF, TREATMENT, ControlCall
from tests.support.in_process import SEED, agencies, export

CATALOGUE = '- call: "1312"\n'
CITY_FILE = Path(__file__).parents[1] / "relocation" / "cities" / "510100.yaml"


@pytest.fixture
def ended(platform):
    """The result of a scenario in a mode."""

    def play_it(scenario, mode):
        *_, last = play(Stage(platform, SEED, "rmoved"), mode, scenario)
        return last.result

    return play_it


def test_pass_without_a_message_to_the_agency_does_not_apply(ended, scenario, written, tmp_path):
    """The catalogue is the treatment place's own; who a person is, is asked of the insured place."""
    asked = written('- call: "1101"\n', name="asked")
    people = export(tmp_path / "people", ["230900"], str(asked))
    with agencies(tmp_path / "agencies", people, ["230900"]) as answering:
        mode = Mode(INSURED, answering)
        unasked = ended(scenario(CATALOGUE, name="unasked"), mode)
        assert (unasked.status, unasked.reason.en.partition(";")[0]) == (
            NOT_APPLICABLE,
            "the platform answered every step itself",
        )
        assert ended(scenario('- call: "1101"\n', name="asked"), mode).status == PASSED
    assert ended(scenario(CATALOGUE), Mode(SELF)).status == PASSED


def test_failure_is_told_also_where_the_agency_was_not_asked(ended, scenario, tmp_path):
    people = export(tmp_path / "people", ["230900"])
    with agencies(tmp_path / "agencies", people, ["230900"]) as answering:
        wrong = scenario(CATALOGUE + "  expect: {data: {count: 0}}\n")
        assert ended(wrong, Mode(INSURED, answering)).status == "failed"


def test_scenario_that_the_city_cannot_play_is_told_on_console_page_and_junit(scenario, platform_url, capsys, tmp_path):
    found = replace(scenario('- call: "1101"'), unreachable=plain("no second disease on its list"))
    *_, ended = rehearse(Plan([found], uses=(SELF, TREATMENT), platform=platform_url))
    assert isinstance(ended, Ended)
    assert [each.status for each in ended.results] == [NOT_TESTED, NOT_TESTED]
    console = Console()
    console.take(Started(ended.info))
    for result in ended.results:
        console._scenario(result)
    write_junit(ended, tmp_path / "j.xml")
    write_report(ended, tmp_path / "r.html")
    for said in (capsys.readouterr().out, *((tmp_path / name).read_text() for name in ("j.xml", "r.html"))):
        assert "no second disease on its list" in said


def test_preparation_is_done_before_the_first_step(ended, scenario):
    """A city file put into the sandbox is the one that the scenario looks at."""
    own = ControlCall("PUT", "policy/510100", {"text": CITY_FILE.read_text(encoding="utf-8")})
    found = scenario("- {control: GET policy/510100, expect: {version: test-1}}")
    assert ended(replace(found, preparation=(own,)), Mode(SELF)).status == PASSED
    assert ended(found, Mode(SELF)).status == "failed"


def test_point_on_a_row_that_the_city_file_has_not_is_not_reached(ended, scenario):
    found = scenario("""
    - {control: GET policy/230900, save: rules}
    - {reached: {"$rules.rules[rule=disease_cap,when.disease=M03900].value": "1.00"}, because: 没有这一行}
    """)
    moved = ended(replace(found, moved=plain("moved")), Mode(SELF))
    assert (moved.status, str(moved.reason)) == (NOT_TESTED, "没有这一行")
    assert ended(found, Mode(SELF)).status == "failed"


def test_relation_to_a_row_that_the_city_file_has_not_is_told_as_not_checked(ended, scenario):
    found = scenario("""
    - {control: GET policy/230900, save: rules}
    - {expect: {"$rules.rules[rule=annual_cap,when.insutype=999].value": {at_most: 1.00}}}
    """)
    moved = ended(replace(found, moved=plain("moved")), Mode(SELF))
    assert (moved.status, [each.en.partition(":")[0] for each in moved.steps[-1].notes]) == (PASSED, ["not checked"])
    assert ended(found, Mode(SELF)).status == "failed"
