"""Subjects of settlements and their charges: a batch of a visit, or an interval of a stay.

A charge has a row of its own, found by visit and serial number, so that a long stay is read as a whole only to settle
it as a whole.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, null, select, update

from simulator.core.json_codec import read_own
from simulator.store.rows import ChargeRow, SubjectRow
from simulator.store.statements import Statement
from simulator.store.tables import charge, subject
from simulator.store.typed_tables import SqlValue
from simulator.store.unit_of_work import UnitOfWork

BATCH, INTERVAL = "batch", "interval"
OPEN, SETTLED, WITHDRAWN = "open", "settled", "withdrawn"
PARTS = ("total", "own_purchase", "above_ceiling", "prior_selfpay", "in_scope")
"""Columns of the amounts of a charge and of a subject, in fen."""
ChargeLine = dict[str, Any]
"""Row of feedetail by wire field, as the contract has checked it."""


class ChargeAmounts(NamedTuple):
    """Parts of one charge in fen."""

    total: int
    own_purchase: int
    above_ceiling: int
    prior_selfpay: int
    in_scope: int


class NewCharge(NamedTuple):
    """Charge to be added: its parts in fen, and its row of feedetail as JSON."""

    serial: str
    fee_at: str
    total: int
    own_purchase: int
    above_ceiling: int
    prior_selfpay: int
    in_scope: int
    line: str


class _Line(NamedTuple):
    """Row that holds a charge as JSON."""

    line: str


class _Sums(NamedTuple):
    """Sums of the charges of a subject in fen, with the wire time of the last charge."""

    total: int
    own_purchase: int
    above_ceiling: int
    prior_selfpay: int
    in_scope: int
    last_fee_at: str


class _ChargeNumber(NamedTuple):
    """Row that holds the number of a charge."""

    serial: str


_OF_SUBJECT = (charge.c.subject_id == bindparam("owner"), charge.c.state == OPEN)
_AMOUNTS = Statement(
    select(*(charge.c[name] for name in PARTS)).where(*_OF_SUBJECT).order_by(charge.c.id), ChargeAmounts
)
_LINES = Statement(select(charge.c.line).where(*_OF_SUBJECT).order_by(charge.c.id), _Line)
_KNOWN = Statement(
    select(charge.c.serial).where(
        charge.c.visit_id == bindparam("visit_id"),
        charge.c.serial == bindparam("serial"),
        charge.c.state == OPEN,
    ),
    _ChargeNumber,
)
_SUMS = Statement(
    select(
        *(func.coalesce(func.sum(charge.c[name]), 0).label(name) for name in PARTS),
        func.coalesce(func.max(charge.c.fee_at), "").label("last_fee_at"),
    ).where(*_OF_SUBJECT),
    _Sums,
)
_WITHDRAW = Statement(update(charge).where(*_OF_SUBJECT).values(state=WITHDRAWN))
_RELEASE = Statement(update(charge).where(*_OF_SUBJECT).values(subject_id=null()))
_OF_STAY = (charge.c.visit_id == bindparam("of_visit"), charge.c.state == OPEN)
_WITHDRAW_FREE = Statement(update(charge).where(*_OF_STAY, charge.c.subject_id.is_(None)).values(state=WITHDRAWN))
_REFUNDS = Statement(select(charge.c.line).where(*_OF_STAY, charge.c.total < 0).order_by(charge.c.id), _Line)
_ANY_CHARGE = Statement(select(charge.c.serial).where(*_OF_STAY).limit(1), _ChargeNumber)
_JOIN_INTERVAL = Statement(
    update(charge)
    .where(
        charge.c.visit_id == bindparam("of_visit"),
        charge.c.subject_id.is_(None),
        charge.c.state == OPEN,
        charge.c.fee_at < bindparam("until"),
    )
    .values(subject_id=bindparam("interval"))
)
_SET_SUMS = Statement(
    update(subject)
    .where(subject.c.id == bindparam("of_subject"))
    .values({name: bindparam(name) for name in (*PARTS, "last_fee_at")})
)


def live_of(work: UnitOfWork, visit_id: int) -> list[SubjectRow]:
    """Returns the subjects of a visit that were not withdrawn, oldest first."""
    return [row for row in work.find(subject, visit_id=visit_id, order="id") if row.state != WITHDRAWN]


def add(work: UnitOfWork, visit_id: int, *, kind: str, number: str, disease: str, **values: SqlValue) -> int:
    """Adds an open subject and returns its id; `values` sets further columns, which are blank or 0 otherwise."""
    blank = {"begins": "", "ends": "", "last_fee_at": "", "preview": "", "settlement_id": None, "state": OPEN}
    sums = dict.fromkeys(PARTS, 0)
    return work.add(
        subject, visit_id=visit_id, kind=kind, number=number, disease=disease, **{**blank, **sums, **values}
    )


def add_charges(
    work: UnitOfWork, visit_id: int, charges: Iterable[NewCharge], *, subject_id: int | None = None
) -> None:
    """Adds open charges to a subject, or to a visit until an interval is formed of them."""
    work.add_many(
        charge, [{"visit_id": visit_id, "subject_id": subject_id, "state": OPEN, **each._asdict()} for each in charges]
    )


def is_known(work: UnitOfWork, visit_id: int, serial: str) -> bool:
    """Tells whether an open charge of the visit has the number (feedetl_sn)."""
    return work.one(_KNOWN, visit_id=visit_id, serial=serial) is not None


def amounts_of(work: UnitOfWork, subject_id: int) -> list[ChargeAmounts]:
    """Returns the parts of each open charge of a subject, in the order of feedetail."""
    return work.all(_AMOUNTS, owner=subject_id)


def lines_of(work: UnitOfWork, subject_id: int) -> list[ChargeLine]:
    """Returns the open charges of a subject as rows of feedetail: as sent, with their classification."""
    return [read_own(row.line) for row in work.all(_LINES, owner=subject_id)]


def withdraw(work: UnitOfWork, subject_id: int) -> None:
    """Withdraws a subject with its open charges."""
    work.run(_WITHDRAW, owner=subject_id)
    work.change(subject, {"id": subject_id}, state=WITHDRAWN)


def has_charges(work: UnitOfWork, visit_id: int) -> bool:
    """Tells whether a visit has an open charge."""
    return work.one(_ANY_CHARGE, of_visit=visit_id) is not None


def refunds_of(work: UnitOfWork, visit_id: int) -> list[ChargeLine]:
    """Returns the open charges of a visit with a negative amount, in the order of their upload."""
    return [read_own(row.line) for row in work.all(_REFUNDS, of_visit=visit_id)]


def open_charge(work: UnitOfWork, visit_id: int, serial: str) -> ChargeRow | None:
    """Returns the open charge of a visit that has the number (feedetl_sn), or None."""
    return next((row for row in work.find(charge, visit_id=visit_id, serial=serial) if row.state == OPEN), None)


def is_settled(work: UnitOfWork, row: ChargeRow) -> bool:
    """Tells whether a charge is part of a settled subject, whose settlement is cancelled before it is withdrawn."""
    return row.subject_id is not None and work.get_required(subject, id=row.subject_id).state == SETTLED


def withdraw_charge(work: UnitOfWork, row: ChargeRow) -> None:
    """Withdraws a charge and sums its subject anew."""
    work.change(charge, {"id": row.id}, state=WITHDRAWN)
    if row.subject_id is not None:
        _sum_up(work, row.subject_id)


def withdraw_unsettled(work: UnitOfWork, visit_id: int) -> None:
    """Withdraws the charges of a stay that no settled interval has."""
    for row in live_of(work, visit_id):
        if row.state == OPEN:
            withdraw(work, row.id)
    work.run(_WITHDRAW_FREE, of_visit=visit_id)


LAST_DAY = "9999-12-31"
"""End of the interval that ends a stay, which takes in every charge, also one dated after the discharge."""


def form_interval(work: UnitOfWork, visit_id: int, *, begins: str, ends: str) -> SubjectRow:
    """Makes the open interval of a stay of its unsettled charges up to the day `ends`, or of all where that is blank.

    A stay has at most one open interval, which is formed anew each time: charges uploaded or withdrawn since then
    count. Charges of settled intervals stay there.
    """
    every = work.find(subject, visit_id=visit_id, order="id")
    standing = next((row for row in every if row.state == OPEN), None)
    if standing is None:
        number = str(len(every) + 1)
        made = add(work, visit_id, kind=INTERVAL, number=number, disease="", begins=begins, ends=ends)
    else:
        made = standing.id
        work.run(_RELEASE, owner=made)
        work.change(subject, {"id": made}, begins=begins, ends=ends)
    # As text, `<day> 24` comes after every wire time of the day.
    work.run(_JOIN_INTERVAL, of_visit=visit_id, until=f"{ends or LAST_DAY} 24", interval=made)
    _sum_up(work, made)
    return work.get_required(subject, id=made)


def open_interval(work: UnitOfWork, visit_id: int) -> SubjectRow | None:
    """Returns the open interval of a stay, or None."""
    return next((row for row in work.find(subject, visit_id=visit_id) if row.state == OPEN), None)


def dissolve(work: UnitOfWork, row: SubjectRow) -> None:
    """Withdraws an open interval and leaves its charges to the next that is formed."""
    work.run(_RELEASE, owner=row.id)
    work.change(subject, {"id": row.id}, state=WITHDRAWN)


def sums(charges: Sequence[NewCharge]) -> dict[str, int]:
    """Returns the sum of each part over charges, in fen."""
    return {name: sum(getattr(each, name) for each in charges) for name in PARTS}


def _sum_up(work: UnitOfWork, subject_id: int) -> None:
    found = work.one(_SUMS, owner=subject_id)
    if found is None:
        raise LookupError(f"subject {subject_id}")
    work.run(_SET_SUMS, of_subject=subject_id, **found._asdict())
