"""The reference hospital: killed, without answers, and told nonsense."""

import contextlib
import threading
import time

import pytest
from click.testing import CliRunner

from simulator.commands.hospital import command
from simulator.core.errors import SetupError, SimulatorError
from simulator.harness.environment.modes import Mode
from simulator.harness.execution.journal_reader import Journal
from simulator.harness.execution.runner import Stage, play
from simulator.harness.hospital.hospital import POLL_S, ReferenceHospital
from simulator.harness.hospital.logbook import Logbook, Message, Task
from simulator.harness.scenario.library import load

SETTLE = """
- control: POST faults
  body: {at: hospital, infno: 2207A, what: delay, delay_s: 4}
- call: "1101"
- use: visit
  save: first
  with: {disease: M07803, charges: [{med_list_codg: 003110000060000-311000027, cnt: 2, pric: 420.00}]}
- {call: "2601", unprompted: true, with: {omsgid: $first.msgid}}
- call: 2207A
  unprompted: true
  literal: {act_pay_dedc: 500.00, hifp_pay: 306.00}
"""
# (840.00 − 500.00) × 0.90 = 306.00; the deductible is taken once although two settlements were sent.


@pytest.fixture
def sandbox(platform, request):
    name = f"h-{abs(hash(request.node.name)) % 10**8}"
    platform.control("POST", "sandboxes", {"name": name, "seed": 7})
    yield platform.sandbox(name)
    platform.control("DELETE", f"sandboxes/{name}")


@pytest.fixture
def hospital(processes, platform_url, sandbox, tmp_path):
    """Starts the reference hospital over one and the same book."""

    def start():
        arguments = ["hospital", "--city", "110000", "--platform", platform_url, "--sandbox", sandbox.name]
        return processes.start("hospital", [*arguments, "--store", str(tmp_path / "book")], lasting=False)

    return start


def await_(holds, seconds=20):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "nothing came of it"
        time.sleep(0.02)


def test_hospital_killed_while_it_waits_for_a_settlement_reverses_it_and_settles_anew(
    scenario, platform, sandbox, hospital
):
    first, second = hospital(), []
    journal = Journal(sandbox)

    def has_settled():
        with contextlib.suppress(SetupError):  # the sandbox is being reset
            journal.look()
        return any(row.infno == "2207A" for row in journal.rows)

    def kill_and_start_again():
        await_(has_settled)
        first.popen.kill()
        first.popen.wait()
        second.append(hospital())

    watcher = threading.Thread(target=kill_and_start_again)
    watcher.start()
    mode = Mode("treatment", {}, {}, ("110000",), sandbox.name, 20.0)
    *_, ended = play(Stage(platform, 7, "rkill"), mode, scenario(SETTLE))
    watcher.join()
    second[0].end()
    assert (ended.result.status, [str(each) for each in ended.result.differences]) == ("passed", [])


def test_book_survives_being_opened_again(tmp_path):
    book = Logbook(tmp_path)
    message = Message("M1", "2207A", "settle", "T1", 0, "P", "H11000000001", "230900", b"{}")
    book.take(Task("T1", 4, {"data": {}}, 0, "taken"))
    book.begin(message)
    book.close()
    again = Logbook(tmp_path)
    assert again.unanswered() == [message]
    assert [task.reference for task in again.unfinished()] == ["T1"]
    again.conclude("M1", "T1", 0, "V1", None)
    assert again.unanswered() == []
    assert again.unfinished()[0].step == 1
    again.close()


def test_number_is_never_given_out_twice(tmp_path):
    book = Logbook(tmp_path)
    numbers = [book.next_serial() for _ in range(3)]
    book.close()
    again = Logbook(tmp_path)
    assert again.next_serial() not in numbers
    again.close()


def test_whole_library_of_recovery_is_done_by_the_hospital_unprompted(platform, platform_url, processes, tmp_path):
    name = "h-recovery"
    platform.control("POST", "sandboxes", {"name": name, "seed": 7})
    arguments = ["hospital", "--city", "all", "--platform", platform_url, "--sandbox", name]
    process = processes.start("hospital", [*arguments, "--store", str(tmp_path / "book")], lasting=False)
    mode = Mode("treatment", {}, {}, ("all",), name, 20.0)
    chosen = [each for each in load([]) if "recovery" in each.marks and mode.why_not(each) is None]
    results = []
    for each in chosen:
        *_, ended = play(Stage(platform, 7, "rreco"), mode, each)
        results.append((each.id, ended.result.status))
    process.end()
    assert [status for _, status in results] == ["passed"] * len(chosen)
    assert len(chosen) >= 4


