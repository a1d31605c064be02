"""`nhsa-sim serve` as somebody types it: what cannot be served, or not safely, is refused before anything starts."""

import socket
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from simulator.cli import main
from simulator.core.settings import Settings
from simulator.server import serving


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ports that would be served."""
    ports: list[int] = []

    def serve(_target: str, _host: str, port: int, _threads: int, when_up: object) -> None:
        print(when_up)  # noqa: T201 (as the worker does once it can answer)
        ports.append(port)

    monkeypatch.setattr(serving, "granian", serve)
    return ports


@pytest.fixture
def typed(started: list[int], tmp_path: Path, monkeypatch, capsys) -> Callable[..., str]:
    """Types `nhsa-sim serve …` in an empty folder; what it says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NHSA_SIM_LANG", "zh")

    def run(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["nhsa-sim", "serve", *arguments])
        main()
        return capsys.readouterr().out

    return run


@pytest.fixture
def refused(typed, started, capsys) -> Callable[..., str]:
    def run(*arguments: str) -> str:
        with pytest.raises(SystemExit) as ended:
            typed(*arguments)
        assert ended.value.code == 2
        assert started == []
        said = capsys.readouterr().err
        assert "Traceback" not in said
        return said

    return run


KEYS = ("--access-key", "a", "--secret-key", "s")


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        ((), "缺少 --token --gateway"),
        (("--token", "t"), "缺少 --gateway"),
        (("--gateway", "api_hmac", *KEYS), "缺少 --token"),
    ],
)
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.invalid"])
def test_an_address_that_others_reach_needs_a_token_and_a_gateway_profile(refused, host, arguments, missing):
    said = refused("--host", host, *arguments)
    assert missing in said
    assert "--open" in said


@pytest.mark.parametrize("arguments", [("--open",), ("--token", "t", "--gateway", "api_hmac", *KEYS)])
def test_with_both_or_by_express_wish_it_is_served_to_others(typed, started, arguments):
    port = serving.free_port()
    assert f"http://0.0.0.0:{port}" in typed("--host", "0.0.0.0", "--port", str(port), *arguments)
    assert started == [port]


def test_a_port_in_use_is_refused_with_what_to_do(refused):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = refused("--port", port)
        assert f"不能监听 127.0.0.1:{port}" in said
        assert "--port" in said
        assert f"不能监听 127.0.0.1:{port}" in refused("--port", str(serving.free_port()), "--listen", f"{port}=other")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--port", "99999"), "不能监听 127.0.0.1:99999"),
        (("--port", "0"), "不能监听 127.0.0.1:0"),
        (("--listen", "8101"), "--listen 应为 端口=沙箱名"),
        (("--listen", "8101=Big"), "来的是 8101=Big"),
        (("--listen", "8100=x", "--port", "8100"), "端口 8100 写了两次"),
        (("--threads", "0"), "--threads"),
        (("--seed", "-1"), "--seed"),
        (("--gateway", "api_hmac"), "--access-key"),
        (("--edition", "hunan"), "没有“hunan”这个规范版本"),
        (("--data", "nowhere"), "没有 --data 指的文件夹：nowhere"),
        (("--store", "taken"), "不能使用数据目录 taken"),
        (("--store", "postgresql://postgres@127.0.0.1:1/none"), "连不上数据库"),
        (("--store", "spoilt"), "default.sqlite"),
        (("--store", "newer"), "default"),
    ],
)
def test_what_cannot_be_served_is_refused_with_its_name(refused, tmp_path, arguments, told):
    (tmp_path / "taken").write_text("no folder")
    (tmp_path / "spoilt").mkdir()
    (tmp_path / "spoilt" / "default.sqlite").write_bytes(b"no database" * 1000)
    if "newer" in arguments:
        store_of_another_version(tmp_path / "newer")
    if "--port" not in arguments:
        arguments = (*arguments, "--port", str(serving.free_port()))
    assert told in refused(*arguments)


def store_of_another_version(folder: Path) -> None:
    from simulator.core.settings import Settings
    from simulator.platform import create_platform

    create_platform(Settings(store=str(folder))).close()
    with sqlite3.connect(folder / "default.sqlite") as connection:
        connection.execute("UPDATE sandbox SET schema_version = 99")
    connection.close()


def test_a_spoilt_file_of_the_users_own_is_named_with_its_line(refused, tmp_path):
    policies = tmp_path / "data" / "policies"
    policies.mkdir(parents=True)
    (policies / "230900.yaml").write_text("area: '230900'\nname: 七台河市\ndeductable: {}\n", encoding="utf-8")
    said = refused("--data", "data", "--port", str(serving.free_port()))
    assert "230900.yaml:3" in said
    assert "deductible" in said


@pytest.mark.parametrize(("more", "alone"), [({}, [True]), ({8101: "other"}, [False, False])])
def test_of_several_ports_none_takes_for_left_behind_what_another_is_sending(monkeypatch, more, alone):
    handed = []

    class Process:
        def __init__(self, *, args, **_):
            handed.append(args[2])

        def start(self):
            pass

        terminate = start

    monkeypatch.setattr(serving.multiprocessing, "get_context", lambda _: SimpleNamespace(Process=Process))
    monkeypatch.setattr(serving, "_serve_port", lambda host, port, settings, when_up: handed.append(settings))
    serving.serve("127.0.0.1", 8100, Settings(), more)
    assert [settings.alone for settings in handed] == alone
