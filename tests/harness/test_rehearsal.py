"""Scenarios played for real: platform, reference agency and reference hospital in processes of their own."""

import json
import os
import re
import signal
from datetime import date, datetime, timedelta, timezone
from importlib import resources
from pathlib import Path

import pytest

from simulator.harness.environment import environment
from simulator.harness.environment.modes import Mode
from simulator.harness.environment.personas import Personas
from simulator.harness.environment.plan import Plan
from simulator.harness.execution import rehearsal, runner
from simulator.harness.execution.rehearsal import rehearse
from simulator.harness.execution.results import (
    BROKEN,
    FAILED,
    NOT_APPLICABLE,
    NOT_RUN,
    NOT_TESTED,
    PASSED,
    Ended,
    ScenarioEnded,
    Started,
)
from simulator.harness.execution.runner import Stage, play
from simulator.harness.report import write_report
from simulator.harness.report.console import Console
from simulator.harness.report.junit import write_junit
from simulator.harness.scenario.date_shift import begin_on
from simulator.harness.scenario.library import load
from tests.support.in_process import agencies, export

VISIT = """
- call: "1101"
- use: visit
  save: first
  with: {disease: M07803, charges: [{med_list_codg: 003110000060000-311000027, cnt: 3, pric: 420.00}]}
"""
DEDUCTIBLE = "  literal: {act_pay_dedc: 500.00}\n"


@pytest.fixture
def played(scenario, platform):
    """The result of a scenario with these steps in self-play."""

    def play_it(steps, more=""):
        *_, ended = play(Stage(platform, 7, "rtest"), Mode("self"), scenario(steps, more))
        return ended.result

    return play_it


@pytest.fixture
def run(platform_url):
    """A whole run against the platform of these tests."""

    def rehearse_it(files, **options):
        *_, ended = rehearse(Plan(load(files), paths=files, **{"platform": platform_url, **options}))
        assert isinstance(ended, Ended)
        return ended

    return rehearse_it


def test_lost_answer_is_recovered_in_all_three_uses(run):
    ended = run([Path("recovery/lost-answer-reversed-twice")])
    assert [(each.use, each.status) for each in ended.results] == [
        ("self", PASSED),
        ("insured", PASSED),
        ("treatment", PASSED),
    ]


def test_wrong_amount_is_found_once_with_the_way_it_came_about_and_nothing_after_it_runs(played):
    result = played(VISIT + "  literal: {hifp_pay: 700.00}\n" + '- call: "5206"')
    assert result.status == FAILED
    (difference,) = result.root_cause.differences
    assert (difference.wanted.zh, difference.got.zh) == ("700.00", "684.00")  # (1260.00 − 500.00) × 0.90
    assert any("500.00" in cause.zh for cause in difference.causes)
    assert result.steps[-1].status == NOT_RUN


def test_refusal_for_another_reason_is_a_difference(played):
    result = played('- {call: "1101", without: [certno], refused: not_filed}')
    (difference,) = result.root_cause.differences
    assert "contract.required" in difference.got.zh


def test_field_that_a_refusal_does_not_name_is_a_difference(played):
    result = played('- {call: "1101", without: [certno], refused: contract.required, named: [certno, psn_name]}')
    assert [each.path for each in result.root_cause.differences] == ["psn_name"]


def test_finding_that_nobody_expected_fails_a_scenario_whose_steps_all_passed(played):
    result = played('- {call: "1101", without: [certno], expect: {infcode: "-1"}}')
    assert [step.status for step in result.steps] == [PASSED]
    assert result.status == FAILED
    assert "contract.required" in result.final[0].path


def test_expected_finding_that_does_not_occur_fails_too(played):
    result = played('- call: "1101"', "findings: [not_filed]\n")
    assert result.status == FAILED


def test_raw_bytes_are_sent_as_they_are(played):
    result = played('- {call: "1101", raw: "{", refused: message}')
    assert result.status == PASSED
    assert result.steps[0].legs[0].request == "{"


def test_point_is_an_expectation_under_the_named_city_file(played):
    assert played('- reached: {$now: "2026-01-01 00:00:00"}').status == FAILED


def test_control_call_is_judged_like_any_answer(played):
    steps = """
    - {control: GET people/$patient.psn_no, expect: {category: employed}}
    """
    (difference,) = played(steps).root_cause.differences
    assert (difference.wanted.zh, difference.got.zh) == ("employed", "retired")


