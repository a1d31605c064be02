"""Institutions of three levels in each place, opened for all special diseases or for some."""

from dataclasses import replace

import pytest
from stdnum.cn import uscc

from simulator.catalogue import Institution, InstitutionBook, level_of
from simulator.catalogue.institutions import COLUMNS, LEVELS
from simulator.core.errors import DataFaults
from simulator.people.areas import provinces

HEADER = ",".join(COLUMNS)
BODY = {"name": "模拟医院", "area": "230900", "level": "tertiary_a"}


@pytest.fixture(scope="module")
def book():
    return InstitutionBook.shipped()


@pytest.mark.parametrize(
    "area", ["230900", "330100", "110000", "310000", "230100", "653200", "650100", "320100", "510100"]
)
def test_each_place_has_institutions_of_three_levels(book, area):
    assert {level_of(each.level) for each in book.of(area)} >= {"primary", "secondary", "tertiary"}


def test_every_province_and_the_corps_have_somewhere_to_be_treated(book):
    for province in provinces():
        assert any(each.open and not each.diseases and level_of(each.level) == "tertiary" for each in book.of(province))


def test_every_institution_is_invented_and_its_credit_code_is_valid(book):
    for each in book.all():
        assert "模拟" in each.name
        assert uscc.is_valid(each.uscc)
        assert each.code[1:7] == each.area
    assert len({each.uscc for each in book.all()}) == len(list(book.all()))


def test_there_is_one_that_is_closed_and_one_for_dialysis_only(book):
    assert any(not each.open for each in book.of("110000"))
    assert any(each.diseases == {"M07800"} for each in book.of("110000"))


def test_an_area_has_its_own_and_those_below_it(book):
    assert {each.area for each in book.of("230000")} == {"230100", "230900"}
    assert {each.area for each in book.of("230900")} == {"230900"}
    assert book.of("230921") == ()


def test_opened_for_a_class_is_opened_for_its_sub_codes_and_blank_is_opened_for_all():
    some = Institution.from_json("H23090000009", BODY | {"diseases": ["M07800", "M00503"]})
    assert some.opened_for("M07803")
    assert some.opened_for("M00503")
    assert not some.opened_for("M00500")
    assert replace(some, diseases=frozenset()).opened_for("M99900")


def test_an_institution_as_it_is_shown_can_be_sent_again(book):
    for each in book.all():
        shown = each.to_json()
        body = {key: value for key, value in shown.items() if key not in ("code", "uscc")}
        assert Institution.from_json(each.code, body) == each


def test_a_changed_institution_holds_in_the_new_book_only(book):
    closed = Institution.from_json("H23090000001", BODY | {"open": False})
    assert not book.with_institution(closed).get("H23090000001").open
    assert book.get("H23090000001").open


@pytest.mark.parametrize(
    ("code", "change", "path"),
    [
        ("H2309000001", {}, "code"),
        ("D23090000001", {}, "code"),
        ("H23090000001", {"area": "110000"}, "area"),
        ("H23150000001", {"area": "231500"}, "area"),
        ("H23090000001", {"area": "x"}, "area"),
        ("H23090000001", {"level": "tertiary"}, "level"),
        ("H23090000001", {"kind": "pharmacy"}, "kind"),
        ("H23090000001", {"diseases": ["7800"]}, "diseases"),
        ("H23090000001", {"opened": True}, "opened"),
        ("H23090000001", {"name": ""}, "name"),
    ],
)
def test_a_wrong_institution_is_refused_with_its_path(code, change, path):
    with pytest.raises(DataFaults) as caught:
        Institution.from_json(code, BODY | change)
    assert path in [fault.path for fault in caught.value.faults]


def test_a_users_institutions_join_the_shipped_ones(tmp_path, book):
    row = "H65320000009,模拟县医院,653200,secondary_b,institution,12653299000000009X,,Y,test,"
    check = Institution.from_json("H65320000009", BODY | {"area": "653200"}).uscc
    (tmp_path / "institutions.csv").write_text(
        f"{HEADER}\n{row.replace('12653299000000009X', check)}\n", encoding="utf-8"
    )
    joined = InstitutionBook.load(tmp_path)
    assert joined.get("H65320000009").level == "secondary_b"
    assert len(list(joined.all())) == len(list(book.all())) + 1


def test_without_a_file_in_the_users_folder_the_shipped_ones_hold(tmp_path, book):
    assert InstitutionBook.load(tmp_path) == book


def test_faults_of_a_users_institutions_are_told_with_line_and_column(tmp_path):
    rows = [
        HEADER,
        "H65320000009,模拟,653200,secondary,institution,126532990000000090,,Y,test,",
        "H65320000008,模拟,653200,secondary_a,institution,12653299000000008X,M1,maybe,test,",
    ]
    (tmp_path / "institutions.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    with pytest.raises(DataFaults) as caught:
        InstitutionBook.load(tmp_path)
    found = {(fault.line, fault.path) for fault in caught.value.faults}
    assert {(2, "level"), (3, "diseases"), (3, "open")} <= found


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_is_one_of_four(level):
    assert level_of(level) in ("primary", "secondary", "tertiary", "ungraded")
    assert level.startswith(level_of(level))
