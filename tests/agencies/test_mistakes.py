"""Mistakes by generation: what one makes of any claim is explained by it, and by nothing that does not give it."""

import string
from dataclasses import replace
from datetime import date
from functools import partial

import pytest
from hypothesis import HealthCheck, Phase, assume, find, given, settings
from hypothesis import strategies as st

from simulator.agencies.judging.diagnosis import diagnose
from simulator.agencies.judging.elimination import AnswerVerdict, refuted, verdict
from simulator.agencies.judging.evidence import Judged
from simulator.agencies.judging.mistakes.catalogue import catalogue, read_catalogue
from simulator.agencies.judging.mistakes.question import AnsweredAmounts, Habits, Question, Surroundings
from simulator.agencies.judging.mistakes.search import (
    OF_ANSWERS,
    HypothesisPart,
    Search,
    makers_without_entry,
    settled_changes,
)
from simulator.agencies.judging.mistakes.surroundings import HeldFiling, HeldInsurance, Past
from simulator.agencies.judging.mistakes.variant_award import _Variant, settle
from simulator.benefit import ChargeScope, Claim, Dates, PolicyBook
from simulator.core.errors import DataFaults
from simulator.domain import places

BOOK = PolicyBook.shipped()
AREAS = ("230900", "330100", "653200", "110000")
FIXED = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck)}
OFTEN = settings(max_examples=30, phases=[Phase.generate], **FIXED)
MANY = settings(max_examples=400, phases=[Phase.generate], **FIXED)
RARE = settings(MANY, max_examples=10_000)
CHANGING = [each for each in catalogue().mistakes.values() if each.id not in OF_ANSWERS]

amounts = st.integers(0, 4_000_000) | st.integers(0, 2_000).map(lambda n: n * 5 + 1)
charges = st.builds(
    lambda scope, prior, own, above: ChargeScope(scope + prior + own + above, own, above, prior, scope),
    amounts,
    st.integers(0, 20_000),
    st.sampled_from([0, 0, 3_000]),
    st.sampled_from([0, 0, 1_500]),
)


identities = st.sampled_from([(), ("subsistence_allowance",), ("subsistence_allowance", "destitute")])


@st.composite
def bills(draw) -> tuple[ChargeScope, ...]:
    """Charges, now and then with one that takes part of the first back."""
    made = draw(st.lists(charges, min_size=1, max_size=3))
    if draw(st.booleans()) and made[0].in_scope:
        back = draw(st.integers(1, made[0].in_scope))
        made.append(ChargeScope(-back, 0, 0, 0, -back))
    return tuple(made)


@st.composite
def histories(draw, insutype: str, year: int) -> tuple[Past, ...]:
    found = []
    for number in range(draw(st.integers(0, 5))):
        pool, deductible = draw(st.integers(1, 900_000)), draw(st.sampled_from([0, 20_000]))
        movements = {("HIFP", ""): pool, ("HIFP", "M07800"): pool}
        movements |= {("DEDC", ""): deductible, ("MIBS", ""): draw(st.sampled_from([0, 2_000_000]))}
        kind, state = draw(
            st.sampled_from(
                [
                    *[("settlement", each) for each in ("live", "live", "cancelled", "reversed")],
                    *[("cancellation", "reversed"), ("preview", "live")],
                ]
            )
        )
        own_year = draw(st.sampled_from([year, year, year - 1]))
        found.append(
            Past(
                msgid=f"M{number}", kind=kind, state=state, insutype=insutype, year=own_year,
                treated_area=draw(st.sampled_from(["110000", "230900"])),
                setl_time=f"{own_year}-02-0{number + 1} 09:00:00",
                in_scope=pool + 100, account=draw(st.sampled_from([0, 4_000])), movements=movements,
                cancelled_in=year if state == "cancelled" else 0,
            )
        )  # fmt: skip
    return tuple(found)


