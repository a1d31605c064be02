"""Reference agency: an insured place in a process of its own that speaks only the agency protocol.

People are loaded from an export file, as into a city's test environment; the books are separate from the platform's.
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
from simulator.store.typed_tables import SqlValue
from simulator.store.unit_of_work import UnitOfWork

_MAX_FAULTS = 10
NUMBER_PREFIX = "A"
"""Prefix of each number that the agency issues, to tell it from a number of the platform."""


@dataclass(frozen=True, slots=True)
class ReferenceAgency:
    """Books and endpoint of a reference agency, without the web server."""

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
    """Opens the books of a city in `folder`, or creates them.

    With `own_clock` the time in the messages is ignored; `clock` then replaces the real time.

    `defects` names the agency defects to apply.
    """
    factory, name = SqliteFactory(folder), f"agency-{city}"
    store = factory.open(name) if name in factory.names() else _create_books(factory, name)
    contract = contract_of(edition, overlays=("agency",))
    place = Place(contract.edition, policies, coverage or places.shipped(), NUMBER_PREFIX)
    now = clock or (lambda: beijing(real_time())) if own_clock else None
    endpoint = Endpoint(_begin(store), place, contract, now, strict, area=city)
    if not defects:
        return ReferenceAgency(city, store, endpoint, endpoint.deliver)
    # A sound agency has none of this code anywhere near it.
    from simulator.agencies.reference.defects import with_defects

    return ReferenceAgency(city, store, endpoint, with_defects(endpoint, defects))


def load_people(agency: ReferenceAgency, raw: bytes, name: str) -> tuple[int, int]:
    """Loads an exported file; returns the numbers of new people and of known ones, who stay unchanged.

    Raises DataFaults and loads no person if the file has a fault or a person who is not insured in this city.
    """
    _, specs = read_people(raw, name, on=beijing(real_time()).date())
    _refuse_other_cities(agency, specs, name)
    with agency.store.begin() as work:
        new = [spec for spec in specs if people.load(work, spec.psn_no) is None]
        for spec in new:
            _add(work, spec)
    return len(new), len(specs) - len(new)


def count_people(agency: ReferenceAgency) -> int:
    """Number of people in the books."""
    with agency.store.begin() as work:
        return len(work.find(tables.person))


def create_app(agency: ReferenceAgency) -> Flask:
    """Web application of the agency: a POST to any path is a message, GET / describes the agency."""
    app = Flask("agency", static_folder=None)

    @app.post("/")
    @app.post("/<path:path>")
    def deliver(path: str = "") -> Response:
        raw = request.stream.read(LARGEST_DAY + 1)
        return Response(agency.deliver(raw), mimetype="application/json")

    @app.get("/")
    def describe() -> Response:
        about: dict[str, Any] = {
            "agency": agency.city,
            "clock": "own" if agency.endpoint.now else "message",
            "edition": agency.endpoint.contract.edition.name,
        }
        return Response(write_json(about), mimetype="application/json")

    return app


def _refuse_other_cities(agency: ReferenceAgency, specs: Sequence[PersonSpec], name: str) -> None:
    """Raises DataFaults for people insured only in other cities: the file is most likely another city's."""
    below = places.below(agency.city)
    faults = []
    for index, spec in enumerate(specs):
        areas = [each.area for each in person_for(spec, seed=0, key=spec.psn_no, on=date(2025, 1, 1)).insurances]
        if not any(area.startswith(below) for area in areas):
            sentence = text("agency_command.stranger", areas="、".join(areas) or "-", city=agency.city)
            faults.append(DataFault(sentence, f"people[{index}].insured_at", name))
    if faults:
        raise DataFaults(faults[:_MAX_FAULTS])


def _create_books(factory: SqliteFactory, name: str) -> SqliteStore:
    first: dict[str, SqlValue] = {
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
    # An export states every attribute; the day only matters for a spec with an age instead of a birth date.
    person = person_for(spec, seed=0, key=spec.psn_no, on=date(2025, 1, 1))
    person_id = people.add(work, person, origin="imported")
    for each in spec.accumulators:
        movement = {(each.kind, each.disease): each.amount}
        people.move(work, person_id, each.insutype, each.year, movement, opening=True)
