"""Control calls for people: created singly or in bulk, imported, learned from an agency, given opening balances."""

from collections import Counter, defaultdict
from datetime import date
from typing import Any

from simulator.agencies.replica.synchronisation import synchronise_person
from simulator.control.calls import ControlRequest, call, fen_of, limit_of
from simulator.core.errors import refuse
from simulator.core.money import yuan
from simulator.domain.accumulators import dimensions_of
from simulator.domain.care import SPECIAL_DISEASE
from simulator.domain.person import Person
from simulator.domain.places import below
from simulator.people.areas import is_area
from simulator.people.export import person_json, read_export
from simulator.people.population import populate
from simulator.people.role import person_for
from simulator.people.spec import OpeningBalance, PersonSpec, read_person
from simulator.sandbox.configuration import Config
from simulator.store import people
from simulator.store.tables import accumulator, person
from simulator.store.unit_of_work import UnitOfWork


@call("POST", "people")
def create(request: ControlRequest) -> Any:
    """Creates a person from the seed, or with the ids given; answers every attribute (rules 28)."""
    # A body that is not an object passes on to read_person, which reports it.
    body = dict(request.body) if isinstance(request.body, dict) else request.body
    key = str(body.pop("key", "")) if isinstance(body, dict) else ""
    today = request.today()
    spec = read_person(body, on=today)
    with request.sandbox.begin() as (work, config, _):
        # The key is the present number of people, so two calls at once would create the same person.
        work.advisory_lock("people")
        number = key or f"{work.count(person)}"
        return add_person(work, config, spec, key=number, today=today)


@call("POST", "people/import")
def import_people(request: ControlRequest) -> Any:
    """Imports an exported file, `{"version", "area", "people": […]}`, as a whole or not at all."""
    today = request.today()
    area, specs = read_export(request.body, on=today)
    with request.sandbox.begin() as (work, config, _):
        for index, spec in enumerate(specs):
            add_person(work, config, spec, key=f"import/{index}", today=today)
    return {"area": area, "people": len(specs)}


@call("POST", "people/populate")
def populate_area(request: ControlRequest) -> Any:
    """Creates many people, each registered for a disease; the same seed gives the same people."""
    body = request.validated_body("populate")
    if not is_area(body["insured_at"]):
        raise refuse("area_unknown", path="insured_at", area=body["insured_at"])
    with request.sandbox.begin() as (work, config, clock):
        today = clock.now(request.platform.sandboxes.real_time()).date()
        taken = {number for row in work.find(person) for number in (row.certificate_number, row.psn_no)}
        made = populate(
            body["insured_at"],
            body["count"],
            body.get("seed", config.seed),
            on=today,
            diseases=body.get("diseases"),
            listed=tuple(config.policies.city(body["insured_at"]).diseases(today)),
            taken=taken,
        )
        count = people.add_many(work, made, origin="simulated")
    registered = sum(len(each.registrations) for each in made)
    filed = sum(len(each.filings) for each in made)
    return {"insured_at": body["insured_at"], "people": count, "registrations": registered, "filings": filed}


@call("POST", "people/learn")
def synchronise(request: ControlRequest) -> Any:
    """Copies a person from the registered agency by 1101, 5301 and 5206; later answers are judged by this copy."""
    body = request.validated_body("learn")
    shown = {
        "mdtrt_cert_type": body.get("mdtrt_cert_type", "02"),
        "mdtrt_cert_no": body.get("mdtrt_cert_no") or body["certno"],
        "card_sn": body.get("card_sn", ""),
        "begntime": "",
        "psn_cert_type": request.sandbox.current_config().contract.edition.code("psn_cert_type", "identity_card"),
        "certno": body["certno"],
        "psn_name": body["psn_name"],
    }
    psn_no = synchronise_person(request.sandbox, request.platform.forwarding, body["area"], shown)
    with request.sandbox.begin() as (work, config, _):
        found = person_as_json(work, psn_no)
    return {**found, "psn_type": _psn_type(config, found["category"])}


@call("GET", "people")
def show_many(request: ControlRequest) -> Any:
    """Lists people in order of creation; `after` is the last psn_no of the previous page."""
    query = request.query_values("insured_at", "disease", "limit", "after")
    with request.sandbox.begin() as (work, _, _clock):
        area, count = below(query["insured_at"]), limit_of(query["limit"])
        found = people.listed(work, area, query["disease"], count, query["after"])
        return {"people": [person_as_json(work, psn_no) for psn_no in found]}