def test_refused_control_call_fails_its_step_unless_it_is_what_was_wanted(played):
    assert played("- {control: GET people/nobody}").status == FAILED
    wanted = "- {control: GET people/nobody, status: 404, expect: {error.code: person_unknown}}"
    assert played(wanted).status == PASSED


def test_clock_of_the_sandbox_is_the_time_of_the_messages(played):
    steps = '- {clock: "2026-01-05T10:00:00"}\n- {call: "5206", save: cum}\n- expect: {$now: "2026-01-05 10:00:00"}'
    result = played('- call: "1101"\n' + steps)
    assert result.status == PASSED
    assert '"inf_time":"2026-01-05 10:00:00"' in result.steps[2].legs[0].request


def test_message_that_does_not_come_is_told_with_the_nearest_one(played):
    steps = '- call: "1101"\n- {expect-incoming: "5206", leg: hospital, within: 0}'
    (difference,) = played(steps).root_cause.differences
    assert "5206" in difference.wanted.zh


def test_sandbox_is_gone_afterwards_unless_kept(scenario, platform):
    found = scenario('- call: "1101"')
    for keep in (False, True):
        *_, ended = play(Stage(platform, 7, f"rkeep{keep:d}", keep=keep), Mode("self"), found)
        assert (ended.result.sandbox in platform.control("GET", "sandboxes")["sandboxes"]) is keep


def test_two_runs_side_by_side_never_see_each_other(scenario, platform):
    found = scenario(VISIT + DEDUCTIBLE)
    for run in ("rone", "rtwo"):
        *_, ended = play(Stage(platform, 7, run, keep=True), Mode("self"), found)
        assert ended.result.status == PASSED  # the same person pays the whole deductible in each


@pytest.fixture
def own_rules(tmp_path):
    """Makes a data folder in which Qitaihe takes 450.00 instead of 500.00 before it pays, in a file of that version."""

    def made(version):
        folder = tmp_path / "data" / "policies"
        folder.mkdir(parents=True)
        file = resources.files("simulator").joinpath("benefit/policies/230900.yaml")
        shipped = file.read_text(encoding="utf-8").partition("\nexamples:")[0]
        own = shipped.replace('{insutype: "310", value: "500.00"', '{insutype: "310", value: "450.00"')
        (folder / "230900.yaml").write_text(re.sub(r'version: "[^"]*"', f'version: "{version}"', own), encoding="utf-8")
        return folder.parent

    return made


def test_wrong_literal_under_an_own_file_of_the_version_named_is_red_and_the_step_is_named(written, run, own_rules):
    """The file takes 450.00, the scenario says 500.00 for this very version."""
    ended = run([written(VISIT + DEDUCTIBLE)], platform="", uses=("self",), data=str(own_rules("2025.1")))
    (result,) = ended.results
    assert (result.status, result.unchecked, ended.exit_code) == (FAILED, None, 1)
    (difference,) = result.root_cause.differences
    assert (difference.path, difference.wanted.zh, difference.got.zh) == ("act_pay_dedc", "500.00", "450.00")
    assert result.root_cause.step.said["literal"] == {"act_pay_dedc": "500.00"}
    assert "version" in str(result.notes[0].en)


def test_literals_under_an_own_file_of_another_version_are_said_not_to_be_checked(
    written, run, own_rules, tmp_path, capsys
):
    """On the console, also when it is told to be quiet, in the HTML report, and in JUnit."""
    ended = run([written(VISIT + DEDUCTIBLE)], platform="", uses=("self",), data=str(own_rules("own")))
    (result,) = ended.results
    assert (result.status, ended.exit_code) == (PASSED, 0)
    console = Console(quiet=True)
    console.take(Started(ended.info))
    console.take(ended)
    write_junit(ended, tmp_path / "j.xml")
    write_report(ended, tmp_path / "r.html")
    for said in (capsys.readouterr().out, *((tmp_path / name).read_text() for name in ("j.xml", "r.html"))):
        assert "手算金额未核对，因为230900 用的是自备政策文件，版本 own" in said


