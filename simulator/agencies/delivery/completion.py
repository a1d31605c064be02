"""Completes a forwarded message as accepted, refused, unknown or not sent, before the hospital is answered.

accepted  booked on the platform's replica, and the answer passed on
refused   nothing booked, and the hospital's msgid is free again
unknown   kept in the outbox, to be reversed or repeated
not sent  nothing kept; only a 2601 is carried on
"""

from dataclasses import dataclass, replace
from datetime import datetime

from simulator.agencies.delivery.answer_reading import AgencyAnswer, read_answer
from simulator.agencies.delivery.forwarding import Delivery, Intent
from simulator.agencies.delivery.response_handlers import AcceptedAnswer, AnswerRejected, handle_response
from simulator.agencies.delivery.translation import agency_contract, from_agency, infno_in_edition
from simulator.agencies.judging import answer_checks, award_checks
from simulator.agencies.judging.denials import cause_of_denial
from simulator.agencies.judging.dry_run import dry_run_answer, expect
from simulator.agencies.judging.lost_effects import keep_lost_effect
from simulator.agencies.judging.reported_mistakes import already_reported
from simulator.agencies.judging.unusable_answers import with_causes
from simulator.agencies.replica import booked_settlements, insured_people
from simulator.core.errors import PolicyGap, Refusal, refuse
from simulator.core.findings import ERROR, WARNING, Finding
from simulator.core.texts import Text, text
from simulator.domain.transaction_table import REVERSAL, traits_of
from simulator.fault_injection.injector import LOST, before_handling
from simulator.insured.place import Answered, Asked, Output
from simulator.insured.settlement import settlement_of_batch
from simulator.sandbox.configuration import Config
from simulator.store import idempotency_keys, journal, outbox
from simulator.store.outbox import DONE, REFUSED, SENDING, UNKNOWN
from simulator.store.unit_of_work import UnitOfWork
from simulator.transactions import Call, Kept


@dataclass(frozen=True, slots=True)
class Completion:
    """Result of a forwarded message: either the output for the hospital or a refusal, with the findings."""

    kept: Kept | None
    refusal: Refusal | None
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class ReceivedReply:
    """Reply to a forwarded message, in the unit of work that books it."""

    call: Call
    intent: Intent
    delivery: Delivery

    @property
    def asked(self) -> Asked:
        """The message as forwarded, with the platform's numbers in place of the agency's."""
        return self.call.asked(self.intent.ask.infno, self.intent.ask.body, msgid=self.intent.msgid)

    @property
    def edition(self) -> str:
        """Edition of the agency; its answer is checked in this edition before translation."""
        agency = self.intent.agency
        return (agency.edition if agency else "") or self.call.config.edition

    def record(self, outcome: str, findings: list[Finding], *, psn_no: str = "") -> None:
        """Records the agency's leg and its findings in the journal."""
        if self.intent.at_agency is not None:
            # The platform itself disturbed this leg, so an error in it is no evidence against the agency.
            findings = [replace(each, severity=WARNING) if each.severity == ERROR else each for each in findings]
        about = (self.intent.ask.psn_no or psn_no, self.intent.ask.mdtrt_id)
        findings = [already_reported(self.call.work, each, *about) for each in findings]
        journal.record(self.call.work, self.intent.leg(self.delivery, self.call.now, outcome, psn_no=psn_no), findings)

    def close(self, state: str, error: str = "") -> None:
        """Closes the outbox row of a message with effect; a query has none."""
        if self.intent.effect:
            outbox.close_sent(self.call.work, self.intent.msgid, state, error)

    def keep_lost_effect(self) -> None:
        """Keeps what the message may have done at the agency, unless a fault kept it from arriving."""
        if self.intent.agency is not None and before_handling(self.intent.at_agency) != LOST:
            keep_lost_effect(self.asked)


