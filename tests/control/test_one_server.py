"""One folder, one server: the lock ends with the processes that hold it, and files are their owner's alone."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import pytest

from simulator.core.errors import SetupError
from simulator.server.serving import free_port
from simulator.store.factory import only_server_of

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
OPENER = build_opener(ProxyHandler({}))
Server = subprocess.Popen[str]


@pytest.fixture
def serving(tmp_path: Path) -> Callable[..., Server]:
    """Starts `nhsa-sim serve …` in an empty folder and waits for its first line."""
    with ExitStack() as stack:

        def start(*arguments: str) -> Server:
            process = subprocess.Popen(
                [sys.executable, "-m", "simulator", "serve", "--port", str(free_port()), *arguments],
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env={**os.environ, "NHSA_SIM_LANG": "zh", "PYTHONPATH": str(ROOT)},
            )

            def stop() -> None:
                process.kill()
                process.communicate()

            stack.callback(stop)
            return process

        yield start


def first_line(process: Server) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_a_second_server_of_a_folder_is_refused_and_told_by_whom_it_is_used(serving):
    first = serving()
    assert "平台已启动" in first_line(first)
    second = serving()
    _, said = second.communicate(timeout=60)
    assert second.returncode == 2
    assert f"数据目录 .nhsa-sim 正由另一个服务（进程 {first.pid}）使用" in said
    assert "PostgreSQL" in said
    assert "Traceback" not in said
    assert "平台已启动" in first_line(serving("--store", "another"))


def test_a_killed_server_leaves_its_folder_free(serving):
    first = serving()
    first_line(first)
    first.send_signal(signal.SIGKILL)
    assert "平台已启动" in first_line(serving())


def test_the_processes_of_one_server_share_its_folder(serving):
    others = [free_port(), free_port()]
    server = serving(*(f"--listen={port}=city-{n}" for n, port in enumerate(others)))
    said = "".join(first_line(server) for _ in range(1 + len(others)))
    assert said.count("平台已启动") == 1
    assert said.count("专用端口") == 2
    for port in others:
        with OPENER.open(f"http://127.0.0.1:{port}/healthz", timeout=30) as answer:
            assert answer.status == 200


def test_no_file_of_a_store_is_readable_by_others(serving, tmp_path):
    server = serving()
    first_line(server)
    files = [path for path in (tmp_path / ".nhsa-sim").rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"default.sqlite", "serve.lock"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_database_takes_any_number_of_servers():
    with only_server_of("postgresql://127.0.0.1/x"), only_server_of("postgresql://127.0.0.1/x"):
        pass


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match="file"), only_server_of(str(tmp_path / "file")):
        pass
