"""What holds for every award under every policy: conservation, monotony, caps, split bills, cancellation."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from simulator.benefit import Claim, Dates, award
from simulator.domain.accumulators import VISITS
from tests.benefit.worlds import (
    CATEGORIES,
    DAY,
    LEVELS,
    SHIPPED,
    accumulators,
    charge,
    city_of,
    claims,
    plans,
)

CARE = ("outpatient", "special_disease")
pytestmark = pytest.mark.slow

COMMON = settings(max_examples=35, deadline=None)
several = st.lists(claims(signed=True), min_size=1, max_size=4)


def settled(city, claim, year):
    """The award, after booking its movements in `year`."""
    got = award(claim, city.rules(claim.dates), year)
    year.update(got.movements)

    return got


@COMMON
@given(plans(), several, accumulators)
def test_every_fen_of_a_batch_is_paid_by_somebody(plan, asked, year):
    city = city_of(plan)
    for claim in asked:
        got = award(claim, city.rules(claim.dates), year)
        layers = got.large_amount + got.major_illness + got.civil_servants + got.enterprise + got.assistance + got.other
        assert got.total == sum(charge.total for charge in claim.charges)
        assert got.total == got.own_purchase + got.above_ceiling + got.prior_selfpay + got.in_scope
        assert got.total == got.fund_total + got.personal + got.hospital
        assert got.fund_total == got.pool + layers
        assert got.personal == got.account + got.cash
        assert got.balance_after == claim.account_balance - got.account
        assert sum(share.paid for share in got.details) == got.fund_total + got.account
        assert 0 <= got.deductible <= got.in_scope


@COMMON
@given(plans(), st.lists(claims(), min_size=1, max_size=4), accumulators)
def test_no_share_of_a_bill_without_returns_is_negative(plan, asked, year):
    city = city_of(plan)
    for claim in asked:
        got = award(claim, city.rules(claim.dates), year)
        shares = (got.pool, got.personal, got.account, got.cash, got.balance_after, got.assistance, got.large_amount)
        assert min(shares) >= 0
        # Each charge may be rounded up by half a fen, but never above itself.
        assert got.fund_total <= got.in_scope


@COMMON
@given(plans(), st.lists(claims(), min_size=1, max_size=4), accumulators, st.integers(1, 200_00), st.data())
def test_more_in_scope_never_lowers_what_the_pool_pays(plan, asked, year, more, data):
    city = city_of(plan)
    for claim in asked:
        index = data.draw(st.integers(0, len(claim.charges) - 1))
        charges = list(claim.charges)
        grown = charges[index]
        charges[index] = replace(grown, total=grown.total + more, in_scope=grown.in_scope + more)
        before = award(claim, city.rules(claim.dates), year)
        after = award(replace(claim, charges=tuple(charges)), city.rules(claim.dates), year)
        assert after.pool >= before.pool
        assert after.deductible >= before.deductible


def in_turn(plan):
    """The plan with layers that pay one after the other on what is left, the usual order.

    `above_cap_scope` is left out: half-up(cut ÷ ratio) makes one rounded fen a yuan where the ratio is one per cent.
    """
    first = {"large_amount": 0, "major_illness": 1}
    bases = {"large_amount": "above_cap_pay", "major_illness": "own_share"}
    layers = sorted(plan.layers, key=lambda layer: first.get(layer.fund, 2))
    return replace(plan, layers=tuple(replace(layer, base=bases.get(layer.fund, "remaining")) for layer in layers))


@COMMON
@given(plans(shut_out=False), st.lists(claims(treated="local", groups=()), min_size=1, max_size=4), accumulators)
def test_a_higher_ratio_never_costs_the_person_more(plan, asked, year):
    """With `above_disease_cap: person` it may: what rises above the disease cap leaves every layer's base."""
    plan = in_turn(plan)
    higher = replace(plan, ratios=tuple((*row[:3], min(Fraction(1), row[3] + Fraction(1, 10))) for row in plan.ratios))
    low, high = city_of(plan), city_of(higher)
    for claim in asked:
        cheap = award(claim, high.rules(claim.dates), year)
        dear = award(claim, low.rules(claim.dates), year)
        assert cheap.pool >= dear.pool
        # Each layer rounds once, so its payment may be off by one fen.
        assert cheap.personal <= dear.personal + len(plan.layers)


