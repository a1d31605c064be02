"""One platform for all tests of the harness that need one, in a process of its own, as users have it."""

import textwrap

import pytest

from simulator.harness.environment.client import connect
from simulator.harness.environment.processes import Processes, free_port
from simulator.harness.scenario.loader import scenarios_from

HEAD = """
name: 试
name_en: a trial
clock: "2025-03-10T09:00:00"
policy: {"230900": "2025.1"}
roles:
  patient:
    insured_at: "230900"
    category: retired
    account_balance: "1200.00"
    registrations: [{disease: M07800, from: "2025-01-01"}]
    filings: [{place: "110000", group: resettled_retiree, from: "2025-01-01", channel: app}]
places: {hospital: H11000000001}
steps:
"""


@pytest.fixture
def written(tmp_path):
    """A scenario file with these steps (and further top-level keys, which begin a line)."""

    def write(steps, more="", head=HEAD, name="trial"):
        file = tmp_path / "family" / f"{name}.scenario.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(head.lstrip() + textwrap.indent(textwrap.dedent(steps).strip("\n"), "  ") + "\n" + more)
        return file

    return write


@pytest.fixture
def scenario(written):
    """The scenario with these steps, as read."""

    def make(steps, more="", head=HEAD, name="trial"):
        file = written(steps, more, head, name)
        (read,) = scenarios_from(file.read_bytes(), file)
        return read

    return make


@pytest.fixture(scope="session")
def processes():
    started = Processes()
    yield started
    started.end()


@pytest.fixture(scope="session")
def platform_url(processes):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    store = str(processes.folder / "platform")
    processes.start(
        "platform", ["serve", "--port", str(port), "--store", store], ready_url=f"{url}/readyz"
    ).wait_ready()
    return url


@pytest.fixture
def platform(platform_url):
    return connect(platform_url)
