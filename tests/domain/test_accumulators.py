"""Keys of accumulators, and their codes of at most ten characters on the wire of 5206 (rules 21)."""

import json
from datetime import date
from importlib import resources

import pytest

from simulator.contract import contract_of
from simulator.domain.accumulators import PERIODS, AccumulatorDimensions, dimensions_of, from_wire, period_of, to_wire
from simulator.domain.care import CARE, care_of


@pytest.mark.parametrize(
    ("kind", "under", "code"),
    [
        ("DEDC", "", "DEDC"),
        ("HIFP", "M07800", "HIFPM07800"),
        ("MIBS", "M07800", "MIBSM07800"),
        ("DEDC", "/inpatient", "DE21"),
        ("HIFP", "//Q3", "HIFPP"),
        ("HIFP", "M07800//M11", "HIFPK07800"),
        ("HIFP", "M03900/two_disease_drugs/M05", "HP99E03900"),
        ("INSC", "/outpatient/Q1", "IS11N"),
    ],
)
def test_a_key_and_its_code_name_each_other(kind, under, code):
    assert to_wire(kind, under) == code
    assert from_wire(code) == (kind, under)


def test_no_two_keys_have_one_code_and_none_is_longer_than_ten():
    periods = ["", *(f"Q{n}" for n in range(1, 5)), *(f"M{n:02d}" for n in range(1, 13))]
    keys = [
        (kind, str(AccumulatorDimensions(disease, care, period)))
        for kind in ("DEDC", "HIFP", "INSC")
        for disease in ("", "M03900", "M19900")
        for care in ("", *CARE)
        for period in periods
    ]
    codes = [to_wire(*key) for key in keys]
    assert len(set(codes)) == len(keys)
    assert max(map(len, codes)) == 10
    assert [from_wire(code) for code in codes] == keys


@pytest.mark.parametrize("code", ["DE99Z", "HIFPM078", "HIFPZ07800"])
def test_a_code_that_is_none_of_ours_is_no_key(code):
    assert from_wire(code) is None


def test_a_day_falls_in_its_quarter_and_month():
    assert [period_of(kind, date(2025, 9, 30), "12") for kind in PERIODS] == ["", "Q3", "M09", "V12", "V12"]
    assert dimensions_of("/inpatient/V12").of_visit


def test_every_med_type_that_has_a_meaning_is_a_kind_of_care():
    meanings = contract_of("national").edition.meanings["med_type"]
    assert {each for care in CARE.values() for each in care.med_types} == set(meanings)
    assert care_of("two_diseases") == "two_disease_drugs"


def test_the_schema_of_a_city_file_lists_the_same_kinds_of_care():
    schema = json.loads(resources.files("simulator.benefit").joinpath("city.schema.json").read_text("utf-8"))
    assert schema["definitions"]["care"]["enum"] == list(CARE)
    assert schema["definitions"]["period"]["enum"] == list(PERIODS)
