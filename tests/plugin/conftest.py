"""Other people's repositories: folders with tests, run by a pytest of their own."""

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulator.core.texts import speaking
from simulator.testing.shared_platform import Running, start
from tests.plugin.running import Run, run_pytest


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    """A platform that is up already, as a CI service would be."""
    # The server speaks the language of the process that starts it.
    with speaking("zh"):
        made = start()
    yield made
    made.end()


@pytest.fixture
def suite(tmp_path: Path, running: Running) -> Callable[..., Run]:
    """Runs a test module against the platform that is up."""

    def run(module: str, *arguments: str, conftest: str = "") -> Run:
        (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
        (tmp_path / "test_theirs.py").write_text(textwrap.dedent(module), encoding="utf-8")
        if conftest:
            (tmp_path / "conftest.py").write_text(textwrap.dedent(conftest), encoding="utf-8")
        return run_pytest(tmp_path, "--sim-platform", running.platform.url, *arguments)

    return run