@st.composite
def questions(draw, area: str = "") -> Question:
    """Claims of people with filings, insurances, identities and a year behind them."""
    city = BOOK.city(area or draw(st.sampled_from(AREAS)))
    insutype = draw(st.sampled_from(["310", "390"]))
    category = draw(st.sampled_from(["employed", "retired"] if insutype == "310" else ["resident", "child"]))
    day = date(2025, draw(st.integers(1, 12)), 10)
    treated = draw(st.sampled_from(["local", "nation", "nation"]))
    kinds = st.sampled_from(["long_term_resident", "referral", "temporary", "emergency"])
    groups = draw(st.lists(kinds, unique=True, max_size=2))
    disease = draw(st.sampled_from(["", "M07800", "M00500"]))
    history = draw(histories(insutype, day.year))
    accumulated = {
        ("DEDC", ""): draw(st.sampled_from([0, 20_000, 90_000])),
        ("HIFP", ""): draw(st.sampled_from([0, 5_500_000, 39_900_000])),
        ("HIFP", "M07800"): draw(st.sampled_from([0, 3_900_000])),
        ("MIBS", ""): draw(st.sampled_from([0, 1_600_000])),
    }
    for past in history:
        if (past.kind, past.state, past.year) == ("settlement", "live", day.year):
            for key, fen in past.movements.items():
                accumulated[key] = accumulated.get(key, 0) + fen
    claim = Claim(
        area=city.area, insutype=insutype, category=category, disease=disease,
        care="special_disease" if disease else "outpatient",
        hospital_level=draw(st.sampled_from(["primary", "tertiary"])), treated=treated,
        groups=tuple(groups) if treated != "local" else (), civil_servant=draw(st.booleans()),
        identities=draw(identities),
        charges=draw(bills()), account_used=draw(st.booleans()),
        account_balance=draw(st.sampled_from([0, 30_000, 9_000_000])), dates=Dates(day, day, day),
    )  # fmt: skip
    around = Surroundings(
        filings=(HeldFiling("stationed_worker", "440100", "2024-01-01", "2024-12-31", False),),
        insurances=(HeldInsurance("390" if insutype == "310" else "310", "resident", False, 500),),
        balances={
            (insutype, day.year - 1): {("DEDC", ""): 30_000, ("HIFP", ""): 777_700},
            ("390" if insutype == "310" else "310", day.year): {("DEDC", ""): 10_000},
        },
        history=history,
    )
    return Question(
        claim,
        city,
        city.rules(claim.dates),
        accumulated,
        around,
        coverage=places.shipped(),
        elsewhere=(BOOK.city("330100"),),
    )


@st.composite
def stays(draw) -> Question:
    """Stays in hospital, whose ratio goes by brackets and whose deductible by the number of the stay."""
    question = draw(questions("230900"))
    category = draw(st.sampled_from(["employed", "retired"]))
    claim = replace(
        question.claim, insutype="310", category=category, care="inpatient", disease="", groups=(), treated="local"
    )
    accumulated = {
        ("HIFP", ""): draw(st.sampled_from([0, 39_900_000])),
        ("INSC", "/inpatient"): draw(st.sampled_from([0, 1_990_000, 2_500_000])),
        ("DEDC", f"/inpatient/V{claim.visit}"): draw(st.sampled_from([0, 20_000, 70_000])),
        ("VSTS", "/inpatient"): draw(st.sampled_from([0, 100, 300])),
    }
    return replace(question, claim=claim, accumulated=accumulated)


def answered(outcome) -> AnsweredAmounts:
    return AnsweredAmounts(outcome.amounts, outcome.ratio, outcome.balance)


def under(entry, question):
    """The outcomes of a mistake for a question, by the variant of the mistake."""
    for change in settled_changes(entry, question):
        outcome = settle(change.question)
        if outcome is not None:
            yield change.key, outcome


@OFTEN
@given(st.one_of(questions(), stays()))
def test_in_the_habits_of_the_rules_the_variant_pays_what_the_engine_pays(question):
    ours = settle(question)
    assume(ours is not None)
    varied = _Variant(question).outcome()
    assert (varied.amounts, varied.ratio, varied.balance) == (ours.amounts, ours.ratio, ours.balance)


def test_a_stay_without_its_deductible_is_reckoned_by_brackets():
    claim = Claim(
        area="230900", insutype="310", category="retired", care="inpatient", disease="", hospital_level="tertiary",
        treated="local", groups=(), civil_servant=False, identities=(), account_used=False, account_balance=0,
        charges=(ChargeScope(25_800_00, 0, 0, 0, 25_800_00), ChargeScope(4_320_00, 0, 0, 0, 4_320_00)),
        dates=Dates(*[date(2025, 12, 31)] * 3), visit="7",
    )  # fmt: skip
    city = BOOK.city("230900")
    right = Question(claim, city, city.rules(claim.dates), {})
    wrong = settle(replace(right, habits=Habits(deductible="never")))
    # (20000.00 − 700.00) × 0.90 + 10120.00 × 0.95 = 17370.00 + 9614.00; without the deductible 630.00 more.
    assert settle(right).amounts["pool"] == 26_984_00
    assert (wrong.amounts["pool"], wrong.worked) == (27_614_00, "20000.00 × 0.9000 + 10120.00 × 0.9500 = 27614.00")


