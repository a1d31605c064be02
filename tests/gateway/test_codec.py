"""Bodies at the door: what is read by content type, within which size, and how each other one is turned away."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.gateway.codec.multipart import MAX_UPLOAD
from simulator.gateway.codec.request_body import read_body
from simulator.server.business_seam import ConnectionDropped
from tests.support.hospital import SERVICE
from tests.support.multipart import BOUNDARY, CONTENT_TYPE, body_of, file_part, text_part

JSON_LIMIT = 1024 * 1024


def upload(hospital, content=b"PK\x03\x04", name="对账.zip", **fields):
    """The envelope of a 9101 whose file travels beside it."""
    node = {"in": "", "filename": name, "fixmedins_code": hospital.institution[0]}
    return json.dumps(hospital.envelope("9101", {"fsUploadIn": node}, **fields), ensure_ascii=False).encode()


def turned_away(answer, status):
    """The sentence of an answer in the gateway's own shape."""
    assert (answer.status, answer.body["code"]) == (status, status)
    assert set(answer.body) == {"code", "message"}
    return answer.body["message"]


@pytest.mark.parametrize("content_type", ["application/xml", "image/png", "application/octet-stream", "x", "/", ";"])
def test_a_content_type_nobody_reads_is_told_with_those_that_are(stage, content_type):
    answer = stage.hospital.post(b"{}", content_type=content_type)
    if content_type == ";":  # no media type at all is read as JSON, as before
        assert answer.status == 200
        return
    told = turned_away(answer, 415)
    assert content_type in told
    for allowed in ("application/json", "text/plain", "multipart/form-data"):
        assert allowed in told


def test_a_form_is_turned_away_in_strict_and_read_with_a_warning_in_lenient(stages):
    """HttpURLConnection of Java says application/x-www-form-urlencoded of whatever nobody described."""
    form = "application/x-www-form-urlencoded; charset=UTF-8"
    strict, lenient = stages(), stages(strict=False)
    for stage in (strict, lenient):
        somebody = stage.patient()
        identity = {"psn_cert_type": "01", "certno": somebody["certno"], "psn_name": somebody["psn_name"]}
        card = {"mdtrt_cert_type": "02", "mdtrt_cert_no": somebody["certno"], "card_sn": "", "begntime": ""}
        message = stage.hospital.envelope("1101", {"data": card | identity})
        answer = stage.hospital.post(message, content_type=form)
        if stage is strict:
            turned_away(answer, 415)
        else:
            assert answer.ok
        (finding,) = stage.control.findings(rule="gateway.body")
        assert finding["severity"] == ("error" if stage is strict else "warning")


def test_what_was_turned_away_stands_in_the_journal_with_its_bytes(stage):
    stage.hospital.post(b"<xml/>", content_type="application/xml")
    (leg,) = stage.control("GET", "messages?raw=1")["messages"]
    assert (leg["outcome"], leg["request"]) == ("turned_away", "<xml/>")
    assert [each["rule"] for each in leg["findings"]] == ["gateway.body"]


def test_a_body_whose_length_is_above_the_limit_is_not_read():
    def read(_length):
        raise AssertionError("read")

    for content_type, limit in (("application/json", JSON_LIMIT), (CONTENT_TYPE, MAX_UPLOAD)):
        found = read_body(content_type, limit + 1, read)
        assert (found.problem.status, found.message) == (413, b"")
        assert str(limit) in found.problem.text.zh


def test_a_body_in_chunks_is_read_to_one_byte_beyond_the_limit_and_no_further():
    asked = []

    def read(length):
        asked.append(length)
        return b"x" * length

    assert read_body("text/plain", None, read).problem.status == 413
    assert asked == [JSON_LIMIT + 1]


def test_a_message_inside_multipart_has_the_limit_of_any_message(stage):
    parts = body_of(text_part("jsonStr", b" " * (JSON_LIMIT + 1)))
    assert str(JSON_LIMIT) in turned_away(stage.hospital.post(parts, content_type=CONTENT_TYPE), 413)


