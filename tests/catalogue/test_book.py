"""Four catalogues that really differ, one drug list that all share, and a user's own laid over them."""

import re
from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from simulator.catalogue import CatalogueBook, item_json
from simulator.catalogue.item_reader import COLUMNS
from simulator.core.errors import DataFaults

PLACES = ("230900", "330100", "110000", "310000")
DAY = date(2025, 6, 1)
FORMS = {
    "drug": r"X[0-9A-Z]{22}|Z[0-9A-Z]{19}|T[0-9]{9}",
    "service": r"[0-9]{15}-[0-9]{9}",
    "consumable": r"C([0-9]{19}|[0-9]{26})",
}
HEADER = ",".join(COLUMNS)
ROW = "001200000010000-120000001,甲项目,service,甲,treatment,10.00,0,N,,次,2025-01-01,,test,"


@pytest.fixture(scope="module")
def book():
    return CatalogueBook.shipped()


def own(book, area):
    return {code: items for code, items in book.of(area).items.items() if code not in book.shared}


@pytest.mark.parametrize("area", PLACES)
def test_each_place_lists_eighty_items_of_its_own_besides_the_drugs(book, area):
    assert len(own(book, area)) >= 80
    assert {items[0].kind for items in own(book, area).values()} == {"service", "consumable"}


def test_every_code_has_a_published_format(book):
    items = [item for area in PLACES for item in book.of(area).all()]
    assert [item.code for item in items if not re.fullmatch(FORMS[item.kind], item.code)] == []
    assert {len(item.code) for item in items if item.kind == "consumable"} == {20, 27}


def test_drugs_are_shared_and_services_and_consumables_are_not(book):
    assert {item.kind for items in book.shared.values() for item in items} == {"drug"}
    for one in PLACES:
        for other in PLACES:
            if one != other:
                assert not own(book, one).keys() & own(book, other).keys()


def test_the_same_kind_of_item_is_priced_and_paid_differently(book):
    """The first 15 characters of a code name the kind of item; the rest is the place's."""
    seen: dict[str, list[tuple[Decimal | None, str, Decimal]]] = {}
    for area in PLACES:
        for items in own(book, area).values():
            latest = items[-1]
            figures = (latest.price_ceiling, latest.grade, latest.prior_selfpay_ratio)
            seen.setdefault(latest.code[:15], []).append(figures)
    everywhere = [figures for figures in seen.values() if len(figures) == len(PLACES)]
    assert len(everywhere) >= 60
    assert sum(len({ceiling for ceiling, _, _ in figures}) > 1 for figures in everywhere) >= 60
    assert sum(len({ratio for _, _, ratio in figures}) > 1 for figures in everywhere) >= 40
    assert sum(len({grade for _, grade, _ in figures}) > 1 for figures in everywhere) >= 15
    assert sum(len(figures) == 1 for figures in seen.values()) >= 3


def test_paid_in_full_has_no_prior_self_payment_and_not_at_all_has_nothing_else(book):
    for area in PLACES:
        for item in book.of(area).all():
            assert (item.grade == "class_a") == (item.prior_selfpay_ratio == 0), item
            assert (item.grade == "class_c") == (item.prior_selfpay_ratio == 1), item


def test_what_the_rehearsal_needs_is_there(book):
    words = (
        *(
            "透析器",
            "管路",
            "穿刺针",
            "PICC",
            "血液透析",
            "血液滤过",
            "血液灌流",
            "腹膜透析",
            "放疗",
            "化疗",
            "CT",
            "诊",
        ),
        *("他克莫司", "环孢素", "促红素", "肝素", "胰岛素", "氨氯地平", "单抗"),
    )
    for area in PLACES:
        names = "".join(item.name for item in book.of(area).all())
        assert [word for word in words if word not in names] == []


def test_there_are_drugs_of_all_classes_and_restricted_items_of_all_kinds(book):
    grades = Counter(items[-1].grade for items in book.shared.values())
    assert min(grades[grade] for grade in ("class_a", "class_b", "class_c")) >= 3
    for area in PLACES:
        assert {item.kind for item in book.of(area).all() if item.restricted} == {"drug", "service", "consumable"}


def test_every_figure_says_where_it_comes_from(book):
    assert {item.source for area in PLACES for item in book.of(area).all()} == {"illustrative"}