def test_quiet_console_is_silent_where_all_is_green_and_tells_failure_and_verdict_where_not(written, run, capsys):
    told = []
    for steps in ('- call: "1101"', '- {call: "1101", refused: not_filed}'):
        ended = run([written(steps)], platform="", uses=("self",))
        console = Console(quiet=True)
        for event in (Started(ended.info), *map(ScenarioEnded, ended.results), ended):
            console.take(event)
        told.append(capsys.readouterr().out)
    green, red = told
    assert green == ""
    assert "family/trial" in red
    assert len(red.splitlines()) > 1


def test_console_tells_how_many_scenarios_have_ended_and_the_time_left(written, run, capsys):
    """Two scenarios of 30 s each: after the first 30 s are left, after the last none."""
    ended = run([written('- call: "1101"'), written('- call: "1101"', name="other")], platform="", uses=("self",))
    console = Console()
    console.take(Started(ended.info))
    for result in ended.results:
        result.seconds = 30.0
        console.take(ScenarioEnded(result))
    first, last = capsys.readouterr().out.splitlines()[-2:]
    assert ("1/2 约剩 0:30" in first, "2/2  family" in last) == (True, True)


def test_scenario_without_literals_says_nothing_of_them(written, run, own_rules):
    ended = run([written('- call: "1101"')], platform="", uses=("self",), data=str(own_rules("own")))
    assert [(each.status, each.unchecked) for each in ended.results] == [(PASSED, None)]


def test_under_other_figures_literals_give_way_and_both_sides_agree(written, run, own_rules):
    """Platform and agency are started with the same folder; a point that these figures cannot reach is not tested."""
    elsewhere = """
    - {control: GET policy/230900, save: rules}
    - {reached: {$rules.version: "2025.1"}, because: 不是原来的政策}
    """
    files = [written(VISIT + DEDUCTIBLE), written(elsewhere, name="unreached")]
    ended = run(files, platform="", uses=("insured",), data=str(own_rules("own")))
    played, unreached = ended.results
    assert (played.status, bool(played.notes), bool(played.steps[-1].notes)) == (PASSED, True, True)
    assert (unreached.status, unreached.reason.zh) == (NOT_TESTED, "不是原来的政策")


def test_role_that_nobody_plays_is_not_tested(written, run, platform_url):
    personas = Personas("230900", ({"role": "somebody-else", "certno": "A", "psn_name": "甲"},))
    ended = run([written('- call: "1101"')], uses=("insured",), agencies={"230900": platform_url}, personas=personas)
    assert [each.status for each in ended.results] == [NOT_TESTED]


def test_use_that_a_scenario_is_not_meant_for_does_not_apply(written, run):
    ended = run([written('- call: "1101"', "uses: [insured]\n")], uses=("self",))
    assert [each.status for each in ended.results] == [NOT_APPLICABLE]


@pytest.mark.parametrize("victim", ["server", "worker"])
def test_platform_that_dies_breaks_the_run_and_is_told(written, run, monkeypatch, victim):
    started = []
    original = environment.Processes.start

    def remember(self, name, arguments, **more):
        process = original(self, name, arguments, **more)
        started.append(process)
        return process

    monkeypatch.setattr(environment.Processes, "start", remember)
    file = written('- call: "1101"\n- {expect-incoming: "5206", leg: hospital, within: 20}')
    events = rehearse(Plan(load([file]), paths=[file], uses=("self",)))
    for event in events:
        if getattr(event, "step", None) is not None:
            server = started[0].popen.pid
            children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
            os.kill(server if victim == "server" else int(children[-1]), signal.SIGKILL)
    assert event.exit_code == 2
    assert "ended by itself" in event.results[0].reason.en


def test_error_that_nobody_foresaw_costs_its_scenario_only_and_is_never_green(written, run, monkeypatch):
    """One scenario is broken with the place of the fault, the others are played, and nobody reads "all green"."""
    original = runner.perform

    def stumble(context, journal, step):
        if context.scenario.id == "family/wrong":
            raise ArithmeticError("no number")
        return original(context, journal, step)

    monkeypatch.setattr(runner, "perform", stumble)
    files = [written('- call: "1101"', name=name) for name in ("before", "wrong", "yonder")]
    ended = run(files, uses=("self",))
    assert [each.status for each in ended.results] == [PASSED, BROKEN, PASSED]
    assert "ArithmeticError no number" in ended.results[1].reason.zh
    assert "harness/" in ended.results[1].reason.zh
    assert ended.exit_code == 2


