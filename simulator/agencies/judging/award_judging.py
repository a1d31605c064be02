"""Judgement of an award that an agency answered: against our own, with the mistakes that would explain another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from simulator.agencies.judging import award_checks, evidence
from simulator.agencies.judging.diagnosis import Diagnosis, diagnose
from simulator.agencies.judging.dry_run import Expectation, expect, not_judged
from simulator.agencies.judging.mistakes.question import AnsweredAmounts, Question
from simulator.agencies.judging.mistakes.search import Hypothesis
from simulator.agencies.judging.told_balances import BalanceKey, last_reported
from simulator.benefit import Accumulated, Award
from simulator.benefit import award as award_of
from simulator.core.errors import PolicyGap, Refusal
from simulator.core.findings import INFO, Finding
from simulator.core.texts import text
from simulator.domain.transaction_table import Family, traits_of
from simulator.insured.case import Case
from simulator.insured.place import Asked
from simulator.sandbox.configuration import Agency
from simulator.store import people

FILING_ASSUMED = "award.filing_assumed"


@dataclass(frozen=True, slots=True)
class JudgedAward:
    """Findings about an award, and the award and balances that it is booked by."""

    expected: Expectation
    given: Award | None = None
    """Award of the likeliest mistake, else our own."""
    adopted: Accumulated | None = None
    """Balances that the city holds in place of ours."""
    findings: list[Finding] = field(default_factory=list)


def judge_answered_award(asked: Asked, info: Mapping[str, Any], agency: Agency) -> JudgedAward:
    """Judges setlinfo of a preview or settlement, and keeps the answer as evidence."""
    findings: list[Finding] = []
    expected = expect(asked, findings)
    case, award, question = expected.case, expected.award, expected.question
    if case is not None and not _only_a_filing_is_missing(case, findings):
        findings += award_checks.judge_acceptance(case.refusals)
    if case is None or award is None or question is None:
        return JudgedAward(expected, None, None, findings)
    answered = award_checks.answered_amounts(info)
    if award_checks.outcome_of_award(award).is_answered_by(answered):
        _remember(asked, question, award, answered)
        return JudgedAward(expected, award, None, findings)
    diagnosis = _diagnosed(asked, case, question, answered, award, agency)
    assumed = None if knows_filings(case.known) else _assumed_filing(diagnosis)
    if assumed is not None:
        given = _award_under(assumed, award)
        sentence = text("judge.filing_assumed", group=text(f"benefit.group_{given.group}"))
        findings.append(Finding(FILING_ASSUMED, INFO, sentence))
        return JudgedAward(expected, given, None, findings)
    findings += award_checks.judge_award(info, award, diagnosis)
    told = diagnosis.told
    settles = traits_of(asked.infno).family == Family.SETTLEMENT
    from_books = bool(told) and all(each.balances_differ for each in told)
    adopted = told[0].question.accumulated if settles and from_books else None
    _remember(asked, question, award, answered, diagnosis, adopts=adopted is not None)
    given = _award_under(told[0], award) if told else award
    return JudgedAward(expected, given, adopted, findings)


def knows_filings(known: people.KnownPerson) -> bool:
    """No message tells filings: of whom we learned from the city we know only those that were made here."""
    return known.origin != "learned" or bool(known.person.filings)


def earlier_answers(asked: Asked) -> Sequence[evidence.Judged]:
    """The judged answers of the area so far."""
    rows = evidence.remembered(asked.work, asked.insured_area)
    return evidence.judged_answers(rows, asked.place.policies, asked.place.coverage)


def _diagnosed(
    asked: Asked, case: Case, question: Question, answered: AnsweredAmounts, award: Award, agency: Agency
) -> Diagnosis:
    psn_no = case.known.person.psn_no
    earlier = earlier_answers(asked)
    question = evidence.following(question, earlier, psn_no)
    told = last_reported(asked.work, BalanceKey(case.known.id, psn_no, case.claim.insutype, award.year), agency)
    question = replace(question, surroundings=replace(question.surroundings, told=told))
    return diagnose(question, answered, award_checks.outcome_of_award(award), earlier, psn_no)


def _remember(
    asked: Asked, question: Question, award: Award, answered: AnsweredAmounts, diagnosis: Diagnosis | None = None,
    *, adopts: bool = False,
) -> None:  # fmt: skip
    evidence.remember(
        asked.work,
        area=asked.insured_area,
        psn_no=asked.body["data"]["psn_no"],
        infno=asked.infno,
        msgid=asked.msgid,
        question=question,
        given=award,
        answered=answered,
        right=diagnosis is None,
        mistakes=diagnosis.cause.mistakes if diagnosis else (),
        adopts=adopts,
    )


def _assumed_filing(diagnosis: Diagnosis) -> Hypothesis | None:
    """Of whose filings nothing is known, a filing that explains the answer is taken to be there."""
    return next((each for each in diagnosis.kept if each.ids in (("group",), ("unfiled",))), None)


def _award_under(hypothesis: Hypothesis, ours: Award) -> Award:
    """The engine's award of a hypothesis, for what the settlement is booked under; ours where it has none."""
    asked = hypothesis.question
    try:
        return award_of(asked.claim, asked.rules, asked.accumulated)
    except (PolicyGap, Refusal):
        return ours


def _only_a_filing_is_missing(case: Case, findings: list[Finding]) -> bool:
    if knows_filings(case.known) or not case.refusals or any(each.rule != "not_filed" for each in case.refusals):
        return False
    findings.append(not_judged(text("judge.filing_not_known")))
    return True
