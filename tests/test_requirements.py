"""Every promise of the protocol page has a rule and a scenario, or a reason; and the command that lists them."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from simulator.cli import cli
from simulator.core.errors import DataFaults
from simulator.coverage.last_results import LastResult, last_results
from simulator.coverage.requirements import EXPECTATION, read_requirements, sections, shown
from simulator.harness.scenario.library import load
from tests.agencies.test_protocol_page import PAGES, rules_in_code, stands_for, words

NOT_PROMISES = ("agency.cannot_follow", "award.not_judged", "award.filing_assumed", "policy.gap")
"""Findings about what the platform itself cannot judge."""
FINDINGS = set(re.findall(r"`([a-z_]+(?:\.[a-z_*]+)*)`", words("agency-protocol.md").partition("## 14. ")[2]))
"""Findings as the page lists them."""
ALL = [each for section in sections() for each in section.requirements]
SCENARIOS = {each.id: each for each in load(())}


def named(identifier):
    return next(each for each in ALL if each.id == identifier)


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.id)
def test_a_requirement_is_judged_and_reached_with_the_city_as_insured_place_or_says_why_not(each):
    if each.not_tested is not None:
        assert len(each.not_tested.zh) > 8
        assert (each.rules, each.scenarios) == ((), ())
        return
    assert each.rules
    assert [name for name in each.scenarios if "insured" not in SCENARIOS[name].uses] == []
    unknown = [rule for rule in each.rules if not any(covers(rule, finding) for finding in FINDINGS)]
    assert [rule for rule in unknown if rule != EXPECTATION] == []


def covers(rule, finding):
    """Whether a rule and a finding of the page, either of which may be a family, have one in common."""
    return stands_for(finding, rule) or stands_for(rule, finding.removesuffix("*"))


@pytest.mark.parametrize("name", PAGES)
def test_anchors_of_the_page_are_the_requirements(name):
    assert sorted(re.findall(r'<a id="([^"]+)"></a>', words(name))) == sorted(each.id for each in ALL)


def test_every_rule_of_the_judge_belongs_to_a_requirement():
    listed = {rule for each in ALL for rule in each.rules}
    of_none = [rule for rule in rules_in_code() if not any(stands_for(each, rule) for each in listed)]
    assert sorted(set(of_none) - set(NOT_PROMISES)) == []


def test_every_probe_belongs_to_a_requirement():
    reached = {name for each in ALL for name in each.scenarios}
    assert [name for name in SCENARIOS if name.startswith("probes/") and name not in reached] == []


def test_an_id_given_twice_is_refused_with_its_line():
    entry = "{id: one-id, zh: 甲, en: a, not_tested: {zh: 因, en: why}}"
    raw = (
        f"sections:\n  - number: 2\n    title: {{zh: 传, en: t}}\n    requirements:\n      - {entry}\n      - {entry}\n"
    )
    with pytest.raises(DataFaults) as error:
        read_requirements(raw, "own.yaml")
    (fault,) = error.value.faults
    assert (fault.line, fault.path) == (6, "sections[0].requirements[1].id")


def test_a_requirement_without_a_scenario_must_say_why():
    raw = "sections:\n  - {number: 2, title: {zh: 传, en: t}, requirements: [{id: one-id, zh: 甲, en: a}]}\n"
    with pytest.raises(DataFaults) as error:
        read_requirements(raw, "own.yaml")
    assert {fault.path.rpartition(".")[0] for fault in error.value.faults} <= {
        "sections[0].requirements[0]",
        "sections[0]",
    }


@pytest.mark.parametrize(
    ("results", "areas", "verdict"),
    [
        ({}, (), "not_played"),
        ({"probes/same-message-again": LastResult("passed")}, ("230900",), "passed"),
        ({"probes/same-message-again": LastResult("failed", "idempotency.settled_batch")}, (), "failed"),
        ({"probes/same-message-again": LastResult("failed", "award.ratio")}, (), "other_cause"),
        ({"probes/same-message-again": LastResult("broken")}, (), "broken"),
        ({"probes/same-message-again": LastResult("passed")}, ("653200",), "other_area"),
    ],
)
def test_the_verdict_follows_from_the_last_results_of_its_own_rule(results, areas, verdict):
    assert shown(named("batch-settled-once"), SCENARIOS, results, areas).verdict == verdict


def test_a_broken_expectation_counts_for_what_the_scenario_itself_judges():
    strangers = {"probes/strangers": LastResult("failed", "")}
    assert shown(named("unknown-person"), SCENARIOS, strangers, ()).verdict == "failed"
    assert shown(named("transport-status"), SCENARIOS, strangers, ()).verdict == "other_cause"


def results_in(folder, *results):
    whole = [{"scenario": name, "use": use, "status": status, "rule": rule} for name, use, status, rule in results]
    (folder / "results.json").write_text(json.dumps({"results": whole}))
    return folder


def test_only_results_with_the_city_as_insured_place_count(tmp_path):
    results_in(tmp_path, ("a/b", "self", "failed", "x"), ("a/b", "insured", "passed", ""))
    assert last_results(tmp_path) == {"a/b": LastResult("passed")}


def listed(folder, *words_):
    return CliRunner().invoke(cli, ["--lang", "en", "requirements", "--report", str(folder), *words_])


def test_the_command_lists_rules_scenarios_and_last_results(tmp_path):
    results_in(tmp_path, ("probes/same-message-again", "insured", "failed", "idempotency.settled_batch"))
    told = listed(tmp_path, "--area", "230900")
    assert told.exit_code == 0
    assert "✗ batch-settled-once" in told.output
    assert "rules idempotency.settled_batch; scenarios probes/same-message-again ✗" in told.output
    rows = {each["id"]: each for each in json.loads(listed(tmp_path, "--json").output)}
    assert rows["batch-settled-once"]["result"] == "failed"
    assert rows["accumulators-codes"]["because"]["zh"]
    assert rows.keys() == {each.id for each in ALL}


def test_results_of_another_kind_are_refused_with_their_file(tmp_path):
    (tmp_path / "results.json").write_text("[]")
    told = listed(tmp_path)
    assert told.exit_code != 0
    assert "results.json" in str(told.exception)


def test_nothing_rehearsed_is_nothing_played(tmp_path):
    assert "0 passed, 0 failed" in listed(Path(tmp_path) / "none").output
