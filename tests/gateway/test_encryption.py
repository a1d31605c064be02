"""`input` and `output` under SM4: published block, keys per institution, and what cannot be deciphered."""

import base64
import json
import shutil
import subprocess

import pytest

from simulator.gateway.codec.encryption import CIPHERS
from tests.support.hospital import BEIJING_HOSPITAL, Answer

KEY, OTHER = "0123456789abcdeffedcba9876543210", "00112233445566778899aabbccddeeff"
SECOND_HOSPITAL = ("H11000000002", "北京模拟第二医院", "110000")


def enciphered(value, key=KEY):
    """A value as JSON under SM4, in Base64."""
    plain = json.dumps(value, ensure_ascii=False).encode()
    return base64.b64encode(CIPHERS["sm4"].encrypt(bytes.fromhex(key), plain)).decode()


def deciphered(written, key=KEY):
    return json.loads(CIPHERS["sm4"].decrypt(bytes.fromhex(key), base64.b64decode(written)))


def institution_query(stage, hospital=None, key=KEY, **fields):
    hospital = hospital or stage.hospital
    body = {"medinsinfo": {"fixmedins_type": "1", "fixmedins_name": "", "fixmedins_code": hospital.institution[0]}}
    return hospital.send("1201", enciphered(body, key), **{"insured": "", "enc_type": "SM4"} | fields)


@pytest.fixture
def secret(stages):
    return stages(gateway={"encrypt": "sm4", "sm4_key": KEY, "keys": {SECOND_HOSPITAL[0]: {"sm4_key": OTHER}}})


def told(answer: Answer) -> str:
    assert (answer.status, answer.body["code"]) == (400, 400)
    return answer.body["message"]


def test_the_block_of_the_standard_is_the_published_one():
    """GB/T 32907-2016, annex A.1: the key enciphers itself to 681EDF34…, and PKCS #7 adds one whole block."""
    key = bytes.fromhex(KEY)
    made = CIPHERS["sm4"].encrypt(key, key)
    assert made[:16].hex().upper() == "681EDF34D206965E86B3E94F536E4246"
    assert len(made) == 32
    assert CIPHERS["sm4"].decrypt(key, made) == key


def test_openssl_of_this_machine_enciphers_alike():
    openssl = shutil.which("openssl")
    listed = subprocess.run([openssl, "list", "-cipher-algorithms"], capture_output=True, text=True, check=False)
    if openssl is None or "SM4-ECB" not in listed.stdout.upper():
        pytest.skip("no openssl with SM4 here")
    plain = '{"data":{"psn_no":"七台河"}}'.encode()
    made = subprocess.run([openssl, "enc", "-sm4-ecb", "-K", KEY], input=plain, capture_output=True, check=True).stdout
    assert CIPHERS["sm4"].encrypt(bytes.fromhex(KEY), plain) == made


def test_an_enciphered_message_is_answered_with_an_enciphered_output(secret):
    answer = institution_query(secret)
    assert answer.ok, answer.body
    assert deciphered(answer.body["output"])["medinsinfo"]["fixmedins_name"] == BEIJING_HOSPITAL[1]


def test_a_refusal_has_no_output_to_encipher(secret):
    answer = secret.hospital.send("1201", enciphered({}), insured="", enc_type="SM4")
    assert (answer.body["infcode"], answer.body["output"]) == ("-1", {})


def test_each_institution_has_its_own_key_and_falls_back_to_that_of_the_sandbox(secret):
    second = secret.another_hospital(SECOND_HOSPITAL)
    assert deciphered(institution_query(secret, second, OTHER).body["output"], OTHER)
    assert SECOND_HOSPITAL[0] in told(institution_query(secret, second, KEY))
    assert institution_query(secret).body["infcode"] == "0"


def test_without_any_key_for_the_institution_it_is_told(stages):
    stage = stages(gateway={"encrypt": "sm4", "keys": {SECOND_HOSPITAL[0]: {"sm4_key": OTHER}}})
    assert BEIJING_HOSPITAL[0] in told(institution_query(stage))


SPOILT = {
    "another key": enciphered({"data": {}}, OTHER),
    "no Base64": "不是密文",
    "half a block": base64.b64encode(b"1234567").decode(),
    "cut by a block": base64.b64encode(base64.b64decode(enciphered({"data": "x" * 40}))[:-16]).decode(),
    "nothing": "",
    "no JSON inside": base64.b64encode(CIPHERS["sm4"].encrypt(bytes.fromhex(KEY), b"{'a'")).decode(),
    "in clear": {"medinsinfo": {}},
    "a number": 1,
    "null": None,
}


@pytest.mark.parametrize("case", SPOILT)
def test_an_input_that_cannot_be_deciphered_is_told_in_the_shape_of_the_gateway(secret, case):
    told(secret.hospital.send("1201", SPOILT[case], insured="", enc_type="SM4"))


def test_another_cipher_than_the_one_in_use_is_told(secret):
    assert "SM4" in told(institution_query(secret, enc_type="AES"))


def test_a_message_repeated_is_answered_with_the_same_bytes(secret):
    hospital = secret.hospital
    body = {"signIn": {"opter_no": "op1", "mac": "02-00-00-00-00-01", "ip": "127.0.0.1"}}
    message = hospital.envelope("9001", enciphered(body), insured="", enc_type="SM4")
    first, again = hospital.post(message), hospital.post(message)
    assert deciphered(first.body["output"]) == deciphered(again.body["output"])


def test_a_whole_visit_is_settled_under_the_cipher(secret):
    """The amounts are those in clear: 1000.00 − 500.00 deductible, × 0.90."""
    hospital, somebody = secret.hospital, secret.patient()
    plain_send = hospital.send

    def send(infno, body, /, **fields):
        answer = plain_send(infno, enciphered(body), **fields | {"enc_type": "SM4"})
        if answer.ok and isinstance(answer.body["output"], str):
            answer.body["output"] = deciphered(answer.body["output"])
        return answer

    hospital.send = send
    settled = hospital.visit(somebody).settled("1000.00")
    assert float(settled["hifp_pay"]) == 450.00


def test_keys_are_never_shown(secret):
    shown = (
        secret.control("GET", "")["gateway"] if False else secret.control.client.get(f"/_sim/sandboxes/{secret.name}")
    )
    assert KEY not in shown.text
    assert OTHER not in shown.text
    assert shown.json["gateway"]["keys"] == [SECOND_HOSPITAL[0]]


@pytest.mark.parametrize(
    "gateway",
    [
        {"encrypt": "sm4"},
        {"encrypt": "sm4", "sm4_key": "12"},
        {"encrypt": "rot13", "sm4_key": KEY},
        {"keys": {"x": {"sm4_key": KEY}}},
        {"keys": {SECOND_HOSPITAL[0]: {"access_key": "AK"}}},
        {"keys": {SECOND_HOSPITAL[0]: {"password": "x"}}},
    ],
)
def test_a_profile_that_cannot_work_is_refused(control, gateway):
    control("POST", "sandboxes", {"name": "never-made", "gateway": gateway}, status=400)
