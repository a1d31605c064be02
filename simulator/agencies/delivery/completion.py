"""How a forwarded message ends: accepted, refused, unknown, or never sent; kept before the hospital hears of it.

Accepted is booked on the platform's copy and passed on. Refused spends nothing. Unknown waits in the outbox to be
reversed or repeated. Of what was never sent nothing remains.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from simulator.agencies.delivery.answer_reading import AgencyAnswer, read_answer
from simulator.agencies.delivery.forwarding import Delivery, Intent
from simulator.agencies.delivery.response_handlers import AcceptedAnswer, AnswerRejected, handle_response
from simulator.agencies.delivery.translation import agency_contract, spoken, translate
from simulator.agencies.judging import answer_checks, award_checks
from simulator.agencies.judging.denials import cause_of_denial
from simulator.agencies.judging.dry_run import dry_run_answer, expect
from simulator.agencies.judging.reported_mistakes import already_reported
from simulator.agencies.judging.unusable_answers import with_causes
from simulator.agencies.replica import booked_settlements, insured_people
from simulator.core.errors import PolicyGap, Refusal, refuse
from simulator.core.findings import ERROR, WARNING, Finding
from simulator.core.texts import Text, text
from simulator.domain.transaction_table import REVERSAL, traits_of
from simulator.insured.place import Answered, Asked, Output
from simulator.sandbox.configuration import Config
from simulator.store import idempotency_keys, journal, outbox
from simulator.store.outbox import DONE, REFUSED, SENDING, UNKNOWN
from simulator.store.unit_of_work import UnitOfWork
from simulator.transactions import Call, Kept


@dataclass(frozen=True, slots=True)
class Completion:
    """What became of a forwarded message: the output to answer with, or the refusal to tell; and what was found."""

    kept: Kept | None
    refusal: Refusal | None
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class ReceivedReply:
    """A forwarded message whose reply is in, in the unit of work that books it."""

    call: Call
    intent: Intent
    sent: Delivery

    @property
    def asked(self) -> Asked:
        """The question as the agency saw it, in our numbers."""
        return self.call.asked(self.intent.ask.infno, self.intent.ask.body, msgid=self.intent.msgid)

    @property
    def edition(self) -> str:
        """The agency's own, in which its answer is judged before it is translated."""
        agency = self.intent.agency
        return (agency.edition if agency else "") or self.call.config.edition

    def record(self, outcome: str, findings: list[Finding], *, psn_no: str = "") -> None:
        """The agency's leg with what was found; what a fault of ours did to it says nothing against the agency."""
        if self.intent.at_agency is not None:
            findings = [replace(each, severity=WARNING) if each.severity == ERROR else each for each in findings]
        about = (self.intent.ask.psn_no or psn_no, self.intent.ask.mdtrt_id)
        findings = [already_reported(self.call.work, each, *about) for each in findings]
        journal.record(self.call.work, self.intent.leg(self.sent, self.call.now, outcome, psn_no=psn_no), findings)

    def close(self, state: str, error: str = "") -> None:
        if self.intent.effect:
            outbox.close_sent(self.call.work, self.intent.msgid, state, error)


def complete(work: UnitOfWork, config: Config, now: datetime, intent: Intent, sent: Delivery) -> Completion:
    """Books how a forwarded message ended."""
    received_reply = ReceivedReply(Call(work, config, intent.head, intent.institution, now), intent, sent)
    if intent.effect:
        row = outbox.find_sent(work, intent.msgid, lock=True)
        if row is None or row.state != SENDING:
            return _taken_over(received_reply)
        spent = idempotency_keys.find(work, intent.head.msgid)
        if spent is not None and spent.state == idempotency_keys.REVERSED:
            return _withdrawn(received_reply)
    answer = _read(received_reply)
    if isinstance(answer, Text):
        return _nothing_came(received_reply, answer)
    if not answer.accepted:
        return _refused(received_reply, answer)
    return _accepted(received_reply, answer)


def _read(received_reply: ReceivedReply) -> AgencyAnswer | Text:
    reply = received_reply.sent.reply
    if reply.body is None:
        return reply.problem or text("agency.crashed")
    infno, remote = spoken(received_reply.intent.ask.infno, received_reply.edition), received_reply.intent.head.remote
    contract, strict = agency_contract(received_reply.edition), received_reply.call.config.strict
    return read_answer(reply.body, infno, contract, remote=remote, strict=strict)


def _accepted(received_reply: ReceivedReply, answer: AgencyAnswer) -> Completion:
    intent, call = received_reply.intent, received_reply.call
    findings = list(answer.findings)
    if answer.broken is not None:
        return _unknown(received_reply, answer.broken, findings)
    output: Output = dict(answer.output)
    output = translate(output, intent.ask.infno, "out", source=received_reply.edition, target=call.config.edition)
    asked = received_reply.asked
    findings += answer_checks.judge_identities(asked.infno, output)
    findings += answer_checks.judge_repeated(asked.infno, booked_settlements.outgoing(asked), output)
    findings += answer_checks.judge_person(output, insured_people.person_asked_for(asked))
    unusable = next((each for each in findings if each.severity == ERROR), None)
    if unusable is not None:
        if intent.agency is not None:
            findings = with_causes(asked, output, findings)
        return _unknown(received_reply, unusable.sentence, findings)
    try:
        with call.work.savepoint():
            answered = _taken(received_reply, asked, output, findings)
            kept = intent.ask.then(call, answered)
    except AnswerRejected as error:
        return _unknown(received_reply, error.findings[0].sentence, [*findings, *error.findings])
    except (Refusal, PolicyGap) as error:
        # Our copy cannot follow; a hospital that were told yes could not be helped afterwards.
        findings.append(Finding("agency.cannot_follow", ERROR, error.text))
        return _unknown(received_reply, error.text, findings)
    received_reply.close(DONE)
    received_reply.record("answered", findings, psn_no=_person_of(output))
    return Completion(kept, None, [*call.findings])


