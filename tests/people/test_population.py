"""A population is consistent, and the same for one seed, wherever and whenever it is made."""

import hashlib
import subprocess
import sys
from collections import Counter
from datetime import date

import pytest

from simulator.core.clock import completed_years
from simulator.domain.person import EMPLOYEES, RESIDENTS
from simulator.domain.places import covers
from simulator.people.contradictions import AGES
from simulator.people.export import person_json
from simulator.people.identity import birth_of, is_male, is_valid
from simulator.people.population import populate
from simulator.people.spec import person_faults

ON = date(2025, 6, 1)
PRINT = "import sys, hashlib; from datetime import date; from simulator.people.population import populate; "
PRINT += "print(hashlib.sha256(repr(populate('230900', 300, 7, on=date(2025, 6, 1))).encode()).hexdigest())"


@pytest.fixture(scope="module")
def people():
    return populate("230900", 3000, 7, on=ON)


def test_one_seed_gives_one_population_in_another_process_too(people):
    there = subprocess.run([sys.executable, "-c", PRINT], capture_output=True, text=True, check=True)
    here = hashlib.sha256(repr(populate("230900", 300, 7, on=ON)).encode()).hexdigest()
    assert there.stdout.strip() == here


def test_a_smaller_population_is_the_beginning_of_a_larger_one(people):
    assert populate("230900", 200, 7, on=ON) == people[:200]


def test_another_seed_and_another_area_give_other_people(people):
    numbers = {person.certificate_number for person in people}
    assert not numbers & {person.certificate_number for person in populate("230900", 50, 8, on=ON)}
    assert {person.psn_no[:6] for person in populate("110000", 50, 7, on=ON)} == {"110000"}


def test_everyone_is_one_person_and_their_number_agrees_with_them(people):
    assert len({person.psn_no for person in people}) == len(people)
    assert len({person.certificate_number for person in people}) == len(people)
    for person in people:
        number = person.certificate_number
        assert is_valid(number)
        assert birth_of(number) == person.birth
        assert is_male(number) == (person.gender == "male")
        assert (len(person.psn_no), person.psn_no[:6]) == (6 + 14, "230900")


def test_everyone_could_have_been_asked_for(people):
    """What a generated person says of themselves holds no contradiction."""
    assert [fault for person in people for fault in person_faults(person_json(person), on=ON)] == []


def test_age_insurance_and_category_agree(people):
    wanted = {"employed": EMPLOYEES, "retired": EMPLOYEES, "resident": RESIDENTS, "child": RESIDENTS}
    for person in people:
        (insurance,) = person.insurances
        least, most = AGES[insurance.category]
        assert insurance.insutype == wanted[insurance.category]
        assert least <= completed_years(person.birth, ON) <= most
        assert insurance.valid_from >= person.birth
        assert insurance.balance == 0 or insurance.insutype == EMPLOYEES


def test_everyone_is_registered_since_they_lived_and_before_today(people):
    for person in people:
        assert person.registrations
        assert all(person.birth <= entry.valid_from <= ON for entry in person.registrations)
        assert len({entry.disease for entry in person.registrations}) == len(person.registrations)


def test_those_who_live_elsewhere_have_a_long_term_filing_for_a_place_that_is_not_home(people):
    filings = [filing for person in people for filing in person.filings]
    assert 0.2 < len(filings) / len(people) < 0.6
    assert all(filing.valid_to is None and not covers(filing.place, "230900") for filing in filings)
    assert {filing.group for filing in filings} == {"resettled_retiree", "long_term_resident", "stationed_worker"}


def test_nobody_from_beijing_files_for_beijing():
    filings = [filing for person in populate("110000", 500, 7, on=ON) for filing in person.filings]
    assert filings
    assert "110000" not in {filing.place for filing in filings}


def test_diseases_asked_for_are_the_only_ones_and_come_evenly():
    people = populate("230900", 2000, 7, on=ON, diseases=["M07800", "M00500"])
    counts = Counter(person.registrations[0].disease for person in people)
    assert set(counts) == {"M07800", "M00500"}
    # Half of 2,000 each, give or take six standard deviations of 22.
    assert all(865 < count < 1135 for count in counts.values())


def test_children_get_only_diseases_that_children_have():
    people = populate("230900", 2000, 7, on=ON, diseases=["M07800", "M00500"])
    children = [person for person in people if person.insurances[0].category == "child"]
    assert children
    assert {person.registrations[0].disease for person in children} == {"M00500"}


def test_a_disease_of_no_public_list_names_itself():
    (person,) = populate("230900", 1, 7, on=ON, diseases=["M99900"])
    assert person.registrations[0].name == "M99900"


def test_numbers_already_taken_are_passed_over(people):
    taken = {person.certificate_number for person in people}
    again = populate("230900", 300, 7, on=ON, taken=taken)
    assert not taken & {person.certificate_number for person in again}


def test_a_population_holds_only_diseases_that_its_place_lists_in_the_shares_of_the_mix():
    listed = ["M00500", "M07800", "M08300", "M99900"]
    people = populate("230900", 4000, 7, on=ON, listed=listed)
    counts = Counter(entry.disease for person in people for entry in person.registrations[:1])
    assert set(counts) == set(listed)
    # Weights 170 : 90 : 30 : 2; of cancer 170 ÷ 292 = 58 % of adults, a little more with the children.
    assert 0.55 < counts["M00500"] / 4000 < 0.64
    assert counts["M00500"] > counts["M07800"] > counts["M08300"] > counts["M99900"] > 0
