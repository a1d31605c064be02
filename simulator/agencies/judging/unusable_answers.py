"""Causes of an answer that cannot be used, where a mistake of its form explains it whole."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from simulator.agencies.judging.award_checks import answered_amounts, outcome_of_award
from simulator.agencies.judging.award_judging import earlier_answers
from simulator.agencies.judging.dry_run import expect
from simulator.agencies.judging.likely_cause import NO_CAUSE, Cause, cause_of, with_cause
from simulator.agencies.judging.mistakes.form import explained_form
from simulator.core.findings import ERROR, Finding
from simulator.domain.transaction_table import Family, traits_of
from simulator.insured.place import Asked


def with_causes(asked: Asked, output: Mapping[str, Any], findings: list[Finding]) -> list[Finding]:
    """The findings with the likely cause in the first error, where the award was only written otherwise."""
    info = output.get("setlinfo")
    first = next((at for at, each in enumerate(findings) if each.severity == ERROR), None)
    if first is None or not isinstance(info, Mapping):
        return findings
    cause = _cause(asked, info)
    if cause.sentence is None:
        return findings
    broken = findings[first]
    explained = replace(broken, sentence=with_cause(broken.sentence, cause), mistakes=cause.mistakes)
    return [*findings[:first], explained, *findings[first + 1 :]]


def _cause(asked: Asked, info: Mapping[str, Any]) -> Cause:
    traits = traits_of(asked.infno)
    if traits.family == Family.CANCELLATION:
        return cause_of([("amounts_not_negated", {})]) if _not_negated(info) else NO_CAUSE
    award = expect(asked, []).award if traits.awarded else None
    if award is None:
        return NO_CAUSE
    earlier = {
        each.msgid: each.answered for each in earlier_answers(asked) if each.psn_no == asked.body["data"]["psn_no"]
    }
    return cause_of(explained_form(outcome_of_award(award), answered_amounts(info), earlier))


def _not_negated(info: Mapping[str, Any]) -> bool:
    """True where no amount of a cancellation is negative; a settlement has none that is."""
    amounts = answered_amounts(info).amounts
    return amounts["total"] > 0 and min(amounts.values()) >= 0
