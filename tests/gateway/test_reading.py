"""What comes over the wire: paths, content types, bytes that are no message."""

import json

import pytest

from tests.support.hospital import SERVICE

KEEPS_ALL = b'{"infno": "1101", "input": {"data": {"a": %s}}}'


def message(stage, person):
    envelope = stage.hospital.envelope("1101", {})
    data = {"mdtrt_cert_type": "02", "mdtrt_cert_no": person["certno"], "card_sn": "", "begntime": ""}
    identity = {"psn_cert_type": "01", "certno": person["certno"], "psn_name": person["psn_name"]}
    return envelope | {"input": {"data": data | identity}}


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "text/plain;charset=UTF-8", None])
def test_json_and_plain_text_are_both_read(stage, content_type):
    answer = stage.hospital.post(message(stage, stage.patient()), content_type=content_type)
    assert answer.ok


@pytest.mark.parametrize(
    "path",
    [
        SERVICE,
        f"{SERVICE}/1101",
        "/mss/web/api/fsi/callService",
        "/mbs/fmi/fsi/api/callFsiService/callService",
        "/mss/web/api/fsi/callService/1101",
        "/callService",
        "/callService/1101",
    ],
)
def test_any_path_that_ends_in_call_service_is_served(stage, path):
    assert stage.hospital.post(message(stage, stage.patient()), path).ok


def test_a_number_in_the_path_must_be_the_one_in_the_header(stage):
    answer = stage.hospital.post(message(stage, stage.patient()), f"{SERVICE}/2201")
    assert answer.status == 200
    assert "2201" in answer.err_msg
    assert "1101" in answer.err_msg


def test_without_a_prefix_a_message_goes_to_the_default_sandbox(stage, control, hospital):
    somebody = control.person()
    assert hospital.identify(somebody).ok
    assert not stage.hospital.identify(somebody).ok


@pytest.mark.parametrize("name", ["nowhere", "Not-A-Name", "x" * 41, "..", "%00"])
def test_an_unknown_sandbox_is_told_in_the_shape_of_the_gateway(stage, name):
    response = stage.hospital.client.post(f"/s/{name}{SERVICE}", data=b"{}")
    assert response.status_code == 404
    assert response.json["code"] == 404
    assert set(response.json) == {"code", "message"}


@pytest.mark.parametrize(
    ("method", "path"), [("GET", SERVICE), ("POST", "/fsi/api"), ("GET", "/nothing"), ("PUT", "/")]
)
def test_what_is_not_served_is_told_in_the_shape_of_the_gateway_and_not_as_a_page(stage, method, path):
    response = stage.hospital.client.open(path, method=method)
    assert response.status_code == 404
    assert SERVICE.rpartition("/")[2] in response.json["message"]


NO_MESSAGES = {
    "nothing": (b"", "JSON"),
    "an open brace": (b"{", "JSON"),
    "null": (b"null", "JSON"),
    "a text": (b'"1101"', "JSON"),
    "a list": (b"[]", "JSON"),
    "a comma too many": (b'{"infno": "1101",}', "JSON"),
    "single quotes": (b"{'infno': '1101'}", "JSON"),
    "a key twice": (b'{"infno": "1101", "infno": "1101"}', "infno"),
    "NaN": (KEEPS_ALL % b"NaN", "JSON"),
    "Infinity": (KEEPS_ALL % b"-Infinity", "JSON"),
    "a leading zero": (KEEPS_ALL % b"01", "JSON"),
    "half a surrogate": (KEEPS_ALL % b'"\\ud800"', "JSON"),
    "a raw control character": (KEEPS_ALL % b'"\x00"', "JSON"),
    "NUL escaped": (KEEPS_ALL % b'"\\u0000"', "空字符"),
    "NUL in a key": (KEEPS_ALL % b'{"\\u0000": 1}', "空字符"),
    "an exponent no number can have": (KEEPS_ALL % b"1E+99999999999999999999", "指数"),
    "5,000 digits": (KEEPS_ALL % (b"9" * 5000), "JSON"),
    "40 deep": (KEEPS_ALL % (b"[" * 40 + b"]" * 40), "32"),
    "5,000 deep": (KEEPS_ALL % (b"[" * 5000 + b"]" * 5000), "32"),
    "a byte order mark": (b"\xef\xbb\xbf" + KEEPS_ALL % b"1", "BOM"),
    "GBK": (KEEPS_ALL % '"七台河"'.encode("gbk"), "GBK"),
    "bytes of nothing": (KEEPS_ALL % b'"\xff\xff\xff"', "UTF-8"),
    "UTF-16": ('{"infno": "1101"}'.encode("utf-16"), "UTF-8"),
}


@pytest.mark.parametrize("case", NO_MESSAGES)
def test_bytes_that_are_no_message_are_refused_with_the_reason(stage, case):
    raw, words = NO_MESSAGES[case]
    answer = stage.hospital.post(raw)
    assert (answer.status, answer.body["infcode"]) == (200, "-1")
    assert words in answer.err_msg
    assert "平台内部错误" not in answer.err_msg
    assert len(answer.err_msg) <= 200


def test_a_message_above_one_mebibyte_is_refused_and_one_just_below_is_read(stage):
    frame = len(json.dumps({"infno": ""}))
    just = json.dumps({"infno": "9" * (1024 * 1024 - frame)}).encode()
    assert len(just) == 1024 * 1024
    assert "1048576" not in stage.hospital.post(just).err_msg
    for above in (just + b" ", b"x" * 3_000_000):
        answer = stage.hospital.post(above)
        assert (answer.status, answer.body["code"]) == (413, 413)
        assert "1048576" in answer.body["message"]


def test_a_text_of_four_byte_characters_passes_and_counts_as_characters(stage):
    visit = stage.hospital.visit(stage.patient())
    # dr_name takes 50 characters: 50 of 𠮷 are 200 bytes.
    assert visit.register(dr_name="𠮷" * 50).ok
    assert "dr_name" in visit.register(dr_name="𠮷" * 51).err_msg


def test_the_journal_keeps_what_was_refused_byte_for_byte(stage):
    stage.hospital.post(b"{'infno': '1101'}")
    (leg,) = stage.control("GET", "messages?raw=1")["messages"]
    assert leg["request"] == "{'infno': '1101'}"
    assert leg["outcome"] == "refused"
    assert [each["rule"] for each in leg["findings"]] == ["message"]
