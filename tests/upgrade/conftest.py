"""A platform in a process of its own, and two agencies of one city, as a city has an old and a new system."""

import pytest
from click.testing import CliRunner

from simulator.commands.people import command as people
from simulator.commands.upgrade import command as upgrade
from simulator.core.texts import speaking
from simulator.harness.environment.processes import Processes, free_port
from simulator.self_check.agency_server import agency_server


@pytest.fixture(scope="module")
def platform_url():
    started = Processes()
    port = free_port()
    store = str(started.folder / "platform")
    url = f"http://127.0.0.1:{port}"
    started.start("platform", ["serve", "--port", str(port), "--store", store], ready_url=f"{url}/readyz").wait_ready()
    yield url
    started.end()


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """The books of Qitaihe; `agencies` opens a system over a copy of them."""
    folder = tmp_path_factory.mktemp("agencies")
    file = folder / "people.json"
    exported = CliRunner().invoke(people, ["export", "--area", "230900", "-o", str(file)])
    assert exported.exit_code == 0, exported.output
    with agency_server(folder) as server:
        server.prepare("230900", file)
        yield server


@pytest.fixture
def typed(tmp_path):
    """The command as typed; its report lies in `tmp_path`."""

    def run(*arguments, language="en"):
        with speaking(language):
            return CliRunner().invoke(upgrade, [*arguments, "--report", str(tmp_path)])

    return run
