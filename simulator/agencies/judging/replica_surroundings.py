"""Surroundings of a question out of the replica: filings, other insurances, balances and earlier messages."""

from collections import defaultdict
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import bindparam, select

from simulator.agencies.judging.mistakes.surroundings import (
    HeldFiling,
    HeldInsurance,
    Past,
    Surroundings,
    past_from_json,
)
from simulator.domain.accumulators import AccumulatorDimensions
from simulator.domain.person import Person
from simulator.insured.books import movements_in
from simulator.store import outbox
from simulator.store.people import KnownPerson
from simulator.store.statements import Statement
from simulator.store.tables import accumulator, settlement
from simulator.store.unit_of_work import UnitOfWork

_MOST_PAST = 24
"""Rows of the person looked back on; bounds what a right answer costs."""


class _PastRow(NamedTuple):
    """Columns of a settlement that its past needs."""

    id: int
    kind: str
    state: str
    original_id: int | None
    msgid: str
    agency_msgid: str
    insutype: str
    year: int
    area: str
    setl_time: str
    in_scope: int
    account: int
    movements: str


class _BalanceRow(NamedTuple):
    """Balance of an accumulator, fen."""

    insutype: str
    year: int
    kind: str
    disease: str
    care: str
    period: str
    amount: int


_PAST = Statement(
    select(*(settlement.c[name] for name in _PastRow._fields))
    .where(settlement.c.person_id == bindparam("person_id"))
    .order_by(settlement.c.id.desc())
    .limit(_MOST_PAST),
    _PastRow,
)
_BALANCES = Statement(
    select(
        *(accumulator.c[name] for name in _BalanceRow._fields[:-1]),
        (accumulator.c.opening + accumulator.c.booked).label("amount"),
    ).where(accumulator.c.person_id == bindparam("person_id")),
    _BalanceRow,
)


def surroundings_of(work: UnitOfWork, known: KnownPerson, insutype: str, treated_area: str) -> Surroundings:
    """Facts of the replica about a person beside the claim."""
    balances: dict[tuple[str, int], dict[tuple[str, str], int]] = defaultdict(dict)
    for row in work.all(_BALANCES, person_id=known.id):
        balances[row.insutype, row.year][row.kind, str(AccumulatorDimensions(row.disease, row.care, row.period))] = (
            row.amount
        )
    return Surroundings(
        filings=_filings(known.person),
        insurances=tuple(
            HeldInsurance(each.insutype, each.category, each.civil_servant, each.balance)
            for each in known.person.insurances
            if each.insutype != insutype
        ),
        balances=balances,
        history=past_of(work, known),
        treated_area=treated_area,
    )


def past_of(work: UnitOfWork, known: KnownPerson) -> tuple[Past, ...]:
    """The last settlements and cancellations of a person and those whose answer was lost, the oldest first."""
    rows = work.all(_PAST, person_id=known.id)
    cancelled = {row.original_id: int(row.setl_time[:4]) for row in rows if row.kind == "cancellation"}
    booked = [
        Past(
            msgid=row.agency_msgid or row.msgid,
            kind=row.kind,
            state=row.state,
            insutype=row.insutype,
            year=row.year,
            treated_area=row.area,
            setl_time=row.setl_time,
            in_scope=row.in_scope,
            # A cancellation keeps its amounts negated, its movements as they were booked first.
            account=abs(row.account),
            movements=movements_in(row.movements),
            cancelled_in=cancelled.get(row.id, 0),
        )
        for row in reversed(rows)
    ]
    lost = [(each["after"], past_from_json(each["past"])) for each in outbox.lost_effects(work, known.person.psn_no)]
    # A stable sort: what was lost after a row stands behind it.
    ordered = sorted([*zip((row.id for row in reversed(rows)), booked, strict=True), *lost], key=itemgetter(0))
    return tuple(past for _, past in ordered)


def _filings(person: Person) -> tuple[HeldFiling, ...]:
    return tuple(
        HeldFiling(
            each.group,
            each.place,
            each.valid_from.isoformat(),
            each.valid_to.isoformat() if each.valid_to else "",
            each.active,
        )
        for each in person.filings
    )