def _taken(received_reply: ReceivedReply, asked: Asked, output: Output, findings: list[Finding]) -> Answered:
    agency = received_reply.intent.agency
    if agency is None:
        return booked_settlements.confirm(asked, output)
    return handle_response(AcceptedAnswer(asked, output, agency, received_reply.call.config, findings))


def _refused(received_reply: ReceivedReply, answer: AgencyAnswer) -> Completion:
    """The agency says no: nothing took effect, and the msgid may be used again."""
    findings = list(answer.findings)
    if received_reply.intent.agency is not None:
        findings += _judge_refusal(received_reply.asked, answer.told, findings)
    if received_reply.intent.effect:
        idempotency_keys.release(received_reply.call.work, received_reply.intent.head.msgid)
        received_reply.close(REFUSED)
    received_reply.record("refused", findings)
    told = answer.told or text("agency.refused_without_reason").zh
    return Completion(None, refuse("agency_refused", message=told), [])


def _judge_refusal(asked: Asked, told: str, findings: list[Finding]) -> list[Finding]:
    """Whether our own copy would have refused too."""
    if traits_of(asked.infno).awarded:
        expected = expect(asked, findings)
        if expected.award is None or (expected.case is not None and expected.case.refusals):
            return []
        return award_checks.judge_refusal(told, expected.award, *cause_of_denial(asked))
    opinion = dry_run_answer(asked)
    if opinion is None or isinstance(opinion, Refusal):
        return []
    rule = "reversal.refused" if asked.infno == REVERSAL else f"refused.{asked.infno}"
    return [
        Finding(rule, ERROR, text("judge.refused_wrongly", infno=asked.infno, told=told or "-"), "/infcode", "0", "-1")
    ]


def _nothing_came(received_reply: ReceivedReply, problem: Text) -> Completion:
    """No answer, or none that is one."""
    heard = received_reply.sent.reply.body is not None
    rule = "agency.unknown" if received_reply.intent.effect else "agency.no_answer"
    finding = Finding(rule, ERROR if heard else WARNING, problem)
    if not received_reply.sent.reply.sent:
        return _never_sent(received_reply, problem, finding)
    return _unknown(received_reply, problem, [finding])


def _never_sent(received_reply: ReceivedReply, problem: Text, finding: Finding) -> Completion:
    """Not a byte left: nothing to reverse, and the hospital may simply try again; only a 2601 is carried on."""
    if received_reply.intent.ask.infno == REVERSAL:
        return _unknown(received_reply, problem, [finding])
    if received_reply.intent.effect:
        idempotency_keys.release(received_reply.call.work, received_reply.intent.head.msgid)
        received_reply.close(REFUSED, problem.zh)
    received_reply.record("not_sent", [finding])
    return Completion(None, refuse("agency_no_answer", area=received_reply.intent.area, reason=problem), [])


def _unknown(received_reply: ReceivedReply, problem: Text, findings: list[Finding]) -> Completion:
    """Nobody knows whether it took effect, or it must not: it will be reversed; a question is to be asked again."""
    call, intent = received_reply.call, received_reply.intent
    received_reply.record("unknown", findings)
    if not intent.effect:
        rule = "agency_no_answer" if received_reply.sent.reply.body is None else "agency_unusable"
        return Completion(None, refuse(rule, area=intent.area, reason=problem), [])
    idempotency_keys.change_state(call.work, intent.head.msgid, idempotency_keys.UNKNOWN)
    received_reply.close(UNKNOWN, problem.zh)
    if intent.ask.infno == REVERSAL:
        # Recorded, answered 0 and carried on: our copy follows now, the agency as soon as it answers.
        return Completion(
            intent.ask.then(call, booked_settlements.undo_original(received_reply.asked)), None, [*call.findings]
        )
    rule = "unknown_outcome" if traits_of(intent.ask.infno).reversible else "unknown_repeated"
    return Completion(None, refuse(rule, reason=problem), [])


def _withdrawn(received_reply: ReceivedReply) -> Completion:
    """The hospital's own 2601 overtook the answer: whatever took effect is reversed, and the mark stays."""
    answer = _read(received_reply)
    took_no_effect = not received_reply.sent.reply.sent or (isinstance(answer, AgencyAnswer) and not answer.accepted)
    received_reply.close(REFUSED if took_no_effect else UNKNOWN, text("agency.withdrawn").zh)
    received_reply.record("withdrawn", [])
    return Completion(None, refuse("reversed_meanwhile", path="msgid", msgid=received_reply.intent.head.msgid), [])


def _taken_over(received_reply: ReceivedReply) -> Completion:
    """This process was given up for dead, or the sandbox put back, while it waited: another decides on the message."""
    received_reply.record("taken_over", [])
    return Completion(None, refuse("unknown_outcome", reason=text("agency.taken_over")), [])


def _person_of(output: Output) -> str:
    base = output.get("baseinfo")
    return str(base.get("psn_no", "")) if isinstance(base, dict) else ""
