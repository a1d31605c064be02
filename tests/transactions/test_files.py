"""9101 and 9102: a file comes as it was sent, to the institution that sent it, as long as it is kept."""

import base64
import hashlib
import json

import pytest

from simulator.server.business_seam import ConnectionDropped
from simulator.store.file_table import stored_file
from simulator.transactions import files
from tests.support.multipart import CONTENT_TYPE, body_of, file_part, text_part

SECOND_HOSPITAL = ("H11000000002", "北京模拟第二医院", "110000")
CONTENT = b"PK\x03\x04" + bytes(range(256)) * 300
"""76,804 bytes that are no text: more than input may hold as characters."""


def sent(hospital, content=CONTENT, name="对账.zip", *, msgid="", code=""):
    """Uploads in two parts."""
    node = {"in": "", "filename": name, "fixmedins_code": code or hospital.institution[0]}
    envelope = hospital.envelope("9101", {"fsUploadIn": node}, insured="")
    raw = json.dumps(envelope | ({"msgid": msgid} if msgid else {}), ensure_ascii=False).encode()
    parts = body_of(text_part("jsonStr", raw), file_part("file", "C:\\temp\\对账.zip", content))
    return hospital.post(parts, content_type=CONTENT_TYPE)


def fetched(hospital, number, name="对账.zip", code=""):
    node = {"file_qury_no": number, "filename": name, "fixmedins_code": code or hospital.institution[0]}
    envelope = hospital.envelope("9102", {"fsDownloadIn": node}, insured="")
    path = f"/s/{hospital.sandbox}/fsi/api/rsfComIfsService/callService"
    return hospital.client.post(path, data=json.dumps(envelope), content_type="application/json")


def refused(response):
    body = response.json
    assert (response.status_code, body["infcode"]) == (200, "-1")
    return body["err_msg"]


def test_a_file_comes_back_byte_for_byte_with_its_name_and_type(stage):
    stored = sent(stage.hospital).output
    assert (stored["filename"], stored["fixmedins_code"]) == ("对账.zip", stage.hospital.institution[0])
    assert stored["dld_endtime"] == "2025-04-09 09:00:00"  # 2025-03-10 + 30 days
    got = fetched(stage.hospital, stored["file_qury_no"])
    assert got.data == CONTENT
    assert got.headers["Content-Type"] == "application/octet-stream"
    # 对账.zip in UTF-8, percent-encoded (RFC 5987)
    assert got.headers["Content-Disposition"] == "attachment; filename*=UTF-8''%E5%AF%B9%E8%B4%A6.zip"
    (row,) = stage.rows(stored_file)["stored_file"]
    assert (row.sha256, row.size) == (hashlib.sha256(CONTENT).hexdigest(), 76_804)  # 4 + 256 × 300


def test_the_journal_keeps_digest_and_size_of_a_download_and_not_its_bytes(stage):
    fetched(stage.hospital, sent(stage.hospital).output["file_qury_no"])
    leg = next(each for each in stage.control("GET", "messages?raw=1")["messages"] if each["infno"] == "9102")
    said = json.loads(leg["answer"])
    assert (said["infcode"], said["output"]) == ("0", {})
    assert said["err_msg"] == f"对账.zip {len(CONTENT)} sha256:{hashlib.sha256(CONTENT).hexdigest()}"


@pytest.mark.parametrize("inside", [base64.b64encode(b"PK\xff").decode(), [80, 75, 255], [80, 75, -1]])
def test_a_small_file_may_travel_inside_the_message(stage, inside):
    """As Base64, or as the list of numbers that Java makes of a byte array; 255 is -1 as a signed byte."""
    node = {"in": inside, "filename": "a.zip", "fixmedins_code": stage.hospital.institution[0]}
    number = stage.hospital.send("9101", {"fsUploadIn": node}, insured="").output["file_qury_no"]
    assert fetched(stage.hospital, number, "a.zip").data == b"PK\xff"


@pytest.mark.parametrize("inside", ["***", [1, 256], [1, "2"], [True], [[]], ["x"]])
def test_what_holds_no_file_is_refused(stage, inside):
    node = {"in": inside, "filename": "a.zip", "fixmedins_code": stage.hospital.institution[0]}
    answer = stage.hospital.send("9101", {"fsUploadIn": node}, insured="")
    assert answer.body["infcode"] == "-1"
    assert stage.rows(stored_file) == {"stored_file": []}


