"""Outbox worker: sends the rows of unknown outcome and the platform's own messages, with back-off until acknowledged.

Each agency has a thread of its own. A row is claimed by lease, so that only one process sends it. Rows of a person are
sent in the order of entry. When an agency does not answer, its other rows wait for the next run: it costs one time
limit, and no other agency is delayed.
"""

import threading
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from simulator.agencies.delivery.answer_reading import AgencyAnswer, read_answer
from simulator.agencies.delivery.channel import SIMULATED_TIMEOUT_S, Channel, message, next_msgid
from simulator.agencies.delivery.endpoint import Endpoint
from simulator.agencies.delivery.forwarding import Forwarding, channel_name
from simulator.agencies.delivery.translation import agency_contract, from_agency, infno_in_edition, to_agency
from simulator.agencies.outbox.acknowledgements import Attempt, acknowledge, deliver_delayed, leg_of, reschedule
from simulator.agencies.outbox.crash_recovery import resume_reversal
from simulator.core.envelope import head_of
from simulator.core.findings import Finding
from simulator.core.json_codec import read_json, write_json
from simulator.core.texts import Text, text
from simulator.domain.transaction_table import (
    DISEASE_REGISTRATION,
    DISEASE_REGISTRATION_WITHDRAWAL,
    REVERSAL,
    traits_of,
)
from simulator.sandbox.configuration import Config
from simulator.sandbox.sandboxes import Sandbox
from simulator.store import idempotency_keys, journal, outbox
from simulator.store.outbox import DONE, UNKNOWN, add_row
from simulator.store.rows import OutboxRow
from simulator.store.store import Conflict, Gone
from simulator.store.tables import registration
from simulator.store.unit_of_work import UnitOfWork

_LEASE_MARGIN_S = 30.0
_MAX_ROWS = 1000


def recover(sandbox: Sandbox, real: float, owner: str, *, alone: bool) -> int:
    """Marks intents without an outcome as unknown when their lease is over; returns their number.

    With `alone`, at the start of the only process, no lease is awaited: rows of other owners are taken over at once,
    and claims of the outbox are released. `real` is epoch seconds.
    """
    with sandbox.begin() as (work, config, clock):
        if alone:
            outbox.release_claims(work, mine=owner)
            rows = outbox.abandon_others(work, now=real, error=text("agency.crashed").zh, mine=owner)
        else:
            rows = outbox.abandon_expired(work, now=real, error=text("agency.crashed").zh)
        for row in rows:
            spent = idempotency_keys.find(work, row.origin_msgid)
            if spent is not None and spent.state == idempotency_keys.RUNNING:
                idempotency_keys.change_state(work, row.origin_msgid, idempotency_keys.UNKNOWN)
            if row.infno == REVERSAL:
                resume_reversal(work, config, clock.now(real), row.msgid)
    return len(rows)


def run(sandbox: Sandbox, forwarding: Forwarding, *, everything: bool = False, wait: bool = True) -> int:
    """Sends the rows that are due, or all waiting rows with `everything`; returns the number acknowledged.

    Agencies are served in parallel. Without `wait` the call returns at once, and skips an agency that another thread
    is serving.
    """
    counts: list[int] = []
    threads = []
    for channel, rows in _due(sandbox, forwarding, everything=everything).items():
        lock = forwarding.channel_lock(f"{sandbox.name} {channel}")

        def serve(lock: threading.Lock = lock, rows: list[int] = rows) -> None:
            if lock.acquire(blocking=wait):
                try:
                    # Gone: the sandbox was deleted. Conflict: another process writes to it; the next run retries.
                    with suppress(Gone, Conflict):
                        counts.append(_send_rows(sandbox, forwarding, rows))
                finally:
                    lock.release()

        threads.append(threading.Thread(target=serve, name=f"outbox {channel}", daemon=True))
    if wait and len(threads) == 1:
        # With one agency the caller's own thread serves it, which saves starting another.
        threads[0].run()
        return sum(counts)
    for thread in threads:
        thread.start()
    for thread in threads if wait else ():
        thread.join()
    return sum(counts)


def deliver_later(
    work: UnitOfWork,
    config: Config,
    now: datetime,
    *,
    area: str,
    infno: str,
    psn_no: str,
    body: Mapping[str, Any],
    institution: str,
    registration_id: int | None = None,
) -> None:
    """Puts a message of the platform itself into the outbox, to be repeated until the agency has answered.

    `registration_id` names the registration that is to receive the agency's number from the answer.
    """
    agency = config.agency_for(area)
    named = {"mdtrtarea_admvs": area, "insuplc_admdvs": area, "fixmedins_code": institution}
    head = head_of(named | {"opter": "nhsa-sim", "opter_name": "nhsa-sim", "fixmedins_name": config.name})
    msgid = next_msgid(work, now)
    edition = agency.edition if agency else ""
    sent = to_agency(body, infno, sandbox=config.edition, agency=edition)
    add_row(
        work,
        msgid=msgid,
        area=area,
        infno=infno,
        state=UNKNOWN,
        body=message(head, infno_in_edition(infno, edition), msgid, now, sent),
        psn_no=psn_no,
        subject=outbox.subject_of(registration_id),
        exchange=msgid,
    )


