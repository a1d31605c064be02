"""Sentences of findings: one full stop between two of them, none at the end, one language."""

import re
from decimal import Decimal

import pytest

from simulator.agencies.judging.answer_checks import judge_rows
from simulator.agencies.judging.award_checks import answered_amounts, judge_award, outcome_of_award
from simulator.agencies.judging.diagnosis import Diagnosis, diagnose
from simulator.agencies.judging.likely_cause import NO_CAUSE, Cause, cause_of, with_basis, with_cause
from simulator.agencies.judging.mistakes.catalogue import catalogue
from simulator.agencies.judging.mistakes.question import Question, Surroundings
from simulator.agencies.judging.mistakes.search import settled_changes
from simulator.agencies.judging.mistakes.variant_award import settle
from simulator.benefit import PolicyBook, award
from simulator.core.errors import PolicyGap, Refusal
from simulator.core.texts import Text
from simulator.insured.answers import WIRE_AMOUNTS
from tests.self_check.claims import cases
from tests.test_texts import entries

JUDGE, MISTAKES = entries("judge"), catalogue().mistakes
NO_STOP = re.compile(r"[。.]\s*(?:$|[。；;])|。\s*\.|\.\s+\.")
"""A stop at the end, or followed by another sign that ends or divides sentences."""
HALF_RATIO = Decimal("0.5000")


def assert_sentences(told: Text) -> None:
    assert not NO_STOP.search(told.zh), told.zh
    assert not NO_STOP.search(told.en), told.en


def on_the_wire(amounts, ratio, balance) -> dict[str, str]:
    written = {wire: f"{Decimal(amounts[ours]) / 100:.2f}" for ours, wire in WIRE_AMOUNTS.items()}
    return written | {"pool_prop_selfpay": str(ratio), "balc": f"{Decimal(balance) / 100:.2f}"}


def answers():
    """Questions with their awards, each with an answer that one mistake leads to and one that none explains."""
    for claim, rules, accumulated in cases(12):
        city = PolicyBook.shipped().city(claim.area)
        question = Question(claim, city, rules, accumulated, Surroundings())
        try:
            expected = award(claim, rules, accumulated)
        except (PolicyGap, Refusal):
            continue
        ours = outcome_of_award(expected)
        yield question, expected, on_the_wire(ours.amounts | {"pool": ours.amounts["pool"] + 12_345}, ours.ratio, 0)
        yield question, expected, on_the_wire(ours.amounts, HALF_RATIO, ours.balance)
        for entry in MISTAKES.values():
            made = [settle(each.question) for each in settled_changes(entry, question)]
            if made and made[0] is not None and made[0] != ours:
                yield question, expected, on_the_wire(made[0].amounts, made[0].ratio, made[0].balance)
                break


@pytest.mark.parametrize("name", JUDGE)
def test_a_text_of_the_judge_leaves_the_stop_to_the_finding(name):
    assert_sentences(Text(JUDGE[name]["zh"], JUDGE[name]["en"]))


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_without_a_stop_at_its_end(name):
    assert_sentences(MISTAKES[name].sentence)


def test_every_finding_about_an_amount_is_one_sentence_each_for_difference_basis_and_cause():
    told = []
    for question, expected, info in answers():
        answered = answered_amounts(info)
        diagnosis = diagnose(question, answered, outcome_of_award(expected), [], "1")
        told += judge_award(info, expected, diagnosis)
        told += judge_award(info, expected, Diagnosis())
    assert len(told) > 50
    assert any("Likely cause: " in each.sentence.en for each in told)
    for each in told:
        assert_sentences(each.sentence)


def test_a_rule_without_a_basis_leaves_no_empty_sentence():
    difference, cause = Text("甲", "a"), Cause(Text("乙", "b"))
    assert with_cause(with_basis(difference, None), NO_CAUSE) == difference
    assert with_cause(with_basis(difference, None), cause) == Text("甲。可能原因：乙", "a. Likely cause: b")


def test_several_causes_are_told_as_alternatives_the_simplest_first_and_too_many_are_not_told():
    # Of one group: weights 3, 1 and 1 again.
    told = cause_of([("truncated_on_total", {}), ("rounded_on_total", {}), ("rounded_on_total", {})])
    assert told.mistakes == ("rounded_on_total", "truncated_on_total")
    assert told.sentence is not None
    assert told.sentence.en.startswith("the total was rounded;")
    assert told.sentence.en.count("; or ") == 1
    groups = {each.group: each.id for each in MISTAKES.values() if "{" not in each.sentence.en}
    many = cause_of((name, {}) for name in groups.values())
    assert len(many.mistakes) == len(groups) > catalogue().limits.most_told
    assert many.sentence is None


def test_an_absent_row_and_an_open_end_are_told_apart():
    open_there, absent_there = (
        judge_rows("registrations", "/output/feedetail", {"M07800 2025-01-01": "2025-12-31"}, got)[0]
        for got in ({"M07800 2025-01-01": ""}, {})
    )
    assert open_there.sentence.en.endswith("answered an open end")
    assert absent_there.sentence.en.endswith("answered no row")
    assert open_there.sentence.zh != absent_there.sentence.zh
    assert (open_there.got, absent_there.got) == ("M07800 2025-01-01=", "M07800 2025-01-01=-")
