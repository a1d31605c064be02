"""Acknowledgements: effects of an agency's answer to a reversal or a repeated message on the outbox and the replica."""

from dataclasses import dataclass, replace
from datetime import datetime

from simulator.agencies.delivery.answer_reading import AgencyAnswer
from simulator.agencies.delivery.channel import Channel
from simulator.agencies.delivery.forwarding import Forwarding
from simulator.agencies.delivery.translation import from_agency
from simulator.agencies.delivery.transport import Reply
from simulator.agencies.replica import booked_settlements
from simulator.core.envelope import Head
from simulator.core.envelope import answer as envelope_answer
from simulator.core.errors import Refusal
from simulator.core.findings import ERROR, WARNING, Finding
from simulator.core.json_codec import NotAMessage, digest, read_json
from simulator.core.texts import Text, plain, text
from simulator.domain.transaction_table import REVERSAL, traits_of
from simulator.insured.place import Asked, Output
from simulator.sandbox.configuration import Config
from simulator.sandbox.sandboxes import Sandbox
from simulator.store import idempotency_keys, journal, outbox
from simulator.store.outbox import DONE, GIVEN_UP, REVERSED
from simulator.store.rows import OutboxRow
from simulator.store.tables import registration
from simulator.store.unit_of_work import UnitOfWork

FIRST_BACKOFF_S, MAX_BACKOFF_S = 1.0, 60.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """Outbox row claimed by this process, with the bytes to send: its reversal, or the message itself again."""

    row: OutboxRow
    raw: bytes
    head: Head
    channel: Channel
    is_reversal: bool


def acknowledge(
    work: UnitOfWork, config: Config, now: datetime, attempt: Attempt, answer: AgencyAnswer
) -> list[Finding]:
    """Closes the outbox row as answered and books the effects; returns the findings."""
    findings = list(answer.findings)
    if not answer.accepted:
        findings.append(_refused(work, attempt, plain(answer.err_msg or "-")))
    elif attempt.is_reversal:
        outbox.close(work, attempt.row, REVERSED)
        _settle_message(work, attempt.row, idempotency_keys.REVERSED)
    elif answer.broken is not None:
        findings.append(_refused(work, attempt, answer.broken))
    else:
        outbox.close(work, attempt.row, DONE)
        if attempt.row.infno != REVERSAL:
            findings += _finish(work, config, now, attempt, dict(answer.output))
    return findings


def reschedule(work: UnitOfWork, row: OutboxRow, real: float, reason: Text) -> None:
    """Schedules the next attempt after a wait that doubles each time, up to MAX_BACKOFF_S; `real` is epoch seconds."""
    wait = min(MAX_BACKOFF_S, FIRST_BACKOFF_S * 2 ** min(row.attempts, 10))
    outbox.try_later(work, row, at=real + wait, error=reason.zh)


def deliver_delayed(sandbox: Sandbox, forwarding: Forwarding, attempt: Attempt) -> None:
    """Delivers an original that a fault held back until after its reversal; a finding if the agency accepts it."""
    late = Attempt(attempt.row, bytes(attempt.row.body), attempt.head, attempt.channel, is_reversal=False)
    reply = late.channel.deliver(late.raw)
    with sandbox.begin() as (work, _, clock):
        real = forwarding.real_time()
        findings = []
        if _accepts(reply):
            sentence = text("judge.late_accepted", msgid=late.row.msgid)
            findings.append(Finding("reversal.late_original", ERROR, sentence, "/infcode", "-1", "0"))
        outcome = plain("late") if reply.body is None else AgencyAnswer("0" if findings else "-1", "", {})
        journal.record(work, leg_of(late, reply, clock.now(real), real, outcome), findings)
        outbox.end_delay(work, late.row)


def leg_of(
    attempt: Attempt, reply: Reply, at: datetime, real: float, answer: AgencyAnswer | Text
) -> journal.JournalLeg:
    """Leg of an attempt for the journal."""
    sent = read_json(attempt.raw)
    outcome = "unknown"
    if isinstance(answer, AgencyAnswer):
        outcome = "answered" if answer.accepted else "refused"
    return journal.JournalLeg.under(
        replace(attempt.head, infno=sent["infno"], msgid=sent["msgid"]),
        leg=journal.AGENCY,
        exchange=attempt.row.exchange,
        at=at,
        real_at=real,
        psn_no=attempt.row.psn_no,
        mdtrt_id=attempt.row.mdtrt_id,
        outcome=outcome,
        duration_ms=0.0,
        request=attempt.raw,
        answer=reply.body or b"",
    )