def test_a_new_price_holds_from_its_day(book):
    """七台河 dialysis: 380.00 to the end of 2024, 400.00 from 2025."""
    catalogue = book.of("230900")
    code = "003110000060000-311000025"
    assert catalogue.item(code, date(2024, 12, 31)).price_ceiling == Decimal("380.00")
    assert catalogue.item(code, date(2025, 1, 1)).price_ceiling == Decimal("400.00")
    assert catalogue.item(code, date(2022, 12, 31)) is None
    assert "2023-01-01~2024-12-31" in catalogue.absence(code, date(2022, 12, 31)).zh


def test_a_drug_taken_off_the_list_is_absent_and_the_reason_says_until_when(book):
    code = "XC04AXT988A001010190088"
    assert book.of("110000").item(code, date(2024, 12, 31)) is not None
    assert book.of("110000").item(code, DAY) is None
    assert "2024-12-31" in book.of("110000").absence(code, DAY).en


@pytest.mark.parametrize(
    ("area", "file"),
    [
        ("230900", "230900"),
        ("230921", "230900"),  # a county of the city
        ("230100", "230900"),  # 哈尔滨: the file serves the province
        ("330200", "330100"),
        ("110105", "110000"),
        ("653200", None),
    ],
)
def test_which_file_holds_for_an_area(book, area, file):
    assert book.file_for(area) == file
    assert book.of(area).own == (file is not None)


def test_a_place_without_a_file_has_the_drug_list_only_and_says_so(book):
    catalogue = book.of("653200")
    assert catalogue.items == book.shared
    assert "没有自己的服务项目和耗材目录" in catalogue.absence("003110000060000-311000025", DAY).zh


# A control call.

DIALYSIS = {"code": "003110000060000-311000025", "name": "血液透析", "kind": "service", "level": "甲"}


def test_an_item_of_a_control_call_holds_there_and_nowhere_else(book):
    changed = book.with_items("230100", {"items": [DIALYSIS | {"price_ceiling": "500.00"}]})
    assert changed.of("230100").item(DIALYSIS["code"], DAY).price_ceiling == Decimal("500.00")
    assert changed.of("230900").item(DIALYSIS["code"], DAY).price_ceiling == Decimal("400.00")
    assert len(changed.of("230100").items) == len(book.of("230100").items)
    assert book.of("230100").item(DIALYSIS["code"], DAY).price_ceiling == Decimal("400.00")


def test_a_place_without_a_file_gets_one_by_a_control_call(book):
    changed = book.with_items("653200", {"items": [DIALYSIS]})
    assert changed.of("653200").own
    assert changed.of("653201").item(DIALYSIS["code"], DAY) is not None


def test_what_a_control_call_leaves_out_takes_its_usual_value(book):
    item = book.with_items("653200", {"items": [DIALYSIS | {"level": "丙"}]}).of("653200").item(DIALYSIS["code"], DAY)
    assert (item.charge_type, item.grade, item.prior_selfpay_ratio) == ("treatment", "class_c", Decimal(1))
    assert (item.price_ceiling, item.restricted, item.marks) == (None, False, frozenset())


def test_an_item_as_it_is_shown_can_be_sent_again(book):
    shown = [item_json(item) for item in book.of("110000").all()]
    again = book.with_items("110000", {"items": shown})
    assert again.of("110000").items == book.of("110000").items


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"kind": "drugs"}, "items[0].kind"),
        ({"level": "丁"}, "items[0].level"),
        ({"code": "001"}, "items[0].code"),
        ({"code": "甲乙丙丁"}, "items[0].code"),
        ({"price_ceiling": "-1"}, "items[0].price_ceiling"),
        ({"price_ceiling": "1.2345678"}, "items[0].price_ceiling"),
        ({"price_ceiling": "1e99"}, "items[0].price_ceiling"),
        ({"price_ceiling": 5}, "items[0].price_ceiling"),
        ({"prior_selfpay_ratio": "1.1"}, "items[0].prior_selfpay_ratio"),
        ({"prior_selfpay_ratio": "ten"}, "items[0].prior_selfpay_ratio"),
        ({"prior_selfpay_ratio": "0.12345"}, "items[0].prior_selfpay_ratio"),
        ({"valid_from": "2025-02-30"}, "items[0].valid_from"),
        ({"valid_from": "2025-02-01", "valid_to": "2025-01-31"}, "items[0].valid_to"),
        ({"marks": ["national"]}, "items[0].marks[0]"),
        ({"price": "5.00"}, "items[0].price"),
    ],
)
def test_a_wrong_item_is_refused_with_its_path(book, change, path):
    with pytest.raises(DataFaults) as caught:
        book.with_items("230900", {"items": [DIALYSIS | change]})
    assert [fault.path for fault in caught.value.faults] == [path]


