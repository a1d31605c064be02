"""Elimination of hypotheses by the other answers of a run, which explain or contradict them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import StrEnum

from simulator.agencies.judging.evidence import Judged
from simulator.agencies.judging.mistakes.catalogue import catalogue
from simulator.agencies.judging.mistakes.question import Outcome
from simulator.agencies.judging.mistakes.search import OF_ANSWERS, HypothesisPart, outcomes
from simulator.agencies.judging.mistakes.surroundings import Surroundings
from simulator.agencies.judging.mistakes.variant_award import settle


class AnswerVerdict(StrEnum):
    """Verdict of an answer on a hypothesis."""

    EXPLAINED = "explained"
    """A wrong answer is as the hypothesis has it."""
    CONTRADICTED = "contradicted"
    """A right answer would have been another, or a wrong one is another than the hypothesis has it."""
    SILENT = "silent"


def verdict(parts: Sequence[HypothesisPart], judged: Judged) -> AnswerVerdict:
    """Verdict of one answer on a hypothesis; on what happened to a single other message it is silent.

    A message whose answer was lost may have taken effect or not, so an answer speaks against the hypothesis only where
    it does so either way.
    """
    mistakes = catalogue().mistakes
    if not all(mistakes[part.id].general for part in parts):
        return AnswerVerdict.SILENT
    if any(part.id in OF_ANSWERS for part in parts):
        return _of_form(parts, judged)
    found = {_of_question(parts, judged, around) for around in judged.question.surroundings.possible()}
    return next(
        each for each in (AnswerVerdict.EXPLAINED, AnswerVerdict.SILENT, AnswerVerdict.CONTRADICTED) if each in found
    )


def _of_question(parts: Sequence[HypothesisPart], judged: Judged, around: Surroundings) -> AnswerVerdict:
    question = replace(judged.question, surroundings=around)
    expected = settle(question)
    would_be = outcomes(parts, question)
    if expected is None or not would_be:
        return AnswerVerdict.SILENT
    if any(each.is_answered_by(judged.answered) for each in would_be):
        return AnswerVerdict.SILENT if judged.right else AnswerVerdict.EXPLAINED
    if not judged.right and all(_alike(each, expected) for each in would_be):
        return AnswerVerdict.SILENT
    return AnswerVerdict.CONTRADICTED


def refuted(parts: Sequence[HypothesisPart], answers: Iterable[Judged]) -> bool:
    """True where a right answer would have been another under the hypothesis."""
    return any(each.right and verdict(parts, each) is AnswerVerdict.CONTRADICTED for each in answers)


def explained_by(parts: Sequence[HypothesisPart], answers: Iterable[Judged]) -> int:
    """Number of wrong answers that are as the hypothesis has them."""
    return sum(not each.right and verdict(parts, each) is AnswerVerdict.EXPLAINED for each in answers)


def _of_form(parts: Sequence[HypothesisPart], judged: Judged) -> AnswerVerdict:
    """A right answer with amounts in it is written as it must be."""
    return AnswerVerdict.CONTRADICTED if judged.right and judged.answered.amounts.get("total") else AnswerVerdict.SILENT


def _alike(one: Outcome, other: Outcome) -> bool:
    return (one.amounts, one.ratio, one.balance) == (other.amounts, other.ratio, other.balance)
