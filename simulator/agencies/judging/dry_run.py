"""What our own copy of an insured place would say, against which an agency's answer is judged."""

from dataclasses import dataclass

from simulator import insured
from simulator.agencies.delivery.forwarding import undecided_of_person
from simulator.agencies.judging.mistakes.question import Question
from simulator.agencies.judging.replica_surroundings import surroundings_of
from simulator.agencies.replica import insured_people
from simulator.benefit import Award
from simulator.benefit import award as award_of
from simulator.core.errors import PolicyGap, Refusal
from simulator.core.findings import ERROR, INFO, Finding
from simulator.core.texts import Text, text
from simulator.insured.case import Case, case_of
from simulator.insured.place import Asked, Output
from simulator.store import people


@dataclass(frozen=True, slots=True)
class Expectation:
    """The case as our copy knows it and the award our rules give; without a case or an award nothing is judged."""

    case: Case | None = None
    question: Question | None = None
    award: Award | None = None


def expect(asked: Asked, findings: list[Finding]) -> Expectation:
    """What our own rules say to a message of the settlement family; why they say nothing, is a finding."""
    psn_no = asked.body["data"]["psn_no"]
    if people.load(asked.work, psn_no) is None:
        findings.append(not_judged(text("judge.person_not_known")))
        return Expectation()
    try:
        case = case_of(asked)
        if undecided_of_person(asked.work, psn_no, asked.origin_msgid):
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
    """What our own copy would answer, all of it undone again; None where nobody can say."""
    psn_no = insured_people.person_asked_for(asked)["psn_no"]
    if psn_no and people.load(asked.work, psn_no) is None:
        return None
    if psn_no and undecided_of_person(asked.work, psn_no, asked.origin_msgid):
        return None
    try:
        with asked.work.savepoint():
            raise _Opinion(insured.answer(asked).output)
    except _Opinion as opinion:
        return opinion.output
    except Refusal as refusal:
        return None if refusal.rule in ("person_unknown", "credential_unknown") else refusal
    except PolicyGap:
        return None


class _Opinion(Exception):
    """Carries an answer out of an attempt that is to be undone."""

    def __init__(self, output: Output) -> None:
        super().__init__()
        self.output = output


def not_judged(reason: Text) -> Finding:
    return Finding("award.not_judged", INFO, text("judge.not_judged", reason=reason))