def test_use_that_ends_early_breaks_the_run(written, run, monkeypatch):
    monkeypatch.setattr(rehearsal, "play", lambda *_: iter(()))
    ended = run([written('- call: "1101"')], uses=("self",))
    assert ended.exit_code == 2
    assert "1" in ended.broken.zh


def test_amounts_sent_as_text_still_add_up(played):
    steps = """
    - call: "1101"
    - use: charged
      with:
        disease: M07803
        charges:
          - {med_list_codg: 003110000060000-311000027, cnt: {text: "2"}, pric: {text: "420.00"}}
          - {med_list_codg: 003110000060000-311000027, cnt: 1, pric: 420.00, det_item_fee_sumamt: {text: "420.00"}}
    - {call: 2206A, with: {medfee_sumamt: 1.00}, refused: total_differs, expect: {err_msg: {contains: "1260.00"}}}
    - {call: 2206A, expect: {medfee_sumamt: 1260.00}}
    """
    result = played(steps, "strict: false\n")
    assert [str(each) for each in result.differences] == []


@pytest.mark.parametrize("amount", ["abc", "1E+999999", "99999999999999999999999999999999", {"text": "一百"}, {}, []])
def test_charge_spoilt_on_purpose_is_sent_and_refused_and_never_stops_the_harness(played, amount):
    charge = {"med_list_codg": "003110000060000-311000027", "cnt": 1, "pric": amount}
    steps = f"""
    - call: "1101"
    - call: "2201"
    - {{call: 2203A, with: {{med_type: "14", dise_codg: M07803}}}}
    - {{call: "2204", charges: [{json.dumps(charge)}], expect: {{infcode: "-1"}}, save: spoilt}}
    """
    result = played(steps)
    assert [step.status for step in result.steps] == [PASSED] * 4


def test_citys_own_test_people_play_the_roles_from_their_own_history(written, run, tmp_path):
    """Twice over the same person: the second time the deductible was paid before, and nobody is wrong."""
    file = written(VISIT + DEDUCTIBLE)
    people = export(tmp_path / "people", ["230900"], str(file))
    (somebody,) = json.loads((people / "people-230900.json").read_text())["people"]
    shown = {"mdtrt_cert_type": "02", "mdtrt_cert_no": somebody["certno"]}
    member = {"role": "patient", "certno": somebody["certno"], "psn_name": somebody["psn_name"], **shown}
    personas = Personas("230900", (member,))
    paid = []
    with agencies(tmp_path / "agency", people, ["230900"]) as answering:
        for _ in range(2):
            ended = run([file], uses=("insured",), agencies=answering, personas=personas, seed=1)
            (result,) = ended.results
            assert (result.status, [str(each) for each in result.differences]) == (PASSED, [])
            paid.append(result.steps[-1].award["answered"]["act_pay_dedc"])
    assert paid == ["500.00", "0.00"]


def test_agency_that_goes_by_its_own_clock_is_rehearsed_today(written, tmp_path, platform_url):
    """Every date of the scenario is moved to today, on both sides; what was worked out for another day gives way."""
    file, today = written(VISIT + DEDUCTIBLE), datetime.now(timezone(timedelta(hours=8))).date()
    people = export(tmp_path / "people", ["230900"], str(file), "--start", today.isoformat())
    with agencies(tmp_path / "agency", people, ["230900"], own_clock=True) as answering:
        plan = Plan(
            [begin_on(each, today) for each in load([file])],
            uses=("insured",),
            agencies=answering,
            capabilities={"clock": "own"},
            paths=[file],
            platform=platform_url,
        )
        *_, ended = rehearse(plan)
    (result,) = ended.results
    assert (result.status, [str(each) for each in result.differences]) == (PASSED, [])
    settled = date.fromisoformat(result.steps[-1].award["setl_time"][:10])
    assert settled - today <= timedelta(days=1)  # midnight may have passed meanwhile


def test_bill_is_written_once_and_charged_twice(played):
    steps = """
    - save: {bill: [{med_list_codg: 003110000060000-311000027, cnt: 1, pric: 420.00}]}
    - call: "1101"
    - {use: visit, save: first, with: {disease: M07803, charges: $bill}}
    - {use: visit, save: second, with: {disease: M07803, charges: $bill}, literal: {act_pay_dedc: 80.00}}
    """  # 500.00 − 420.00
    assert played(steps).status == PASSED
