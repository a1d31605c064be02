import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from simulator.commands.rehearse import command
from simulator.core.errors import SimulatorError

RESULT = {"scenario", "name", "use", "status", "rule", "reason", "headline", "differences"}


@pytest.fixture
def refused(tmp_path):
    """The sentence with which `nhsa-sim rehearse` refuses."""

    def sentence(*arguments):
        with pytest.raises(SimulatorError) as error:
            CliRunner().invoke(command, [*arguments, "--report", str(tmp_path / "r")], catch_exceptions=False)
        return error.value.text.en

    return sentence


def test_green_run_ends_with_0_and_says_how_to_replay_it(written, platform_url, tmp_path):
    arguments = ["rehearse", str(written('- call: "1101"')), "--use", "self", "--platform", platform_url]
    done = subprocess.run(
        [sys.executable, "-m", "simulator", *arguments, "--report", str(tmp_path / "r")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "--seed 230900" in done.stdout
    written = sorted(path.name for path in (tmp_path / "r").iterdir())
    assert written == ["junit.xml", "mistakes.json", "report.html", "results.json", "run.json"]


def test_results_as_json_are_all_that_is_printed_and_the_same_as_in_the_report_folder(written, platform_url, tmp_path):
    folder = tmp_path / "r"
    arguments = [str(written('- call: "1101"')), "--use", "self", "--platform", platform_url, "--report", str(folder)]
    result = CliRunner().invoke(command, [*arguments, "--json"])
    told = json.loads(result.output)
    assert (result.exit_code, told["exit_code"], told["broken"]) == (0, 0, None)
    assert [set(each) for each in told["results"]] == [RESULT]
    assert told == json.loads((folder / "results.json").read_text(encoding="utf-8"))


def test_red_run_ends_with_1(written, platform_url, tmp_path):
    file = written('- {call: "1101", expect: {"insuinfo[0].balc": 1.00}}')
    arguments = [str(file), "--use", "self", "--platform", platform_url, "--report", str(tmp_path / "r")]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 1
    assert "试" in (tmp_path / "r" / "report.html").read_text()


def test_scenario_with_a_misspelt_key_is_told_with_its_line(written, refused):
    said = refused(str(written('- call: "1101"\n  expct: {}')))
    assert "trial.scenario.yaml:15" in said
    assert "expect" in said


def test_nothing_chosen_is_told(written, refused):
    assert "beijing" in refused(str(written('- call: "1101"')), "-k", "beijing")


def test_misspelt_name_of_a_shipped_scenario_gets_the_nearest_one(refused):
    assert "dialysis" in refused("dialysiss")
    assert "dialysis/retiree-in-beijing" in refused("dialysis/retiree-in-bejing")


def test_city_that_takes_no_part_is_told_with_those_that_do(written, refused):
    file = str(written('- call: "1101"'))
    assert "230900" in refused(file, "--agency", "330100=http://127.0.0.1:9/")
    assert "110000" in refused(file, "--hospital", "230900")


def test_editor_is_told_where_the_schema_is():
    told = CliRunner().invoke(command, ["--schema"])
    assert json.loads(Path(told.output.strip()).read_text())["title"].startswith("A scenario")


def test_unreachable_agency_is_told_before_anything_starts(written, refused):
    said = refused(str(written('- call: "1101"')), "--agency", "230900=http://127.0.0.1:9/")
    assert "127.0.0.1:9" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ("--agency", "2309=http://127.0.0.1:9/"),
        ("--agency", "230900=http://127.0.0.1:99999/"),
        ("--agency", "230900=http://[/"),
        ("--agency", "230900=http://" + "a" * 70 + ".x/"),
        ("--hospital", "11"),
        ("--agency-capability", "clok=own"),
        ("--platform", "http://127.0.0.1:9"),
        ("--data", "/nowhere"),
        ("--cast", "/nowhere.yaml"),
        ("-k", "(a"),
    ],
)
def test_option_that_cannot_be_meant_is_refused_in_a_sentence(written, refused, arguments):
    assert refused(str(written('- call: "1101"')), *arguments)


def test_report_folder_that_cannot_be_written_is_told(written, tmp_path):
    (tmp_path / "taken").write_text("")
    arguments = [str(written('- call: "1101"')), "--use", "self", "--report", str(tmp_path / "taken" / "r")]
    with pytest.raises(SimulatorError):
        CliRunner().invoke(command, arguments, catch_exceptions=False)


def test_stranger_in_place_of_the_platform_is_recognised(written, refused, processes, platform_url, tmp_path):
    said = refused(str(written('- call: "1101"')), "--platform", f"{platform_url}/contract")
    assert "is not this platform" in said


def test_a_recorded_run_names_step_edition_and_sandbox_and_hides_who_it_was_about(written, platform_url, tmp_path):
    file, told = written('- call: "1101"'), {}
    for name, more in (("masked", ()), ("raw", ("--unmasked",))):
        record = tmp_path / f"{name}.jsonl"
        arguments = [str(file), "--use", "self", "--platform", platform_url, "--report", str(tmp_path / "r")]
        assert CliRunner().invoke(command, [*arguments, "--record", str(record), *more]).exit_code == 0
        (told[name],) = map(json.loads, record.read_text(encoding="utf-8").splitlines())
    facts = {key: told["masked"][key] for key in ("scenario", "use", "step", "edition", "strict", "leg", "infno")}
    assert list(facts.values()) == ["family/trial", "self", "1", "national", True, "hospital", "1101"]
    shown = {name: json.loads(each["request"])["input"]["data"]["certno"] for name, each in told.items()}
    assert shown["masked"] != shown["raw"]
    assert (shown["masked"].strip("0123456789X"), len(shown["raw"])) == ("*" * 10, 18)


def test_a_recording_that_cannot_be_made_is_told_before_anything_is_played(written, refused, tmp_path):
    file = str(written('- call: "1101"'))
    assert "nowhere" in refused(file, "--record", str(tmp_path / "nowhere" / "messages.jsonl"))
    assert "--record" in refused(file, "--unmasked")
