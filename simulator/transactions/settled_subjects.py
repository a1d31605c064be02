"""Subjects and their settlements: a cancellation or reversal opens the subject, and undoing that binds it again."""

from simulator.insured.place import row_number
from simulator.store import subjects
from simulator.store.rows import SettlementRow, SubjectRow
from simulator.store.tables import settlement, subject, visit
from simulator.transactions.registry import Call
from simulator.transactions.visits import CLOSED, DISCHARGED, OPEN, SETTLED


def reopen_subject(call: Call, mdtrt_id: str, settlement_id: int | None) -> None:
    """Opens the batch or interval of a settlement that was cancelled or reversed, and the stay that it closed."""
    of_visit = call.work.get_required(visit, id=row_number("", mdtrt_id), lock=True)
    # A visit has few subjects, and subjects have no index by settlement.
    every = call.work.find(subject, visit_id=of_visit.id)
    for row in every:
        if row.settlement_id == settlement_id:
            call.work.change(subject, {"id": row.id}, state=OPEN, settlement_id=None)
        elif row.kind == subjects.INTERVAL and row.state == OPEN:
            # A stay has one open interval: the charges of a newer one join that which is open again.
            subjects.dissolve(call.work, row)
    if of_visit.state == CLOSED:
        call.work.change(visit, {"id": of_visit.id}, state=DISCHARGED)


def open_subject_of(call: Call, row: SettlementRow) -> SubjectRow | None:
    """Returns the open subject that a settlement settled or a cancellation opened, or None, and locks the visit."""
    of_visit = call.work.get_required(visit, id=row_number("", row.mdtrt_id), lock=True)
    found = call.work.find(subject, visit_id=of_visit.id, number=row.batch_number)
    return next((each for each in found if each.state == OPEN and each.total == abs(row.total)), None)


def is_settled_anew(call: Call, row: SettlementRow) -> bool:
    """Tells whether the subject of a cancelled settlement has a live settlement."""
    found = call.work.find(settlement, mdtrt_id=row.mdtrt_id, batch_number=row.batch_number)
    return any(each.kind == "settlement" and each.state == "live" for each in found)


def rebind_subject(call: Call, row: SettlementRow) -> None:
    """Binds the batch or interval of a settlement to it again, when its cancellation was reversed."""
    found = open_subject_of(call, row)
    if row.state == "live" and found is not None:
        call.work.change(subject, {"id": found.id}, state=SETTLED, settlement_id=row.id)
        close_if_final(call, found)


def close_if_final(call: Call, found: SubjectRow) -> None:
    """Closes the stay whose settled interval ends it."""
    if found.kind == subjects.INTERVAL and found.ends == subjects.LAST_DAY:
        call.work.change(visit, {"id": found.visit_id}, state=CLOSED)
