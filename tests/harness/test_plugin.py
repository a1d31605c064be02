import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from importlib import resources

import pytest

GOOD = '- call: "1101"'
WRONG = '- {call: "1101", expect: {"insuinfo[0].balc": 1.00}}'


@pytest.fixture
def run(platform_url, tmp_path):
    """pytest in a process of its own over a folder, as a user's repository would have it."""

    def pytest_run(*arguments, platform=platform_url):
        command = [sys.executable, "-m", "pytest", "-c", "/dev/null", "--rootdir", str(tmp_path), "--strict-markers"]
        command += ["-p", "simulator.harness.plugin", "-p", "no:cacheprovider", "-q", "-rA"]
        command += ["--sim-platform", platform, "--junitxml", str(tmp_path / "j.xml"), str(tmp_path), *arguments]
        alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=alone)
        return done.returncode, done.stdout

    return pytest_run


def test_scenario_is_a_test_with_chinese_name_marks_and_the_failure_in_words(run, written, tmp_path):
    written(GOOD, "marks: [slow]\n", name="good")
    written(WRONG, name="wrong")
    code, said = run()
    assert code == 1
    assert "1 failed, 1 passed" in said
    assert "余额 insuinfo[0].balc" in said
    assert "应为 1.00    实得 1200.00" in said
    assert "Traceback" not in said
    cases = ElementTree.parse(tmp_path / "j.xml").getroot().iter("testcase")
    assert {case.attrib["name"] for case in cases} == {"试[self]"}
    assert "1 passed, 1 deselected" in run("-m", "slow and family")[1]
    assert "1 passed, 1 deselected" in run("-k", "good")[1]


def test_literals_that_were_not_checked_are_told_after_the_run_and_in_junit(run, written, tmp_path):
    """The city brings a file of another version than the one that the amount was worked out under."""
    shipped = resources.files("simulator").joinpath("benefit/policies/230900.yaml").read_text(encoding="utf-8")
    own = tmp_path / "data" / "policies"
    own.mkdir(parents=True)
    other = shipped.partition("\nexamples:")[0].replace('version: "2025.1"', 'version: "own"')
    (own / "230900.yaml").write_text(other, encoding="utf-8")
    written('- {call: "1101", literal: {"insuinfo[0].balc": 1200.00}}')
    code, said = run("--sim-data", str(own.parent), platform="")
    assert code == 0, said
    assert "手算金额未核对，因为230900 用的是自备政策文件，版本 own" in said
    properties = ElementTree.parse(tmp_path / "j.xml").getroot().iter("property")
    assert [each.attrib["value"] for each in properties if each.attrib["name"] == "literals"]


def test_use_in_which_a_scenario_makes_no_sense_is_skipped_with_the_reason(run, written):
    written(GOOD, "uses: [self]\n")
    code, said = run("--sim-use", "self", "--sim-use", "treatment")
    assert code == 0
    assert "1 passed, 1 skipped" in said
    assert "作就医地" in said


def test_faulty_file_is_told_with_its_line_and_nothing_is_started(run, written):
    written("- cal: 1101")
    code, said = run(platform="http://127.0.0.1:9")
    assert code == 2
    assert "trial.scenario.yaml:14" in said


def test_platform_that_is_not_there_is_told_in_a_sentence(run, written):
    written(GOOD)
    code, said = run(platform="http://127.0.0.1:9")
    assert code == 1
    assert "http://127.0.0.1:9" in said
    assert "Traceback" not in said


def test_other_yaml_files_are_nobody_s_business(run, tmp_path):
    (tmp_path / "other.yaml").write_text("a: [")
    assert run()[0] == 5  # nothing collected
