"""Every defect of the reference agency changes an answer of one and the same conversation."""

import json

import pytest

from simulator.agencies.reference.agency import load_people, open_agency
from simulator.agencies.reference.defects.overlays import _ANSWERS, _DELIVERIES
from simulator.benefit import PolicyBook
from tests.self_check.conversation import PEOPLE, OtherAnswer, talk


def answers(folder, *defects, expected=()):
    agency = open_agency(
        folder, "230900", policies=PolicyBook.shipped(), edition="national", own_clock=False, defects=defects
    )
    try:
        load_people(agency, json.dumps(PEOPLE).encode(), "people.json")
        return talk(agency.deliver, expected)
    finally:
        agency.store.close()


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return answers(tmp_path_factory.mktemp("sound"))


def test_the_sound_agency_says_the_same_again(tmp_path, sound):
    assert answers(tmp_path, expected=sound) == sound


def test_the_sound_agency_grants_what_the_conversation_is_about(sound):
    assert sum(each["infcode"] == "0" for each in sound) > len(sound) / 2


@pytest.mark.parametrize("name", sorted({*_ANSWERS, *_DELIVERIES}))
def test_a_defect_changes_an_answer(tmp_path, sound, name):
    with pytest.raises(OtherAnswer):
        answers(tmp_path, name, expected=sound)
