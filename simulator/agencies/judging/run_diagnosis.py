"""Diagnosis over a run: general mistakes of each city that explain wrong answers and contradict no right one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from simulator.agencies.judging.diagnosis import tellable, without_excess
from simulator.agencies.judging.elimination import AnswerVerdict, verdict
from simulator.agencies.judging.evidence import Judged, judged_answers
from simulator.agencies.judging.mistakes.catalogue import catalogue
from simulator.agencies.judging.mistakes.search import Hypothesis, HypothesisPart, Search
from simulator.benefit import PolicyBook
from simulator.core.texts import Text, join
from simulator.domain.places import FilingCoverage


@dataclass(slots=True)
class Candidate:
    """Hypothesis about a city, with the answers that speak for it and against it."""

    hypothesis: Hypothesis
    insutype: str = ""
    """Insurance that it is limited to, blank for all."""
    explains: list[int] = field(default_factory=list)
    contradicts: list[int] = field(default_factory=list)
    """Wrong answers that are other than it has them; right ones drop it."""


@dataclass(frozen=True, slots=True)
class LikelyMistake:
    """Wrong answers of a city that the same hypotheses explain; several hypotheses mean one of them."""

    area: str
    answers: tuple[int, ...]
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class RunDiagnosis:
    """Likely mistakes, and the wrong answers that nothing explains; answers by their position in the run."""

    mistakes: tuple[LikelyMistake, ...]
    unexplained: tuple[int, ...]
    left_out: int
    """Answers under city files that are not those of this platform."""


class _City:
    """The judged answers of one area, by their position in the run."""

    def __init__(self, area: str, answers: Mapping[int, Judged]) -> None:
        self.area = area
        self.answers = answers
        self.wrong = [at for at, each in answers.items() if not each.right]

    def mistakes(self) -> tuple[list[LikelyMistake], set[int]]:
        """Sets of wrong answers with what explains them, the largest first, and the answers left over."""
        candidates = self._candidates()
        left = set(self.wrong)
        found: list[LikelyMistake] = []
        while candidates:
            candidates.sort(key=lambda each: (-len(left.intersection(each.explains)), each.hypothesis.weight))
            covered = left.intersection(candidates[0].explains)
            if not covered:
                break
            alike = [each for each in candidates if left.intersection(each.explains) == covered]
            told = _tellable(alike)
            found.append(LikelyMistake(self.area, tuple(sorted(covered)), tuple(told)))
            left -= covered
        named = [each for each in found if each.candidates]
        return named, left | {at for each in found if not each.candidates for at in each.answers}

    def _candidates(self) -> list[Candidate]:
        """General hypotheses that no right answer rules out, limited to an insurance where only that saves them."""
        found: dict[tuple[HypothesisPart, ...], Hypothesis] = {}
        for at in self.wrong[: catalogue().limits.most_searched]:
            judged = self.answers[at]
            for each in Search(judged.question, judged.answered).hypotheses():
                if all(catalogue().mistakes[name].general for name in each.ids):
                    found.setdefault(each.parts, each)
        held = (self._held(each) for each in found.values())
        return [each for each in held if each is not None]

    def _held(self, hypothesis: Hypothesis) -> Candidate | None:
        verdicts = {at: verdict(hypothesis.parts, each) for at, each in self.answers.items()}
        explains = [at for at, each in verdicts.items() if each is AnswerVerdict.EXPLAINED]
        against = [at for at, each in verdicts.items() if each is AnswerVerdict.CONTRADICTED]
        types = {self._insutype(at) for at in explains}
        refuting = [at for at in against if self.answers[at].right]
        if not refuting:
            return Candidate(hypothesis, "", explains, against)
        if len(types) != 1 or types & {self._insutype(at) for at in refuting}:
            return None
        (insutype,) = types
        return Candidate(hypothesis, insutype, explains, [at for at in against if self._insutype(at) == insutype])

    def _insutype(self, at: int) -> str:
        return self.answers[at].question.claim.insutype


def diagnose_run(
    rows: Sequence[Mapping[str, Any]], policies: PolicyBook, coverage: FilingCoverage | None
) -> RunDiagnosis:
    """The likely mistakes over the judged answers of a run, in the order in which they came.

    Rows of one sandbox follow each other and name it: what came before counts inside it.
    """
    by_area: dict[str, dict[int, Judged]] = {}
    known = 0
    for _, group in groupby(enumerate(rows), key=lambda each: each[1]["sandbox"]):
        for at, judged in _positioned(list(group), policies, coverage):
            by_area.setdefault(judged.question.city.area, {})[at] = judged
            known += 1
    mistakes: list[LikelyMistake] = []
    unexplained: set[int] = set()
    for area, answers in by_area.items():
        found, left = _City(area, answers).mistakes()
        mistakes += found
        unexplained |= left
    return RunDiagnosis(tuple(mistakes), tuple(sorted(unexplained)), len(rows) - known)


def as_json(diagnosis: RunDiagnosis) -> dict[str, Any]:
    """The diagnosis as plain data."""
    return {
        "mistakes": [
            {
                "area": each.area,
                "answers": list(each.answers),
                "one_of": [_candidate_json(candidate) for candidate in each.candidates],
            }
            for each in diagnosis.mistakes
        ],
        "unexplained": list(diagnosis.unexplained),
        "left_out": diagnosis.left_out,
    }


def _candidate_json(candidate: Candidate) -> dict[str, Any]:
    hypothesis = candidate.hypothesis
    entries = [catalogue().mistakes[name] for name in hypothesis.ids]
    shown_by: Text = join([each.shown_by for each in entries], zh="；", en="; ")
    return {
        "mistakes": list(hypothesis.ids),
        "families": [each.family for each in entries],
        "rule": hypothesis.rule,
        "insutype": candidate.insutype,
        "sentence": hypothesis.sentence.as_json(),
        "arithmetic": hypothesis.outcome.worked,
        "shown_by": shown_by.as_json(),
        "explains": candidate.explains,
        "contradicts": candidate.contradicts,
    }


def _positioned(
    rows: list[tuple[int, Mapping[str, Any]]], policies: PolicyBook, coverage: FilingCoverage | None
) -> Iterable[tuple[int, Judged]]:
    """Judged answers with their positions; those under other city files are left out."""
    marked = [{**row, "at": at} for at, row in rows]
    for judged in judged_answers(marked, policies, coverage):
        yield judged.at, judged


def _tellable(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates to be named, as for a single answer."""
    of = {each.hypothesis.parts: each for each in candidates}
    named = tellable(without_excess([each.hypothesis for each in candidates]))
    return [replace(of[each.parts]) for each in named]