def complete(work: UnitOfWork, config: Config, now: datetime, intent: Intent, delivery: Delivery) -> Completion:
    """Books the outcome of a forwarded message in `work`."""
    received_reply = ReceivedReply(Call(work, config, intent.head, intent.institution, now), intent, delivery)
    if intent.effect:
        # Locked, because the worker of another process takes rows over when their lease ends.
        row = outbox.find_sent(work, intent.msgid, lock=True)
        if row is None or row.state != SENDING:
            return _decided_elsewhere(received_reply)
        spent = idempotency_keys.find(work, intent.head.msgid)
        if spent is not None and spent.state == idempotency_keys.REVERSED:
            return _reversed_meanwhile(received_reply)
    answer = _read(received_reply)
    if isinstance(answer, Text):
        return _no_answer(received_reply, answer)
    if not answer.accepted:
        return _refused(received_reply, answer)
    return _accepted(received_reply, answer)


def _read(received_reply: ReceivedReply) -> AgencyAnswer | Text:
    reply = received_reply.delivery.reply
    if reply.body is None:
        return reply.problem or text("agency.crashed")
    config, intent, edition = received_reply.call.config, received_reply.intent, received_reply.edition
    infno, contract = infno_in_edition(intent.ask.infno, edition), agency_contract(edition)
    return read_answer(reply.body, infno, contract, remote=config.is_remote(intent.head), strict=config.strict)


def _accepted(received_reply: ReceivedReply, answer: AgencyAnswer) -> Completion:
    intent, call = received_reply.intent, received_reply.call
    findings = list(answer.findings)
    if answer.broken is not None:
        return _unknown(received_reply, answer.broken, findings)
    output: Output = dict(answer.output)
    output = from_agency(output, intent.ask.infno, "out", sandbox=call.config.edition, agency=received_reply.edition)
    asked = received_reply.asked
    findings += answer_checks.judge_identities(asked.infno, output)
    findings += answer_checks.judge_repeated(asked.infno, booked_settlements.body_for_agency(asked), output)
    findings += answer_checks.judge_person(output, insured_people.expected_person(asked))
    unusable = next((each for each in findings if each.severity == ERROR), None)
    if unusable is not None:
        if intent.agency is not None:
            findings = with_causes(asked, output, findings)
        return _unknown(received_reply, unusable.sentence, findings)
    try:
        with call.work.savepoint():
            answered = _judge_and_book(received_reply, asked, output, findings)
            kept = intent.ask.then(call, answered)
    except AnswerRejected as error:
        return _unknown(received_reply, error.findings[0].sentence, [*findings, *error.findings])
    except (Refusal, PolicyGap) as error:
        # The replica cannot book this answer. Passing it on would leave the hospital with a settlement that the
        # platform can neither show nor cancel.
        findings.append(Finding("agency.cannot_follow", ERROR, error.text))
        return _unknown(received_reply, error.text, findings)
    received_reply.close(DONE)
    received_reply.record("answered", findings, psn_no=_person_of(output))
    return Completion(kept, None, [*call.findings])


def _judge_and_book(received_reply: ReceivedReply, asked: Asked, output: Output, findings: list[Finding]) -> Answered:
    agency = received_reply.intent.agency
    if agency is None:
        return booked_settlements.link_booked(asked, output)
    return handle_response(AcceptedAnswer(asked, output, agency, received_reply.call.config, findings))


def _refused(received_reply: ReceivedReply, answer: AgencyAnswer) -> Completion:
    """Completes a refusal by the agency: the message had no effect, and its msgid may be used again."""
    findings = list(answer.findings)
    if received_reply.intent.agency is not None:
        findings += _judge_refusal(received_reply.asked, answer.err_msg, findings)
    if received_reply.intent.effect:
        idempotency_keys.release(received_reply.call.work, received_reply.intent.head.msgid)
        received_reply.close(REFUSED)
    received_reply.record("refused", findings)
    err_msg = answer.err_msg or text("agency.refused_without_reason").zh
    return Completion(None, refuse("agency_refused", message=err_msg), [])


def _judge_refusal(asked: Asked, err_msg: str, findings: list[Finding]) -> list[Finding]:
    """Compares a refusal with the platform's own answer; a finding if the platform would have accepted."""
    if traits_of(asked.infno).awarded:
        if settlement_of_batch(asked) is not None:
            return []
        expected = expect(asked, findings)
        if expected.award is None or (expected.case is not None and expected.case.refusals):
            return []
        return award_checks.judge_refusal(err_msg, expected.award, cause_of_denial(asked))
    own_answer = dry_run_answer(asked)
    if own_answer is None or isinstance(own_answer, Refusal):
        return []
    rule = "reversal.refused" if asked.infno == REVERSAL else f"refused.{asked.infno}"
    return [
        Finding(
            rule, ERROR, text("judge.refused_wrongly", infno=asked.infno, err_msg=err_msg or "-"), "/infcode", "0", "-1"
        )
    ]