@COMMON
@given(plans(), st.lists(claims(), min_size=2, max_size=10))
def test_no_sequence_of_settlements_overspends_a_cap_or_the_deductible(plan, asked):
    city, year = city_of(plan), Counter()
    for claim in asked:
        settled(city, replace(claim, insutype="310", category="employed"), year)
    if plan.annual_cap is not None:
        assert year["HIFP", ""] <= plan.annual_cap
    for code, cap in (("M07800", plan.disease_caps["M07800"]), ("M00500", plan.disease_caps["any"])):
        assert cap is None or year["HIFP", code] <= cap
    for layer in plan.layers:
        paid = {"large_amount": "HIOB", "major_illness": "HIMI", "civil_servants": "CVLS"}.get(layer.fund)
        assert paid is None or layer.cap is None or year[paid, ""] <= layer.cap
    if not plan.per_disease:
        assert year["DEDC", ""] <= plan.line
    assert all(year["DEDC", code] <= plan.line for code in ("M07800", "M00500"))


@COMMON
@given(plans(), claims(), accumulators, st.data())
def test_a_bill_split_into_visits_pays_the_same_to_the_fen(plan, claim, before, data):
    assume(len(claim.charges) > 1)
    cut = data.draw(st.integers(1, len(claim.charges) - 1))
    whole, parts = whole_and_parts(plan, claim, before, cut)
    assert sum(part.deductible for part in parts) == whole.deductible
    assert sum(part.pool for part in parts) == whole.pool
    # What the annual cap leaves unpaid uses no room of the disease cap: the whole bill rises above the disease cap
    # where its parts do not, and the layers' bases differ by more than roundings.
    plan = replace(plan, disease_caps=dict.fromkeys(plan.disease_caps))
    # Three roundings of large amount move its sum by a fen at most; that fen and three roundings more, this one by two.
    whole, parts = whole_and_parts(in_turn(plan), claim, before, cut)
    assert abs(sum(part.major_illness for part in parts) - whole.major_illness) <= 2


def whole_and_parts(plan, claim, before, cut):
    """The award of a bill, and those of its two parts settled one after the other."""
    city, year = city_of(plan), Counter(before)
    parts = [replace(claim, charges=charges) for charges in (claim.charges[:cut], claim.charges[cut:])]
    made = []
    for part in parts:
        made.append(settled(city, part, year))
        # Both are of one visit, which does not count among the others (rules 39).
        year.subtract({key: count for key, count in made[-1].movements.items() if key[0] == VISITS})
    return award(claim, city.rules(claim.dates), before), made


@COMMON
@given(plans(), st.lists(claims(signed=True), min_size=2, max_size=5), accumulators, st.data())
def test_cancelling_restores_the_accumulators_exactly(plan, asked, opening, data):
    city, year = city_of(plan), Counter(opening)
    booked = [settled(city, claim, year) for claim in asked]
    for got in data.draw(st.permutations(booked)):
        year.subtract(got.movements)
    assert {key: fen for key, fen in year.items() if fen} == {key: fen for key, fen in opening.items() if fen}


@COMMON
@given(plans(), claims(), accumulators)
def test_cancelled_and_settled_again_gives_the_same_award(plan, claim, opening):
    city, year = city_of(plan), Counter(opening)
    first = settled(city, claim, year)
    year.subtract(first.movements)
    assert settled(city, claim, year) == first


@COMMON
@given(plans(), several, accumulators)
def test_the_reasons_add_up_to_the_award(plan, asked, year):
    city = city_of(plan)
    for claim in asked:
        got = award(claim, city.rules(claim.dates), year)
        by_rule = {step.rule: step for step in got.steps}
        gone = {rule: step.before - step.after for rule, step in by_rule.items() if rule.startswith("layers.")}
        assert by_rule["deductible"].before - by_rule["deductible"].after == got.deductible
        assert by_rule["annual_cap"].after == got.pool
        assert sum(gone.values()) == got.fund_total - got.pool
        assert by_rule["result"].after == got.personal
        last = by_rule.get("modifier", by_rule["ratio"])
        assert last.after == got.ratio


@COMMON
@given(plans(), claims(signed=True), accumulators)
def test_the_reasons_are_the_same_whenever_they_are_read(plan, claim, year):
    got = award(claim, city_of(plan).rules(claim.dates), dict(year))
    early = got.steps
    again = award(claim, city_of(plan).rules(claim.dates), dict(year))
    assert early == got.steps == again.steps


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("level", LEVELS)
def test_any_area_of_the_country_can_be_simulated(category, level):
    insutype = "310" if category in ("employed", "retired") else "390"
    for area in ("110000", "510100", "660100", "230900", "653200", "330100"):
        city = SHIPPED.city(area)
        for disease in ("", *city.diseases(DAY)):
            claim = Claim(
                area, insutype, category, CARE[bool(disease)], disease, level, "local", (), False, (),
                (charge(100_00),), True, 0, Dates.all_on(DAY),
            )  # fmt: skip
            assert award(claim, city.rules(claim.dates), {("DEDC", ""): 1000_00}).pool > 0