UNSEEN = {
    # Wants figures that no shipped city has: caps of care or layers, versions of the figures, diseases apart.
    *("care_cap_ignored", "layer_caps_ignored", "day_of_claim", "last_years_rules", "ratio_of_day", "caps_of_day"),
    *("deductible_overall", "caps_of_category", "excess_kept_out", "scope"),
    # Is seen in what the answer tells, not in the claim.
    *("own_catalogue", "counted_under_sub_code", "balances_told", "balances_in_fen", "rows_cut"),
}


@pytest.fixture(scope="module")
def claims():
    """Questions of many kinds that the rules do not refuse, each with its award."""
    found = []

    @MANY
    @given(questions())
    def gather(question):
        ours = settle(question)
        if ours is not None:
            found.append((question, ours))

    gather()
    return found


def shown_by(entry, question):
    """Wrong answers that a mistake makes of a question, with what it went by."""
    ours = settle(question)
    if ours is not None:
        for key, outcome in under(entry, question):
            if not ours.is_answered_by(answered(outcome)):
                yield question, key, outcome


def shows(entry, question):
    return any(True for _ in shown_by(entry, question))


@pytest.mark.parametrize("entry", [each for each in CHANGING if each.id not in UNSEEN], ids=lambda each: each.id)
def test_what_a_mistake_makes_of_a_claim_is_explained_by_it_and_by_nothing_that_does_not_give_it(claims, entry):
    shown = next((each for question, _ in claims for each in shown_by(entry, question)), None)
    # Claims that show a rare mistake are looked for by themselves.
    question, key, outcome = shown or next(shown_by(entry, find(questions(), partial(shows, entry), settings=RARE)))
    found = Search(question, answered(outcome)).hypotheses()
    assert HypothesisPart(entry.id, key) in {each.parts[0] for each in found if len(each.parts) == 1}
    assert all(settle(each.question).is_answered_by(answered(outcome)) for each in found)


@OFTEN
@given(questions(), st.data())
def test_any_wrong_award_of_any_claim_is_explained_by_what_gives_it(question, data):
    ours = settle(question)
    assume(ours is not None)
    entry = data.draw(st.sampled_from(CHANGING))
    for key, outcome in list(under(entry, question))[:2]:
        if not ours.is_answered_by(answered(outcome)):
            found = Search(question, answered(outcome)).hypotheses()
            assert HypothesisPart(entry.id, key) in {each.parts[0] for each in found}
            assert all(settle(each.question).is_answered_by(answered(outcome)) for each in found)


@OFTEN
@given(questions("230900"), st.sampled_from(CHANGING), st.sampled_from(CHANGING))
def test_two_mistakes_together_are_never_told_as_one_that_does_not_give_the_answer(question, one, other):
    ours = settle(question)
    assume(ours is not None)
    for first in list(settled_changes(one, question))[:1]:
        for _, outcome in list(under(other, first.question))[:1]:
            found = Search(question, answered(outcome)).hypotheses()
            assert all(settle(each.question).is_answered_by(answered(outcome)) for each in found)


def question_of(*scopes: int, accumulated=None, **changes) -> Question:
    """A retired dialysis patient of 230900 resettled in 北京: 500.00 of deductible, then 0.90."""
    city = BOOK.city("230900")
    day = date(2025, 3, 10)
    claim = Claim(
        area="230900", insutype="310", category="retired", care="special_disease", disease="M07800",
        hospital_level="tertiary", treated="nation", groups=("resettled_retiree",), civil_servant=False, identities=(),
        charges=tuple(ChargeScope(each, 0, 0, 0, each) for each in scopes), account_used=False, account_balance=0,
        dates=Dates.all_on(day),
    )  # fmt: skip
    return Question(replace(claim, **changes), city, city.rules(claim.dates), accumulated or {})


def judged(question: Question, outcome=None) -> Judged:
    """An answer to a question: right, unless an outcome is given that is not ours."""
    ours = settle(question)
    told = outcome or ours
    return Judged(question, answered(told), ours.is_answered_by(answered(told)), "M", "2207A", "P")


def named(entry_id: str, question: Question):
    (outcome,) = [each for _, each in under(catalogue().mistakes[entry_id], question)][:1]
    return outcome


