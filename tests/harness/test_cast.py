import pytest

from simulator.core.errors import DataFaults
from simulator.harness.environment.personas import Personas, learn_body, read_personas, why_not_fit

ASKED = {"insured_at": "230900", "category": "retired", "registrations": [{"disease": "M07800", "from": "2025-01-01"}]}


@pytest.fixture
def personas(tmp_path):
    def make(text):
        file = tmp_path / "cast.yaml"
        file.write_text(text)
        return read_personas(file)

    return make


def test_role_is_played_by_the_first_who_is_named_for_it(personas, scenario):
    found = personas(
        'area: "230900"\ncast:\n'
        "  - {role: family/trial/patient, certno: A, psn_name: 甲}\n"
        "  - {role: patient, certno: B, psn_name: 乙}\n"
    )
    assert found.plays(scenario('- call: "1101"'), "patient")["certno"] == "A"
    assert found.plays(scenario('- call: "1101"', name="other"), "patient")["certno"] == "B"
    assert found.plays(scenario('- call: "1101"'), "neighbour") is None


def test_role_may_be_a_pattern(personas, scenario):
    found = personas('area: "230900"\ncast: [{role: family/*/patient, certno: A, psn_name: 甲}]\n')
    assert found.plays(scenario('- call: "1101"'), "patient")["psn_name"] == "甲"


def test_platform_learns_the_actor_by_what_the_file_says(personas):
    found = personas('area: "230900"\ncast: [{role: patient, certno: A, psn_name: 甲, card_sn: S}]\n')
    assert learn_body(found, found.members[0]) == {"area": "230900", "certno": "A", "psn_name": "甲", "card_sn": "S"}


@pytest.mark.parametrize("text", ['area: "2309"\ncast: []\n', 'area: "230900"\ncast: [{rol: x}]\n', "cast: 1\n"])
def test_faulty_cast_file_is_told_with_its_place(personas, text):
    with pytest.raises(DataFaults) as error:
        personas(text)
    assert all(fault.file.endswith("cast.yaml") for fault in error.value.faults)


def test_actor_who_is_somebody_else_does_not_fit():
    learnt = {"insured_at": "230900", "category": "retired", "registrations": [{"disease": "M07803"}]}
    assert why_not_fit(ASKED, learnt) is None  # M07803 lies under the class M07800
    assert why_not_fit(ASKED, {**learnt, "category": "employed"}) is not None
    assert why_not_fit(ASKED, {**learnt, "registrations": []}) is not None


def test_cast_is_for_the_people_of_its_city():
    assert Personas("230900", ()).covers("230921")
    assert not Personas("230900", ()).covers("110000")
