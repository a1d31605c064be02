"""People as the insured place keeps them: person, insurances, identities, registrations, filings, accumulators."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Table, bindparam, or_, select

from simulator.domain.accumulators import Under, under_of
from simulator.domain.person import Filing, Identity, Insurance, Person, Registration
from simulator.store.person_rows import FilingRow, InsuranceRow, PersonRow, RegistrationRow
from simulator.store.statements import Statement
from simulator.store.tables import accumulator, filing, identity, insurance, person, registration
from simulator.store.unit_of_work import UnitOfWork

Accumulated = Mapping[tuple[str, str], int]
"""(kind, what it stands under: an M-code, blank for overall, or `Under`) -> fen, opening balances included."""


class _Balance(NamedTuple):
    """What has accrued of a kind, openings included, in fen."""

    kind: str
    disease: str
    care: str
    period: str
    amount: int


class _Number(NamedTuple):
    """A psn_no."""

    psn_no: str


class _NumberAndId(NamedTuple):
    """A psn_no and the id of its row."""

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
        accumulator.c.year == bindparam("year"),
    ),
    _Balance,
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
    """A person together with the ids of their rows."""

    id: int
    person: Person
    insurance_ids: tuple[int, ...]
    origin: str


def load(work: UnitOfWork, psn_no: str, *, lock: bool = False) -> KnownPerson | None:
    """The person; `lock` keeps others from deciding on them until this unit of work ends."""

    def read() -> KnownPerson | None:
        row = work.get(person, psn_no=psn_no, lock=lock)
        return None if row is None else _known(work, row)

    return work.once(("person", psn_no), read)


def hold(work: UnitOfWork, psn_no: str) -> None:
    """Nobody else decides on the person, or moves their money, until this unit of work ends."""
    work.lock(person, psn_no=psn_no)


def load_by_id(work: UnitOfWork, person_id: int) -> KnownPerson:
    return _known(work, work.get_required(person, id=person_id))


def by_credential(work: UnitOfWork, shown: str) -> list[KnownPerson]:
    """Everybody whose certificate number, card number or voucher token is the one shown."""
    return [_known(work, row) for row in work.all(_BY_CREDENTIAL, shown=shown)] if shown else []


def listed(work: UnitOfWork, area: str, disease: str, count: int, after: str = "") -> list[str]:
    """psn_no of people insured in the area (a prefix) and, when given, registered with the disease; after a psn_no."""
    return [row.psn_no for row in work.all(_LISTED, area=area, disease=disease, count=count, after=after)]


def accumulated(work: UnitOfWork, person_id: int, insutype: str, year: int) -> dict[tuple[str, str], int]:
    rows = work.all(_ACCUMULATED, person_id=person_id, insutype=insutype, year=year)
    return {(kind, _under(disease, care, period)): amount for kind, disease, care, period, amount in rows}


def move(
    work: UnitOfWork, person_id: int, insutype: str, year: int, movements: Accumulated, *, opening: bool = False
) -> None:
    """Adds the movements to what was booked (or sets the opening balances)."""
    of: dict[str, Any] = {"person_id": person_id, "insutype": insutype, "year": year}
    known = {row.key: row for row in work.find(accumulator, **of)} if movements else {}
    new: list[dict[str, Any]] = []
    for (kind, written), amount in movements.items():
        key = {**of, "kind": kind, **under_of(written)._asdict()}
        row = known.get((kind, written))
        if row is None:
            new.append({**key, "opening": amount if opening else 0, "booked": 0 if opening else amount})
        elif opening:
            work.change(accumulator, key, opening=amount)
        else:
            work.change(accumulator, key, booked=row.booked + amount)
    if new:
        work.add_many(accumulator, new)


def _under(disease: str, care: str, period: str) -> str:
    # Nearly every accumulator is overall or of a disease, and they are read with every settlement.
    return str(Under(disease, care, period)) if care or period else disease


def add(work: UnitOfWork, somebody: Person, *, origin: str) -> int:
    """Keeps a person with everything that hangs on them; its id."""
    person_id = work.add(person, **_person_row(somebody, origin))
    for each in somebody.insurances:
        work.add(insurance, person_id=person_id, **_insurance_row(each))
    for kind in somebody.identities:
        work.add(identity, person_id=person_id, **_identity_row(kind))
    for disease in somebody.registrations:
        add_registration(work, person_id, disease)
    for filed in somebody.filings:
        add_filing(work, person_id, filed)
    return person_id


def add_many(work: UnitOfWork, people: Iterable[Person], *, origin: str) -> int:
    """Keeps many people at once; how many."""
    everybody = list(people)
    last = work.last_id(person)
    work.add_many(person, [_person_row(somebody, origin) for somebody in everybody])
    # Ids come back by psn_no: on PostgreSQL a sequence may skip, and others may insert between.
    ids = {row.psn_no: row.id for row in work.all(_ADDED, last=last)}
    rows: dict[Table, list[dict[str, Any]]] = {insurance: [], identity: [], registration: [], filing: []}
    for somebody in everybody:
        owner = ids[somebody.psn_no]
        rows[insurance] += _owned(owner, map(_insurance_row, somebody.insurances))
        rows[identity] += _owned(owner, map(_identity_row, somebody.identities))
        rows[registration] += _owned(owner, map(_registration_row, somebody.registrations))
        rows[filing] += _owned(owner, map(_filing_row, somebody.filings))
    for table, many in rows.items():
        if many:
            work.add_many(table, many)
    return len(everybody)


def replace(work: UnitOfWork, known: KnownPerson, somebody: Person, *, origin: str) -> None:
    """Lays what is newly known of a person over what was known; accumulators and booked balances stay."""
    work.change(person, {"id": known.id}, **_person_row(somebody, origin))
    for table, rows in (
        (insurance, [_insurance_row(each) for each in somebody.insurances]),
        (identity, [_identity_row(each) for each in somebody.identities]),
    ):
        work.remove(table, person_id=known.id)
        for row in rows:
            work.add(table, person_id=known.id, **row)


def add_registration(work: UnitOfWork, person_id: int, disease: Registration, *, agency_number: str = "") -> int:
    return work.add(registration, person_id=person_id, **_registration_row(disease) | {"agency_number": agency_number})


def add_filing(work: UnitOfWork, person_id: int, filed: Filing, *, agency_number: str = "") -> int:
    return work.add(filing, person_id=person_id, **_filing_row(filed) | {"agency_number": agency_number})


def put_filing(work: UnitOfWork, person_id: int, filed: Filing) -> int:
    """Keeps a filing in the place of one with the same group, place and first day (rules 32); the id of the row."""
    values = _filing_row(filed)
    key = {name: values[name] for name in ("group_name", "place", "valid_from")}
    for row in work.find(filing, person_id=person_id, **key):
        kept = {name: values[name] for name in ("valid_to", "channel", "active")}
        work.change(filing, {"id": row.id}, **kept)
        return row.id
    return work.add(filing, person_id=person_id, **values)


def day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)


def _known(work: UnitOfWork, row: PersonRow) -> KnownPerson:
    insurances = work.find(insurance, person_id=row.id, order="id")
    somebody = Person(
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
            Identity(each.kind, date.fromisoformat(each.valid_from), day(each.valid_to))
            for each in work.find(identity, person_id=row.id, order="id")
        ),
        registrations=tuple(registration_of(each) for each in work.find(registration, person_id=row.id, order="id")),
        filings=tuple(filing_of(each) for each in work.find(filing, person_id=row.id, order="id")),
    )
    return KnownPerson(row.id, somebody, tuple(each.id for each in insurances), row.origin)


def registration_of(row: RegistrationRow) -> Registration:
    return Registration(row.disease, row.name, date.fromisoformat(row.valid_from), day(row.valid_to), str(row.id))


def filing_of(row: FilingRow) -> Filing:
    return Filing(
        group=row.group_name,
        place=row.place,
        valid_from=date.fromisoformat(row.valid_from),
        channel=row.channel,
        valid_to=day(row.valid_to),
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
        valid_to=day(row.valid_to),
        suspended_from=day(row.suspended_from),
        civil_servant=bool(row.civil_servant),
        employer=row.employer,
        balance=row.balance,
    )


def _text(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _person_row(somebody: Person, origin: str) -> dict[str, Any]:
    return {
        "psn_no": somebody.psn_no,
        "name": somebody.name,
        "certificate_type": somebody.certificate_type,
        "certificate_number": somebody.certificate_number,
        "gender": somebody.gender,
        "birth": somebody.birth.isoformat(),
        "nationality": somebody.nationality,
        "card_no": somebody.card_no,
        "card_sn": somebody.card_sn,
        "credential_token": somebody.credential_token,
        "area": somebody.insurances[0].area if somebody.insurances else "",
        "origin": origin,
    }


def _owned(person_id: int, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        row["person_id"] = person_id
        yield row


def _insurance_row(each: Insurance) -> dict[str, Any]:
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


def _identity_row(each: Identity) -> dict[str, Any]:
    return {"kind": each.kind, "valid_from": each.valid_from.isoformat(), "valid_to": _text(each.valid_to)}


def _registration_row(each: Registration) -> dict[str, Any]:
    return {
        "disease": each.disease,
        "name": each.name,
        "valid_from": each.valid_from.isoformat(),
        "valid_to": _text(each.valid_to),
        "agency_number": "",
    }


def _filing_row(each: Filing) -> dict[str, Any]:
    return {
        "group_name": each.group,
        "place": each.place,
        "valid_from": each.valid_from.isoformat(),
        "valid_to": _text(each.valid_to),
        "channel": each.channel,
        "active": int(each.active),
        "agency_number": "",
    }
