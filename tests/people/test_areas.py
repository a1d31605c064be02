"""Areas have names, and one filing covers a city, or a whole province-level place."""

import pytest

from simulator.core.errors import DataFaults
from simulator.domain.places import FilingCoverage, covers, read_places, same_place, shipped
from simulator.people.areas import area_name, cities, full_name, is_area, nearest_areas, province_of, provinces


def test_there_are_31_provinces_and_the_corps():
    assert len(provinces()) == 31 + 1
    assert "660000" in provinces()


def test_every_city_has_a_name_that_is_not_a_number():
    assert [code for code in cities() if code in area_name(code) or not area_name(code)] == [
        # 省直辖县级 has no name of its own: its counties are areas, it is not.
        "419000",
        "429000",
        "469000",
        "659000",
    ]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("230900", "七台河市"),
        ("230921", "七台河市"),  # a county is shown as its city
        ("230999", "七台河市"),  # the city's own fund
        ("110105", "北京市"),
        ("653200", "和田地区"),
        ("419001", "济源市"),  # a county directly under the province
        ("460000", "海南省"),
        ("660800", "兵团第八师石河子市"),
        ("239900", "黑龙江省本级"),
        ("231500", "黑龙江省 231500"),  # not known: the province and the code
        ("990000", "990000"),
    ],
)
def test_an_area_is_named_by_its_city(code, name):
    assert area_name(code) == name


def test_a_full_name_says_province_city_and_county():
    assert full_name("230921") == "黑龙江省七台河市勃利县"
    assert full_name("110105") == "北京市朝阳区"
    assert full_name("660800") == "新疆生产建设兵团第八师石河子市"
    assert full_name("230000") == "黑龙江省"


def test_own_funds_of_province_and_city_are_areas_and_a_mistyped_code_is_not():
    assert all(is_area(code) for code in ("439900", "430199", "230900", "660100"))
    assert not any(is_area(code) for code in ("231500", "999900", "23090", "２３０９００", "230900\n", ""))


def test_a_mistyped_area_finds_the_codes_one_digit_away():
    assert nearest_areas("239900")[:1] == ("230900",)
    assert nearest_areas("1") == ()


@pytest.mark.parametrize(("short", "whole"), [("5101", "510100"), ("51", "510000"), ("2309", "230900")])
def test_code_without_its_zeros_is_its_city_or_province(short, whole):
    assert nearest_areas(short) == (whole,)


def test_short_code_of_no_place_has_no_neighbour():
    assert nearest_areas("9901") == ()


def test_the_corps_is_a_province_of_its_own():
    assert province_of("660800") == "660000"


def test_a_filing_for_a_city_covers_its_counties_and_no_other_city():
    assert covers("230100", "230110")
    assert not covers("230100", "230900")


@pytest.mark.parametrize("prefix", ["11", "12", "31", "50", "46", "54", "66"])
def test_a_filing_for_a_province_level_place_covers_all_of_it(prefix):
    assert shipped().digits[prefix] == 2
    assert covers(f"{prefix}0000", f"{prefix}0300")
    assert covers(f"{prefix}0100", f"{prefix}0300")


def test_counties_directly_under_a_province_are_places_of_their_own():
    assert covers("429004", "429004")
    assert not covers("429004", "429005")


def test_a_filing_for_a_whole_ordinary_province_covers_none_of_its_cities():
    assert not covers("230000", "230900")
    assert not shipped().is_filing_place("230000")
    assert shipped().is_filing_place("110000")


def test_local_is_the_same_place_seen_from_either_side():
    assert same_place("110000", "110105")
    assert not same_place("230900", "230100")


def test_a_site_may_let_one_filing_cover_its_whole_province():
    coverage = shipped().extended(read_places(b"prefix,digits,source,note\n23,2,city notice,\n", "mine.csv"))
    assert coverage.covers("230000", "230900")
    assert coverage.covers("230100", "230900")
    assert coverage.covers("110000", "110105")
    assert not shipped().covers("230000", "230900")


def test_the_longest_prefix_decides():
    coverage = FilingCoverage({"46": 2, "4690": 6})
    assert coverage.covers("460100", "460300")
    assert not coverage.covers("469001", "469002")


def test_every_fault_of_a_table_of_places_is_told_with_its_line():
    with pytest.raises(DataFaults) as caught:
        read_places(b"prefix,digits,source,note\n2x,4,ours,\n23,3,ours,\n", "mine.csv")
    assert [fault.line for fault in caught.value.faults] == [2, 3]


def test_without_rows_every_place_is_a_city():
    assert FilingCoverage({}).place_of("110105") == "1101"
