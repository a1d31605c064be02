"""A person made for a role is what was asked for, and the same whatever else was made."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.clock import completed_years
from simulator.people.identity import MADE_COUNTIES, birth_of, is_male, is_valid
from simulator.people.population import person_for, populate
from simulator.people.role import USUAL_AGES
from simulator.people.spec import read_person

ON = date(2025, 6, 1)


def made(body, *, seed=1, key="patient", on=ON):
    return person_for(read_person(body, on=on), seed=seed, key=key, on=on)


RETIRED = {"insured_at": "230900", "category": "retired"}


def test_the_same_role_is_the_same_person_whatever_was_made_before():
    first = made(RETIRED)
    populate("230900", 10, 1, on=ON)
    made(RETIRED, key="another")
    assert made(RETIRED) == first


@pytest.mark.parametrize("other", [{"seed": 2}, {"key": "another"}, {"body": RETIRED | {"civil_servant": True}}])
def test_another_seed_role_or_spec_is_another_person(other):
    body = other.pop("body", RETIRED)
    assert made(body, **other).psn_no != made(RETIRED).psn_no


def test_a_role_stays_the_same_person_the_day_after():
    first, next_day = made(RETIRED), made(RETIRED, on=ON + timedelta(days=1))
    assert (first.psn_no, first.certificate_number) == (next_day.psn_no, next_day.certificate_number)


@given(
    category=st.sampled_from(sorted(USUAL_AGES)),
    key=st.text(max_size=8),
    on=st.dates(date(2015, 1, 1), date(2035, 12, 31)),
)
def test_whoever_is_made_without_an_age_has_a_usual_one(category, key, on):
    person = made({"insured_at": "230900", "category": category}, key=key, on=on)
    youngest, oldest = USUAL_AGES[category]
    assert youngest <= completed_years(person.birth, on) <= oldest
    assert is_valid(person.certificate_number)
    assert birth_of(person.certificate_number) == person.birth
    assert is_male(person.certificate_number) == (person.gender == "male")
    assert int(person.certificate_number[4:6]) in MADE_COUNTIES


@given(age=st.integers(45, 120), on=st.dates(date(2020, 1, 1), date(2035, 12, 31)), key=st.text(max_size=3))
def test_an_age_asked_for_is_the_age_on_that_day(age, on, key):
    assert completed_years(made(RETIRED | {"age": age}, key=key, on=on).birth, on) == age


def test_an_age_asked_for_on_the_birthday_is_the_age_from_that_day_on():
    birth = made(RETIRED | {"age": 70}).birth
    birthday = birth.replace(year=ON.year)
    assert made(RETIRED | {"age": 70}, on=birthday).birth == birth.replace(year=ON.year - 70)


@pytest.mark.parametrize(
    ("category", "insutype"), [("employed", "310"), ("retired", "310"), ("resident", "390"), ("child", "390")]
)
def test_insutype_follows_from_category(category, insutype):
    (insurance,) = made({"insured_at": "230900", "category": category}).insurances
    assert (insurance.insutype, insurance.category, insurance.status) == (insutype, category, "normal")


def test_sex_asked_for_is_the_sex_in_the_number():
    for sex in ("male", "female"):
        person = made(RETIRED | {"sex": sex})
        assert person.gender == sex
        assert is_male(person.certificate_number) == (sex == "male")


def test_identity_given_decides_birth_and_sex():
    person = made(RETIRED | {"certno": "230965196002290070", "psn_name": "王测试"})
    assert (person.certificate_number, person.name) == ("230965196002290070", "王测试")
    assert (person.birth, person.gender) == (date(1960, 2, 29), "male")


def test_every_id_given_is_kept():
    ids = {"psn_no": "A1", "card_no": "B22", "card_sn": "C333", "credential_token": "D4444"}
    person = made(RETIRED | ids)
    assert (person.psn_no, person.card_no, person.card_sn, person.credential_token) == tuple(ids.values())


def test_an_ended_insurance_without_a_last_day_ended_yesterday():
    (insurance,) = made(RETIRED | {"status": "ended"}).insurances
    assert insurance.valid_to == date(2025, 5, 31)


def test_a_suspended_insurance_without_a_day_is_suspended_since_the_first_of_the_month():
    (insurance,) = made(RETIRED | {"status": "suspended"}, on=date(2025, 6, 17)).insurances
    assert (insurance.suspended_from, insurance.valid_to) == (date(2025, 6, 1), None)


def test_a_child_is_insured_from_birth_at_the_earliest():
    person = made({"insured_at": "230900", "category": "child", "age": 1})
    assert person.insurances[0].valid_from == person.birth


def test_who_moved_within_the_year_has_both_insurances():
    moved = RETIRED | {
        "insured_from": "2025-03-01",
        "insurances": [
            {"insured_at": "230100", "category": "retired", "status": "ended", "insured_to": "2025-02-28"},
        ],
    }
    now, before = made(moved).insurances
    assert (now.area, now.valid_from) == ("230900", date(2025, 3, 1))
    assert (before.area, before.status, before.valid_to) == ("230100", "ended", date(2025, 2, 28))


def test_the_account_holds_what_was_asked_for_and_nothing_otherwise():
    assert made(RETIRED | {"account_balance": "1200.50"}).insurances[0].balance == 120050
    assert made(RETIRED).insurances[0].balance == 0


def test_a_registration_without_a_name_takes_the_known_one():
    person = made(RETIRED | {"registrations": [{"disease": "M07800", "from": "2024-01-01"}]})
    assert person.registrations[0].name == "尿毒症透析（门诊透析）"


def test_people_of_the_corps_have_numbers_that_begin_with_a_known_province():
    assert made(RETIRED | {"insured_at": "660800"}).certificate_number.startswith("6590")


def test_vouchers_fit_the_fields_they_go_into():
    """card_sn is 32 characters, mdtrt_cert_no at most 50."""
    person = made(RETIRED)
    assert re.fullmatch(r"[A-Z][0-9]{8}", person.card_no)
    assert re.fullmatch(r"230900D156000005[0-9A-F]{16}", person.card_sn)
    assert len(person.card_sn) == 32
    assert re.fullmatch(r"SIM[0-9A-F]{29}", person.credential_token)
