"""Steps by which the platform probes an agency, and the books at the end of a scenario."""

from pathlib import Path

import pytest

from simulator.harness.environment.plan import Plan
from simulator.harness.execution.rehearsal import rehearse
from simulator.harness.execution.results import FAILED, NOT_APPLICABLE, PASSED
from simulator.harness.report.wording import failure_text
from simulator.harness.scenario.library import load


@pytest.fixture
def insured(platform_url):
    """Plays files with the city as insured place, answered by a reference agency."""

    def play(*files):
        *_, ended = rehearse(Plan(load(files), paths=files, platform=platform_url, uses=("insured",)))
        return ended

    return play


VISIT = """
- call: "1101"
- use: visit
  save: first
  with:
    disease: M07803
    charges: [{med_list_codg: 003110000060000-311000027, cnt: 2, pric: 420.00}]
"""


def test_the_probes_shipped_are_answered_rightly_and_asked_of_no_simulated_city(insured, platform_url):
    ended = insured(Path("probes"))
    assert {each.status for each in ended.results} == {PASSED}
    *_, alone = rehearse(
        Plan(load([Path("probes/day")]), paths=(Path("probes/day"),), platform=platform_url, uses=("self",))
    )
    assert [each.status for each in alone.results] == [NOT_APPLICABLE]


def test_an_answer_other_than_the_step_says_fails_it(written, insured):
    steps = VISIT + "- probe: 2207A\n  again: $first.settled\n  msgid: new\n- probe: 2207A\n  again: $first.settled"
    result = insured(written(steps)).results[0]
    assert result.status == FAILED
    assert [(each.path, each.wanted.zh, each.got.zh) for each in result.root_cause.differences] == [
        ("infcode", "0", "-1")
    ]
    assert len(result.root_cause.legs) == 1


def test_what_was_not_forwarded_cannot_be_sent_again(written, insured):
    steps = '- call: "1201"\n  save: asked\n- probe: "1201"\n  again: $asked'
    (difference,) = insured(written(steps)).results[0].root_cause.differences
    assert "$asked" in difference.got.zh


def test_books_are_compared_after_a_failed_step_and_the_first_finding_heads_the_report(written, insured):
    # The balance is opened on the platform alone, so the agency cannot know it.
    opened = """
    - control: POST people/$patient.psn_no/accumulators
      body: {year: 2025, insutype: "310", kind: DEDC, amount: "200.00"}
    - call: "5206"
      expect: {cuminfo: {count: 9}}
    """
    ended = insured(written(opened))
    result = ended.results[0]
    assert result.root_cause.differences[0].path == "cuminfo"
    assert result.cause == "accumulators"
    assert result.differences[0].path == "accumulators output.cuminfo"
    assert failure_text(result, ended.info).zh.splitlines()[2].strip().startswith("accumulators")


def test_books_that_differ_fail_a_scenario_whose_steps_all_passed(written, insured):
    opened = """
    - call: "1101"
    - control: POST people/$patient.psn_no/accumulators
      body: {year: 2024, insutype: "310", kind: DEDC, amount: "200.00"}
    """
    result = insured(written(opened)).results[0]
    assert {step.status for step in result.steps} == {PASSED}
    assert result.status == FAILED
    assert "2024" in result.final[0].wanted.zh
