"""The reference agency: an insured place in a process of its own, speaking nothing but the agency protocol.

Its people come from an export file, as they would into a city's test environment; its books are its own.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from flask import Flask, Response, request

from simulator.agencies.delivery.endpoint import LARGEST_DAY, Endpoint
from simulator.benefit import PolicyBook
from simulator.contract import contract_of
from simulator.core.clock import beijing, real_time
from simulator.core.errors import DataFault, DataFaults
from simulator.core.json_codec import write_json
from simulator.core.texts import text
from simulator.domain import places
from simulator.domain.places import FilingCoverage
from simulator.insured.place import Place
from simulator.people.export import read_people
from simulator.people.role import person_for
from simulator.people.spec import PersonSpec
from simulator.store import people, tables
from simulator.store.sqlite import SqliteFactory, SqliteStore
from simulator.store.unit_of_work import UnitOfWork

NUMBERS = "A"
"""Stands before every number of the agency, so nobody mistakes one for the platform's."""


@dataclass(frozen=True, slots=True)
class ReferenceAgency:
    """A running reference agency without its web server."""

    city: str
    store: SqliteStore
    endpoint: Endpoint
    deliver: Callable[[bytes], bytes]
    """Answer to the bytes of a message: the endpoint's own, or with defects laid over it."""


def open_agency(
    folder: Path,
    city: str,
    *,
    policies: PolicyBook,
    edition: str,
    own_clock: bool,
    coverage: FilingCoverage | None = None,
    strict: bool = True,
    clock: Callable[[], datetime] | None = None,
    defects: Collection[str] = (),
) -> ReferenceAgency:
    """Opens the books of the city in `folder`, or begins them; `own_clock` ignores the time in the messages.

    `defects` are names of agency defects to be laid over it.
    """
    factory, name = SqliteFactory(folder), f"agency-{city}"
    store = factory.open(name) if name in factory.names() else _begin_books(factory, name)
    contract = contract_of(edition, overlays=("agency",))
    place = Place(contract.edition, policies, coverage or places.shipped(), NUMBERS)
    now = clock or (lambda: beijing(real_time())) if own_clock else None
    endpoint = Endpoint(_begin(store), place, contract, now, strict, area=city)
    if not defects:
        return ReferenceAgency(city, store, endpoint, endpoint.deliver)
    # A sound agency has none of this code anywhere near it.
    from simulator.agencies.reference.defects import with_defects

    return ReferenceAgency(city, store, endpoint, with_defects(endpoint, defects))


def load_people(agency: ReferenceAgency, raw: bytes, name: str) -> tuple[int, int]:
    """Takes an exported file: how many are new, and how many were there already and stay as they are.

    Raises DataFaults, and takes nobody, for a file with faults and for one that holds nobody of this city.
    """
    _, specs = read_people(raw, name, on=beijing(real_time()).date())
    _refuse_strangers(agency, specs, name)
    with agency.store.begin() as work:
        new = [spec for spec in specs if people.load(work, spec.psn_no) is None]
        for spec in new:
            _add(work, spec)
    return len(new), len(specs) - len(new)


def count_people(agency: ReferenceAgency) -> int:
    """How many people the books hold."""
    with agency.store.begin() as work:
        return len(work.find(tables.person))


def create_app(agency: ReferenceAgency) -> Flask:
    """Any POST is a message; GET / says who is here, and nothing else is told."""
    app = Flask("agency", static_folder=None)

    @app.post("/")
    @app.post("/<path:path>")
    def take(path: str = "") -> Response:
        raw = request.stream.read(LARGEST_DAY + 1)
        return Response(agency.deliver(raw), mimetype="application/json")

    @app.get("/")
    def who() -> Response:
        about: dict[str, Any] = {
            "agency": agency.city,
            "clock": "own" if agency.endpoint.now else "message",
            "edition": agency.endpoint.contract.edition.name,
        }
        return Response(write_json(about), mimetype="application/json")

    return app


def _refuse_strangers(agency: ReferenceAgency, specs: Sequence[PersonSpec], name: str) -> None:
    """Somebody insured elsewhere only can never be asked about here: most likely it is another city's file."""
    below = places.below(agency.city)
    faults = []
    for index, spec in enumerate(specs):
        areas = [each.area for each in person_for(spec, seed=0, key=spec.psn_no, on=date(2025, 1, 1)).insurances]
        if not any(area.startswith(below) for area in areas):
            sentence = text("agency_command.stranger", areas="、".join(areas) or "-", city=agency.city)
            faults.append(DataFault(sentence, f"people[{index}].insured_at", name))
    if faults:
        raise DataFaults(faults[:_MOST_TOLD])


_MOST_TOLD = 10


def _begin_books(factory: SqliteFactory, name: str) -> SqliteStore:
    first = {
        "id": 1,
        "schema_version": tables.SCHEMA_VERSION,
        "name": name,
        "seed": 0,
        "clock_at": "",
        "clock_set_at": 0.0,
        "clock_running": 0,
        "edition": "",
        "strict": 1,
        "gateway": "{}",
        "revision": 1,
        "serial": 0,
    }

    def fill(work: UnitOfWork) -> None:
        work.add(tables.sandbox, **first)

    return factory.create(name, fill)


def _begin(store: SqliteStore) -> Callable[[], Any]:
    @contextmanager
    def begin() -> Iterator[UnitOfWork]:
        with store.begin() as work:
            yield work

    return begin


def _add(work: UnitOfWork, spec: PersonSpec) -> None:
    # Everything that makes the person stands in the export; the day only matters where an age is given instead.
    somebody = person_for(spec, seed=0, key=spec.psn_no, on=date(2025, 1, 1))
    person_id = people.add(work, somebody, origin="imported")
    for each in spec.accumulators:
        movement = {(each.kind, each.disease): each.amount}
        people.move(work, person_id, each.insutype, each.year, movement, opening=True)