@call("GET", "people/<psn_no>")
def show(request: ControlRequest) -> Any:
    with request.sandbox.begin() as (work, _, _clock):
        request.person(work)
        return person_as_json(work, request.path_values["psn_no"])


@call("GET", "people/<psn_no>/accumulators")
def show_accumulators(request: ControlRequest) -> Any:
    """Lists the accumulators of a person: the opening balance, and the amount with what was booked since."""
    with request.sandbox.begin() as (work, _, _clock):
        known = request.person(work)
        rows = work.find(accumulator, person_id=known.id)
    keys = ("year", "insutype", "kind", "disease", "care", "period")
    return {
        "accumulators": [
            {
                **{key: getattr(row, key) for key in keys},
                "opening": _yuan(row.opening),
                "amount": _yuan(row.opening + row.booked),
            }
            for row in sorted(rows, key=lambda row: (row.year, row.insutype, *row.key))
        ]
    }


@call("POST", "people/<psn_no>/accumulators")
def open_accumulator(request: ControlRequest) -> Any:
    """Sets the opening balance of one kind, for treatment at home or reimbursement by hand (rules 13)."""
    body = request.validated_body("accumulator")
    amount = fen_of(body["amount"], "amount")
    with request.sandbox.begin() as (work, config, clock):
        today = clock.now(request.platform.sandboxes.real_time()).date()
        known = request.person(work, lock=True)
        disease = accrues_under(config, known.person, body.get("disease", ""), body["insutype"], today)
        key = (body["kind"], disease)
        people.move(work, known.id, body["insutype"], body["year"], {key: amount}, opening=True)
    return {**body, "disease": disease, "amount": _yuan(amount)}


def add_person(work: UnitOfWork, config: Config, spec: PersonSpec, *, key: str, today: date) -> dict[str, Any]:
    """Adds the person that a spec describes; raises Refusal if the psn_no exists. Returns the answer of the call.

    `key` distinguishes people of the same seed.
    """
    made = person_for(spec, seed=config.seed, key=key, on=today)
    if people.load(work, made.psn_no) is not None:
        raise refuse("person_exists", path="psn_no", psn_no=made.psn_no)
    person_id = people.add(work, made, origin="imported" if spec.psn_no else "simulated")
    balances: dict[tuple[str, int], Counter[tuple[str, str]]] = defaultdict(Counter)
    for each in spec.accumulators:
        # Two sub-codes of one class accrue together unless a cap names them.
        under = accrues_under(config, made, each.disease, each.insutype, today)
        balances[each.insutype, each.year][each.kind, under] += each.amount
    for (insutype, year), movements in balances.items():
        people.move(work, person_id, insutype, year, movements, opening=True)
    return {**person_as_json(work, made.psn_no), "psn_type": _psn_type(config, made.insurances[0].category)}


def accrues_under(config: Config, insured: Person, written: str, insutype: str, today: date) -> str:
    """Key of an accumulator, with the disease code by which the insured place keeps it (rules 12, 34)."""
    under = dimensions_of(written)
    if not under.disease:
        return written
    main = next((each for each in insured.insurances if each.insutype == insutype), insured.insurances[0])
    code = (
        config.policies.city(main.area)
        .rules_on(today)
        .accrues_under(
            insutype=main.insutype,
            category=main.category,
            disease=under.disease,
            care=under.care or SPECIAL_DISEASE,
        )
    )
    return str(under._replace(disease=code))


def person_as_json(work: UnitOfWork, psn_no: str) -> dict[str, Any]:
    """JSON of a person as POST accepts it, with present balances and the ids of filings and registrations."""
    known = people.load(work, psn_no)
    assert known is not None
    written = person_json(known.person, opening_balances(work, known.id))
    for entry, filed in zip(written.get("filings", []), known.person.filings, strict=True):
        entry["id"] = filed.id
    for entry, given in zip(written.get("registrations", []), known.person.registrations, strict=True):
        entry["id"] = given.id
    return written


def opening_balances(work: UnitOfWork, person_id: int) -> list[OpeningBalance]:
    """Opening balances of a person, as an export carries them."""
    rows = work.find(accumulator, person_id=person_id)
    return [OpeningBalance(row.year, row.insutype, row.kind, row.opening, row.key[1]) for row in rows if row.opening]


def _psn_type(config: Config, category: str) -> str:
    return config.contract.edition.code("psn_type", category)


def _yuan(fen: int) -> str:
    return str(yuan(fen))
