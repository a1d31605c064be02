"""A platform and reference agencies inside the test's process: the harness speaks to them as it does over a network."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, make_server

import urllib3
from click.testing import CliRunner
from flask import Flask

from simulator.agencies.reference import agency as reference_agency
from simulator.commands.people import command as people_command
from simulator.core.settings import Settings
from simulator.harness.environment.client import PlatformClient
from simulator.harness.environment.modes import Mode
from simulator.harness.execution.results import ScenarioResult
from simulator.harness.execution.runner import Stage, play
from simulator.harness.scenario.definition import INSURED, Scenario
from simulator.platform import load_defaults
from simulator.server.app import create_app
from simulator.server.business_seam import ConnectionDropped

SEED = 230900
URL = "http://platform"


class Pool:
    """What the harness uses of urllib3's pool, over a Flask test client."""

    def __init__(self, app: Flask) -> None:
        self._client = app.test_client()

    def request(self, method: str, url: str, *, body: Any = None, headers: Any = None, **_: Any) -> Any:
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        try:
            answer = self._client.open(path, method=method, data=body, headers=headers)
            return SimpleNamespace(status=answer.status_code, data=answer.data, headers=answer.headers)
        except ConnectionDropped as error:
            raise urllib3.exceptions.ProtocolError(str(error)) from None


@contextmanager
def platform(folder: Path, data: Path | None = None) -> Iterator[PlatformClient]:
    """A platform over a store of its own, with the city files of `data`."""
    app = create_app(Settings(store=str(folder), data=str(data or "")))
    yield PlatformClient(URL, "", Pool(app))  # type: ignore[arg-type]  # a pool as far as it is used
    app.extensions["platform"].close()


@contextmanager
def agencies(
    folder: Path, people: Path, areas: Sequence[str], data: Path | None = None, *, own_clock: bool = False
) -> Iterator[dict[str, str]]:
    """The reference agency of each area with its people, over real HTTP; area to URL."""
    shipped = load_defaults(str(data or ""))
    opened, servers, urls = [], [], {}
    for area in areas:
        agency = reference_agency.open_agency(
            folder / area,
            area,
            policies=shipped.policies,
            coverage=shipped.coverage,
            edition="national",
            own_clock=own_clock,
        )
        reference_agency.load_people(agency, (people / f"people-{area}.json").read_bytes(), area)
        server = make_server("127.0.0.1", 0, reference_agency.create_app(agency), handler_class=_Quiet)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        opened.append(agency)
        servers.append(server)
        urls[area] = f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        yield urls
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
        for agency in opened:
            agency.store.close()


def export(folder: Path, areas: Sequence[str], *more: str) -> Path:
    """The people that the scenarios need, the shipped ones unless files are named, as a city is given them."""
    arguments = ["export", "--seed", str(SEED), "-o", str(folder), *more]
    done = CliRunner().invoke(people_command, [*arguments, *(word for area in areas for word in ("--area", area))])
    assert done.exit_code == 0, done.output
    return folder


def played(
    on: PlatformClient, scenarios: Sequence[Scenario], answering: Mapping[str, str], run: str, **known: Any
) -> dict[str, ScenarioResult]:
    """Every scenario with agencies in the cities' place, by its id; those that do not apply are left out."""
    mode = Mode(INSURED, dict(answering), **known)
    found = {}
    for scenario in scenarios:
        if mode.why_not(scenario) is None:
            *_, ended = play(Stage(on, SEED, run), mode, scenario)
            found[scenario.id] = ended.result
    return found


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        return
