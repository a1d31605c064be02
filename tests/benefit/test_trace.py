"""The reasons of an award are kept as facts; read again they are the same sentences and figures."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.benefit import award, explain, trace_of
from simulator.core.json_codec import read_own, write_json
from tests.benefit.worlds import accumulators, city_of, claims, plans

pytestmark = pytest.mark.slow


@settings(max_examples=50, deadline=None)
@given(plans(), st.lists(claims(signed=True), min_size=1, max_size=3), accumulators)
def test_the_reasons_survive_being_kept(plan, asked, year):
    city = city_of(plan)
    for claim in asked:
        given_by = award(claim, city.rules(claim.dates), year)
        kept = read_own(write_json(given_by.trace))
        assert [each.as_json() for each in explain(trace_of(kept))] == [each.as_json() for each in given_by.steps]