def test_a_right_answer_drops_what_it_contradicts():
    # First visit: 500.00 were taken, so that nobody forgets the deductible; second: 1000.00 × 0.90 either way.
    first = question_of(100_000)
    again = named("deductible_never", first)
    assert not refuted([HypothesisPart("deductible_never", "0")], [])
    assert refuted([HypothesisPart("deductible_never", "0")], [judged(first)])
    assert verdict([HypothesisPart("deductible_never", "0")], judged(first, again)) is AnswerVerdict.EXPLAINED


def test_a_right_answer_says_nothing_of_what_would_not_have_changed_it():
    used_up = {("DEDC", ""): 50_000}
    assert (
        verdict([HypothesisPart("deductible_never", "0")], judged(question_of(100_000, accumulated=used_up)))
        is AnswerVerdict.SILENT
    )


def test_two_mistakes_are_told_apart_by_an_earlier_answer():
    used_up = {("DEDC", ""): 50_000}
    # 0.05 × 0.90 = 0.045: half to even 0.04, truncated 0.04, half-up 0.05.
    tie = question_of(5, accumulated=used_up)
    # 0.02 × 0.90 = 0.018: half-up 0.02, half to even 0.02, truncated 0.01.
    small = question_of(2, accumulated=used_up)
    wrong = named("half_even", tie)
    alone = diagnose(tie, answered(wrong), settle(tie), [], "P")
    assert {("half_even",), ("truncated",)} <= {each.ids for each in alone.kept}
    informed = diagnose(tie, answered(wrong), settle(tie), [judged(small)], "P")
    assert ("half_even",) in {each.ids for each in informed.kept}
    assert ("truncated",) not in {each.ids for each in informed.kept}


def test_a_diagnosis_tells_its_arithmetic():
    question = question_of(100_000)
    wrong = named("deductible_after_ratio", question)
    told = diagnose(question, answered(wrong), settle(question), [], "P")
    # 1000.00 × 0.90 − 500.00 = 400.00, in place of (1000.00 − 500.00) × 0.90 = 450.00
    assert "1000.00 × 0.9000 − 500.00 = 400.00" in told.cause.sentence.en
    assert "deductible_after_ratio" in told.cause.mistakes


def test_what_no_mistake_explains_is_told_without_a_cause():
    question = question_of(100_000)
    ours = settle(question)
    odd = AnsweredAmounts({**ours.amounts, "pool": 12_345, "fund_total": 12_345, "personal": 87_655}, ours.ratio, 0)
    assert diagnose(question, odd, ours, [], "P").cause.sentence is None


def test_exchanged_fields_are_named():
    question = question_of(100_000)
    ours = settle(question)
    exchanged = {**ours.amounts, "deductible": ours.amounts["pool"], "pool": ours.amounts["deductible"]}
    told = diagnose(question, AnsweredAmounts(exchanged, ours.ratio, 0), ours, [], "P")
    assert told.cause.mistakes[:1] == ("fields_exchanged",)
    assert "act_pay_dedc" in told.cause.sentence.en


def test_an_answer_in_fen_is_named():
    question = question_of(100_000)
    ours = settle(question)
    hundredfold = {name: 100 * fen for name, fen in ours.amounts.items()}
    assert (
        "fen_for_yuan" in diagnose(question, AnsweredAmounts(hundredfold, ours.ratio, 0), ours, [], "P").cause.mistakes
    )


def test_the_answer_to_another_message_is_recognised():
    earlier, question = question_of(120_000), question_of(100_000)
    ours = settle(question)
    told = diagnose(question, answered(settle(earlier)), ours, [judged(earlier)], "P")
    assert "stale_answer" in told.cause.mistakes


# The catalogue


def test_every_mistake_is_made_by_its_habits_or_by_a_function():
    assert makers_without_entry() == set()


@pytest.mark.parametrize("entry", catalogue().mistakes.values(), ids=lambda each: each.id)
def test_a_mistake_says_the_same_in_both_languages(entry):
    def values(sentence):
        return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}

    assert values(entry.sentence.zh) == values(entry.sentence.en)
    assert set(entry.more_than) <= set(catalogue().mistakes)


def test_a_habit_that_does_not_exist_is_refused_at_its_line():
    written = b"""limits:
  {most_awards: 1, most_told: 1, most_alike: 1, most_partial: 1, most_remembered: 1, most_searched: 1}
mistakes:
  - id: odd
    family: rules
    group: odd
    rule: deductible
    weight: 1
    zh: "\xe5\x81\x9a\xe9\x94\x99"
    en: odd
    shown_by: {zh: x, en: x}
    habits: [{deductible: sometimes}]
"""
    with pytest.raises(DataFaults) as refusal:
        read_catalogue(written, "own.yaml")
    assert "own.yaml:12" in str(refusal.value)