@pytest.mark.parametrize("body", [None, [], {}, {"items": {}}, {"items": [DIALYSIS], "area": "230900"}])
def test_a_body_that_is_no_list_of_items_is_refused(book, body):
    with pytest.raises(DataFaults):
        book.with_items("230900", body)


def test_items_for_a_place_that_does_not_exist_are_refused(book):
    with pytest.raises(DataFaults):
        book.with_items("231500", {"items": [DIALYSIS]})


def test_overlapping_versions_of_an_item_are_refused(book):
    versions = [DIALYSIS | {"valid_from": "2024-01-01"}, DIALYSIS | {"valid_from": "2025-01-01"}]
    with pytest.raises(DataFaults) as caught:
        book.with_items("230900", {"items": versions})
    assert [fault.path for fault in caught.value.faults] == ["items[1].valid_from"]


def test_a_version_begins_the_day_after_the_one_before_at_the_earliest(book):
    earlier = DIALYSIS | {"valid_from": "2024-01-01", "valid_to": "2024-12-31"}
    following = book.with_items("230900", {"items": [earlier, DIALYSIS | {"valid_from": "2025-01-01"}]})
    assert len(following.of("230900").items[DIALYSIS["code"]]) == 2
    with pytest.raises(DataFaults):
        book.with_items("230900", {"items": [earlier, DIALYSIS | {"valid_from": "2024-12-31"}]})


# A user's folder.


def folder_of(tmp_path, **files):
    for name, rows in files.items():
        (tmp_path / f"{name.removeprefix('_')}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path


def test_a_users_file_takes_the_place_of_the_shipped_one(tmp_path):
    book = CatalogueBook.load(folder_of(tmp_path, _230900=[HEADER, ROW]))
    assert list(own(book, "230900")) == ["001200000010000-120000001"]
    assert book.shared == CatalogueBook.shipped().shared
    assert len(own(book, "110000")) >= 80


def test_a_users_file_may_serve_provinces(tmp_path):
    index = ["area,serves,source,note", "650100,65 66,test,"]
    book = CatalogueBook.load(folder_of(tmp_path, _650100=[HEADER, ROW], catalogues=index))
    assert book.file_for("653200") == "650100"
    assert book.file_for("660800") == "650100"


def test_a_file_that_serves_and_is_not_there_is_told(tmp_path):
    with pytest.raises(DataFaults) as caught:
        CatalogueBook.load(folder_of(tmp_path, catalogues=["area,serves,source,note", "650100,65,test,"]))
    assert "650100.csv" in str(caught.value)


def test_faults_of_all_files_are_told_with_file_line_and_column(tmp_path):
    wrong_price = ROW.replace("10.00", "ten")
    wrong_kind = ROW.replace("service", "servise")
    folder = folder_of(
        tmp_path, _230900=[HEADER, ROW, wrong_price.replace("0001,", "0002,")], _110000=[HEADER, wrong_kind]
    )
    with pytest.raises(DataFaults) as caught:
        CatalogueBook.load(folder)
    places = [(fault.file.rpartition("/")[2], fault.line, fault.path) for fault in caught.value.faults]
    assert places == [("110000.csv", 2, "kind"), ("230900.csv", 3, "price_ceiling")]
    assert "service" in caught.value.faults[0].sentence.en


def test_a_file_of_no_area_is_refused_by_name(tmp_path):
    with pytest.raises(DataFaults) as caught:
        CatalogueBook.load(folder_of(tmp_path, beijing=[HEADER, ROW]))
    assert "beijing.csv" in str(caught.value)


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(DataFaults):
        CatalogueBook.load(tmp_path / "nowhere")
