"""`nhsa-sim contract` as a person or a CI job uses it."""

import json
import os
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from simulator.cli import cli
from simulator.contract import contract_of
from simulator.contract.example import example_message
from simulator.contract.export.openapi import plain_json
from simulator.contract.layout import REMOTE
from simulator.core.errors import SimulatorError
from simulator.core.texts import speaking


def run(*words, lang="zh"):
    with speaking(lang):
        done = CliRunner().invoke(cli, ["--lang", lang, "contract", *map(str, words)])
    if done.exception is not None and not isinstance(done.exception, (SystemExit, SimulatorError)):
        raise done.exception
    return done


def refused(*words):
    """The sentence of a run that cannot go on; `main` ends it with exit code 2."""
    done = run(*words)
    assert isinstance(done.exception, SimulatorError)
    return str(done.exception.text.zh)


def message(**changed):
    whole = plain_json(example_message(contract_of("national"), "2207A", "in", REMOTE))
    whole["input"]["data"] |= changed
    return whole


@pytest.fixture
def good(tmp_path):
    file = tmp_path / "good.json"
    file.write_text(json.dumps(message()), encoding="utf-8")
    return file


@pytest.fixture
def bad(tmp_path):
    file = tmp_path / "bad.jsonl"
    lines = [message(psn_name="", certno="2309"), message(medfee_sumamt=1.234, psn_no="x" * 31)]
    lines[1]["msgid"] = "H11000000001202503030930000002"
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return file


def test_clean_messages_end_with_0_and_faulty_ones_with_1(good, bad):
    assert run("check", good).exit_code == 0
    assert run("check", good, bad).exit_code == 1


def test_a_fault_is_one_line_with_file_line_pointer_name_what_came_and_the_row(bad):
    lines = run("check", bad).output.splitlines()
    assert lines[1].startswith(f"{bad}:2 /input/data/psn_no  错误  2207A too_long  人员编号 psn_no")
    assert lines[1].endswith("[2207A in data.psn_no (national)]")
    assert lines[-1] == "2 个报文，3 处错误，0 处提示"
    assert "3 errors" in run("check", bad, lang="en").output


def test_the_edition_decides_what_is_a_fault(bad, good):
    assert run("check", good, "--edition", "observed").exit_code == 0
    hunan = run("check", good, "--edition", "hunan-1.3")
    assert hunan.exit_code == 1
    assert "hunan-1.3 没有交易“2207A”" in hunan.output


def test_json_holds_every_fault_in_both_languages(bad):
    shown = json.loads(run("check", bad, "--format", "json").output)
    assert shown["summary"] == {"messages": 2, "errors": 3, "warnings": 0}
    fault = shown["faults"][0]
    assert (fault["rule"], fault["line"], fault["severity"]) == ("empty", 1, "error")
    assert fault["message"].keys() == {"zh", "en"}
    assert json.loads(run("check", bad.parent / "bad.jsonl", "--format", "json", "--edition", "observed").output)


def test_json_without_a_fault_is_json_too(good):
    assert json.loads(run("check", good, "--format", "json").output)["faults"] == []


def test_junit_counts_failed_messages_and_kept_transactions(good, bad):
    suite = ElementTree.fromstring(run("check", good, bad, "--format", "junit").output)  # our own output
    assert (suite.get("tests"), suite.get("failures")) == ("3", "2")
    failed = [case for case in suite if case.find("failure") is not None]
    assert [case.find("failure").text.count("\n") for case in failed] == [0, 1]
    assert any("2207A" in case.get("name") for case in suite)


def test_junit_is_xml_whatever_came(tmp_path):
    file = tmp_path / "odd.json"
    file.write_text(json.dumps(message(psn_no="\x00<&]]>\ud7ff" * 10)), encoding="utf-8")
    ElementTree.fromstring(run("check", file, "--format", "junit").output)


