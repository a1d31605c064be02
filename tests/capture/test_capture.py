"""What hospitals said becomes a scenario: roles in place of people, amounts as they were answered."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from simulator.commands.capture import command as capture
from simulator.commands.rehearse import command as rehearse
from simulator.core.errors import SetupError
from simulator.core.texts import speaking

ROUND_TRIPS = (
    *("dialysis/retiree-in-beijing", "recovery/lost-answer-reversed-once", "cancellation/older-of-two"),
    *("registration/registered-and-withdrawn-by-a-hospital", "messages/same-message-again", "year/new-year"),
    *("identity/electronic-voucher", "visits/two-diseases", "contract/lenient-habits", "session/sign-in-demanded"),
    *("refund/partial-refund", "layers/major-illness"),
)


@pytest.fixture
def played(platform, platform_url, tmp_path):
    """Plays a scenario in self-play and keeps its sandbox; gives the name of that, and ends it with the test."""
    made = []

    def play(scenario, *more):
        before = set(platform.control("GET", "sandboxes")["sandboxes"])
        arguments = [str(scenario), "--use", "self", "--platform", platform_url, "--keep", *more]
        done = CliRunner().invoke(rehearse, [*arguments, "--report", str(tmp_path / "r")], catch_exceptions=False)
        made.extend(set(platform.control("GET", "sandboxes")["sandboxes"]) - before)
        assert done.exit_code == 0, done.output
        return made[-1]

    yield play
    for name in made:
        platform.control("DELETE", f"sandboxes/{name}")


@pytest.fixture
def captured(platform_url, tmp_path):
    """Captures a sandbox, or a file where one is given; gives the run of the command and the scenario's file."""

    def make(sandbox="", recording=None, *more):
        file = tmp_path / "captured" / "again.scenario.yaml"
        file.parent.mkdir(exist_ok=True)
        given = [str(recording)] if recording else ["--platform", platform_url, "--sandbox", sandbox]
        with speaking("en"):
            done = CliRunner().invoke(capture, [*given, "-o", str(file), *map(str, more)], catch_exceptions=False)
        return done, file

    return make


@pytest.mark.parametrize("scenario", ROUND_TRIPS)
def test_scenario_captured_from_the_journal_is_green_when_played_and_names_nobody(
    played, captured, platform, platform_url, scenario, tmp_path
):
    sandbox = played(scenario)
    done, file = captured(sandbox)
    assert done.exit_code == 0, done.output
    again = ["--use", "self", "--platform", platform_url, "--report", str(tmp_path / "again")]
    replayed = CliRunner().invoke(rehearse, [str(file), *again], catch_exceptions=False)
    assert replayed.exit_code == 0, replayed.output
    people = platform.sandbox(sandbox).control("GET", "people")["people"]
    said = file.read_text(encoding="utf-8")
    for person in people:
        identity = ("psn_no", "psn_name", "certno", "card_no", "card_sn", "credential_token", "birth")
        assert not [name for name in identity if person[name] in said]


def test_amounts_are_literal_and_say_from_which_message_they_are(played, captured):
    _, file = captured(played("dialysis/retiree-in-beijing"))
    [line] = [each for each in file.read_text().splitlines() if "setlinfo.hifp_pay" in each and "message 9" in each]
    # (1260.00 − 500.00) × 0.90 + 138.00 × 0.90 + 25.00 × 0.90 = 830.70
    assert '"setlinfo.hifp_pay": 830.70' in line


def test_recording_of_a_rehearsal_is_captured_with_what_it_does_not_tell_assumed_aloud(
    played, captured, platform_url, tmp_path
):
    played("dialysis/retiree-in-beijing", "--record", str(tmp_path / "said.jsonl"))
    done, file = captured("", tmp_path / "said.jsonl")
    assert done.exit_code == 1
    assert "110000 are taken for filed" in done.output
    again = ["--use", "self", "--platform", platform_url, "--report", str(tmp_path / "again")]
    replayed = CliRunner().invoke(rehearse, [str(file), *again], catch_exceptions=False)
    assert replayed.exit_code == 0, replayed.output


def test_exported_people_take_the_place_of_what_would_be_assumed(played, captured, platform, tmp_path):
    sandbox = played("dialysis/retiree-in-beijing", "--record", str(tmp_path / "said.jsonl"))
    people = platform.sandbox(sandbox).control("GET", "people")
    (tmp_path / "people.json").write_text(json.dumps(people), encoding="utf-8")
    done, file = captured("", tmp_path / "said.jsonl", "--people", tmp_path / "people.json")
    assert done.exit_code == 0, done.output
    assert "resettled_retiree" in file.read_text()


def test_event_that_no_message_shows_is_told_with_the_number_of_the_message_that_differs(played, captured):
    done, _ = captured(played("filing/filed-afterwards"))
    assert done.exit_code == 1
    assert "message 5 2206A turns out otherwise when replayed" in done.output


def test_message_that_cannot_be_a_step_is_told_with_its_number(played, captured):
    done, _ = captured(played("contract/not-a-message"))
    assert done.exit_code == 1
    assert "message 1 was not captured: its request is no JSON message" in done.output
    assert "message 3 2406 was not captured whole" in done.output


def test_hostile_text_in_a_message_is_neither_an_expression_nor_a_line_of_the_file(captured, tmp_path):
    head = {"infno": "1101", "inf_time": "2025-03-10 09:00:00", "fixmedins_code": "H11000000001", "msgid": "M"}
    head |= {"mdtrtarea_admvs": "110000", "insuplc_admdvs": "230900"}
    bodies = [{"psn_no": "P1", "certno": "1"}, {"psn_no": "P1", "certno": "$patient.certno"}]
    rows = [{"request": {**head, "input": {"data": each}}, "answer": {"infcode": "0", "output": {}}} for each in bodies]
    rows.append({"request": {**head, "infno": "x\nsteps: []\n", "input": {}}, "answer": {"infcode": "0"}})
    (tmp_path / "said.json").write_text(json.dumps(rows), encoding="utf-8")
    done, file = captured("", tmp_path / "said.json")
    assert done.exit_code == 1
    assert "message 2 1101 was not captured whole: a value begins with $" in done.output
    assert file.read_text().count("\nsteps:") == 1
    assert "$patient.certno" not in file.read_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "one of the two"),
        (("said.json", "--platform", "http://127.0.0.1:9"), "one of the two"),
        (("nowhere.json",), "no such file"),
    ],
)
def test_source_that_is_missing_or_double_is_told(arguments, told, tmp_path):
    with speaking("en"), pytest.raises(SetupError, match=told):
        CliRunner().invoke(capture, [*arguments, "-o", str(tmp_path / "x.scenario.yaml")], catch_exceptions=False)


def test_file_that_is_no_scenario_by_its_name_is_refused(tmp_path):
    with pytest.raises(SetupError, match=r"\.scenario\.yaml"):
        CliRunner().invoke(capture, [str(tmp_path), "-o", str(Path("x.yaml"))], catch_exceptions=False)
