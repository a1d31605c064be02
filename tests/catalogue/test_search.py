"""Items are found by words of their names and codes."""

from datetime import date

import pytest

from simulator.catalogue import CatalogueBook
from simulator.catalogue.search import find_items

BOOK = CatalogueBook.shipped()


def found(*words, area=""):
    return [(each.area, each.item.code) for each in find_items(BOOK, words, area)]


def test_all_words_must_be_in_the_name_or_the_code():
    assert found("血液透析", "000027") == [("110000", "003110000060000-311000027")]
    assert found("血液透析", "没有这个词") == []


def test_letters_of_either_case_find_a_code():
    assert found("xb01abt917") == found("XB01ABT917") == [("", "XB01ABT917B002010390017")]


@pytest.mark.parametrize(("area", "code"), [("110000", "311000027"), ("330200", "311000026"), ("620100", None)])
def test_area_limits_the_search_to_what_holds_there(area, code):
    """Ningbo goes by the file that serves its province, Lanzhou has the shared drugs alone."""
    own = {item for place, item in found("血液透析", area=area) if place and item.startswith("00311000006")}
    assert own == ({f"003110000060000-{code}"} if code else set())


def test_every_version_of_an_item_is_shown():
    versions = [each.item for each in find_items(BOOK, ["003110000060000-311000026"])]
    assert [(str(each.price_ceiling), each.valid_from) for each in versions] == [
        ("450.00", date(2023, 1, 1)),
        ("430.00", date(2025, 1, 1)),
    ]
