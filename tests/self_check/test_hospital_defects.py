"""Every defect of the reference hospital changes a message, or what follows a lost answer."""

from dataclasses import replace

import pytest

from simulator.harness.environment.envelope_codec import read_json
from simulator.harness.hospital.defects import with_defects
from simulator.harness.hospital.defects.overlays import _MESSAGES, _RECOVERIES, _REVERSALS
from simulator.harness.hospital.hospital import ReferenceHospital, recovery_of
from simulator.harness.hospital.logbook import Logbook
from simulator.harness.hospital.message_builder import order_of, write_message
from simulator.harness.templates import number_of, templates

PLACE = {"code": "H11000000001", "name": "北京模拟第一医院", "area": "110000"}
PERSON = {
    "psn_no": "23090094037627056734",
    "psn_name": "周丽",
    "psn_cert_type": "01",
    "certno": "230996195109086782",
    "psn_type": "12",
    "insutype": "310",
    "insured_at": "230900",
    "card_no": "J93991673",
    "card_sn": "230900D156000005DE3562188A17DAAC",
}
LINES = [
    {"med_list_codg": "003110000060000-311000027", "cnt": 3, "pric": "33.33"},
    {"med_list_codg": "002102000010000-210200007", "cnt": 1, "pric": "433.35"},
    {"med_list_codg": "002102000010000-210200007", "cnt": -1, "pric": "433.35"},
]
ACTS = (
    ("sign_in", {}),
    ("identify", {}),
    ("ask_entitlement", {}),
    ("register", {}),
    ("describe", {}),
    ("charge", {"batch": {"reference": "B1", "lines": LINES}}),
    ("preview", {}),
    ("settle", {}),
    ("settle", {"fields": {"acct_used_flag": "0"}}),
    ("cancel", {}),
)


def acts():
    for number, (name, more) in enumerate(ACTS):
        visit = {"reference": "V", "mdtrt_id": "110000000000000000000007", "med_type": "14", "disease": "M07803"}
        yield {
            "act": name,
            "infno": number_of(name),
            "person": PERSON,
            "shows": "card",
            "now": f"2025-03-10 09:00:{number:02d}",
            "visit": visit,
            "fields": {},
            **more,
        }


def messages(folder, *defects):
    """What a hospital writes in the course of two visits, with what it keeps of them."""
    book = Logbook(folder)
    hospital = with_defects(ReferenceHospital(None, book, ("all",), 1.0, lambda *_: None), defects)
    written = []
    for number, visit_number in enumerate(("110000000000000000000007", "110000000000000000000008")):
        book.remember("sign_no H11000000001", f"S{number}")
        for step, act in enumerate(acts()):
            order = order_of(book, act, PLACE, f"T{number}", step)
            order.visit.mdtrt_id = visit_number
            if order.batch is not None:
                order.batch.setl_id = "110000000000000000000009"
                order.batch.scopes = {
                    "fulamt_ownpay_amt": "0.00",
                    "overlmt_selfpay": "33.35",
                    "preselfpay_amt": "32.00",
                    "inscp_scp_amt": "467.99",
                }
            message = hospital.write(book, order)
            written.append(None if message is None else (message.infno, read_json(message.raw)))
            book.conclude("", "T", step, "V", order.visit)
    book.close()
    return written


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return messages(tmp_path_factory.mktemp("sound"))


def test_the_sound_hospital_writes_the_same_again(tmp_path, sound):
    assert messages(tmp_path) == sound
    assert all(each is not None for each in sound)


@pytest.mark.parametrize("name", sorted(_MESSAGES))
def test_a_defect_changes_a_message(tmp_path, sound, name):
    assert (messages(tmp_path, name) == sound) is False


@pytest.mark.parametrize("name", sorted(_REVERSALS))
def test_a_defect_changes_the_reversal_of_a_lost_message(tmp_path, name):
    book = Logbook(tmp_path)
    settle = next(act for act in acts() if act["act"] == "settle")
    lost = replace(write_message(book, order_of(book, settle, PLACE, "T", 0)), psn_no=PERSON["psn_no"])
    sound = ReferenceHospital(None, book, ("all",), 1.0, lambda *_: None)
    reversals = []
    for hospital in (sound, with_defects(sound, [name])):
        _, raw = hospital.write_back(book, lost, "2025-03-10 09:00:00", PLACE)
        reversals.append(read_json(raw)["input"]["data"])
    book.close()
    assert set(reversals[0]) == set(reversals[1])
    assert reversals[0] != reversals[1]


@pytest.mark.parametrize("name", sorted(_RECOVERIES))
def test_a_defect_changes_what_follows_a_lost_settlement_and_nothing_else(tmp_path, name):
    book = Logbook(tmp_path)
    hospital = with_defects(ReferenceHospital(None, book, ("all",), 1.0, lambda *_: None), [name])
    book.close()
    for each in templates().values():
        assert (hospital.recovery(each) != recovery_of(each)) is each.reversible
