"""How a forwarded message ends: accepted, refused, unknown, or never sent; kept before the hospital hears of it.

Accepted is booked on the platform's copy and passed on. Refused spends nothing. Unknown waits in the outbox to be
reversed or repeated. Of what was never sent nothing remains.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from simulator.agencies import acquaintance, award_judge, judge, mirror
from simulator.agencies.expectation import expect, own_opinion
from simulator.agencies.forwarding import DONE, REFUSED, SENDING, UNKNOWN, Intent, Sent
from simulator.agencies.reading import Answer, read_answer
from simulator.agencies.taking import NotPassedOn, Taking, take
from simulator.agencies.told import told_before
from simulator.agencies.translation import agency_contract, spoken, translate
from simulator.errors import PolicyGap, Refusal, refuse
from simulator.findings import ERROR, WARNING, Finding
from simulator.insured.place import Answered, Asked, Output
from simulator.sandboxes import Config
from simulator.store import journal, messages
from simulator.store.tables import outbox
from simulator.store.work import Work
from simulator.texts import Text, text
from simulator.transactions import Call, Kept

SETTLEMENT_FAMILY = ("2206", "2206A", "2207", "2207A")


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What became of a forwarded message: the output to answer with, or the refusal to tell; and what was found."""

    kept: Kept | None
    refusal: Refusal | None
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class Ending:
    """A forwarded message whose reply is in, in the unit of work that books it."""

    call: Call
    intent: Intent
    sent: Sent

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
        findings = [told_before(self.call.work, each, *about) for each in findings]
        journal.record(self.call.work, self.intent.leg(self.sent, self.call.now, outcome, psn_no=psn_no), findings)

    def close(self, state: str, error: str = "") -> None:
        if self.intent.effect:
            values = {"state": state, "last_error": error, "claimed_until": 0.0}
            self.call.work.change(outbox, {"msgid": self.intent.msgid}, **values)


def conclude(work: Work, config: Config, now: datetime, intent: Intent, sent: Sent) -> Conclusion:
    """Books how a forwarded message ended."""
    ending = Ending(_call(work, config, now, intent), intent, sent)
    if intent.effect:
        row = work.get(outbox, lock=True, msgid=intent.msgid)
        if row is None or row.state != SENDING:
            return _taken_over(ending)
        spent = messages.find(work, intent.head.msgid)
        if spent is not None and spent.state == messages.REVERSED:
            return _withdrawn(ending)
    answer = _read(ending)
    if isinstance(answer, Text):
        return _nothing_came(ending, answer)
    if not answer.accepted:
        return _refused(ending, answer)
    return _accepted(ending, answer)


def _read(ending: Ending) -> Answer | Text:
    reply = ending.sent.reply
    if reply.body is None:
        return reply.problem or text("agency.crashed")
    infno, remote = spoken(ending.intent.ask.infno, ending.edition), ending.intent.head.remote
    contract, strict = agency_contract(ending.edition), ending.call.config.strict
    return read_answer(reply.body, infno, contract, remote=remote, strict=strict)


def _accepted(ending: Ending, answer: Answer) -> Conclusion:
    intent, call = ending.intent, ending.call
    findings = list(answer.findings)
    if answer.broken is not None:
        return _unknown(ending, answer.broken, findings)
    output: Output = dict(answer.output)
    output = translate(output, intent.ask.infno, "out", source=ending.edition, target=call.config.edition)
    asked = ending.asked
    findings += judge.judge_identities(asked.infno, output)
    findings += judge.judge_repeated(asked.infno, mirror.outgoing(asked), output)
    findings += judge.judge_person(output, acquaintance.person_asked_for(asked))
    unusable = next((each for each in findings if each.severity == ERROR), None)
    if unusable is not None:
        return _unknown(ending, unusable.sentence, findings)
    try:
        with call.work.attempt():
            answered = _taken(ending, asked, output, findings)
            kept = intent.ask.then(call, answered)
    except NotPassedOn as error:
        return _unknown(ending, error.findings[0].sentence, [*findings, *error.findings])
    except (Refusal, PolicyGap) as error:
        # Our copy cannot follow; a hospital that were told yes could not be helped afterwards.
        findings.append(Finding("agency.cannot_follow", ERROR, error.text))
        return _unknown(ending, error.text, findings)
    ending.close(DONE)
    ending.record("answered", findings, psn_no=_person_of(output))
    return Conclusion(kept, None, [*call.findings])


def _taken(ending: Ending, asked: Asked, output: Output, findings: list[Finding]) -> Answered:
    agency = ending.intent.agency
    if agency is None:
        return mirror.confirm(asked, output)
    return take(Taking(asked, output, agency, ending.call.config, findings))


