"""Diseases of a moved scenario keep their standing: on the list or not, settled elsewhere or not, apart or alike."""

from datetime import date

import pytest

from simulator.benefit import PolicyBook
from simulator.relocation.diseases import DiseaseNeeds, NoSuchDisease, assigned_diseases
from tests.relocation import city_file

DAY = date(2025, 3, 10)
KNOWN = ("M03900", "M01600", "M05300", "M06000")
SHIPPED = PolicyBook.shipped()
QITAIHE, HANGZHOU = SHIPPED.city("230900"), SHIPPED.city("330100")


def needs(*codes, days=(DAY,), scopes=("nation",), apart=()):
    return DiseaseNeeds(codes, days, scopes, frozenset(apart))


def city(*diseases):
    """Chengdu with a list of (code, outbound, sub-codes)."""
    rows = [
        {
            "code": code,
            "name": code,
            "outbound": outbound,
            "covers": list(covers),
            "from": "2025-01-01",
            "source": "illustrative",
            "reference": "示例",
        }
        for code, outbound, *covers in diseases
    ]
    given = {"area": "510100", "name": "成都市", "version": "1", "diseases": rows}
    return SHIPPED.with_city(given, "chengdu").city("510100")


def test_disease_that_the_new_city_has_stays():
    new = SHIPPED.with_city(city_file("510100"), "510100.yaml").city("510100")
    assert assigned_diseases(needs("M07800", "M07803"), QITAIHE, new, KNOWN) == {"M07800": "M07800", "M07803": "M07803"}


def test_class_becomes_a_class_and_sub_code_a_sub_code():
    new = city(("M03900", True), ("M01600", True, "M01603"))
    found = assigned_diseases(needs("M07800", "M07803"), QITAIHE, new, KNOWN)
    assert found == {"M07800": "M01600", "M07803": "M01603"}


def test_class_without_sub_codes_is_billed_by_its_own_code():
    found = assigned_diseases(needs("M07803"), QITAIHE, city(("M03900", True)), KNOWN)
    assert found["M07803"] == "M03900"


def test_sub_code_told_apart_from_its_class_needs_one():
    with pytest.raises(NoSuchDisease) as caught:
        assigned_diseases(needs("M07803", "M07800", apart=["M07803"]), QITAIHE, city(("M03900", True)), KNOWN)
    assert caught.value.sub_codes


def test_two_diseases_stay_two():
    found = assigned_diseases(needs("M07800", "M08300"), QITAIHE, city(("M03900", True), ("M07800", True)), KNOWN)
    assert found == {"M07800": "M07800", "M08300": "M03900"}


def test_two_diseases_are_not_found_on_a_list_of_one():
    with pytest.raises(NoSuchDisease) as caught:
        assigned_diseases(needs("M07800", "M00500"), QITAIHE, city(("M03900", True)), KNOWN)
    assert caught.value.codes == ("M00500",)


def test_disease_settled_at_home_only_becomes_another_such():
    new = city(("M05300", True), ("M02500", False))
    found = assigned_diseases(needs("M05300", scopes=("nation", "local")), HANGZHOU, new, KNOWN)
    assert found["M05300"] == "M02500"


def test_disease_settled_in_the_province_alone_is_no_other_where_the_scenario_stays_at_home_or_leaves_the_province():
    new = city(("M02500", "province"), ("M06700", False))
    assert assigned_diseases(needs("M05300"), HANGZHOU, new, KNOWN)["M05300"] == "M02500"
    with pytest.raises(NoSuchDisease):
        assigned_diseases(needs("M05300", scopes=("nation", "province")), HANGZHOU, city(("M06700", False)), KNOWN)


def test_disease_on_no_list_becomes_one_on_no_list():
    new = city(("M03900", True), ("M01600", True))
    assert assigned_diseases(needs("M03900"), QITAIHE, new, KNOWN) == {"M03900": "M05300"}
    with pytest.raises(NoSuchDisease) as caught:
        assigned_diseases(needs("M03900"), QITAIHE, new, ("M03900", "M01600"))
    assert not caught.value.listed


def test_days_on_which_the_old_city_did_not_list_it_ask_nothing_of_the_new_one():
    days = (date(2024, 12, 31), date(2025, 1, 2))
    assert assigned_diseases(needs("M07800", days=days), QITAIHE, city(("M07800", True)), KNOWN) == {"M07800": "M07800"}


def test_list_that_begins_later_has_nothing_on_the_day():
    with pytest.raises(NoSuchDisease):
        assigned_diseases(needs("M03900", days=(date(2024, 6, 1),)), HANGZHOU, city(("M03900", True)), KNOWN)
