"""`nhsa-sim load` and plain Locust against a served platform, as a tester runs them."""

import subprocess
import sys
from pathlib import Path

import pytest

from simulator.loadtests import processes
from simulator.loadtests.control import Control

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    with processes.platform(tmp_path_factory.mktemp("platform")) as server:
        yield server.url


def run(folder, *words):
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


def load(folder, *options):
    return run(folder, "simulator", "--lang", "en", "load", "--users", "2", "--minutes", "0.15", *options)


def small_mix(folder):
    shipped = (ROOT / "loadtests" / "mix.yaml").read_text(encoding="utf-8")
    # Desks that pause, as people do: what is shown here is no speed, and other tests want the processor too.
    paused = shipped.replace("people: 500", "people: 20").replace("think_ms: [0, 0]", "think_ms: [40, 80]")
    (folder / "mix.yaml").write_text(paused, encoding="utf-8")
    return str(folder / "mix.yaml")


def test_a_short_load_keeps_its_limits_and_the_books_balance(platform, tmp_path):
    mix = small_mix(tmp_path)
    limits = tmp_path / "limits.yaml"
    limits.write_text('run: {messages: 20, failures: "0", findings: 0}\n', encoding="utf-8")
    done = load(tmp_path, "--platform", platform, "--mix", mix, "--limits", str(limits))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASSED" in done.stdout
    assert "[ledger.differences]" in done.stdout
    assert (tmp_path / "load-report" / "load.html").exists()


def test_refused_messages_and_a_limit_out_of_reach_are_told_by_name(platform, tmp_path):
    control = Control(platform, "refusing")
    control.asked("POST", "/_sim/sandboxes", {"name": "refusing", "gateway": {"name": "none"}})
    control("POST", "faults", {"at": "hospital", "infno": "2204", "what": "refuse", "times": 2})
    limits = tmp_path / "limits.yaml"
    limits.write_text('run: {failures: "0", messages_per_s: 1000000}\n', encoding="utf-8")
    done = load(
        tmp_path, "--platform", platform, "--sandbox", "refusing", "--mix", small_mix(tmp_path), "--limits", str(limits)
    )
    assert done.returncode == 1, done.stdout + done.stderr
    broken = [line for line in done.stdout.splitlines() if line.startswith("✘")]
    assert any("[run.failures]" in line for line in broken)
    assert any("[run.messages_per_s]" in line for line in broken)
    # It was HTTP 200 all the same.
    assert "2 × 2204 infcode -1" in done.stdout


UNTIL_ANSWERED = """
from locust import events

from simulator.loadtests.locustfile import *


@events.init.add_listener
def _(environment, **_):
    def quit_after(name, **_):
        if name == "1101":
            environment.runner.quit()

    environment.events.request.add_listener(quit_after)
"""
"""A locustfile that ends with the first 1101, however long a busy machine takes for it."""


def test_the_locustfile_runs_under_plain_locust(platform, tmp_path):
    (tmp_path / "locustfile.py").write_text(UNTIL_ANSWERED, encoding="utf-8")
    words = ["-f", str(tmp_path / "locustfile.py"), "--headless", "--host", platform, "--users", "1"]
    done = run(tmp_path, "locust", *words, "--run-time", "90s", "--mix", small_mix(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1101" in done.stderr
    assert "infcode" not in done.stderr


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--platform", "http://127.0.0.1:1"], "http://127.0.0.1:1"),
        (["--platform", "platform"], "http(s)://"),
        (["--mix", "nowhere.yaml"], "nowhere.yaml"),
        (["--report", "taken"], "taken"),
    ],
    ids=["nobody there", "no URL", "no such mix", "report where a file is"],
)
def test_what_cannot_begin_ends_at_once_with_a_sentence(tmp_path, options, named):
    (tmp_path / "taken").write_text("")
    done = load(tmp_path, *options)
    assert done.returncode == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_told(platform, tmp_path):
    port = platform.rpartition(":")[2]
    done = load(tmp_path, "--port", port)
    assert done.returncode == 2
    assert f"127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr
    # Nobody else's platform is pressed in the place of the one that could not start.
    assert "sent" not in done.stderr
