"""The scope of place of a treatment, seen from the insured place (rules 33)."""

import pytest

from simulator.domain.places import shipped


@pytest.mark.parametrize(
    ("treated", "insured", "scope"),
    [
        ("230900", "230900", "local"),
        ("230921", "230900", "local"),  # a county of the city: 2309
        ("230100", "230900", "province"),  # 23
        ("110000", "230900", "nation"),
        ("110105", "110000", "local"),  # 北京 is one place: 11
        ("429004", "429005", "province"),  # counties directly under 湖北 are places of their own
        ("660100", "653200", "nation"),  # 兵团 and 新疆 differ in their first two digits
    ],
)
def test_the_digits_of_the_two_places_give_the_scope(treated, insured, scope):
    assert shipped().scope(treated, insured) == scope
