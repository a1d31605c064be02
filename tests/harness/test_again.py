"""A run that was interrupted goes on where it stopped; a run that failed is played again where it failed."""

import json
import xml.etree.ElementTree as ElementTree

import pytest
from click.testing import CliRunner

from simulator.commands.rehearse import command
from simulator.core.errors import SetupError
from simulator.harness.execution.results import ScenarioEnded
from simulator.harness.report.console import Console

GREEN = '- call: "1101"'
RED = '- {call: "1101", expect: {"insuinfo[0].balc": 1.00}}'


@pytest.fixture
def rehearsed(platform_url, tmp_path):
    """Runs the command in self-play, or with the options of an earlier run where `again` names them."""

    def rehearse(*arguments, again=False):
        given = () if again else ("--use", "self", "--platform", platform_url, "--report", str(tmp_path / "r"))
        return CliRunner().invoke(command, [*map(str, arguments), *given], catch_exceptions=False)

    return rehearse


@pytest.fixture
def interrupted(rehearsed, monkeypatch):
    """A run that is interrupted when the first scenario has ended."""

    def rehearse(*arguments):
        with monkeypatch.context() as patched:
            patched.setattr(Console, "take", _interrupt)
            assert rehearsed(*arguments).exit_code not in (0, 2)

    return rehearse


def _interrupt(_, event):
    if isinstance(event, ScenarioEnded):
        raise KeyboardInterrupt


def statuses(folder):
    listed = json.loads((folder / "results.json").read_text())["results"]
    return {each["scenario"]: each["status"] for each in listed}


def test_resumed_run_has_one_whole_report_and_plays_nothing_twice(interrupted, rehearsed, written, tmp_path):
    files = [written(RED if name == "a" else GREEN, name=name) for name in "abc"]
    interrupted(*files, "--record", tmp_path / "said.jsonl")
    assert not (tmp_path / "r" / "results.json").exists()
    done = rehearsed("--resume", tmp_path / "r", again=True)
    assert done.exit_code == 1
    assert "已有 1 个结果，还有 2 个" in done.output
    assert statuses(tmp_path / "r") == {"family/a": "failed", "family/b": "passed", "family/c": "passed"}
    assert len(ElementTree.parse(tmp_path / "r" / "junit.xml").getroot().findall(".//testcase")) == 3
    assert "insuinfo[0].balc" in (tmp_path / "r" / "report.html").read_text()
    said = [json.loads(line)["scenario"] for line in (tmp_path / "said.jsonl").read_text().splitlines()]
    assert said == ["family/a", "family/b", "family/c"]


def test_run_that_came_to_its_end_cannot_be_resumed(rehearsed, written, tmp_path):
    assert rehearsed(written(GREEN)).exit_code == 0
    with pytest.raises(SetupError, match="没有中断"):
        rehearsed("--resume", tmp_path / "r", again=True)


@pytest.mark.parametrize(
    ("change", "told"), [(("--seed", "8"), "种子原为 230900，现为 8"), (("--start", "2025-04-01"), "开始日")]
)
def test_run_is_not_resumed_under_other_facts(interrupted, rehearsed, written, tmp_path, change, told):
    interrupted(*(written(GREEN, name=name) for name in "ab"))
    with pytest.raises(SetupError, match=told):
        rehearsed("--resume", tmp_path / "r", *change, again=True)


def test_scenario_that_was_changed_is_not_resumed(interrupted, rehearsed, written, tmp_path):
    interrupted(*(written(GREEN, name=name) for name in "ab"))
    written(RED, name="b")
    with pytest.raises(SetupError, match="所选场景"):
        rehearsed("--resume", tmp_path / "r", again=True)


def test_platform_of_another_version_is_not_gone_on_with(interrupted, rehearsed, written, tmp_path):
    interrupted(*(written(GREEN, name=name) for name in "ab"))
    kept = json.loads((tmp_path / "r" / "run.json").read_text())
    kept["facts"]["platform"] = "0.0.9"
    (tmp_path / "r" / "run.json").write_text(json.dumps(kept))
    with pytest.raises(SetupError, match=r"平台及版本原为 0\.0\.9"):
        rehearsed("--resume", tmp_path / "r", again=True)


def test_only_what_failed_is_played_again_with_the_options_of_that_run(rehearsed, written, tmp_path):
    files = [written(RED if name == "b" else GREEN, name=name) for name in "abc"]
    assert rehearsed(*files).exit_code == 1
    written(GREEN, name="b")
    again = rehearsed("--rerun-failed", tmp_path / "r", again=True)
    assert again.exit_code == 0
    assert statuses(tmp_path / "r") == {"family/b": "passed"}
    with pytest.raises(SetupError, match="没有未通过"):
        rehearsed("--rerun-failed", tmp_path / "r", again=True)


def test_rerun_that_is_interrupted_stays_a_rerun_when_it_goes_on(interrupted, rehearsed, written, tmp_path):
    files = [written(GREEN if name == "a" else RED, name=name) for name in "abc"]
    assert rehearsed(*files).exit_code == 1
    interrupted("--rerun-failed", tmp_path / "r")
    assert rehearsed("--resume", tmp_path / "r", again=True).exit_code == 1
    assert statuses(tmp_path / "r") == {"family/b": "failed", "family/c": "failed"}


def test_folder_without_a_run_is_told(rehearsed, tmp_path):
    with pytest.raises(SetupError, match=r"run\.json"):
        rehearsed("--resume", tmp_path / "nowhere", again=True)


def test_kept_results_hold_no_identity(interrupted, written, tmp_path):
    interrupted(*(written(GREEN, name=name) for name in "ab"))
    [kept] = (tmp_path / "r" / "progress").glob("*.json")
    [step] = json.loads(kept.read_text())["steps"]
    assert '"certno":"2309**********' in step["legs"][0]["request"].replace(" ", "")
    assert kept.stat().st_mode & 0o077 == 0