def test_an_empty_file_is_refused(stage):
    assert "空" in sent(stage.hospital, b"").err_msg


@pytest.mark.parametrize("name", ["../a.zip", "a/b.zip", "C:\\a.zip", "..", ".", "a\nb", "nul\x7f", 'a"b', " "])
def test_a_name_that_is_more_than_a_file_s_is_refused(stage, name):
    answer = sent(stage.hospital, name=name)
    assert answer.body["infcode"] == "-1"
    assert stage.rows(stored_file) == {"stored_file": []}


def test_the_same_message_again_answers_the_same_number_and_another_file_under_it_is_refused(stage):
    msgid = stage.hospital.envelope("9101", {})["msgid"]
    first, again = (sent(stage.hospital, msgid=msgid) for _ in range(2))
    assert first.output["file_qury_no"] == again.output["file_qury_no"]
    assert sent(stage.hospital, CONTENT[:-1], msgid=msgid).body["infcode"] == "-1"
    assert len(stage.rows(stored_file)["stored_file"]) == 1


def test_two_uploads_are_two_files(stage):
    numbers = {sent(stage.hospital).output["file_qury_no"] for _ in range(2)}
    assert len(numbers) == 2


def test_a_file_is_fetched_by_its_own_institution_alone(stage):
    number = sent(stage.hospital).output["file_qury_no"]
    second = stage.another_hospital(SECOND_HOSPITAL)
    assert number in refused(fetched(second, number))
    assert stage.hospital.institution[0] in refused(fetched(second, number, code=stage.hospital.institution[0]))
    assert SECOND_HOSPITAL[0] in sent(stage.hospital, code=SECOND_HOSPITAL[0]).err_msg


@pytest.mark.parametrize("number", ["1", "0", "-1", "abc", "١", "9" * 18, "9" * 30, "1.0"])
def test_a_number_of_no_file_is_refused(stage, number):
    assert number in refused(fetched(stage.hospital, number))


def test_a_name_other_than_the_one_uploaded_is_refused(stage):
    number = sent(stage.hospital).output["file_qury_no"]
    assert "对账.zip" in refused(fetched(stage.hospital, number, name="plc"))


def test_a_file_is_kept_for_thirty_days_and_makes_room_afterwards(stage):
    number = sent(stage.hospital).output["file_qury_no"]
    stage.now("2025-04-09 09:00:00")  # the last moment
    assert fetched(stage.hospital, number).data == CONTENT
    stage.now("2025-04-09 09:00:01")
    assert "2025-04-09 09:00:00" in refused(fetched(stage.hospital, number))
    assert sent(stage.hospital).ok
    assert len(stage.rows(stored_file)["stored_file"]) == 1


def test_the_files_of_an_institution_have_a_limit_together(stage, monkeypatch):
    monkeypatch.setattr(files, "LARGEST_SUM", 2 * len(CONTENT))
    assert sent(stage.hospital).ok
    assert sent(stage.hospital).ok
    assert str(3 * len(CONTENT)) in sent(stage.hospital).err_msg
    assert sent(stage.another_hospital(SECOND_HOSPITAL)).ok


def test_a_message_that_names_a_file_and_brings_none_is_refused(stage):
    node = {"filename": "a.zip", "fixmedins_code": stage.hospital.institution[0]}
    answer = stage.hospital.send("9101", {"fsUploadIn": node}, insured="")
    assert "in" in answer.err_msg
    assert answer.body["infcode"] == "-1"


@pytest.mark.parametrize("what", ["truncate", "garble", "wrong_person", "drop_after_commit", "http_500", "duplicate"])
def test_a_download_is_struck_by_faults_as_any_answer(stage, what):
    number = sent(stage.hospital).output["file_qury_no"]
    stage.control("POST", "faults", {"at": "hospital", "infno": "9102", "what": what})
    if what == "drop_after_commit":
        with pytest.raises(ConnectionDropped):
            assert fetched(stage.hospital, number).data
        return
    got = fetched(stage.hospital, number)
    wanted = {"truncate": CONTENT[: len(CONTENT) // 2], "wrong_person": CONTENT, "duplicate": CONTENT, "http_500": b""}
    assert got.status_code == (500 if what == "http_500" else 200)
    assert got.data == wanted.get(what, got.data)
    assert (got.data == CONTENT) == (what in ("wrong_person", "duplicate"))