def _refused(ending: Ending, answer: Answer) -> Conclusion:
    """The agency says no: nothing took effect, and the msgid may be used again."""
    findings = list(answer.findings)
    if ending.intent.agency is not None:
        findings += _judge_refusal(ending.asked, answer.told, findings)
    if ending.intent.effect:
        messages.forget(ending.call.work, ending.intent.head.msgid)
        ending.close(REFUSED)
    ending.record("refused", findings)
    told = answer.told or text("agency.refused_without_reason").zh
    return Conclusion(None, refuse("agency_refused", message=told), [])


def _judge_refusal(asked: Asked, told: str, findings: list[Finding]) -> list[Finding]:
    """Whether our own copy would have refused too."""
    if asked.infno in SETTLEMENT_FAMILY:
        expected = expect(asked, findings)
        return award_judge.judge_refusal(told, expected.case.refusals if expected.case else (), expected.award)
    opinion = own_opinion(asked)
    if opinion is None or isinstance(opinion, Refusal):
        return []
    rule = "reversal.refused" if asked.infno == "2601" else f"refused.{asked.infno}"
    return [
        Finding(rule, ERROR, text("judge.refused_wrongly", infno=asked.infno, told=told or "-"), "/infcode", "0", "-1")
    ]


def _nothing_came(ending: Ending, problem: Text) -> Conclusion:
    """No answer, or none that is one."""
    heard = ending.sent.reply.body is not None
    rule = "agency.unknown" if ending.intent.effect else "agency.no_answer"
    finding = Finding(rule, ERROR if heard else WARNING, problem)
    if not ending.sent.reply.sent:
        return _never_sent(ending, problem, finding)
    return _unknown(ending, problem, [finding])


def _never_sent(ending: Ending, problem: Text, finding: Finding) -> Conclusion:
    """Not a byte left: nothing to reverse, and the hospital may simply try again; only a 2601 is carried on."""
    if ending.intent.ask.infno == "2601":
        return _unknown(ending, problem, [finding])
    if ending.intent.effect:
        messages.forget(ending.call.work, ending.intent.head.msgid)
        ending.close(REFUSED, problem.zh)
    ending.record("not_sent", [finding])
    return Conclusion(None, refuse("agency_no_answer", area=ending.intent.area, reason=problem), [])


def _unknown(ending: Ending, problem: Text, findings: list[Finding]) -> Conclusion:
    """Nobody knows whether it took effect, or it must not: it will be reversed; a question is to be asked again."""
    call, intent = ending.call, ending.intent
    ending.record("unknown", findings)
    if not intent.effect:
        rule = "agency_no_answer" if ending.sent.reply.body is None else "agency_unusable"
        return Conclusion(None, refuse(rule, area=intent.area, reason=problem), [])
    messages.change_state(call.work, intent.head.msgid, messages.UNKNOWN)
    ending.close(UNKNOWN, problem.zh)
    if intent.ask.infno == "2601":
        # Recorded, answered 0 and carried on: our copy follows now, the agency as soon as it answers.
        return Conclusion(intent.ask.then(call, mirror.undo_original(ending.asked)), None, [*call.findings])
    rule = "unknown_outcome" if mirror.is_reversible(intent.ask.infno) else "unknown_repeated"
    return Conclusion(None, refuse(rule, reason=problem), [])


def _withdrawn(ending: Ending) -> Conclusion:
    """The hospital's own 2601 overtook the answer: whatever took effect is reversed, and the mark stays."""
    answer = _read(ending)
    took_no_effect = not ending.sent.reply.sent or (isinstance(answer, Answer) and not answer.accepted)
    ending.close(REFUSED if took_no_effect else UNKNOWN, text("agency.withdrawn").zh)
    ending.record("withdrawn", [])
    return Conclusion(None, refuse("reversed_meanwhile", path="msgid", msgid=ending.intent.head.msgid), [])


def _taken_over(ending: Ending) -> Conclusion:
    """This process was given up for dead, or the sandbox put back, while it waited: another decides on the message."""
    ending.record("taken_over", [])
    return Conclusion(None, refuse("unknown_outcome", reason=text("agency.taken_over")), [])


def _person_of(output: Output) -> str:
    base = output.get("baseinfo")
    return str(base.get("psn_no", "")) if isinstance(base, dict) else ""


def _call(work: Work, config: Config, now: datetime, intent: Intent) -> Call:
    head = intent.head
    return Call(
        work=work,
        config=config,
        infno=head.infno,
        msgid=head.msgid,
        treated_area=head.treated_area,
        insured_area=head.insured_area,
        remote=head.remote,
        institution=intent.institution,
        operator=(head.operator, head.operator_name),
        now=now,
    )
