"""9001 and 9002, and what a sandbox that demands a sign-in refuses."""

import pytest

from simulator.store import tables
from tests.support.hospital import Hospital

HANGZHOU_HOSPITAL = ("H33010000001", "杭州模拟第一医院", "330100")


@pytest.fixture
def demanding(stages):
    return stages(gateway={"name": "none", "sign_in": True})


def sign_in(hospital: Hospital, operator="op1", mac="00-00", **fields):
    return hospital.send(
        "9001", {"signIn": {"opter_no": operator, "mac": mac, "ip": "127.0.0.1"}}, insured="", **fields
    )


def sign_out(hospital: Hospital, sign_no, operator="op1", **fields):
    return hospital.send("9002", {"signOut": {"sign_no": sign_no, "opter_no": operator}}, insured="", **fields)


def number(answer):
    return answer.output["signinoutb"]["sign_no"]


def test_nothing_passes_before_the_sign_in_and_everything_after_it(demanding):
    patient = demanding.patient()
    refused = demanding.hospital.identify(patient)
    assert "9001" in refused.err_msg
    sign_no = number(sign_in(demanding.hospital))
    assert demanding.hospital.identify(patient, fields={"sign_no": sign_no}).ok


def test_the_number_is_void_on_the_next_day(demanding):
    patient = demanding.patient()
    sign_no = number(sign_in(demanding.hospital))
    demanding.now("2025-03-10 23:59:59")
    assert demanding.hospital.identify(patient, fields={"sign_no": sign_no}).ok
    demanding.now("2025-03-11 00:00:00")
    assert sign_no in demanding.hospital.identify(patient, fields={"sign_no": sign_no}).err_msg


def test_an_operator_on_two_terminals_has_one_number_which_a_sign_out_voids_on_both(demanding):
    patient = demanding.patient()
    sign_no = number(sign_in(demanding.hospital))
    assert number(sign_in(demanding.hospital, mac="00-01")) == sign_no
    assert sign_out(demanding.hospital, sign_no).ok
    assert not demanding.hospital.identify(patient, fields={"sign_no": sign_no}).ok
    assert not sign_out(demanding.hospital, sign_no).ok


def test_after_a_sign_out_a_new_number_is_given_even_to_the_same_message_in_the_same_moment(demanding):
    again = {"msgid": "H11000000001" + "20250310090000" + "9999"}
    first = number(sign_in(demanding.hospital, **again))
    assert sign_out(demanding.hospital, first).ok
    second = number(sign_in(demanding.hospital, **again))
    assert second != first
    assert demanding.hospital.identify(demanding.patient(), fields={"sign_no": second}).ok


def test_a_number_of_another_institution_does_not_pass(demanding):
    other = demanding.another_hospital(HANGZHOU_HOSPITAL)
    sign_no = number(sign_in(other))
    assert not demanding.hospital.identify(demanding.patient(), fields={"sign_no": sign_no}).ok
    assert not sign_out(demanding.hospital, sign_no).ok


def test_signing_out_needs_a_number_of_the_same_day_and_operator(demanding):
    sign_no = number(sign_in(demanding.hospital))
    assert not sign_out(demanding.hospital, sign_no, operator="op2").ok
    assert not sign_out(demanding.hospital, "nobody").ok
    demanding.now("2025-03-11 09:00:00")
    assert "2025-03-10" in sign_out(demanding.hospital, sign_no).err_msg


def test_where_no_sign_in_is_demanded_a_number_that_cannot_be_right_is_a_warning(stage):
    assert stage.hospital.identify(stage.patient(), fields={"sign_no": "99"}).ok
    assert [(each["rule"], each["severity"]) for each in stage.control.findings()] == [("sign_in", "warning")]
    assert stage.rows(tables.sign_in) == {"sign_in": []}
