"""Numbers have the published formats, and nobody has them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import numdb
from stdnum.cn import ric, uscc

from simulator.people.areas import cities
from simulator.people.identity import (
    DRAWN_COUNTIES,
    MADE_COUNTIES,
    SERIALS,
    birth_of,
    check_digit,
    identity_number,
    is_institution_code,
    is_male,
    is_valid,
    is_valid_credit_code,
    prefecture_of,
    unified_credit_code,
)

# Published in GB 11643-1999: weights of the first 17 digits, and the characters by remainder.
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
REMAINDERS = "10X98765432"

numbers = st.builds(
    identity_number,
    st.from_regex(r"[1-9][0-9]{5}", fullmatch=True),
    st.dates(date(1900, 1, 1), date(2099, 12, 31)),
    st.integers(0, SERIALS - 1),
    st.booleans(),
)


@given(st.from_regex(r"[1-9][0-9]{16}", fullmatch=True))
def test_the_check_digit_is_that_of_the_printed_weights(first_17):
    total = sum(int(digit) * weight for digit, weight in zip(first_17, WEIGHTS, strict=True))
    assert check_digit(first_17) == REMAINDERS[total % 11]


@given(numbers)
def test_a_made_number_is_valid_and_another_tool_computes_the_same_check(number):
    assert is_valid(number)
    assert ric.calc_check_digit(number) == number[17]


@given(numbers, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_a_number_with_one_wrong_character_is_never_valid(number, place, character):
    wrong = number[:place] + character + number[place + 1 :]
    assert is_valid(wrong) == (wrong == number)


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.integers(0, SERIALS - 1), st.booleans())
def test_birth_and_sex_stand_in_the_number(birth, serial, male):
    number = identity_number("230965", birth, serial, male)
    assert (birth_of(number), is_male(number)) == (birth, male)


@pytest.mark.parametrize("number", ["", "23096519600229007", "230965196002300077", "x" * 18, "23096519600229007０"])
def test_what_is_no_number_is_not_valid(number):
    assert not is_valid(number)


@pytest.mark.parametrize("counties", [DRAWN_COUNTIES, MADE_COUNTIES])
def test_nobody_has_a_made_number_in_any_prefecture(counties):
    """The historic table holds every county code there ever was; in no prefecture is one of ours among them."""
    prefectures = {prefecture_of(city) for city in cities()}
    codes = [f"{prefecture}{county:02d}" for prefecture in sorted(prefectures) for county in counties]
    assert len(prefectures) > 340
    assert [code for code in codes if county_ever(code)] == []


def test_the_historic_table_knows_counties_of_today_and_of_yesterday():
    assert county_ever("230921") == "[1983-]勃利县"
    assert county_ever("110103") == "[-2010]崇文区"


def county_ever(code: str) -> str:
    """The name a county code ever had, by the historic table of another tool; "" for a code never assigned."""
    return dict(numdb.get("cn/loc").info(code)[-1][1]).get("county", "")


def test_a_population_and_a_role_never_share_a_number():
    assert not set(DRAWN_COUNTIES) & set(MADE_COUNTIES)


@pytest.mark.parametrize(
    ("area", "prefecture"),
    [("230900", "2309"), ("230921", "2309"), ("110000", "1101"), ("239900", "2301"), ("660800", "6590")],
)
def test_numbers_of_an_area_begin_with_its_prefecture(area, prefecture):
    assert prefecture_of(area) == prefecture


@given(st.sampled_from(cities()), st.integers(0, 99999), st.booleans())
def test_a_credit_code_passes_another_tool(area, serial, pharmacy):
    code = unified_credit_code(area, serial, pharmacy=pharmacy)
    assert uscc.is_valid(code)
    assert is_valid_credit_code(code)


def test_a_credit_code_with_a_wrong_check_is_not_valid():
    code = unified_credit_code("230900", 1)
    assert not is_valid_credit_code(code[:-1] + ("1" if code[-1] != "1" else "2"))
    assert not is_valid_credit_code(code + "0")


def test_an_institution_has_its_letter_its_area_and_five_digits():
    assert is_institution_code("P23090000007")
    assert is_institution_code("H23090000007")
    assert not is_institution_code("D23090000007")
