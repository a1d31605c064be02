"""Diagnosis of a wrong award: hypotheses that reproduce it, less those that other answers rule out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.agencies.judging.elimination import explained_by, refuted
from simulator.agencies.judging.evidence import Judged
from simulator.agencies.judging.likely_cause import Cause, one_of
from simulator.agencies.judging.mistakes.catalogue import catalogue, filled
from simulator.agencies.judging.mistakes.form import explained_form
from simulator.agencies.judging.mistakes.question import AnsweredAmounts, Outcome, Question
from simulator.agencies.judging.mistakes.search import Hypothesis, HypothesisPart, Search, rule_of
from simulator.core.texts import Text


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Hypotheses that are left, the simplest first."""

    kept: tuple[Hypothesis, ...] = ()

    @property
    def told(self) -> tuple[Hypothesis, ...]:
        """Hypotheses named, the first of each mistake; none where more remain than are worth naming."""
        return tuple(tellable(self.kept))

    @property
    def cause(self) -> Cause:
        """Likely cause with its arithmetic, and the ids of the mistakes kept, those of a pair joined by `+`."""
        told = self.told
        worked = [each.outcome.worked for each in told]
        # Two mistakes often come to the same arithmetic.
        sentences = [
            _with_arithmetic(each) if worked.index(each.outcome.worked) == at else each.sentence
            for at, each in enumerate(told)
        ]
        ids = tuple(dict.fromkeys("+".join(each.ids) for each in self.kept))
        return Cause(one_of(sentences) if told else None, ids)


def diagnose(
    question: Question, answered: AnsweredAmounts, expected: Outcome, earlier: Sequence[Judged], psn_no: str
) -> Diagnosis:
    """The hypotheses that give exactly what was answered and contradict no right answer."""
    # Equal bills have equal answers.
    unlike = [each for each in earlier if each.question.claim.charges != question.claim.charges]
    others = {each.msgid: each.answered for each in unlike if each.psn_no == psn_no}
    found = [_of_form(name, values, expected, question) for name, values in explained_form(expected, answered, others)]
    found += Search(question, answered).hypotheses()
    # The pool's arithmetic tells something where the pool pays otherwise.
    found = [each if each.pays_otherwise(expected) else each.without_arithmetic() for each in found]
    left = [each for each in found if not refuted(each.parts, earlier)]
    support = {each.parts: explained_by(each.parts, earlier) for each in left}
    most = max(support.values(), default=0)
    # What explains the earlier wrong answers too goes before what explains this one alone.
    left = [each for each in left if support[each.parts] == most]
    return Diagnosis(tuple(sorted(without_excess(left), key=lambda each: each.weight)))


def tellable(kept: Sequence[Hypothesis]) -> list[Hypothesis]:
    """Hypotheses to be named, by groups of mistakes that look alike; none where too many groups are as simple."""
    groups: dict[tuple[str, ...], dict[tuple[str, ...], Hypothesis]] = {}
    for each in sorted(kept, key=lambda each: each.weight):
        groups.setdefault(each.groups, {}).setdefault(each.ids, each)
    limits = catalogue().limits
    lightest = [next(iter(members.values())).weight for members in groups.values()]
    if len(groups) > limits.most_told and lightest[limits.most_told] == lightest[limits.most_told - 1]:
        return []
    named = list(groups.values())[: limits.most_told]
    return [each for members in named for each in list(members.values())[: limits.most_alike]]


def without_excess(kept: Sequence[Hypothesis]) -> list[Hypothesis]:
    """The hypotheses without those that claim more than another one that is left."""
    ids = {each.ids for each in kept}
    mistakes = catalogue().mistakes
    return [
        each
        for each in kept
        if len(each.ids) > 1 or not any((less,) in ids for less in mistakes[each.ids[0]].more_than)
    ]


def _of_form(name: str, values: Mapping[str, object], expected: Outcome, question: Question) -> Hypothesis:
    entry = catalogue().mistakes[name]
    return Hypothesis(
        (HypothesisPart(name, ""),), rule_of(entry, values), filled(entry.sentence, values), expected, question
    )


def _with_arithmetic(hypothesis: Hypothesis) -> Text:
    worked, told = hypothesis.outcome.worked, hypothesis.sentence
    return Text(f"{told.zh}：{worked}", f"{told.en}: {worked}") if worked else told
