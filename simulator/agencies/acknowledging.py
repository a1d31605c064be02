"""What an agency's answer to a reversal, or to a repeated message, means for what waited in the outbox."""

import json
from dataclasses import dataclass
from datetime import datetime

from simulator.agencies import mirror
from simulator.agencies.forwarding import DONE, GIVEN_UP, REVERSED, Forwarding
from simulator.agencies.reading import Answer
from simulator.agencies.sending import Line
from simulator.agencies.translation import translate
from simulator.agencies.transport import Reply
from simulator.envelope import Head
from simulator.envelope import answer as envelope_answer
from simulator.errors import Refusal
from simulator.findings import ERROR, WARNING, Finding
from simulator.insured.place import Asked, Output
from simulator.sandboxes import Config, Sandbox
from simulator.store import journal, messages
from simulator.store.statements import Row
from simulator.store.tables import outbox, registration
from simulator.store.work import Work
from simulator.texts import Text, plain, text
from simulator.wire import NotAMessage, read_json

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """A row of the outbox that this process tries now, with the bytes it sends and the line they go over."""

    row: Row
    raw: bytes
    head: Head
    line: Line
    is_reversal: bool


def acknowledge(work: Work, config: Config, now: datetime, attempt: Attempt, answer: Answer) -> list[Finding]:
    """Books what the answer decides; the findings about it."""
    findings = list(answer.findings)
    if not answer.accepted:
        findings.append(_refused(work, attempt, plain(answer.told or "-")))
    elif attempt.is_reversal:
        work.change(outbox, {"id": attempt.row.id}, state=REVERSED, claimed_until=0.0)
        _settle_message(work, attempt.row, messages.REVERSED)
    elif answer.broken is not None:
        findings.append(_refused(work, attempt, answer.broken))
    else:
        work.change(outbox, {"id": attempt.row.id}, state=DONE, claimed_until=0.0)
        if attempt.row.infno != "2601":
            findings += _finish(work, config, now, attempt, dict(answer.output))
    return findings


def put_back(work: Work, row: Row, real: float, told: Text) -> None:
    """To be tried again after a wait that doubles each time."""
    wait = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(row.attempts, 10))
    values = {"attempts": row.attempts + 1, "next_try": real + wait, "claimed_until": 0.0, "last_error": told.zh}
    work.change(outbox, {"id": row.id}, **values)


def deliver_late(sandbox: Sandbox, forwarding: Forwarding, attempt: Attempt) -> None:
    """The original that a fault held back arrives after its reversal; accepting it would be the agency's fault."""
    late = Attempt(attempt.row, bytes(attempt.row.body), attempt.head, attempt.line, is_reversal=False)
    reply = late.line.deliver(late.raw)
    with sandbox.begin() as (work, _, clock):
        real = forwarding.real_time()
        findings = []
        if _accepts(reply):
            sentence = text("judge.late_accepted", msgid=late.row.msgid)
            findings.append(Finding("reversal.late_original", ERROR, sentence, "/infcode", "-1", "0"))
        told = plain("late") if reply.body is None else Answer("0" if findings else "-1", "", {})
        journal.record(work, leg_of(late, reply, clock.now(real), real, told), findings)
        work.change(outbox, {"id": late.row.id}, late=0)


def leg_of(attempt: Attempt, reply: Reply, at: datetime, real: float, answer: Answer | Text) -> journal.Leg:
    """The leg as the journal keeps it."""
    sent = read_json(attempt.raw)
    outcome = "unknown"
    if isinstance(answer, Answer):
        outcome = "answered" if answer.accepted else "refused"
    return journal.Leg(
        exchange=attempt.row.exchange,
        leg=journal.AGENCY,
        at=at.isoformat(sep=" ", timespec="milliseconds"),
        real_at=real,
        infno=sent["infno"],
        msgid=sent["msgid"],
        psn_no=attempt.row.psn_no,
        mdtrt_id=attempt.row.mdtrt_id,
        institution=attempt.head.institution,
        area=attempt.row.area,
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


def _refused(work: Work, attempt: Attempt, told: Text) -> Finding:
    """−1 is final (rules 18): reported, and not repeated."""
    row = attempt.row
    work.change(outbox, {"id": row.id}, state=GIVEN_UP, claimed_until=0.0, last_error=told.zh)
    if attempt.is_reversal or row.infno == "2601":
        _settle_message(work, row, messages.REVERSED)
        return Finding("reversal.refused", ERROR, text("judge.reversal_refused", msgid=row.msgid, told=told))
    sentence = text("judge.repeat_refused", infno=row.infno, msgid=row.msgid, told=told)
    if row.origin_msgid:
        # As if it had been refused at once: the hospital may send it again.
        messages.forget(work, row.origin_msgid)
        return Finding("delivery.refused", WARNING, sentence)
    return Finding("delivery.refused", ERROR, sentence)


def _settle_message(work: Work, row: Row, state: str) -> None:
    """The hospital's msgid, where it is still unknown; the hospital's own 2601 may have decided on it."""
    spent = messages.find(work, row.origin_msgid)
    if spent is not None and spent.state == messages.UNKNOWN:
        messages.change_state(work, row.origin_msgid, state)


def _finish(work: Work, config: Config, now: datetime, attempt: Attempt, output: Output) -> list[Finding]:
    """What was repeated until it was answered: booked on our copy, and recorded for the hospital (rules 18)."""
    row, agency = attempt.row, attempt.line.agency
    if not row.origin_msgid:
        _learn_number(work, row, output)
        return []
    asked = _asked(work, config, now, attempt)
    findings: list[Finding] = []
    if agency is not None:
        output = translate(output, row.infno, "out", source=agency.edition or config.edition, target=config.edition)
        try:
            with work.attempt():
                is_end = row.infno in ("2502", "2504")
                output = (mirror.end_by_agency_number if is_end else mirror.add_grant)(asked, output).output
        except Refusal as refusal:
            findings.append(Finding("agency.cannot_follow", ERROR, refusal.text))
    spent = messages.find(work, row.origin_msgid)
    if spent is not None and spent.state == messages.UNKNOWN:
        written = envelope_answer(
            infcode="0", err_msg="", output=output, area=attempt.head.treated_area, received=now, answered=now
        )
        messages.close(work, row.origin_msgid, answer=written, settlement_id=None)
    return findings


def _learn_number(work: Work, row: Row, output: Output) -> None:
    """The agency's number of a registration that was made on the platform."""
    number = json.loads(row.subject or "{}").get("registration")
    result = output.get("result")
    if number is not None and isinstance(result, dict):
        work.change(registration, {"id": number}, agency_number=str(result.get("trt_dcla_detl_sn", ""))[:30])


def _asked(work: Work, config: Config, now: datetime, attempt: Attempt) -> Asked:
    head, row = attempt.head, attempt.row
    return Asked(
        work=work,
        place=config.place,
        infno=row.infno,
        msgid=row.msgid,
        institution=head.institution,
        treated_area=head.treated_area,
        insured_area=head.insured_area,
        body=read_json(bytes(row.body))["input"],
        now=now,
        origin_msgid=row.origin_msgid,
    )
