"""Crash recovery of a hospital's 2601: the replica is reversed and answer 0 recorded, as if no crash had happened."""

from dataclasses import replace
from datetime import datetime

from simulator.agencies.delivery.translation import from_agency
from simulator.agencies.replica import booked_settlements
from simulator.core.envelope import Head, answer, head_of
from simulator.core.errors import Refusal
from simulator.core.json_codec import read_json
from simulator.domain.transaction_table import REVERSAL
from simulator.sandbox.configuration import Config
from simulator.store import idempotency_keys, outbox
from simulator.store.rows import OutboxRow
from simulator.store.tables import settlement
from simulator.store.unit_of_work import UnitOfWork
from simulator.transactions import HANDLERS, Ask, Call


def resume_reversal(work: UnitOfWork, config: Config, now: datetime, msgid: str) -> None:
    """Reverses the original on the replica and records answer 0; the outbox goes on with the agency.

    `msgid` is that of the forwarded 2601. Raises LookupError if it has no outbox row.
    """
    row = outbox.find_sent(work, msgid)
    if row is None:
        raise LookupError(msgid)
    message = read_json(bytes(row.body))
    agency = config.agency_for(row.area)
    edition = agency.edition if agency else ""
    body = from_agency(message["input"], REVERSAL, "in", sandbox=config.edition, agency=edition)
    head, data = head_of(message), dict(body["data"])
    institution = config.institutions.get(head.institution)
    if institution is None:
        # Removed since the 2601 was accepted: the message stays unknown until the agency answers.
        return
    call = Call(work, config, replace(head, infno=REVERSAL, msgid=row.origin_msgid), institution, now)
    data["omsgid"] = _as_the_hospital_named_it(work, data["omsgid"])
    try:
        with work.savepoint():
            asked = HANDLERS[REVERSAL].handler({"data": data}, call)
            if isinstance(asked, Ask):
                asked.then(call, booked_settlements.undo_original(call.asked(REVERSAL, asked.body, msgid=msgid)))
            _record(work, config, row, head, now)
    except Refusal:
        # It stays unknown until the agency answers.
        return


def _as_the_hospital_named_it(work: UnitOfWork, omsgid: str) -> str:
    row = work.get(settlement, agency_msgid=omsgid)
    return row.msgid if row is not None else omsgid


def _record(work: UnitOfWork, config: Config, row: OutboxRow, head: Head, now: datetime) -> None:
    infcode = config.hospital_contract.edition.infcode("0")
    written = answer(infcode=infcode, err_msg="", output={}, area=head.treated_area, received=now, answered=now)
    idempotency_keys.complete(work, row.origin_msgid, answer=written, settlement_id=None)
