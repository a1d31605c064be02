"""Which file speaks for which area, and how a user's files are laid over the shipped ones."""

from datetime import date
from importlib import resources

import pytest

from simulator.benefit import Dates, PolicyBook, failing_examples
from simulator.core.errors import DataFaults

BOOK = PolicyBook.shipped()
DAY = date(2025, 6, 1)
QITAIHE = (resources.files("simulator.benefit") / "policies" / "230900.yaml").read_text(encoding="utf-8")
SAID = 'from: "2025-01-01", source: city, reference: test'


@pytest.mark.parametrize(
    ("area", "file"),
    [("230900", "230900"), ("230904", "230900"), ("230999", "230900"), ("230100", "national"), ("110000", "national")],
)
def test_the_nearest_file_speaks_for_an_area(area, file):
    city = BOOK.city(area)
    assert (city.area, city.file_area) == (area, file)


def test_a_province_file_speaks_for_its_cities_that_have_none():
    book = BOOK.with_city('area: "230000"\nname: 黑龙江省\nversion: "1"\n', "230000.yaml")
    assert [book.city(area).file_area for area in ("230100", "230183", "230900", "220100")] == [
        "230000",
        "230000",
        "230900",
        "national",
    ]


def test_a_users_folder_is_laid_over_the_shipped_files(tmp_path):
    (tmp_path / "230900.yaml").write_text('area: "230900"\nname: 七台河\nversion: "own"\n', encoding="utf-8")
    (tmp_path / "110000.yaml").write_text('area: "110000"\nname: 北京市\nversion: "1"\n', encoding="utf-8")
    book = PolicyBook.load(tmp_path)
    assert (book.city("230900").version, book.city("230900").shipped) == ("own", False)
    assert (book.city("110101").name, book.city("653200").shipped) == ("北京市", True)


def test_a_users_national_file_changes_every_citys_defaults(tmp_path):
    national = (resources.files("simulator.benefit") / "policies" / "national.yaml").read_text(encoding="utf-8")
    (tmp_path / "national.yaml").write_text(national.replace('"400000.00"', '"1.00"'), encoding="utf-8")
    city = PolicyBook.load(tmp_path).city("230900")
    caps = [rule["value"] for rule in city.as_json(DAY)["rules"] if rule["rule"] == "annual_cap"]
    assert caps == ["1.00", "200000.00"]
    assert not city.shipped
    assert city.digest != BOOK.city("230900").digest


def test_every_faulty_file_of_a_folder_is_told(tmp_path):
    for name in ("230900", "110000"):
        (tmp_path / f"{name}.yaml").write_text('area: "999900"\nname: x\nversion: "1"\n', encoding="utf-8")
    with pytest.raises(DataFaults) as refused:
        PolicyBook.load(tmp_path)
    assert [fault.sentence.en for fault in refused.value.faults] == [
        "the file must be named 999900.yaml, got 110000.yaml",
        "the file must be named 999900.yaml, got 230900.yaml",
    ]


def test_a_file_that_breaks_its_own_worked_examples_is_refused_at_the_example(tmp_path):
    before, mark, after = QITAIHE.partition("\nexamples:")
    wrong = before + mark + after.replace('{deductible: "500.00", ', '{deductible: "1.23", ', 1)
    (tmp_path / "230900.yaml").write_text(wrong, encoding="utf-8")
    with pytest.raises(DataFaults) as refused:
        PolicyBook.load(tmp_path)
    (fault,) = refused.value.faults
    assert '{deductible: "1.23"' in wrong.splitlines()[fault.line - 1]
    assert fault.path == "examples[0].award.deductible"


def test_a_worked_example_on_a_day_that_is_none_is_refused_at_the_day(tmp_path):
    before, mark, after = QITAIHE.partition("\nexamples:")
    (tmp_path / "230900.yaml").write_text(before + mark + after.replace("2025-03-01", "2025-02-30", 1), "utf-8")
    with pytest.raises(DataFaults) as refused:
        PolicyBook.load(tmp_path)
    (fault,) = refused.value.faults
    assert (fault.path, fault.sentence.en) == ("examples[0].day", "there is no such day: 2025-02-30")


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(DataFaults, match="nowhere"):
        PolicyBook.load(tmp_path / "nowhere")


def test_a_file_for_another_area_is_refused():
    with pytest.raises(DataFaults) as refused:
        BOOK.with_city(QITAIHE, "body", area="110000")
    assert refused.value.faults[0].sentence.en == "this policy is that of 230900, not of 110000"