def _no_answer(received_reply: ReceivedReply, problem: Text) -> Completion:
    """Completes a message whose reply is missing or is not an answer."""
    # Silence may be the network's fault; bytes that are not an answer are the agency's.
    severity = WARNING if received_reply.delivery.reply.body is None else ERROR
    rule = "agency.unknown" if received_reply.intent.effect else "agency.no_answer"
    finding = Finding(rule, severity, problem)
    if not received_reply.delivery.reply.sent:
        return _not_sent(received_reply, problem, finding)
    return _unknown(received_reply, problem, [finding])


def _not_sent(received_reply: ReceivedReply, problem: Text, finding: Finding) -> Completion:
    """Completes a message of which no byte was sent: the hospital may send it again."""
    if received_reply.intent.ask.infno == REVERSAL:
        # The original may have taken effect, so its reversal must reach the agency even if this attempt did not.
        return _unknown(received_reply, problem, [finding])
    if received_reply.intent.effect:
        idempotency_keys.release(received_reply.call.work, received_reply.intent.head.msgid)
        received_reply.close(REFUSED, problem.zh)
    received_reply.record("not_sent", [finding])
    return Completion(None, refuse("agency_no_answer", area=received_reply.intent.area, reason=problem), [])


def _unknown(received_reply: ReceivedReply, problem: Text, findings: list[Finding]) -> Completion:
    """Completes a message that may have taken effect, or that did with an unusable answer.

    A message with effect stays in the outbox to be reversed or repeated. A query is refused and may be sent again.
    """
    call, intent = received_reply.call, received_reply.intent
    received_reply.record("unknown", findings)
    if not intent.effect:
        rule = "agency_no_answer" if received_reply.delivery.reply.body is None else "agency_unusable"
        return Completion(None, refuse(rule, area=intent.area, reason=problem), [])
    idempotency_keys.change_state(call.work, intent.head.msgid, idempotency_keys.UNKNOWN)
    received_reply.close(UNKNOWN, problem.zh)
    received_reply.keep_lost_effect()
    if intent.ask.infno == REVERSAL:
        # The hospital is answered 0 at once: the replica is reversed now, the agency as soon as it answers.
        return Completion(
            intent.ask.then(call, booked_settlements.undo_original(received_reply.asked)), None, [*call.findings]
        )
    rule = "unknown_outcome" if traits_of(intent.ask.infno).reversible else "unknown_repeated"
    return Completion(None, refuse(rule, reason=problem), [])


def _reversed_meanwhile(received_reply: ReceivedReply) -> Completion:
    """Completes a message that the hospital reversed by 2601 before the answer came.

    The msgid stays reversed; the outbox reverses the message at the agency unless it certainly took no effect.
    """
    answer = _read(received_reply)
    took_no_effect = not received_reply.delivery.reply.sent or (
        isinstance(answer, AgencyAnswer) and not answer.accepted
    )
    received_reply.close(REFUSED if took_no_effect else UNKNOWN, text("agency.withdrawn").zh)
    if not took_no_effect:
        received_reply.keep_lost_effect()
    received_reply.record("withdrawn", [])
    return Completion(None, refuse("reversed_meanwhile", path="msgid", msgid=received_reply.intent.head.msgid), [])


def _decided_elsewhere(received_reply: ReceivedReply) -> Completion:
    """Completes a message whose outbox row another process has taken over, or a restored snapshot has removed.

    Both can happen while this process waits for the agency; the outcome is then decided elsewhere.
    """
    received_reply.record("taken_over", [])
    return Completion(None, refuse("unknown_outcome", reason=text("agency.taken_over")), [])


def _person_of(output: Output) -> str:
    base = output.get("baseinfo")
    return str(base.get("psn_no", "")) if isinstance(base, dict) else ""
