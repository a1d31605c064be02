"""People whom the platform learns from the agency that keeps them, and holds it to what it said."""

from decimal import Decimal

import pytest

from tests.agencies.conftest import CITY, City, plain
from tests.agencies.stub_agency import StubAgency, serve


@pytest.fixture
def stranger(stages, running):
    """A city whose people the platform does not know, and its agency; made in another sandbox, which is not asked."""
    made = stages()
    person = made.control.person(
        account_balance="1200.00",
        registrations=[{"disease": "M07800", "from": "2025-01-01"}],
        filings=[{"place": "110000", "group": "resettled_retiree", "from": "2025-01-01", "channel": "app"}],
    )
    city = City(stages(), [person])
    stub = StubAgency(plain(city.people))
    stub.balances[person["psn_no"], "310", "2025", "DEDC", ""] = 500_00
    stub.balances[person["psn_no"], "310", "2025", "HIFP", ""] = 1_234_00
    stub.balances[person["psn_no"], "310", "2025", "HIFP", "M07800"] = 1_234_00
    city.register(running(serve(stub)))
    return city, stub


def learn(city):
    body = {"area": CITY, "certno": city.person["certno"], "psn_name": city.person["psn_name"]}
    return city.control("POST", "people/learn", body)


def test_learning_takes_identity_registrations_and_balances(stranger):
    city, _ = stranger
    learned = learn(city)
    assert learned["psn_no"] == city.person["psn_no"]
    assert [each["disease"] for each in learned["registrations"]] == ["M07800"]
    told = city.control("GET", f"people/{learned['psn_no']}/accumulators")["accumulators"]
    assert {row["kind"] + row["disease"]: row["amount"] for row in told} == {
        "DEDC": "500.00",
        "HIFP": "1234.00",
        "HIFPM07800": "1234.00",
    }


def test_somebody_learned_is_expected_to_go_on_from_what_the_city_said(stranger):
    """The deductible was used up before; the filing that only the city knows is taken from its answer."""
    city, stub = stranger
    learn(city)
    assert city.visit().settle("1000.00").setlinfo["hifp_pay"] == Decimal("900.00")
    assert city.errors() == []
    assert [each["rule"] for each in city.control.findings(severity="info")] == ["award.filing_assumed"]
    stub.mistakes = frozenset({"deductible_twice"})
    assert city.visit().settle("1000.00").ok
    assert city.error_rules() == ["award.deductible"]


def test_a_balance_that_moved_stays_in_the_books_when_the_person_is_asked_for_again(stranger):
    city, _ = stranger
    learn(city)
    visit = city.visit()
    # 1000 × 0.90 from the pool, 100.00 from the account of 1200.00
    settled = visit.settle("1000.00", acct_used_flag="1").setlinfo
    assert settled["balc"] == Decimal("1100.00")
    assert city.hospital.identify(city.person).output["insuinfo"][0]["balc"] == Decimal("1100.00")
    assert city.control.audit()["differences"] == []
    assert visit.cancel(settled["setl_id"]).setlinfo["balc"] == Decimal("1200.00")
    assert city.errors() == []


def test_what_the_city_changes_behind_our_back_is_told_once(stranger):
    city, stub = stranger
    assert city.hospital.identify(city.person).ok
    stub.people[0]["status"] = "suspended"
    assert city.hospital.identify(city.person).ok
    assert city.hospital.identify(city.person).ok
    assert city.error_rules() == ["insurances"]


def test_nobody_is_learned_whom_the_city_does_not_know(stranger):
    city, _ = stranger
    body = {"area": CITY, "certno": "23099919900307361X", "psn_name": "查无人"}
    refused = city.control("POST", "people/learn", body, status=400)
    assert refused["error"] == {"code": "agency_refused", "message": "查无此人", "path": ""}


def test_an_answer_about_another_teaches_nothing(stranger):
    city, stub = stranger
    stub.people.append({**stub.people[0], "psn_no": "23090000000000000002", "psn_name": "别人", "certno": "x"})
    stub.mistakes = frozenset({"other_person"})
    assert not city.hospital.identify(city.person).ok
    assert city.control("GET", f"people?insured_at={CITY}")["people"] == []
    assert {each["rule"] for each in city.errors()} == {"person.psn_name", "person.certno"}
