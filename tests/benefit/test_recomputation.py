"""The engine against a second computation of the same rules, over random policies, claims and years."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.benefit import award
from tests.benefit.reference import recompute
from tests.benefit.worlds import accumulators, city_of, claims, plans

pytestmark = pytest.mark.slow


@settings(max_examples=120, deadline=None)
@given(plans(), st.lists(claims(signed=True), min_size=1, max_size=6), accumulators)
def test_two_readings_of_the_rules_give_the_same_award(plan, asked, year):
    city = city_of(plan)
    for claim in asked:
        given_award = award(claim, city.rules(claim.dates), year)
        wanted = recompute(plan, claim, year)
        got = {name: getattr(given_award, name) for name in wanted}
        got["ratio"] = Fraction(given_award.ratio)
        assert got == wanted