def test_sarif_points_at_file_and_line(bad):
    shown = json.loads(run("check", bad, "--format", "sarif").output)
    results = shown["runs"][0]["results"]
    assert [result["locations"][0]["physicalLocation"]["region"]["startLine"] for result in results] == [1, 2, 2]
    known = {rule["id"] for rule in shown["runs"][0]["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in results} == known
    assert shown["version"] == "2.1.0"


def test_sarif_without_a_fault_is_json(good):
    assert json.loads(run("check", good, "--format", "sarif").output)["runs"][0]["results"] == []


def test_a_report_is_written_to_a_file(bad, tmp_path):
    target = tmp_path / "out.json"
    done = run("check", bad, "--format", "json", "--output", target)
    assert (done.exit_code, done.output) == (1, "")
    assert len(json.loads(target.read_text(encoding="utf-8"))["faults"]) == 3


def test_identities_are_masked_unless_asked_for(tmp_path):
    file = tmp_path / "x.json"
    file.write_text(json.dumps(message(certno="230999195805120023" * 2)), encoding="utf-8")
    assert "19580512" not in run("check", file).output
    assert "19580512" in run("check", file, "--unmasked").output


def test_a_folder_is_read_with_what_is_in_it(good, bad):
    (good.parent / "note.txt").write_text("no message")
    assert "3 个报文" in run("check", good.parent).output


def test_what_is_not_there_cannot_be_checked(tmp_path, good):
    assert "没有这个文件" in refused("check", tmp_path / "nothing.json")
    (tmp_path / "empty").mkdir()
    assert "没有可检查的文件" in refused("check", tmp_path / "empty")
    assert "hunan-1.3" in refused("check", good, "--edition", "hunan")
    assert "无法写入" in refused("check", good, "--output", tmp_path / "no" / "such" / "x")


@pytest.mark.slow
def test_the_whole_command_ends_with_2_and_one_sentence(tmp_path):
    command = [sys.executable, "-m", "simulator", "--lang", "zh", "contract", "check", str(tmp_path / "nothing.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "没有这个文件" in done.stderr
    assert "Traceback" not in done.stderr


PEAK = """
import resource, sys
from pathlib import Path
from simulator.contract import contract_of
from simulator.contract.checking import Checking
run = Checking(lambda *_: contract_of("national"))
found = sum(1 for _ in run.files([Path(sys.argv[1])]))
print(run.messages, found, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_a_longer_recording_takes_no_more_memory(tmp_path):
    peaks = []
    for count in (50, 2500):
        file = tmp_path / f"{count}.jsonl"
        charge = message_2204()
        with file.open("w", encoding="utf-8") as out:
            for number in range(count):
                charge["msgid"] = f"H1100000000120250303093000{number:04d}"
                out.write(json.dumps(charge, ensure_ascii=False) + "\n")
        done = subprocess.run([sys.executable, "-c", PEAK, str(file)], capture_output=True, text=True, check=True)
        messages, found, peak = map(int, done.stdout.split())
        assert (messages, found) == (count, 0)
        peaks.append(peak)
    # 2,500 messages of 7 KB are 17 MB of text and several times that as objects; kilobytes here.
    assert peaks[1] - peaks[0] < 8_000


def message_2204():
    whole = plain_json(example_message(contract_of("national"), "2204", "in", REMOTE, full=True))
    row = whole["input"]["feedetail"][0]
    whole["input"]["feedetail"] = [row | {"feedetl_sn": str(number)} for number in range(1, 10)]
    return whole


def test_transactions_are_listed_and_shown_with_names_codes_and_doubts():
    assert "130 个交易有字段表" in run("list").output
    assert "2101" not in run("list", "--edition", "jiangxi-1.0").output
    assert "2101" in run("list", "--edition", "jiangxi-1.0", "--all").output
    shown = run("show", "2207A").output
    assert "人员类别" in shown
    assert "异地就医必填" in shown
    assert "存疑" in run("show", "ENVELOPE").output
    assert "2207" in refused("show", "2207B")
    assert "并非没有" in refused("show", "2101", "--edition", "jiangxi-1.0")


def test_a_code_table_is_shown_with_our_words_for_its_codes():
    shown = run("codes", "psn_type", "--edition", "jiangxi-1.0").output
    assert "21" in shown
    assert "retired" in shown
    assert "psn_type" in refused("codes", "psn_typ")
    assert "不作校验" in run("codes", "rx_circ_flag").output


def test_an_example_keeps_the_contract_that_its_near_misses_miss(tmp_path):
    file = tmp_path / "example.json"
    file.write_text(run("example", "2207A", "--remote").output, encoding="utf-8")
    assert run("check", file).exit_code == 0
    lines = [json.loads(line) for line in run("example", "2207A", "--bad").output.splitlines()]
    assert len(lines) > 60
    for number, line in enumerate(lines[:40]):
        (tmp_path / "bad.json").write_text(json.dumps(line["message"]), encoding="utf-8")
        told = json.loads(run("check", tmp_path / "bad.json", "--format", "json").output)["faults"]
        assert (line["rule"], line["path"]) in [(fault["rule"], fault["pointer"]) for fault in told], number
    only = run("example", "2204", "--kind", "decimals", "--body").output.splitlines()
    assert {json.loads(line)["kind"] for line in only} == {"decimals"}
    assert "decimals" in refused("example", "2204", "--kind", "decimal")


@pytest.mark.slow
def test_a_difference_can_fail_a_job(tmp_path):
    page = tmp_path / "page.html"
    assert run("diff", "hunan-1.3", "jiangxi-1.0", "--format", "html", "--output", page).exit_code == 0
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    some = ("--infno", "2207")
    assert run("diff", "hunan-1.3", "jiangxi-1.0", *some, "--fail-on", "breaking").exit_code == 1
    assert run("diff", "national", "national", "--fail-on", "risky").exit_code == 0
    assert "breaking" in run("diff", "hunan-1.3", "jiangxi-1.0", *some, lang="en").output


def test_an_edition_of_ones_own_is_started_and_used(tmp_path, good):
    folder = tmp_path / "city"
    assert run("new", folder, "--from", "jiangxi-1.0").exit_code == 0
    assert "city" in run("list", "--edition", folder).output
    assert run("diff", "jiangxi-1.0", folder).output.count("\n") <= 3
    assert "已经有东西" in refused("new", folder)


@pytest.mark.slow
def test_an_export_says_what_it_wrote(tmp_path):
    done = run("export", tmp_path / "out", "--edition", "hunan-1.3")
    assert "hunan-1.3" in done.output
    assert (tmp_path / "out" / "schemas" / "2207.in.local.json").is_file()
    assert not (tmp_path / "out" / "schemas" / "2207A.in.local.json").exists()
    (tmp_path / "file").write_text("x")
    assert "无法写入" in refused("export", tmp_path / "file")


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_a_recording_without_a_message_is_no_clean_recording(tmp_path, content):
    """A job whose recorder broke down must not be green."""
    (tmp_path / "messages.jsonl").write_text(content)
    done = run("check", tmp_path / "messages.jsonl")
    assert done.exit_code == 1
    assert "no_message" in done.output


def test_a_misspelt_transaction_is_refused_and_not_passed_over(tmp_path):
    (tmp_path / "answer.json").write_text('{"infcode": "0"}')
    assert "2207Q" in refused("check", tmp_path / "answer.json", "--infno", "2207Q")
    assert "2207Q" in refused("diff", "hunan-1.3", "jiangxi-1.0", "--infno", "2207Q", "--fail-on", "breaking")


def test_one_message_with_three_faults_is_one_case_of_junit(tmp_path):
    whole = message(psn_no=5, mdtrt_id=5, insutype="")
    (tmp_path / "message.json").write_text(json.dumps(whole, indent=1))
    suite = ElementTree.fromstring(run("check", tmp_path / "message.json", "--format", "junit").output)
    assert (suite.get("tests"), suite.get("failures"), len(suite.findall("testcase"))) == ("1", "1", 1)


def test_what_is_no_file_and_what_cannot_be_written_is_told(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "message.json").write_text("{}")
    assert "管道" in refused("check", tmp_path / "pipe")
    assert "/dev/full" in refused("check", tmp_path / "message.json", "--output", "/dev/full")
