"""Commands of the README work as they stand there."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.server.serving import free_port

pytestmark = pytest.mark.begins_first
ROOT = Path(__file__).parents[1]
ENGLISH, CHINESE = "README.md", "README.zh-CN.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PORTS = ("8100", "8200")
SETTING_UP = ("make rehearse", "make bench")
"""These work on the checkout itself; the rest needs the command and a few files alone."""
THIS_ONE = "make test"
MADE_NOT = 2
"""make's exit code for whatever its recipe ended with."""
ENDING = "trap 'code=$?; set +e; kill $(jobs -p) 2>/dev/null; wait; exit $code' EXIT"


def blocks(name: str) -> list[str]:
    return [each.strip() for each in BLOCK.findall((ROOT / name).read_text(encoding="utf-8"))]


COMMANDS = [each for each in blocks(ENGLISH) if each != THIS_ONE]


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "NHSA_SIM"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return kept | {"PATH": path, "NO_PROXY": "127.0.0.1"} | more


def make(script: str, arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a make target in this environment as it is: setting up anew would pull it away under other tests."""
    there = sys.prefix
    flags = f"-o {there}/.installed -o {there}/.installed-dev"
    return bash(script, ROOT, VENV=there, MAKEFLAGS=flags, ARGS=arguments)


def bash(script: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Runs a block as one script; what it left running in the background ends with it."""
    started = subprocess.Popen(
        ["bash", "-euc", f"{ENDING}\n{script}"],
        cwd=folder,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        told, _ = started.communicate(timeout=180)
    finally:
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGKILL)
    return subprocess.CompletedProcess(script, started.returncode, told)


@pytest.fixture
def folder(tmp_path):
    """Holds of the checkout only what the commands name."""
    shutil.copytree(ROOT / "loadtests", tmp_path / "loadtests", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.mark.parametrize(
    "script", [each for each in COMMANDS if each not in SETTING_UP], ids=lambda script: script.splitlines()[0]
)
def test_every_command_of_the_readme_works(script, folder):
    for port in PORTS:
        script = script.replace(port, str(free_port()))
    done = bash(script, folder)
    assert done.returncode == 0, done.stdout


def test_make_rehearse_rehearses(tmp_path):
    arguments = f"dialysis/retiree-in-beijing --use self --report {tmp_path}"
    done = make("make rehearse", arguments)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "report.html").stat().st_size > 0


def test_make_bench_measures(tmp_path):
    """Its exit code judges this machine at this moment; what is shown here is that it measures."""
    done = make("make bench", f"--quick --only path --json {tmp_path / 'bench.json'}")
    assert done.returncode in (0, MADE_NOT), done.stdout
    assert "Traceback" not in done.stdout
    assert (tmp_path / "bench.json").stat().st_size > 0


def test_both_languages_give_the_same_commands():
    assert blocks(CHINESE) == blocks(ENGLISH)
