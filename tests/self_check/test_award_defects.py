"""Every defect of awards changes an award, and changes nothing but what it is named for where that is easily said."""

import pytest

from simulator.agencies.reference.defects.overlays import _AWARDS
from simulator.benefit import award
from simulator.core.errors import PolicyGap, Refusal
from tests.self_check.claims import cases

CASES = list(cases(200))


def outcome(engine, claim, rules, accumulated):
    try:
        return engine(claim, rules, accumulated)
    except (PolicyGap, Refusal) as error:
        return str(error)


@pytest.mark.parametrize("name", sorted(_AWARDS))
def test_a_defect_changes_an_award(name):
    overlay = _AWARDS[name]

    def defective(claim, rules, accumulated):
        return overlay(award, claim, rules, accumulated)

    assert any(outcome(defective, *each) != outcome(award, *each) for each in CASES)


@pytest.mark.parametrize("name", sorted(_AWARDS))
def test_a_defective_award_still_adds_up(name):
    """The judge shall find the cause by the amount, not by a sum that does not come out."""
    for claim, rules, accumulated in CASES:
        found = outcome(lambda *each: _AWARDS[name](award, *each), claim, rules, accumulated)
        if isinstance(found, str) or name == "account_inside_the_funds":
            continue
        layers = (found.large_amount, found.major_illness, found.civil_servants, found.enterprise)
        assert found.fund_total == found.pool + sum(layers) + found.assistance + found.other
        assert found.total == found.fund_total + found.personal + found.hospital
        assert found.personal == found.account + found.cash
        assert sum(each.paid for each in found.details) == found.fund_total + found.account
