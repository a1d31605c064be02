"""Areas of a moved scenario keep their scope of place to each other."""

from itertools import permutations

import pytest

from simulator.domain.places import shipped
from simulator.relocation.areas import NoSuchPlace, assigned_areas

QITAIHE, HARBIN, BEIJING, HANGZHOU = "230900", "230100", "110000", "330100"
CHENGDU, SHANGHAI, NINGBO = "510100", "310000", "330200"


def test_places_in_other_provinces_stay_where_they_are():
    found = assigned_areas([QITAIHE, BEIJING, HANGZHOU], (QITAIHE, CHENGDU), {})
    assert found == {QITAIHE: CHENGDU, BEIJING: BEIJING, HANGZHOU: HANGZHOU}


def test_place_elsewhere_in_the_province_becomes_another_city_of_the_new_province():
    found = assigned_areas([QITAIHE, HARBIN], (QITAIHE, CHENGDU), {})
    assert found[HARBIN] != CHENGDU
    assert shipped().scope(found[HARBIN], CHENGDU) == "province"


def test_place_that_would_come_to_lie_in_the_province_of_the_new_city_is_replaced():
    found = assigned_areas([QITAIHE, HANGZHOU], (QITAIHE, NINGBO), {HANGZHOU: [HANGZHOU, "120000"]})
    assert found == {QITAIHE: NINGBO, HANGZHOU: "120000"}


def test_two_places_never_become_one():
    pool = ["120000", "210100"]
    found = assigned_areas([QITAIHE, SHANGHAI, HANGZHOU], (SHANGHAI, HANGZHOU), {HANGZHOU: pool})
    assert found == {SHANGHAI: HANGZHOU, QITAIHE: QITAIHE, HANGZHOU: "120000"}


@pytest.mark.parametrize("areas", list(permutations([HARBIN, BEIJING, HANGZHOU])))
def test_every_scope_of_place_is_kept_in_whatever_order_places_are_named(areas):
    scope = shipped().scope
    found = assigned_areas([QITAIHE, *areas], (QITAIHE, CHENGDU), {})
    assert all(scope(one, other) == scope(found[one], found[other]) for one in found for other in found)


def test_municipality_has_no_elsewhere_in_its_province():
    with pytest.raises(NoSuchPlace) as caught:
        assigned_areas([QITAIHE, HARBIN], (QITAIHE, SHANGHAI), {})
    assert (caught.value.area, caught.value.scope) == (HARBIN, "province")


def test_place_in_another_province_without_a_candidate_is_told():
    with pytest.raises(NoSuchPlace) as caught:
        assigned_areas([QITAIHE, BEIJING], (QITAIHE, BEIJING), {})
    assert (caught.value.area, caught.value.scope) == (BEIJING, "nation")
