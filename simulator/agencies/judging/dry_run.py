"""Dry run of a message on the platform's replica: the expectation against which an agency's answer is judged."""

from dataclasses import dataclass, replace

from simulator import insured
from simulator.agencies.delivery.forwarding import has_other_open_message
from simulator.agencies.judging.mistakes.question import Question
from simulator.agencies.judging.replica_surroundings import surroundings_of
from simulator.agencies.replica import insured_people
from simulator.benefit import Award
from simulator.benefit import award as award_of
from simulator.core.errors import PolicyGap, Refusal
from simulator.core.findings import ERROR, INFO, Finding
from simulator.core.texts import Text, text
from simulator.insured.case import Case, case_of
from simulator.insured.person_queries import WITHOUT_HOLDER
from simulator.insured.place import Asked, Output
from simulator.store import people


@dataclass(frozen=True, slots=True)
class Expectation:
    """Case on the replica and the award by the rules; without a case or an award nothing is judged."""

    case: Case | None = None
    question: Question | None = None
    award: Award | None = None


def expect(asked: Asked, findings: list[Finding]) -> Expectation:
    """Expected award of a message of the settlement family.

    Adds a finding if there is none: the person is not known, another message is undecided, or the policy has a gap.
    """
    psn_no = asked.body["data"]["psn_no"]
    if people.load(asked.work, psn_no) is None:
        findings.append(not_judged(text("judge.person_not_known")))
        return Expectation()
    try:
        case = case_of(asked)
        if has_other_open_message(asked.work, psn_no, asked.origin_msgid):
            findings.append(not_judged(text("judge.unknown_pending")))
            return Expectation(case)
        if case.refusals:
            return Expectation(case)
        question = _question(asked, case)
        return Expectation(case, question, award_of(question.claim, question.rules, question.accumulated))
    except PolicyGap as gap:
        findings.append(Finding("policy.gap", ERROR, gap.text))
        return Expectation()


def _question(asked: Asked, case: Case) -> Question:
    return Question(
        case.claim,
        case.city,
        case.city.rules(case.claim.dates),
        case.accumulated,
        surroundings_of(asked.work, case.known, case.claim.insutype, asked.treated_area),
        coverage=asked.place.coverage,
        elsewhere=(asked.place.policies.city(asked.treated_area),),
    )


def dry_run_answer(asked: Asked) -> Output | Refusal | None:
    """Answer of the replica to a message, without keeping its effects; None if the replica cannot answer."""
    psn_no = insured_people.expected_person(asked)["psn_no"]
    if psn_no and people.load(asked.work, psn_no) is None:
        return None
    if psn_no and has_other_open_message(asked.work, psn_no, asked.origin_msgid):
        return None
    try:
        with asked.work.savepoint():
            # The warnings of an undone answer are dropped; what an agency may refuse is judged in strict.
            raise _SavepointResult(insured.answer(replace(asked, strict=True, findings=[])).output)
    except _SavepointResult as result:
        return result.output
    except Refusal as refusal:
        # A person unknown to the replica is no evidence against the agency, which may well know them.
        return None if refusal.rule in ("person_unknown", *WITHOUT_HOLDER) else refusal
    except PolicyGap:
        return None


class _SavepointResult(Exception):
    """Carries the output out of a savepoint: an exception is the only way to leave one without keeping its changes."""

    def __init__(self, output: Output) -> None:
        super().__init__()
        self.output = output


def not_judged(reason: Text) -> Finding:
    """Finding that an answer was passed on without an expectation to compare it with."""
    return Finding("award.not_judged", INFO, text("judge.not_judged", reason=reason))
