"""Fixtures every test may use: a platform over a fresh store with control and a hospital, stages, PostgreSQL."""

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from simulator.core.settings import Settings
from simulator.server.app import create_app
from tests.support.changes import CHANGES
from tests.support.hospital import Control, Hospital
from tests.support.stage import Stage, open_stage

CI = os.environ.get("CI") == "true"
"""Under CI a test that would be skipped for want of PostgreSQL, a browser or Node fails instead."""
POSTGRES = os.environ.get("NHSA_SIM_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")


collect_ignore = ["example_project"]
"""A repository of its own, run as such by tests/plugin."""


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """A platform whose outbox is run by the control call only, and whose every answer is held to the contract."""
    made = create_app(Settings(store=str(tmp_path / "store"), outbox_every_s=0, check_output=1))
    yield made
    made.extensions["platform"].close()


@pytest.fixture
def control(app: Flask) -> Control:
    """Control of the default sandbox, its clock frozen at 2025-03-10 09:00 Beijing time."""
    calls = Control(app.test_client())
    calls.now("2025-03-10T09:00:00+08:00")
    return calls


@pytest.fixture
def hospital(app: Flask, control: Control) -> Hospital:
    return Hospital(app.test_client())


@pytest.fixture(scope="session")
def shared_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """One platform for all stages; making one takes longer than most tests."""
    folder = tmp_path_factory.mktemp("stages")
    made = create_app(Settings(store=str(folder), outbox_every_s=0, check_output=1))
    yield made
    made.extensions["platform"].close()


_numbers = itertools.count(1)


@pytest.fixture
def stages(shared_app: Flask) -> Iterator[Callable[..., Stage]]:
    """Makes sandboxes: `stages(edition="jiangxi-1.0", strict=False)`; each is looked through when the test ends."""
    with ExitStack() as opened:

        def make(**settings: Any) -> Stage:
            return opened.enter_context(closing(open_stage(shared_app, f"stage-{next(_numbers)}", **settings)))

        yield make


@pytest.fixture
def stage(stages: Callable[..., Stage]) -> Stage:
    """A sandbox of its own: edition national, strict, no gateway, 2025-03-10 09:00."""
    return stages()


ROOT = Path(__file__).parents[1]


def pytest_report_header() -> str:
    return CHANGES


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What shares one long preparation begins first, so that no worker is left with it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("begins_first") is None)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of what git tracks here, built in isolation as pip would, and leaving nothing in the checkout."""
    folder, source = tmp_path_factory.mktemp("wheel"), tmp_path_factory.mktemp("source")
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, tracked.split("\0")):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(source)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl"))


@dataclass(frozen=True)
class Rehearsed:
    """A full rehearsal by the installed wheel in an empty folder: what it said, and every message of it."""

    done: subprocess.CompletedProcess[str]
    folder: Path
    messages: Path


@pytest.fixture(scope="session")
def rehearsed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    """Every scenario in every use, once for all tests that ask."""
    environment, folder = tmp_path_factory.mktemp("environment"), tmp_path_factory.mktemp("empty")
    messages = tmp_path_factory.mktemp("messages") / "messages.jsonl"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True, timeout=120)
    into = ["--python", environment / "bin" / "python", "install", "--quiet", "--no-compile"]
    install = [sys.executable, "-m", "pip", *into, "-c", ROOT / "requirements.lock", wheel]
    subprocess.run(install, check=True, capture_output=True, timeout=300)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
    done = subprocess.run(
        [environment / "bin" / "nhsa-sim", "rehearse", "-q", "--record", messages, "--unmasked"],
        cwd=folder,
        env=clean | {"NHSA_SIM_LANG": "en"},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return Rehearsed(done, folder, messages)


@pytest.fixture(scope="module")
def postgres_database() -> Iterator[str]:
    """The URL of a database of this module's own; without a server it is skipped at home and fails under CI."""
    import psycopg

    try:
        server = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        reason = f"no PostgreSQL at {POSTGRES}: {error}"
        if CI:
            pytest.fail(reason)
        pytest.skip(reason)
    name = f"nhsa_sim_test_{os.getpid()}_{next(_numbers)}"
    with server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name}")
        made = psycopg.conninfo.conninfo_to_dict(POSTGRES) | {"dbname": name}
        yield "postgresql://{user}@{host}:{port}/{dbname}".format(**({"port": "5432"} | made))
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")
