"""A city with an agency of its own: platform, hospital in 北京, and whoever answers for 230900."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from simulator.agencies.reference import agency as reference_agency
from simulator.benefit import PolicyBook
from simulator.insured.audit import audit
from tests.agencies.stub_agency import StubAgency, serve
from tests.support.hospital import Control, Hospital, Visit
from tests.support.stage import Stage

CITY = "230900"
ANY_PRICE = "XL04AXT907A001010290007"
"""A drug of class 甲 without a price ceiling: every charge of it is wholly in scope."""


@dataclass
class City:
    """七台河 played by an agency over HTTP, and the sandbox that forwards to it."""

    stage: Stage
    people: list[dict[str, Any]] = field(default_factory=list)

    @property
    def control(self) -> Control:
        return self.stage.control

    @property
    def hospital(self) -> Hospital:
        return self.stage.hospital

    @property
    def person(self) -> dict[str, Any]:
        return self.people[0]

    def register(self, url: str, **more: Any) -> None:
        self.control("PUT", f"agencies/{CITY}", {"url": url, "timeout_s": 5, **more})

    def visit(self, *charges: str, person: dict[str, Any] | None = None, **options: Any) -> Visit:
        """A visit with one batch uploaded, each charge wholly in scope; one of 1,000.00 if none is named."""
        visit = self.hospital.visit(person or self.person, **options)
        self.charge(visit, *charges or ("1000.00",))
        return visit

    def charge(self, visit: Visit, *charges: str, batch: str = "B1", first: int = 1) -> None:
        lines = [visit.line(number, ANY_PRICE, "1", price, batch=batch) for number, price in enumerate(charges, first)]
        answer = visit.charge(*lines)
        assert answer.ok, answer.body

    def fault(self, what: str, infno: str = "", **more: Any) -> None:
        self.control("POST", "faults", {"at": "agency", "what": what, "infno": infno, **more})

    def run_outbox(self) -> dict[str, Any]:
        return self.control("POST", "outbox/run", {})

    def outbox(self) -> list[dict[str, Any]]:
        return self.control("GET", "outbox")["outbox"]

    def errors(self) -> list[dict[str, Any]]:
        return self.control.findings(severity="error")

    def error_rules(self) -> list[str]:
        return [each["rule"] for each in self.errors()]

    def day_differences(self, day: str = "2025-03-10") -> list[dict[str, Any]]:
        return self.control("POST", f"agencies/{CITY}/day", {"day": day})["differences"]

    def balances(self, person: dict[str, Any] | None = None) -> dict[str, Decimal]:
        """What stands under 5206 at the agency, by cum_type_code."""
        found = self.hospital.send("5206", {"data": {"psn_no": (person or self.person)["psn_no"], "cum_ym": ""}})
        return {row["cum_type_code"]: row["cum"] for row in found.output["cuminfo"]}


def quiet_server(app: Any) -> Any:
    """A WSGI server on a port of the system's choosing that keeps its connections and prints nothing."""

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log(self, *_: Any) -> None:
            return

    return make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as held:
        yield held


@pytest.fixture
def running(stack: ExitStack) -> Callable[[Any], str]:
    """Runs a server in a thread until the test ends; gives its address."""

    def run(server: Any) -> str:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()

        def stop() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        stack.callback(stop)
        return f"http://127.0.0.1:{server.server_address[1]}/"

    return run


@pytest.fixture
def city(stage: Stage) -> City:
    """A retired dialysis patient resettled in 北京, and a cancer patient; nobody but the platform answers for them."""
    return of_two_patients(stage)


def of_two_patients(stage: Stage) -> City:
    filed = [{"place": "110000", "group": "resettled_retiree", "from": "2025-01-01", "channel": "app"}]
    patients = [
        {"account_balance": "1200.00", "registrations": [{"disease": "M07800", "from": "2025-01-01"}]},
        {"registrations": [{"disease": "M00500", "from": "2025-01-01"}]},
    ]
    return City(stage, [stage.control.person(**each, filings=filed) for each in patients])


def plain(people: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """People as an export holds them: without what only the control call adds."""
    copied = json.loads(json.dumps(people, default=str))
    return [{key: value for key, value in each.items() if key != "psn_type"} for each in copied]


@pytest.fixture
def stubbed(city: City, running: Callable[[Any], str]) -> Callable[..., StubAgency]:
    """Puts a stub agency in the city's place, wrong in the ways named."""

    def put(*mistakes: str, **options: Any) -> StubAgency:
        agency = StubAgency(plain(city.people), frozenset(mistakes))
        agency.url = running(serve(agency))
        city.register(agency.url, **options)
        return agency

    return put


@dataclass
class Reference:
    """The reference agency in a thread."""

    agency: reference_agency.ReferenceAgency

    def audit(self) -> Any:
        with self.agency.store.begin() as work:
            return audit(work)


@pytest.fixture
def referred(city: City, running: Callable[[Any], str], tmp_path: Path, stack: ExitStack) -> Callable[..., Reference]:
    """Puts the reference agency in the city's place."""

    def put(
        *, edition: str = "national", policies: PolicyBook | None = None, own_clock: Any = None, **options: Any
    ) -> Reference:
        agency = reference_agency.open_agency(
            tmp_path / "agency",
            CITY,
            policies=policies or PolicyBook.shipped(),
            edition=edition,
            own_clock=own_clock is not None,
            clock=own_clock,
        )
        exported = {"version": "1", "area": CITY, "people": plain(city.people)}
        reference_agency.load_people(agency, json.dumps(exported).encode(), "people.json")
        stack.callback(agency.store.close)
        city.register(running(quiet_server(reference_agency.create_app(agency))), **options)
        return Reference(agency)

    return put