def test_a_new_file_leaves_the_old_book_as_it_was():
    before = BOOK.city("230900").digest
    other = BOOK.with_city(QITAIHE.replace('"0.85"', '"0.86"'), "other")
    assert (BOOK.city("230900").digest, other.city("230900").digest == before) == (before, False)


def test_comments_do_not_change_the_digest():
    assert BOOK.with_city(QITAIHE + "\n# a remark\n", "same").city("230900").digest == BOOK.city("230900").digest


def test_a_copied_file_with_one_ratio_changed_fails_its_own_examples():
    city = BOOK.with_city(
        QITAIHE.replace('category: employed, value: "0.85"', 'category: employed, value: "0.95"'), "x"
    )
    failing = failing_examples(city.city("230900"))
    # (1000.00 − 500.00) × 0.95
    assert "425.00" in failing[0].sentence.en or "0.95" in failing[0].sentence.en
    assert all(fault.line for fault in failing)


def test_an_example_that_runs_into_a_gap_fails_and_says_so():
    text = QITAIHE.replace('day: "2025-05-06"', 'day: "2024-05-06"')
    failing = failing_examples(BOOK.with_city(text, "x").city("230900"))
    assert any("2024-05-06" in fault.sentence.en for fault in failing)


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [("figures", "settlement"), ("year", "settlement"), ("filing", "settlement"), ("registration", "visit_begin"),
     ("insurance", "settlement"), ("identity", "settlement")],
)  # fmt: skip
def test_the_day_each_rule_goes_by(rule, wanted):
    dates = Dates(visit_begin=date(2025, 1, 1), charge=date(2025, 1, 2), settlement=date(2025, 1, 3))
    city = BOOK.city("230900")
    assert city.date_of(rule) == wanted
    assert city.day_of(rule, dates) == getattr(dates, wanted)


def test_what_a_city_says_hides_the_default_that_can_no_longer_apply():
    rules = BOOK.city("230900").as_json(DAY)["rules"]
    special = [
        rule for rule in rules if rule["rule"] == "ratio" and rule["when"].get("disease", "ordinary") != "ordinary"
    ]
    assert {rule["file"] for rule in special} == {"230900"}
    assert {rule["file"] for rule in rules if rule["rule"] == "annual_cap"} == {"national"}


def test_only_the_figures_of_the_day_are_shown():
    def line(day):
        rules = BOOK.city("330100").as_json(day)["rules"]
        return [r["value"] for r in rules if r["rule"] == "deductible" and r["when"].get("insutype") == "390"]

    assert (line(date(2025, 12, 31)), line(date(2026, 1, 1))) == (["300.00"], ["500.00"])


def test_qitaihe_begins_with_twelve_diseases_and_later_has_twenty_with_hypertension_and_diabetes():
    first, later = (BOOK.city("230900").diseases(day) for day in (date(2025, 6, 30), date(2025, 7, 1)))
    assert (len(first), len(later)) == (12, 20)
    assert {"M03900", "M01600"}.isdisjoint(first)
    assert {"M03900", "M01600", *first} <= set(later)
    assert all(disease.outbound == "nation" for disease in later.values())


def test_figures_that_stand_in_no_source_are_marked_as_illustrative():
    rules = BOOK.city("230900").as_json(DAY)["rules"]
    quoted = {
        (rule["rule"], rule["value"], rule["when"]["disease"])
        for rule in rules
        if rule["source"] == "D1" and rule["rule"] != "diseases"
    }
    assert quoted == {
        ("ratio", "0.85", "M07800"), ("ratio", "0.90", "M07800"), ("ratio", "0.80", "M00500"),
        ("ratio", "0.85", "M00500"), ("ratio", "0.85", "M08300"), ("ratio", "0.90", "M08300"),
        ("disease_cap", "60000.00", "M07800"), ("disease_cap", "80000.00", "M00500"),
        ("disease_cap", "100000.00", "M08300"),
    }  # fmt: skip


def test_the_cancel_order_is_the_citys():
    assert (BOOK.city("230900").cancel_order, BOOK.city("653200").cancel_order) == ("any", "latest_first")


def test_any_number_of_areas_and_days_is_answered():
    city = BOOK.city("230900")
    for number in range(1500):
        city.rules_on(date.fromordinal(DAY.toordinal() + number))
    assert city.rules_on(DAY).unfiled("nation") == "modifier"
    assert BOOK.city("999999").file_area == "national"