def awaits_number(work: UnitOfWork, registration_id: int) -> bool:
    """True if the 2503 of a registration still waits in the outbox, so that it has no agency number yet."""
    return outbox.number_is_awaited(work, registration_id, DISEASE_REGISTRATION)


def _due(sandbox: Sandbox, forwarding: Forwarding, *, everything: bool) -> dict[str, list[int]]:
    """Ids of the rows to send by channel; a row of a person waits while an earlier one is not due."""
    real = forwarding.real_time()
    found: dict[str, list[int]] = defaultdict(list)
    delayed_people: set[str] = set()
    with sandbox.begin() as (work, config, _clock):
        for row in outbox.waiting(work, _MAX_ROWS):
            due = (everything or row.next_try <= real) and row.claimed_until <= real
            if due and row.psn_no not in delayed_people:
                found[channel_name(config.agency_for(row.area))].append(row.id)
            elif row.psn_no:
                delayed_people.add(row.psn_no)
    return found


def _send_rows(sandbox: Sandbox, forwarding: Forwarding, rows: list[int]) -> int:
    """Sends the rows of an agency in order until one is not answered; returns the number accepted."""
    acknowledged = 0
    for number in rows:
        attempt = _claim(sandbox, forwarding, number)
        if attempt is None:
            continue
        answer = _try(sandbox, forwarding, attempt)
        forwarding.notify_completed()
        if answer is None:
            break
        acknowledged += answer.accepted
    return acknowledged


def _claim(sandbox: Sandbox, forwarding: Forwarding, number: int) -> Attempt | None:
    """Claims a row and prepares its attempt; None if another process holds it, or it needs no sending any more."""
    real = forwarding.real_time()
    with sandbox.begin() as (work, config, clock):
        limit = max((each.timeout_s for each in config.agencies.values()), default=SIMULATED_TIMEOUT_S)
        # Twice the limit: a reversal may be followed by the original that a fault held back.
        until = real + 2 * limit + _LEASE_MARGIN_S
        row = outbox.claim(work, number, now=real, until=until, owner=forwarding.owner)
        if row is None:
            return None
        original = read_json(bytes(row.body))
        now, head = clock.now(real), head_of(original)
        agency = config.agency_for(row.area)
        if agency is None and not row.origin_msgid:
            # The agency was removed: its place is simulated again and reads the platform's own records.
            outbox.close(work, row, DONE)
            return None
        raw = _with_agency_number(work, config, row, original)
        is_reversal = traits_of(row.infno).reversible
        if is_reversal:
            edition = agency.edition if agency else ""
            named = {"data": {"psn_no": row.psn_no, "omsgid": row.msgid, "oinfno": original["infno"]}}
            body = to_agency(named, REVERSAL, sandbox=config.edition, agency=edition)
            raw = message(head, REVERSAL, next_msgid(work, now), now, body)
        endpoint = Endpoint(sandbox.store.begin, config.place, config.agency_contract, lambda: now, config.strict)
        return Attempt(row, raw, head, Channel(forwarding.transport, agency, endpoint), is_reversal)


def _with_agency_number(work: UnitOfWork, config: Config, row: OutboxRow, original: Mapping[str, Any]) -> bytes:
    """Bytes of the message; a 2504 queued before the agency's number was known gets it now, and keeps it."""
    if row.infno != DISEASE_REGISTRATION_WITHDRAWAL or row.origin_msgid:
        return bytes(row.body)
    agency = config.agency_for(row.area)
    editions = {"sandbox": config.edition, "agency": agency.edition if agency else ""}
    data = from_agency(original["input"], row.infno, "in", **editions)["data"]
    if data["trt_dcla_detl_sn"]:
        return bytes(row.body)
    number = work.get_required(registration, id=outbox.registration_in(row)).agency_number
    body = to_agency({"data": {**data, "trt_dcla_detl_sn": number}}, row.infno, **editions)
    written = write_json({**original, "input": body})
    outbox.rewrite(work, row, written)
    return written


def _try(sandbox: Sandbox, forwarding: Forwarding, attempt: Attempt) -> AgencyAnswer | None:
    """Sends an attempt and books the answer; None if there was none, and the row is scheduled again."""
    reply = attempt.channel.deliver(attempt.raw)
    with sandbox.begin() as (work, config, clock):
        real = forwarding.real_time()
        now = clock.now(real)
        answer: AgencyAnswer | Text = reply.problem or text("agency.crashed")
        if reply.body is not None:
            answer = _read(config, attempt, reply.body)
        findings: list[Finding] = []
        if isinstance(answer, AgencyAnswer):
            findings = acknowledge(work, config, now, attempt, answer)
        else:
            reschedule(work, attempt.row, real, answer)
        journal.record(work, leg_of(attempt, reply, now, real, answer), findings)
    if not isinstance(answer, AgencyAnswer):
        return None
    if answer.accepted and attempt.row.late and attempt.is_reversal:
        deliver_delayed(sandbox, forwarding, attempt)
    return answer


def _read(config: Config, attempt: Attempt, raw: bytes) -> AgencyAnswer | Text:
    agency = attempt.channel.agency
    edition = (agency.edition if agency else "") or config.edition
    infno = REVERSAL if attempt.is_reversal else infno_in_edition(attempt.row.infno, edition)
    remote = config.is_remote(attempt.head)
    return read_answer(raw, infno, agency_contract(edition), remote=remote, strict=config.strict)
