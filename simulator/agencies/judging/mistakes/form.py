"""Mistakes about the form of an answer: fields exchanged or shifted, another message's answer, fen, UTC."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations

from simulator.agencies.judging.mistakes.question import AnsweredAmounts, Outcome
from simulator.core.clock import from_wire
from simulator.insured.answers import WIRE_AMOUNTS

_FEWEST = 3
"""Amounts that must differ before a shift is more than a coincidence."""


def exchanged_fields(expected: Outcome, answered: AnsweredAmounts) -> tuple[str, str] | None:
    """Wire names of the two amounts that the answer tells in each other's place."""
    differing = [name for name, fen in answered.amounts.items() if fen != expected.amounts[name]]
    if len(differing) != 2:
        return None
    one, other = differing
    if answered.amounts[one] != expected.amounts[other] or answered.amounts[other] != expected.amounts[one]:
        return None
    return WIRE_AMOUNTS[one], WIRE_AMOUNTS[other]


def shifted_fields(expected: Outcome, answered: AnsweredAmounts) -> str | None:
    """Wire name from which each amount stands in the field after or before its own."""
    names = list(answered.amounts)
    for step in (1, -1):
        for first, last in combinations(range(len(names)), 2):
            run = range(first, last + 1)
            moved = [names[index - step] if first <= index - step <= last else "" for index in run]
            if len(run) < _FEWEST or not _fits(expected, answered, names, run, moved):
                continue
            return WIRE_AMOUNTS[names[first]]
    return None


def _fits(expected: Outcome, answered: AnsweredAmounts, names: list[str], run: range, moved: list[str]) -> bool:
    """True where the run alone differs, and each of its amounts but the first moved one is its neighbour's."""
    outside = [name for index, name in enumerate(names) if index not in run]
    if any(answered.amounts[name] != expected.amounts[name] for name in outside):
        return False
    pairs = [(names[index], source) for index, source in zip(run, moved, strict=True) if source]
    differing = sum(answered.amounts[name] != expected.amounts[name] for name, _ in pairs)
    return differing >= _FEWEST and all(answered.amounts[name] == expected.amounts[source] for name, source in pairs)


def explained_form(
    expected: Outcome, answered: AnsweredAmounts, earlier: Mapping[str, AnsweredAmounts]
) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Mistakes of form that make our award into the answer, with the values of their sentences.

    `earlier` are the answers to other messages of the person by msgid.
    """
    if _is_scaled(expected, answered, 100, 1):
        yield "fen_for_yuan", {}
    if _is_scaled(expected, answered, 1, 100):
        yield "yuan_divided", {}
    with_account = with_amounts(expected, fund_total=expected.amounts["fund_total"] + expected.amounts["account"])
    if expected.amounts["account"] and with_account.amounts == answered.amounts:
        yield "account_in_funds", {}
    if exchanged := exchanged_fields(expected, answered):
        yield "fields_exchanged", {"one": exchanged[0], "other": exchanged[1]}
    if first := shifted_fields(expected, answered):
        yield "fields_shifted", {"one": first}
    for msgid, other in earlier.items():
        if other.amounts == answered.amounts != expected.amounts:
            yield "stale_answer", {"msgid": msgid}
            break


def shifted_time(written: str, mistake: str) -> datetime | None:
    """Moment that a time means if it is UTC (`time_in_utc`) or eight hours ahead (`time_ahead`); None for no time."""
    hours = {"time_in_utc": 8, "time_ahead": -8}[mistake]
    try:
        return from_wire(written) + timedelta(hours=hours)
    except ValueError:
        return None


def _is_scaled(expected: Outcome, answered: AnsweredAmounts, times: int, of: int) -> bool:
    """True where each amount is ours or `times` / `of` of ours, the total among the latter."""
    scaled = {name for name, fen in answered.amounts.items() if fen * of == expected.amounts[name] * times}
    ours = {name for name, fen in answered.amounts.items() if fen == expected.amounts[name]}
    return "total" in scaled - ours and scaled | ours == set(answered.amounts)


def with_amounts(expected: Outcome, **changes: int) -> Outcome:
    """The outcome with amounts changed, fen."""
    return replace(expected, amounts={**expected.amounts, **changes})
