"""Failures that a city is known for: they leave the run green until they pass, change or expire."""

import json
import xml.etree.ElementTree as ElementTree

import pytest
from click.testing import CliRunner

from simulator.commands.rehearse import command
from simulator.core.errors import DataFaults, SetupError

FAILS = '- {call: "1101", expect: {"insuinfo[0].balc": 1.00}}'
PASSES = '- call: "1101"'
FUTURE, PAST = "2999-12-31", "2020-01-31"


@pytest.fixture
def expecting(tmp_path):
    """A file that expects the trial scenario to fail, with these changes."""

    def write(area="230900", **changes):
        entry = {"scenario": "family/trial", "reason": "票号 17 待修", "expires": FUTURE, **changes}
        file = tmp_path / "expected.yaml"
        rows = "\n".join(f'    {name}: "{value}"' for name, value in entry.items())
        file.write_text(f'area: "{area}"\nexpected_failures:\n  -\n{rows}\n', encoding="utf-8")
        return str(file)

    return write


@pytest.fixture
def rehearsed(written, platform_url, tmp_path):
    """The run of a scenario in self-play with a file of expected failures, and the folder of its reports."""

    def rehearse(steps, expected, *more):
        folder = tmp_path / "r"
        arguments = [str(written(steps)), "--use", "self", "--platform", platform_url, "--report", str(folder)]
        done = CliRunner().invoke(command, [*arguments, "--expected-failures", expected, *more], catch_exceptions=False)
        return done, folder

    return rehearse


def skipped(folder):
    case = ElementTree.parse(folder / "junit.xml").getroot().find(".//testcase")
    return case.find("skipped").get("message")


def test_failure_that_is_expected_has_a_state_of_its_own_everywhere_and_leaves_the_run_green(rehearsed, expecting):
    done, folder = rehearsed(FAILS, expecting())
    assert done.exit_code == 0, done.output
    assert "票号 17 待修" in done.output
    [result] = json.loads((folder / "results.json").read_text())["results"]
    assert (result["status"], result["reason"]["zh"][:4]) == ("expected_failure", "预期失败")
    assert "票号 17 待修" in skipped(folder)
    assert FUTURE in skipped(folder)
    assert 'class="cell expected_failure"' in (folder / "report.html").read_text()


def test_pass_of_a_scenario_that_should_fail_fails_the_run_and_names_the_line_to_remove(rehearsed, expecting):
    done, _ = rehearsed(PASSES, expecting())
    assert done.exit_code == 1
    assert "expected.yaml:4" in done.output
    assert "请删去" in done.output


def test_expectation_that_expired_fails_the_run_and_says_when(rehearsed, expecting):
    done, _ = rehearsed(FAILS, expecting(expires=PAST))
    assert done.exit_code == 1
    assert f"已于 {PAST} 到期" in done.output


def test_failure_by_another_rule_is_another_problem(rehearsed, expecting):
    done, _ = rehearsed(FAILS, expecting(rule="award.deductible"))
    assert done.exit_code == 1
    assert "award.deductible" in done.output


def test_entry_for_another_use_excuses_nothing(rehearsed, expecting):
    done, _ = rehearsed(FAILS, expecting(use="insured"))
    assert done.exit_code == 1


@pytest.mark.parametrize(
    ("changes", "line", "told"),
    [
        ({"scenario": "family/trail"}, 4, "family/trial"),
        ({"scenario": "dialysis/retiree-in-bejing"}, 4, "dialysis/retiree-in-beijing"),
        ({"expires": "2026-02-30"}, 6, "2026-02-30"),
        ({"use": "insurd"}, 7, "insured"),
        ({"becuase": "x"}, 7, "becuase"),
    ],
)
def test_file_with_a_fault_is_refused_at_its_line_with_what_was_meant(rehearsed, expecting, changes, line, told):
    with pytest.raises(DataFaults) as refused:
        rehearsed(PASSES, expecting(**changes))
    [fault] = refused.value.faults
    assert fault.line == line
    assert told in fault.sentence.en


def test_scenario_stands_once_for_a_use(rehearsed, expecting, tmp_path):
    file = expecting()
    with (tmp_path / "expected.yaml").open("a", encoding="utf-8") as more:
        more.write(f'  - {{scenario: family/trial, use: self, reason: again, expires: "{FUTURE}"}}\n')
    with pytest.raises(DataFaults, match="trial"):
        rehearsed(PASSES, file)


def test_file_of_another_city_is_refused(written, expecting):
    arguments = [str(written(PASSES)), "--agency", "230900=http://127.0.0.1:9/"]
    with pytest.raises(SetupError, match="510100"):
        CliRunner().invoke(
            command, [*arguments, "--expected-failures", expecting(area="510100")], catch_exceptions=False
        )