WRONG = {
    "no boundary": ("multipart/form-data", b"x", "boundary"),
    "a boundary beyond 70 characters": (f"multipart/form-data; boundary={'x' * 71}", b"x", "boundary"),
    "another boundary": ("multipart/form-data; boundary=other", body_of(text_part("jsonStr", b"{}")), "multipart"),
    "nothing": (CONTENT_TYPE, b"", "multipart"),
    "cut in the middle": (CONTENT_TYPE, body_of(text_part("jsonStr", b"{}"))[:-9], "multipart"),
    "no message": (CONTENT_TYPE, body_of(file_part("file", "a.zip", b"PK")), "jsonStr"),
    "no parts": (CONTENT_TYPE, f"--{BOUNDARY}--\r\n".encode(), "jsonStr"),
    "the message twice": (CONTENT_TYPE, body_of(text_part("jsonStr", b"{}"), text_part("jsonStr", b"{}")), "jsonStr"),
    "another field": (CONTENT_TYPE, body_of(text_part("jsonStr", b"{}"), text_part("note", b"x")), "note"),
    "the message as a file": (CONTENT_TYPE, body_of(file_part("jsonStr", "a.json", b"{}")), "jsonStr"),
    "a file in a text field": (CONTENT_TYPE, body_of(text_part("jsonStr", b"{}"), text_part("file", b"x")), "file"),
    "three parts": (CONTENT_TYPE, body_of(*[text_part(f"n{n}", b"") for n in (1, 2, 3)]), "n1"),
    "three files": (
        CONTENT_TYPE,
        body_of(text_part("jsonStr", b"{}"), *[file_part("file", "a", b"") for _ in (1, 2)]),
        "2",
    ),
    "a part without a name": (CONTENT_TYPE, body_of(b"Content-Disposition: form-data\r\n\r\nx"), "-"),
    "a part without a disposition": (CONTENT_TYPE, body_of(b"X: 1\r\n\r\nx"), "Content-Disposition"),
    "a name that is not UTF-8": (
        CONTENT_TYPE,
        body_of(b'Content-Disposition: form-data; name="\xff"\r\n\r\nx'),
        "multipart",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_multipart_that_cannot_be_taken_apart_is_told_with_the_reason(stage, case):
    content_type, body, words = WRONG[case]
    assert words in turned_away(stage.hospital.post(body, content_type=content_type), 400)


def test_a_message_in_multipart_is_handled_and_kept_as_any_other(stage):
    raw = upload(stage.hospital)
    answer = stage.hospital.post(
        body_of(text_part("jsonStr", raw), file_part("file", "a.zip", b"PK\x03\x04")), content_type=CONTENT_TYPE
    )
    assert answer.ok
    (leg,) = stage.control("GET", "messages?raw=1")["messages"]
    assert leg["request"].encode() == raw


def test_bytes_that_are_no_message_are_told_alike_in_multipart(stage):
    answer = stage.hospital.post(body_of(text_part("jsonStr", "{七".encode("gbk"))), content_type=CONTENT_TYPE)
    assert (answer.status, answer.body["infcode"]) == (200, "-1")
    assert "GBK" in answer.err_msg


def test_a_file_beside_a_transaction_that_takes_none_is_refused(stage):
    raw = json.dumps(stage.hospital.envelope("1201", {"medinsinfo": {"fixmedins_code": "H11000000001"}})).encode()
    parts = body_of(text_part("jsonStr", raw), file_part("file", "a.zip", b"PK"))
    answer = stage.hospital.post(parts, content_type=CONTENT_TYPE)
    assert answer.body["infcode"] == "-1"
    assert "1201" in answer.err_msg


def test_a_client_that_breaks_off_inside_a_body_leaves_nothing(stage):
    path = f"/s/{stage.name}{SERVICE}"
    length = {"CONTENT_LENGTH": "10"}
    response = stage.hospital.client.post(path, data=b"{}", content_type="application/json", environ_overrides=length)
    assert response.status_code == 400
    assert stage.control("GET", "messages")["messages"] == []


media = st.one_of(
    st.sampled_from(
        [
            *("application/json", "text/plain", "application/xml", "application/x-www-form-urlencoded", ""),
            *("application/json; charset=gbk", "multipart/form-data", CONTENT_TYPE, "MULTIPART/FORM-DATA; boundary=a"),
            *('multipart/form-data; boundary="', "multipart/mixed; boundary=a", "text/plain;;;=", "*/*", "é/ü"),
        ]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=60),
)
piece = st.one_of(
    st.sampled_from(
        [
            *(f"--{BOUNDARY}".encode(), b"--", b"\r\n", b"\r\n\r\n", b"--a", b"\n\n", b"{}", b'{"infno": "9101"}'),
            *(text_part("jsonStr", b"{}"), file_part("file", "../a", b"x"), b"Content-Disposition: form-data; name="),
        ]
    ),
    st.binary(max_size=30),
)


@settings(max_examples=300, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(content_type=media, pieces=st.lists(piece, max_size=12), fits=st.booleans())
def test_any_bytes_under_any_content_type_are_answered_and_never_a_defect(shared_stage, content_type, pieces, fits):
    """A message of the interface with 200, or the gateway's own shape with 400, 413 or 415."""
    body = b"".join(pieces)
    if fits:
        body = f"--{BOUNDARY}\r\n".encode() + body + f"\r\n--{BOUNDARY}--\r\n".encode()
    try:
        answer = shared_stage.hospital.post(body, content_type=content_type)
    except ConnectionDropped:
        raise AssertionError("no fault was ordered") from None
    assert answer.status in (200, 400, 413, 415)
    if answer.status == 200:
        assert answer.body["infcode"] == "-1"
        assert "内部错误" not in answer.err_msg
    else:
        assert answer.body["code"] == answer.status


@pytest.fixture(scope="module")
def shared_stage(shared_app):
    from tests.support.stage import open_stage

    stage = open_stage(shared_app, "codec-fuzz")
    yield stage
    stage.close()