def _accepts(reply: Reply) -> bool:
    try:
        body = read_json(reply.body) if reply.body is not None else {}
    except NotAMessage:
        return False
    return isinstance(body, dict) and str(body.get("infcode")) == "0"


def _refused(work: UnitOfWork, attempt: Attempt, reason: Text) -> Finding:
    """Closes a row that the agency answered −1; the answer is final, so it is reported and not repeated (rules 18)."""
    row = attempt.row
    outbox.close(work, row, GIVEN_UP, reason.zh)
    if attempt.is_reversal or row.infno == REVERSAL:
        # No further attempt could decide the outcome, and the visit must not stay blocked by it.
        _settle_message(work, row, idempotency_keys.REVERSED)
        return Finding("reversal.refused", ERROR, text("judge.reversal_refused", msgid=row.msgid, err_msg=reason))
    sentence = text("judge.repeat_refused", infno=row.infno, msgid=row.msgid, err_msg=reason)
    if row.origin_msgid:
        # The refusal is final, so the hospital may send the message again, as after an immediate refusal.
        idempotency_keys.release(work, row.origin_msgid)
        return Finding("delivery.refused", WARNING, sentence)
    return Finding("delivery.refused", ERROR, sentence)


def _settle_message(work: UnitOfWork, row: OutboxRow, state: str) -> None:
    """Changes the state of the hospital's msgid if it is still unknown; a 2601 of the hospital may have decided it."""
    spent = idempotency_keys.find(work, row.origin_msgid)
    if spent is not None and spent.state == idempotency_keys.UNKNOWN:
        idempotency_keys.change_state(work, row.origin_msgid, state)


def _finish(work: UnitOfWork, config: Config, now: datetime, attempt: Attempt, output: Output) -> list[Finding]:
    """Books an accepted repeated message on the replica, and records its answer for the hospital (rules 18)."""
    row, agency = attempt.row, attempt.channel.agency
    editions = {"sandbox": config.edition, "agency": agency.edition if agency else ""}
    output = from_agency(output, row.infno, "out", **editions)
    if not row.origin_msgid:
        _store_agency_number(work, row, output)
        _spend(work, row)
        return []
    asked = _asked(work, config, now, attempt)
    findings: list[Finding] = []
    if agency is not None:
        try:
            with work.savepoint():
                is_end = traits_of(row.infno).withdraws_grant
                output = (booked_settlements.end_grant_by_agency_number if is_end else booked_settlements.add_grant)(
                    asked, output
                ).output
        except Refusal as refusal:
            findings.append(Finding("agency.cannot_follow", ERROR, refusal.text))
    spent = idempotency_keys.find(work, row.origin_msgid)
    if spent is not None and spent.state == idempotency_keys.UNKNOWN:
        edition = config.hospital_contract.edition
        written = envelope_answer(
            infcode=edition.infcode("0"),
            err_msg="",
            output=edition.dialect.write(row.infno, "out", output),
            area=attempt.head.treated_area,
            received=now,
            answered=now,
        )
        idempotency_keys.complete(work, row.origin_msgid, answer=written, settlement_id=None)
    return findings


def _store_agency_number(work: UnitOfWork, row: OutboxRow, output: Output) -> None:
    """Stores the agency's number of a registration that was made on the platform, at most 30 characters."""
    number = outbox.registration_in(row)
    result = output.get("result")
    if number is not None and isinstance(result, dict):
        work.change(registration, {"id": number}, agency_number=str(result.get("trt_dcla_detl_sn", ""))[:30])


def _spend(work: UnitOfWork, row: OutboxRow) -> None:
    """The msgid of what the platform sent on its own account is spent at the agency; a 2601 of it is judged by that."""
    message = read_json(bytes(row.body))
    fingerprint = digest(row.infno, message["fixmedins_code"], message["input"])
    idempotency_keys.record(
        work, row.msgid, infno=row.infno, digest=fingerprint, psn_no=row.psn_no, answer=b"", settlement_id=None
    )


def _asked(work: UnitOfWork, config: Config, now: datetime, attempt: Attempt) -> Asked:
    row, agency = attempt.row, attempt.channel.agency
    body = from_agency(
        read_json(bytes(row.body))["input"],
        row.infno,
        "in",
        sandbox=config.edition,
        agency=agency.edition if agency else "",
    )
    head, place = attempt.head, config.place
    return Asked.under(head, work, place, body, now, infno=row.infno, msgid=row.msgid, origin_msgid=row.origin_msgid)
