"""People go out and come in again as the same people."""

import csv
import io
import json
from datetime import date

import pytest

from simulator.core.errors import DataFaults
from simulator.people.export import CSV_COLUMNS, csv_tables, people_json, person_json, read_people
from simulator.people.population import person_for, populate
from simulator.people.spec import OpeningBalance, read_person

ON = date(2025, 6, 1)
FULL = {
    "insured_at": "230900",
    "category": "retired",
    "account_balance": "1200.00",
    "civil_servant": True,
    "status": "suspended",
    "suspended_from": "2025-05-01",
    "employer": "模拟单位",
    "nationality": "11",
    "insurances": [{"insured_at": "230100", "category": "resident", "status": "ended", "insured_to": "2024-12-31"}],
    "identities": [{"kind": "low_income", "from": "2024-01-01", "to": "2025-12-31"}],
    "registrations": [{"id": "R1", "disease": "M07803", "from": "2024-01-01", "name": "血透"}],
    "filings": [
        {"place": "110000", "group": "resettled_retiree", "from": "2024-01-01", "channel": "app", "active": False},
    ],
}


def written(document):
    return json.dumps(document, ensure_ascii=False).encode()


def test_a_population_comes_in_again_as_it_went_out():
    people = populate("230900", 200, 7, on=ON)
    raw = written(people_json("230900", [(person, ()) for person in people]))
    area, specs = read_people(raw, "people.json", on=date(2026, 1, 5))
    assert area == "230900"
    assert [person_for(spec, seed=99, key="x", on=date(2026, 1, 5)) for spec in specs] == people


def test_everything_about_a_person_comes_in_again():
    spec = read_person(FULL, on=ON)
    person = person_for(spec, seed=1, key="a", on=ON)
    balances = (OpeningBalance(2025, "310", "DEDC", 60000), OpeningBalance(2025, "310", "HIFP", 12345, "M07800"))
    body = person_json(person, balances)
    again = read_person(json.loads(written(body)), on=ON)
    assert person_for(again, seed=2, key="b", on=ON) == person
    assert again.accumulators == balances


def test_amounts_are_yuan_as_text_with_two_decimals():
    person = person_for(read_person(FULL, on=ON), seed=1, key="a", on=ON)
    body = person_json(person, [OpeningBalance(2025, "310", "DEDC", 5)])
    assert (body["account_balance"], body["accumulators"][0]["amount"]) == ("1200.00", "0.05")


@pytest.mark.parametrize(
    ("raw", "path", "words"),
    [
        (b"{", "", "not JSON"),
        (b'{"version": "1", "version": "1"}', "", "twice"),
        ("｛｝".encode("gbk"), "", "GBK"),
        (b"[]", "", "mapping"),
        (b'{"version": "2", "area": "230900", "people": []}', "version", "not allowed"),
        (b'{"version": "1", "area": "230900", "people": [{"category": "retired"}]}', "people[0]", "insured_at"),
        (b'{"version": "1", "area": "230900", "people": [1]}', "people[0]", "mapping"),
    ],
)
def test_a_file_that_is_no_export_is_refused_with_file_and_path(raw, path, words):
    with pytest.raises(DataFaults) as caught:
        read_people(raw, "people.json", on=ON)
    (fault,) = caught.value.faults
    assert (fault.file, fault.path) == ("people.json", path)
    assert words in fault.sentence.en


def test_faults_of_all_people_are_told_at_once():
    people = [
        {"insured_at": "231500", "category": "retired"},
        {"insured_at": "230900", "category": "retired", "age": 3},
    ]
    with pytest.raises(DataFaults) as caught:
        read_people(written({"version": "1", "area": "230900", "people": people}), "people.json", on=ON)
    assert [fault.path for fault in caught.value.faults] == ["people[0].insured_at", "people[1].age"]


def test_two_people_with_one_number_are_refused():
    one = {"insured_at": "230900", "category": "retired", "psn_no": "1"}
    with pytest.raises(DataFaults) as caught:
        read_people(written({"version": "1", "area": "230900", "people": [one, one]}), "people.json", on=ON)
    assert [fault.path for fault in caught.value.faults] == ["people[1].psn_no"]


def test_tables_hold_a_row_for_each_person_insurance_registration_and_filing():
    person = person_for(read_person(FULL, on=ON), seed=1, key="a", on=ON)
    tables = {name: list(csv.DictReader(io.StringIO(table))) for name, table in csv_tables([person]).items()}
    assert {name: len(rows) for name, rows in tables.items()} == {
        "people.csv": 1,
        "insurances.csv": 2,
        "registrations.csv": 1,
        "filings.csv": 1,
    }
    assert all(row["psn_no"] == person.psn_no for rows in tables.values() for row in rows)
    assert tables["people.csv"][0]["certno"] == person.certificate_number
    assert tables["insurances.csv"][0]["account_balance"] == "1200.00"
    assert tables["filings.csv"][0]["active"] == "false"


def test_tables_of_nobody_have_their_headers():
    assert {name: table.strip().split(",") for name, table in csv_tables([]).items()} == {
        name: list(columns) for name, columns in CSV_COLUMNS.items()
    }