def test_hospital_waits_for_a_sandbox_that_is_still_to_come(platform, platform_url, processes, tmp_path):
    arguments = ["hospital", "--city", "all", "--platform", platform_url, "--sandbox", "h-later"]
    process = processes.start("hospital", [*arguments, "--store", str(tmp_path / "book")], lasting=False)
    await_(lambda: "h-later" in process.last_lines())
    platform.control("POST", "sandboxes", {"name": "h-later", "seed": 7})
    await_(lambda: str(tmp_path / "book") in process.last_lines())
    process.popen.terminate()
    assert process.popen.wait(timeout=20) == 143


@pytest.mark.parametrize(
    "arguments",
    [
        ("--city", "七台河", "--platform", "{url}"),
        ("--city", "230900", "--platform", "{url}", "--sandbox", "nobody"),
        ("--city", "230900", "--platform", "http://127.0.0.1:9"),
        ("--city", "230900", "--platform", "{url}", "--store", "/proc/nowhere"),
    ],
)
def test_hospital_that_cannot_begin_says_why(arguments, platform_url):
    given = [*(each.format(url=platform_url) for each in arguments), "--patience", "0"]
    with pytest.raises(SimulatorError):
        CliRunner().invoke(command, given, catch_exceptions=False)


def test_number_of_an_earlier_scenario_does_not_spoil_the_one_about_signing_in(platform, sandbox, hospital):
    process = hospital()
    (scenario,) = [each for each in load([]) if each.id == "session/sign-in-demanded"]
    mode = Mode("treatment", {}, {}, ("110000",), sandbox.name, 20.0)
    for _ in range(2):
        *_, ended = play(Stage(platform, 7, "rsign"), mode, scenario)
        assert [str(each) for each in ended.result.differences] == []
        assert ended.result.status == "passed"
    process.end()


@pytest.mark.parametrize(("meant", "state"), [({}, "done"), ({"meant_to_be_refused": True}, "failed")])
def test_hospital_signs_in_anew_by_itself_unless_the_refusal_is_meant(platform, tmp_path, meant, state):
    """It still holds the number of another day; the platform tells it to send 9001 first."""
    name = f"h-sign-in-{state}"
    platform.control("POST", "sandboxes", {"name": name, "seed": 7, "gateway": {"sign_in": True}})
    sandbox, book = platform.sandbox(name), Logbook(tmp_path)
    person = sandbox.control("POST", "people", {"insured_at": "230900", "category": "retired"})
    book.remember("sign_no H11000000001", "20250309000000000001")
    place = {"code": "H11000000001", "name": "北京模拟第一医院", "area": "110000"}
    act = {"act": "identify", "infno": "1101", "person": {**person, "psn_cert_type": "01"}, **meant}
    act |= {"now": "2025-03-10 09:00:00", "visit": {"reference": "V"}}
    data = {"reference": "T", "institution": place, "steps": [act]}
    sandbox.control("POST", "tasks", {"role": "hospital", "act": "visit", "data": data})
    looks = iter([True, True, False])
    ReferenceHospital(sandbox, book, ("110000",), 5.0, lambda *_: None).run(lambda: next(looks))
    book.close()
    sent = [(each["infno"], each["outcome"]) for each in sandbox.control("GET", "messages")["messages"]]
    assert [each["state"] for each in sandbox.control("GET", "tasks")["tasks"]] == [state]
    assert [infno for infno, _ in sent] == (["1101"] if meant else ["1101", "9001", "1101"])
    platform.control("DELETE", f"sandboxes/{name}")


def test_hospital_leaves_tasks_of_other_areas_alone_and_does_not_ask_for_them_without_a_pause(
    sandbox, tmp_path, monkeypatch
):
    pauses = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    task = {
        "role": "hospital",
        "act": "sign_in",
        "data": {"reference": "T", "steps": [], "institution": {"area": "310000"}},
    }
    sandbox.control("POST", "tasks", task)
    book = Logbook(tmp_path)
    looks = iter([True, True, False])
    ReferenceHospital(sandbox, book, ("110000",), 1.0, lambda *_: None).run(lambda: next(looks))
    book.close()
    assert [each["state"] for each in sandbox.control("GET", "tasks")["tasks"]] == ["open"]
    assert pauses == [POLL_S, POLL_S]
