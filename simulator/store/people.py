"""People of a store: person, insurances, identities, disease registrations, filings and accumulators."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import Table, bindparam, or_, select, update

from simulator.domain.accumulators import AccumulatorDimensions, dimensions_of
from simulator.domain.person import Filing, Identity, Insurance, Person, Registration
from simulator.store.person_rows import FilingRow, InsuranceRow, PersonRow, RegistrationRow
from simulator.store.statements import Statement
from simulator.store.tables import accumulator, filing, identity, insurance, person, registration
from simulator.store.typed_tables import SqlValue
from simulator.store.unit_of_work import UnitOfWork

Accumulated = Mapping[tuple[str, str], int]
"""Amounts in fen by kind and key: an M-code, blank for everything, or `AccumulatorDimensions`; openings included."""


class _Balance(NamedTuple):
    """Amount in fen that has accrued under one key, opening included."""

    kind: str
    disease: str
    care: str
    period: str
    amount: int


class _Number(NamedTuple):
    """Row that holds a psn_no only."""

    psn_no: str


class _NumberAndId(NamedTuple):
    """Row that holds a psn_no with the id of its person."""

    psn_no: str
    id: int


_BY_CREDENTIAL = Statement(
    select(person)
    .where(
        or_(
            person.c.credential_token == bindparam("shown"),
            person.c.certificate_number == bindparam("shown"),
            person.c.card_no == bindparam("shown"),
        )
    )
    .order_by(person.c.id),
    PersonRow,
)
_ACCUMULATED = Statement(
    select(
        accumulator.c.kind,
        accumulator.c.disease,
        accumulator.c.care,
        accumulator.c.period,
        (accumulator.c.opening + accumulator.c.booked).label("amount"),
    ).where(
        accumulator.c.person_id == bindparam("person_id"),
        accumulator.c.insutype == bindparam("insutype"),
        # A visit or stay (V and its number, after every M and Q) goes on over New Year.
        or_(accumulator.c.year == bindparam("year"), accumulator.c.period >= "V"),
    ),
    _Balance,
)
_BOOK = Statement(
    update(accumulator)
    .where(*(column == bindparam(f"by_{column.name}") for column in accumulator.primary_key))
    .values(booked=accumulator.c.booked + bindparam("amount"))
)
_SEEN = person.alias("seen")
_LISTED = Statement(
    select(person.c.psn_no)
    .where(
        person.c.area.startswith(bindparam("area")),
        or_(
            bindparam("disease") == "",
            person.c.id.in_(select(registration.c.person_id).where(registration.c.disease == bindparam("disease"))),
        ),
        or_(
            bindparam("after") == "",
            person.c.id > select(_SEEN.c.id).where(_SEEN.c.psn_no == bindparam("after")).scalar_subquery(),
        ),
    )
    .order_by(person.c.id)
    .limit(bindparam("count")),
    _Number,
)
_ADDED = Statement(select(person.c.psn_no, person.c.id).where(person.c.id > bindparam("last")), _NumberAndId)


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """Person as stored, with the ids of the person and of each insurance, in the order of `person.insurances`."""

    id: int
    person: Person
    insurance_ids: tuple[int, ...]
    origin: str
    """`simulated`, `imported`, or `learned` from the agency of the insured place."""


def load(work: UnitOfWork, psn_no: str, *, lock: bool = False) -> KnownPerson | None:
    """Loads a person, or None where the number is unknown; `lock` keeps other units of work from settling for them."""

    def read() -> KnownPerson | None:
        row = work.get(person, psn_no=psn_no, lock=lock)
        return None if row is None else _known(work, row)

    return work.cached(("person", psn_no), read)


def lock(work: UnitOfWork, psn_no: str) -> None:
    """Lets no other unit of work settle for the person, or change the accounts, until this one ends."""
    work.lock(person, psn_no=psn_no)


def load_by_id(work: UnitOfWork, person_id: int) -> KnownPerson:
    """Loads the person of a row; raises LookupError where it is missing."""
    return _known(work, work.get_required(person, id=person_id))


def by_credential(work: UnitOfWork, shown: str) -> list[KnownPerson]:
    """Loads the people whose certificate number, card number or voucher token equals `shown`; none for a blank one."""
    return [_known(work, row) for row in work.all(_BY_CREDENTIAL, shown=shown)] if shown else []


def listed(work: UnitOfWork, area: str, disease: str, count: int, after: str = "") -> list[str]:
    """Returns up to `count` psn_no in the order of ids.

    `area` is a prefix of the area of the first insurance; `disease`, unless blank, selects people registered with it;
    `after` is the last psn_no of the page before.
    """
    return [row.psn_no for row in work.all(_LISTED, area=area, disease=disease, count=count, after=after)]


def accumulated(work: UnitOfWork, person_id: int, insutype: str, year: int) -> dict[tuple[str, str], int]:
    """Returns the amounts in fen that have accrued in a year, openings included, by kind and key.

    What is counted by visit or stay is summed over the years.
    """
    found: dict[tuple[str, str], int] = {}
    for kind, disease, care, period, amount in work.all(
        _ACCUMULATED, person_id=person_id, insutype=insutype, year=year
    ):
        key = kind, _under(disease, care, period)
        found[key] = found.get(key, 0) + amount
    return found


def move(
    work: UnitOfWork, person_id: int, insutype: str, year: int, movements: Accumulated, *, opening: bool = False
) -> None:
    """Adds movements in fen to the booked amounts, or sets them as opening amounts."""
    of: dict[str, SqlValue] = {"person_id": person_id, "insutype": insutype, "year": year}
    new: list[dict[str, SqlValue]] = []
    for (kind, written), amount in movements.items():
        key = {**of, "kind": kind, **dimensions_of(written)._asdict()}
        if opening:
            known = work.change(accumulator, key, opening=amount)
        else:
            known = work.run(_BOOK, amount=amount, **{f"by_{name}": value for name, value in key.items()})
        if not known:
            new.append({**key, "opening": amount if opening else 0, "booked": 0 if opening else amount})
    if new:
        work.add_many(accumulator, new)


def _under(disease: str, care: str, period: str) -> str:
    # Nearly every accumulator is overall or of a disease, and they are read with every settlement.
    return str(AccumulatorDimensions(disease, care, period)) if care or period else disease


def add(work: UnitOfWork, insured: Person, *, origin: str) -> int:
    """Adds a person with insurances, identities, registrations and filings, and returns the id of the person."""
    person_id = work.add(person, **_person_row(insured, origin))
    for each in insured.insurances:
        work.add(insurance, person_id=person_id, **_insurance_row(each))
    for kind in insured.identities:
        work.add(identity, person_id=person_id, **_identity_row(kind))
    for disease in insured.registrations:
        add_registration(work, person_id, disease)
    for filed in insured.filings:
        add_filing(work, person_id, filed)
    return person_id


def add_many(work: UnitOfWork, people: Iterable[Person], *, origin: str) -> int:
    """Adds many people in a few statements and returns their number."""
    added = list(people)
    last = work.last_id(person)
    work.add_many(person, [_person_row(insured, origin) for insured in added])
    # Ids come back by psn_no: on PostgreSQL a sequence may skip, and others may insert between.
    ids = {row.psn_no: row.id for row in work.all(_ADDED, last=last)}
    rows: dict[Table, list[dict[str, SqlValue]]] = {insurance: [], identity: [], registration: [], filing: []}
    for insured in added:
        owner = ids[insured.psn_no]
        rows[insurance] += _owned(owner, map(_insurance_row, insured.insurances))
        rows[identity] += _owned(owner, map(_identity_row, insured.identities))
        rows[registration] += _owned(owner, map(_registration_row, insured.registrations))
        rows[filing] += _owned(owner, map(_filing_row, insured.filings))
    for table, many in rows.items():
        if many:
            work.add_many(table, many)
    return len(added)


def replace(work: UnitOfWork, known: KnownPerson, insured: Person, *, origin: str) -> None:
    """Replaces the person, insurances and identities of a row; registrations, filings and accumulators stay."""
    work.change(person, {"id": known.id}, **_person_row(insured, origin))
    for table, rows in (
        (insurance, [_insurance_row(each) for each in insured.insurances]),
        (identity, [_identity_row(each) for each in insured.identities]),
    ):
        work.remove(table, person_id=known.id)
        for row in rows:
            work.add(table, person_id=known.id, **row)


def add_registration(work: UnitOfWork, person_id: int, disease: Registration, *, agency_number: str = "") -> int:
    """Adds a disease registration and returns its id; `agency_number` is the trt_dcla_detl_sn of its agency."""
    return work.add(registration, person_id=person_id, **_registration_row(disease) | {"agency_number": agency_number})


def add_filing(work: UnitOfWork, person_id: int, filed: Filing, *, agency_number: str = "") -> int:
    """Adds a filing and returns its id; `agency_number` is the trt_dcla_detl_sn of its agency."""
    return work.add(filing, person_id=person_id, **_filing_row(filed) | {"agency_number": agency_number})


def put_filing(work: UnitOfWork, person_id: int, filed: Filing) -> int:
    """Stores a filing in place of one of the same group, place and first day (rules 32); returns the id of its row."""
    values = _filing_row(filed)
    group, place, begins = values["group_name"], values["place"], values["valid_from"]
    for row in work.find(filing, person_id=person_id, group_name=group, place=place, valid_from=begins):
        kept = {name: values[name] for name in ("valid_to", "channel", "active")}
        work.change(filing, {"id": row.id}, **kept)
        return row.id
    return work.add(filing, person_id=person_id, **values)


def _day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)


def _known(work: UnitOfWork, row: PersonRow) -> KnownPerson:
    insurances = work.find(insurance, person_id=row.id, order="id")
    insured = Person(
        psn_no=row.psn_no,
        name=row.name,
        certificate_type=row.certificate_type,
        certificate_number=row.certificate_number,
        gender=row.gender,
        birth=date.fromisoformat(row.birth),
        nationality=row.nationality,
        card_no=row.card_no,
        card_sn=row.card_sn,
        credential_token=row.credential_token,
        insurances=tuple(_insurance(each) for each in insurances),
        identities=tuple(
            Identity(each.kind, date.fromisoformat(each.valid_from), _day(each.valid_to))
            for each in work.find(identity, person_id=row.id, order="id")
        ),
        registrations=tuple(registration_of(each) for each in work.find(registration, person_id=row.id, order="id")),
        filings=tuple(filing_of(each) for each in work.find(filing, person_id=row.id, order="id")),
    )
    return KnownPerson(row.id, insured, tuple(each.id for each in insurances), row.origin)


def registration_of(row: RegistrationRow) -> Registration:
    """Returns the disease registration of a row; its id is that of the row."""
    return Registration(row.disease, row.name, date.fromisoformat(row.valid_from), _day(row.valid_to), str(row.id))


def filing_of(row: FilingRow) -> Filing:
    """Returns the filing of a row; its id is that of the row."""
    return Filing(
        group=row.group_name,
        place=row.place,
        valid_from=date.fromisoformat(row.valid_from),
        channel=row.channel,
        valid_to=_day(row.valid_to),
        active=bool(row.active),
        id=str(row.id),
    )


def _insurance(row: InsuranceRow) -> Insurance:
    return Insurance(
        insutype=row.insutype,
        category=row.category,
        area=row.area,
        status=row.status,
        valid_from=date.fromisoformat(row.valid_from),
        valid_to=_day(row.valid_to),
        suspended_from=_day(row.suspended_from),
        civil_servant=bool(row.civil_servant),
        employer=row.employer,
        balance=row.balance,
    )


def _text(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _person_row(insured: Person, origin: str) -> dict[str, SqlValue]:
    return {
        "psn_no": insured.psn_no,
        "name": insured.name,
        "certificate_type": insured.certificate_type,
        "certificate_number": insured.certificate_number,
        "gender": insured.gender,
        "birth": insured.birth.isoformat(),
        "nationality": insured.nationality,
        "card_no": insured.card_no,
        "card_sn": insured.card_sn,
        "credential_token": insured.credential_token,
        "area": insured.insurances[0].area if insured.insurances else "",
        "origin": origin,
    }


def _owned(person_id: int, rows: Iterable[dict[str, SqlValue]]) -> Iterator[dict[str, SqlValue]]:
    for row in rows:
        row["person_id"] = person_id
        yield row


def _insurance_row(each: Insurance) -> dict[str, SqlValue]:
    return {
        "insutype": each.insutype,
        "category": each.category,
        "area": each.area,
        "status": each.status,
        "valid_from": each.valid_from.isoformat(),
        "valid_to": _text(each.valid_to),
        "suspended_from": _text(each.suspended_from),
        "civil_servant": int(each.civil_servant),
        "employer": each.employer,
        "opening_balance": each.balance,
        "balance": each.balance,
    }


def _identity_row(each: Identity) -> dict[str, SqlValue]:
    return {"kind": each.kind, "valid_from": each.valid_from.isoformat(), "valid_to": _text(each.valid_to)}


def _registration_row(each: Registration) -> dict[str, SqlValue]:
    return {
        "disease": each.disease,
        "name": each.name,
        "valid_from": each.valid_from.isoformat(),
        "valid_to": _text(each.valid_to),
        "agency_number": "",
    }


def _filing_row(each: Filing) -> dict[str, SqlValue]:
    return {
        "group_name": each.group,
        "place": each.place,
        "valid_from": each.valid_from.isoformat(),
        "valid_to": _text(each.valid_to),
        "channel": each.channel,
        "active": int(each.active),
        "agency_number": "",
    }
