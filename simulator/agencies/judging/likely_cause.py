"""Likely causes of a finding, and its sentence with the basis and the cause."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from simulator.agencies.judging.mistakes.catalogue import catalogue
from simulator.core.texts import Text, join, text


class Cause(NamedTuple):
    """Likely cause of a difference, and the ids of its mistakes."""

    sentence: Text | None = None
    mistakes: tuple[str, ...] = ()


NO_CAUSE = Cause()


def with_basis(difference: Text, basis: Text | None) -> Text:
    """The sentence of a difference, then the sentence about our rule, if a rule was applied."""
    return difference if basis is None else text("judge.with_basis", difference=difference, basis=basis)


def with_cause(difference: Text, cause: Cause) -> Text:
    """The sentence of a difference, then its likely cause, if there is one to tell."""
    if cause.sentence is None:
        return difference
    return text("judge.with_cause", difference=difference, cause=cause.sentence)


def one_of(sentences: list[Text]) -> Text:
    """The sentences of several causes, one of which is the right one."""
    return join(sentences, zh="；或", en="; or ")


def cause_of(found: Iterable[tuple[str, Mapping[str, object]]]) -> Cause:
    """The mistakes with their values as one cause, each mistake once, the simplest first.

    No sentence is told where too many groups of mistakes remain.
    """
    mistakes = catalogue().mistakes
    told: dict[str, Text] = {}
    for name, values in found:
        if name not in told:
            told[name] = mistakes[name].told(values)
    ids = tuple(sorted(told, key=lambda name: mistakes[name].weight))
    groups = {mistakes[name].group for name in ids}
    if not ids or len(groups) > catalogue().limits.most_told:
        return Cause(None, ids)
    return Cause(one_of([told[name] for name in ids]), ids)
