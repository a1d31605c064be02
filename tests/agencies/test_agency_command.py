"""`nhsa-sim agency` as somebody types it: help that suffices, clear refusals, books that outlive the process."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from simulator.cli import main
from simulator.server import serving
from simulator.server.serving import free_port
from tests.agencies.conftest import City, plain
from tests.agencies.processes import ROOT


@pytest.fixture
def typed(tmp_path: Path, stack: ExitStack) -> Callable[..., subprocess.Popen[str]]:
    """Starts `nhsa-sim agency …` in an empty folder; it is killed when the test ends."""

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "simulator", "agency", *arguments],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "NHSA_SIM_LANG": "zh", "PYTHONPATH": str(ROOT), "COLUMNS": "110"},
        )

        def stop() -> None:
            process.kill()
            process.communicate()

        stack.callback(stop)
        return process

    return start


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What a command that must not start says, typed in an empty folder: exit code 2, and nothing was served."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NHSA_SIM_LANG", "zh")
    monkeypatch.setattr(serving, "granian", None)

    def run(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["nhsa-sim", "agency", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 2
        return capsys.readouterr().err

    return run


def ready(process: subprocess.Popen[str], port: int) -> None:
    """Until it listens, or has said why not."""
    while True:
        assert process.poll() is None, process.communicate()[1]
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        threading.Event().wait(0.02)


def test_help_names_every_option_in_both_languages(typed):
    told, _ = typed("--help").communicate(timeout=30)
    for option in ("--city", "--port", "--people", "--store", "--data", "--edition", "--own-clock", "--open"):
        assert option in told
    assert "参保地区划" in told
    assert "nhsa-sim people export --area 230900" in told


def test_an_area_that_is_none_is_refused(refused):
    assert "没有医保区划 239999" in refused("--city", "239999")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (None, "不能读人员文件 people.json：No such file or directory"),
        ("{", "people.json:1"),
        ('{"version": "1", "area": "230900", "peple": []}', "peple"),
        ('{"version": "1", "area": "230900", "people": [{"insured_at": "230900"}]}', "people[0]"),
    ],
    ids=["missing", "no JSON", "misspelt", "incomplete"],
)
def test_a_file_of_people_with_a_fault_is_named_with_its_place(refused, tmp_path, written, told):
    if written is not None:
        (tmp_path / "people.json").write_text(written, encoding="utf-8")
    assert told in refused("--city", "230900", "--people", "people.json")
    assert not list((tmp_path / ".nhsa-sim").rglob("*.json"))


def test_another_citys_people_are_refused_with_where_they_are_insured(refused, city, tmp_path):
    exported = {"version": "1", "area": "230900", "people": plain(city.people)}
    (tmp_path / "people.json").write_text(json.dumps(exported), encoding="utf-8")
    told = refused("--city", "330100", "--people", "people.json")
    assert "people[0].insured_at" in told
    assert "此人参保地是 230900，不在 330100" in told


def test_a_port_in_use_is_refused_with_what_to_do(refused):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"不能监听 127.0.0.1:{port}" in refused("--city", "230900", "--port", port)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--port", "99999"), "不能监听 127.0.0.1:99999"),
        (("--host", "0.0.0.0"), "确实需要请加 --open"),
        (("--edition", "hunan"), "没有“hunan”这个规范版本"),
        (("--data", "nowhere"), "没有 --data 指的文件夹：nowhere"),
        (("--store", "taken"), "taken"),
    ],
)
def test_what_cannot_be_served_is_refused_before_anything_starts(refused, tmp_path, arguments, told):
    (tmp_path / "taken").write_text("no folder")
    assert told in refused("--city", "230900", *arguments)


def test_the_books_outlive_the_process(typed, city: City, tmp_path):
    """Settled before kill -9 and the restart on the same port, cancelled after it; the people are loaded once."""
    exported = {"version": "1", "area": "230900", "people": plain(city.people)}
    (tmp_path / "people.json").write_text(json.dumps(exported), encoding="utf-8")
    port = free_port()
    options = ("--city", "230900", "--people", "people.json", "--port", str(port))
    first = typed(*options)
    ready(first, port)
    city.register(f"http://127.0.0.1:{port}/")
    visit = city.visit()
    settled = visit.settle("1000.00").setlinfo
    first.kill()
    # Ends when the worker, which has the same output, has ended too.
    told, _ = first.communicate(timeout=20)
    assert "新载入 2 人，原有 0 人不变" in told
    assert f"nhsa-sim rehearse --agency 230900=http://127.0.0.1:{port}/" in told
    second = typed(*options)
    ready(second, port)
    assert city.balances()["DEDC"] == 500
    assert visit.cancel(settled["setl_id"]).ok
    assert city.day_differences() == []
    assert city.errors() == []
    second.send_signal(signal.SIGTERM)
    told, _ = second.communicate(timeout=20)
    assert "新载入 0 人，原有 2 人不变" in told


def desk_answer(agency: Any, message: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(agency.agency.endpoint.deliver(json.dumps(message).encode()))
    return found


@pytest.fixture
def asked(city: City, referred: Any) -> Callable[..., dict[str, Any]]:
    """Puts a message to the desk of the reference agency itself, as any platform might."""
    reference = referred()

    def ask(**changes: Any) -> dict[str, Any]:
        message = city.hospital.envelope("5301", {"data": {"psn_no": city.person["psn_no"]}})
        return desk_answer(reference, message | changes)

    return ask


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"insuplc_admdvs": "330100"}, "本经办机构只负责 230900，报文的参保地是 330100"),
        ({"infno": "2207B"}, "2207B"),
        ({"infno": "2201"}, "2201"),
        ({"msgid": ""}, "msgid"),
        ({"inf_time": "2025/03/10"}, "inf_time"),
        ({"input": None}, "input"),
        ({"input": {"data": {"psn_no": "nobody"}}}, "查无人员 nobody"),
    ],
)
def test_the_reference_agency_refuses_what_is_no_message_of_the_protocol(asked, changes, told):
    answer = asked(**changes)
    assert answer["infcode"] == "-1"
    assert told in answer["err_msg"]


def test_bytes_that_are_no_message_are_answered_too(city, referred):
    reference = referred()
    for raw in (b"", b"[]", b"\xff\xfe", b'{"infno": "1101", "infno": "1101"}', b"{" * 100):
        answer = json.loads(reference.agency.endpoint.deliver(raw))
        assert answer["infcode"] == "-1"
        assert answer["err_msg"]
