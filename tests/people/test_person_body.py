"""The body that asks for a person: every contradiction is told with its path, all at once."""

from datetime import date

import pytest

from simulator.core.errors import DataFaults
from simulator.people.spec import OpeningBalance, read_person

ON = date(2025, 6, 1)
RETIRED = {"insured_at": "230900", "category": "retired"}
FILED = {"place": "110000", "group": "resettled_retiree", "from": "2025-01-01", "channel": "app"}


def faults(change, base=RETIRED):
    with pytest.raises(DataFaults) as caught:
        read_person(base | change, on=ON)
    return {fault.path: fault.sentence.en for fault in caught.value.faults}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        # Form.
        ({"catagory": "retired"}, "catagory"),
        ({"category": "retird"}, "category"),
        ({"insured_at": "2309"}, "insured_at"),
        ({"insured_at": 230900}, "insured_at"),
        ({"insured_at": "230900\n"}, "insured_at"),
        ({"account_balance": 12.5}, "account_balance"),
        ({"account_balance": "12.505"}, "account_balance"),
        ({"account_balance": "-1.00"}, "account_balance"),
        ({"age": "70"}, "age"),
        ({"certno": "23096519600229007"}, "certno"),
        ({"psn_no": "2309 00"}, "psn_no"),
        ({"registrations": [{"disease": "M780", "from": "2024-01-01"}]}, "registrations[0].disease"),
        ({"registrations": [{"disease": "m07800", "from": "2024-01-01"}]}, "registrations[0].disease"),
        ({"registrations": [{"disease": "M07800"}]}, "registrations[0]"),
        ({"filings": [FILED | {"channel": "phone"}]}, "filings[0].channel"),
        ({"identities": [{"kind": "Low Income", "from": "2024-01-01"}]}, "identities[0].kind"),
        # Sense.
        ({"insured_at": "231500"}, "insured_at"),
        ({"insutype": "390"}, "insutype"),
        ({"age": 12}, "age"),
        ({"birth": "2013-01-01"}, "birth"),
        ({"birth": "2025-06-02"}, "birth"),
        ({"birth": "1960-02-30"}, "birth"),
        ({"birth": "1950-01-01", "age": 60}, "age"),
        ({"certno": "230965196002290071"}, "certno"),
        ({"certno": "230965196002300077"}, "certno"),
        ({"certno": "230965196002290070", "sex": "female"}, "sex"),
        ({"certno": "230965196002290070", "birth": "1961-02-28"}, "birth"),
        ({"insured_from": "2025-02-01", "insured_to": "2025-01-31"}, "insured_to"),
        ({"suspended_from": "2025-02-01"}, "suspended_from"),
        ({"registrations": [{"disease": "M07800", "from": "2024-02-01", "to": "2024-01-31"}]}, "registrations[0].to"),
        ({"identities": [{"kind": "low_income", "from": "2024-02-01", "to": "2024-01-31"}]}, "identities[0].to"),
        ({"filings": [FILED | {"to": "2024-12-31"}]}, "filings[0].to"),
        ({"filings": [FILED | {"place": "119999"}]}, "filings[0].place"),
        ({"filings": [FILED | {"place": "330000"}]}, "filings[0].place"),
        ({"filings": [FILED | {"place": "230921"}]}, "filings[0].place"),
        ({"insurances": [{"insured_at": "230900", "category": "retired"}]}, "insurances[0]"),
        ({"insurances": [{"insured_at": "231500", "category": "retired"}]}, "insurances[0].insured_at"),
        ({"filings": [FILED | {"id": "1"}, FILED | {"id": "1"}]}, "filings[1].id"),
    ],
)
def test_one_fault_is_told_with_its_path(change, path):
    assert list(faults(change)) == [path]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"insured_at": "230900", "category": "child", "insutype": "310"}, "insutype"),
        ({"insured_at": "230900", "category": "child", "age": 30}, "age"),
        ({"insured_at": "230900", "category": "resident", "account_balance": "10.00"}, "account_balance"),
        ({"insured_at": "230900", "category": "resident", "civil_servant": True}, "civil_servant"),
        ({"insured_at": "230900", "category": "employed", "filings": [FILED]}, "filings[0].group"),
    ],
)
def test_what_a_category_cannot_be_is_refused(body, path):
    assert list(faults({}, body)) == [path]


def test_all_contradictions_are_told_at_once():
    found = faults({"age": 12, "insutype": "390", "account_balance": "3.00", "filings": [FILED | {"place": "330000"}]})
    assert list(found) == ["account_balance", "age", "filings[0].place", "insutype"]


def test_a_mistyped_area_is_answered_with_the_ones_near_it():
    assert (
        "230900 七台河市"
        in faults({"insured_at": "239900", "filings": [FILED | {"place": "230901"}]})["filings[0].place"]
    )


def test_a_mistyped_key_is_answered_with_the_one_meant():
    assert "did you mean 'category'" in faults({"catagory": "retired"})["catagory"]


def test_a_person_who_is_no_object_is_refused():
    for body in (None, [], "retired", 7):
        with pytest.raises(DataFaults):
            read_person(body, on=ON)


def test_overlapping_registrations_of_one_disease_are_refused_and_following_ones_are_not():
    first = {"disease": "M07800", "from": "2024-01-01", "to": "2024-12-31"}
    following = read_person(RETIRED | {"registrations": [first, {"disease": "M07800", "from": "2025-01-01"}]}, on=ON)
    assert len(following.registrations) == 2
    assert list(faults({"registrations": [first, {"disease": "M07800", "from": "2024-12-31"}]})) == ["registrations[1]"]


def test_a_filing_may_be_for_one_day():
    assert read_person(RETIRED | {"filings": [FILED | {"to": FILED["from"]}]}, on=ON).filings


def test_a_child_who_grew_up_since_the_export_is_read():
    """The export says when they were born; on the day of the import they may be older than a child."""
    body = {"insured_at": "230900", "category": "child", "birth": "2008-01-01"}
    assert read_person(body, on=date(2030, 1, 1)).birth == date(2008, 1, 1)


def test_zero_on_the_account_of_a_resident_is_no_contradiction():
    body = {"insured_at": "230900", "category": "resident", "account_balance": "0.00", "civil_servant": False}
    assert read_person(body, on=ON).insurances[0].balance == 0


def test_opening_balances_are_read_in_fen():
    accumulators = [{"year": 2025, "insutype": "310", "kind": "HIFP", "disease": "M07800", "amount": "30000.00"}]
    spec = read_person(RETIRED | {"accumulators": accumulators}, on=ON)
    assert spec.accumulators == (OpeningBalance(2025, "310", "HIFP", 3_000_000, "M07800"),)


def test_psn_type_as_the_platform_answered_it_is_taken_and_category_decides():
    assert read_person(RETIRED | {"psn_type": "12"}, on=ON).category == "retired"
