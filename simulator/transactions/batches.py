"""Batches and their settlements: a cancellation or reversal opens the batch, and undoing that binds it again."""

from simulator.insured.place import row_number
from simulator.store.rows import SettlementRow, SubjectRow
from simulator.store.tables import settlement, subject, visit
from simulator.transactions.registry import Call
from simulator.transactions.visits import OPEN, SETTLED


def reopen_batch(call: Call, mdtrt_id: str, settlement_id: int | None) -> None:
    """Opens the batch of a settlement that was cancelled or reversed."""
    # A visit has few batches, and batches have no index by settlement.
    for row in call.work.find(subject, visit_id=row_number("", mdtrt_id)):
        if row.settlement_id == settlement_id:
            call.work.change(subject, {"id": row.id}, state=OPEN, settlement_id=None)


def open_batch_of(call: Call, row: SettlementRow) -> SubjectRow | None:
    """Returns the open batch that a settlement settled or a cancellation opened, or None, and locks the visit."""
    of_visit = call.work.get_required(visit, id=row_number("", row.mdtrt_id), lock=True)
    found = call.work.find(subject, visit_id=of_visit.id, number=row.batch_number)
    return next((each for each in found if each.state == OPEN and each.total == abs(row.total)), None)


def is_settled_anew(call: Call, row: SettlementRow) -> bool:
    """Tells whether the batch of a cancelled settlement has a live settlement."""
    found = call.work.find(settlement, mdtrt_id=row.mdtrt_id, batch_number=row.batch_number)
    return any(each.kind == "settlement" and each.state == "live" for each in found)


def rebind_batch(call: Call, row: SettlementRow) -> None:
    """Binds the batch of a settlement to it again, when its cancellation was reversed."""
    found = open_batch_of(call, row)
    if row.state == "live" and found is not None:
        call.work.change(subject, {"id": found.id}, state=SETTLED, settlement_id=row.id)
