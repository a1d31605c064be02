"""Trying a message: held to the contract alone, or really sent, by nobody but the reader of the page."""

import html
import json
import re

import pytest

from tests.pages.auditing import audit
from tests.support.hospital import Control


def message_of(response) -> str:
    """What stands in the form."""
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", response.get_data(as_text=True), re.DOTALL)
    assert found
    return html.unescape(found[1])


def post(client, path: str, message: str, *, status: int = 200, headers=None, **fields: str):
    form = {"message": message, "mode": "strict", "direction": "in", "remote": "1", **fields}
    response = client.post(f"/contract/{path}/try", data=form, headers={"Accept-Language": "zh", **(headers or {})})
    return audit(response, status)


def marked(page_text: str) -> list[int]:
    return [int(number) for number in re.findall(r'id="line-([0-9]+)"', page_text)]


@pytest.fixture
def example(reader) -> str:
    return message_of(reader.get("/contract/national/2207A/try"))


@pytest.fixture
def patient(stage):
    """Somebody in the sandbox `stage`."""
    return stage.patient()


@pytest.mark.parametrize("name", ["national", "hunan-1.3", "jiangxi-1.0", "observed"])
def test_the_example_of_the_form_is_clean(reader, name):
    for query in ("", "?remote=0", "?full=1"):
        message = message_of(reader.get(f"/contract/{name}/2207/try{query}"))
        assert "没有发现问题" in post(reader, f"{name}/2207", message).words


def test_the_example_of_an_answer_is_clean(reader):
    message = message_of(reader.get("/contract/national/2207A/try?direction=out"))
    assert "没有发现问题" in post(reader, "national/2207A", message, direction="out").words


def test_the_faulty_line_is_marked_and_explained(reader, example):
    spoilt = example.replace('"med_type": "14"', '"med_type": "88"')
    line = spoilt.split("\n").index('      "med_type": "88",') + 1
    response = reader.post("/contract/national/2207A/try", data={"message": spoilt, "mode": "strict"})
    page = audit(response)
    assert "医疗类别 med_type 的代码不在表里" in page.words
    assert marked(response.get_data(as_text=True)) == [line]


def test_a_near_miss_from_the_list_is_refused_for_its_reason(reader):
    for number in (0, 5, 40, 75):
        message = message_of(reader.get(f"/contract/national/2207A/try?remote=0&miss={number}"))
        assert "1 处错误" in post(reader, "national/2207A", message).words, number


def test_lenient_takes_a_habit_and_tells_it(reader, example):
    habit = example.replace('"medfee_sumamt": 1000', '"medfee_sumamt": "1000.00"')
    assert "1 处错误" in post(reader, "national/2207A", habit).words
    assert "0 处错误，1 处提示" in post(reader, "national/2207A", habit, mode="lenient").words


def test_what_is_no_json_is_told_with_its_line(reader, example):
    page = post(reader, "national/2207A", example.replace('"infver": "V1.0",', '"infver": "V1.0"'))
    assert "第 7 行" in page.words or "第 6 行" in page.words
    assert "not_json" in page.words


@pytest.mark.parametrize("message", ["", "[]", "1", '"text"', "{}", "null", "[" * 5000, '{"infno": 5, "input": 7}'])
def test_what_is_no_message_is_told_and_nothing_breaks(reader, message):
    assert "处错误" in post(reader, "national/2207A", message).words


def test_the_header_can_be_tried_by_itself(reader):
    message = message_of(reader.get("/contract/national/ENVELOPE/try"))
    assert post(reader, "national/ENVELOPE", message)


def test_a_form_larger_than_any_message_is_refused(reader):
    page = post(reader, "national/2207A", "x" * (8 * 1024 * 1024), status=413)
    assert "8388608" in page.words


def test_the_example_is_filled_for_somebody_of_the_sandbox(stage, reader, patient):
    asked = f"/contract/national/1101/try?sandbox={stage.name}&person={patient['psn_no']}"
    message = json.loads(message_of(reader.get(asked)))
    data = message["input"]["data"]
    assert (data["certno"], data["psn_name"]) == (patient["certno"], patient["psn_name"])
    assert (message["insuplc_admdvs"], message["inf_time"]) == ("230900", "2025-03-10 09:00:00")


def test_a_message_is_really_sent_and_its_answer_masked(stage, reader, patient):
    asked = f"/contract/national/1101/try?sandbox={stage.name}&person={patient['psn_no']}"
    message = message_of(reader.get(asked))
    page = post(reader, "national/1101", message, mode="send", sandbox=stage.name, fresh="1")
    assert '"infcode": "0"' in page.words
    answer = page.words.split("应答 HTTP 200")[1].split("报文")[0]
    assert patient["certno"] not in answer
    assert patient["psn_no"] in answer
    page = post(reader, "national/1101", message, mode="send", sandbox=stage.name, fresh="1", unmasked="1")
    assert patient["certno"] in page.words.split("应答 HTTP 200")[1].split("报文")[0]
    assert len(stage.control("GET", "messages")["messages"]) == 2


def test_a_refused_message_shows_the_findings_at_their_lines(stage, reader):
    example = message_of(reader.get("/contract/national/2207A/try"))
    spoilt = example.replace('"med_type": "14"', '"med_type": "88"')
    response = reader.post(
        "/contract/national/2207A/try",
        data={"message": spoilt, "mode": "send", "sandbox": stage.name},
        headers={"Accept-Language": "zh"},
    )
    page = audit(response)
    assert "contract.code" in page.words
    assert '"infcode": "-1"' in page.words
    assert len(marked(response.get_data(as_text=True))) == 1


def test_a_fresh_msgid_lets_the_same_message_be_sent_again(stage, reader, patient):
    message = message_of(reader.get(f"/contract/national/2201/try?sandbox={stage.name}&person={patient['psn_no']}"))
    send = {"mode": "send", "sandbox": stage.name}
    assert '"infcode": "0"' in post(reader, "national/2201", message, **send, fresh="1").words
    assert '"infcode": "0"' in post(reader, "national/2201", message, **send, fresh="1").words
    sent = [json.loads(each["request"])["msgid"] for each in stage.control("GET", "messages")["messages"]]
    assert len(set(sent)) == 2
    # Without it the msgid of the message itself goes.
    post(reader, "national/2201", message, **send)
    last = stage.control("GET", "messages")["messages"][-1]
    assert json.loads(last["request"])["msgid"] == json.loads(message)["msgid"]


def test_a_sandbox_that_demands_signatures_gets_one(stages, reader):
    stage = stages(gateway={"name": "api_hmac", "access_key": "ak", "secret_key": "sk"})
    patient = stage.patient()
    message = message_of(reader.get(f"/contract/national/1101/try?sandbox={stage.name}&person={patient['psn_no']}"))
    page = post(reader, "national/1101", message, mode="send", sandbox=stage.name)
    assert '"infcode": "0"' in page.words


def test_an_ordered_fault_is_told_instead_of_struck(stage, reader, patient):
    message = message_of(reader.get(f"/contract/national/1101/try?sandbox={stage.name}&person={patient['psn_no']}"))
    stage.control("POST", "faults", {"at": "hospital", "what": "drop_after_commit"})
    page = post(reader, "national/1101", message, mode="send", sandbox=stage.name)
    assert "连接断开" in page.words
    stage.control("POST", "faults", {"at": "hospital", "what": "delay", "delay_s": 30})
    page = post(reader, "national/1101", message, mode="send", sandbox=stage.name)
    assert "迟到 30" in page.words


def test_a_sandbox_that_is_not_there_is_named(reader, example):
    page = post(reader, "national/2207A", example, mode="send", sandbox="nobody", status=404)
    assert "nobody" in page.words
    # What was typed is not lost.
    assert "mdtrt_cert_no" in page.words


def test_broken_json_can_be_sent_and_is_refused_by_the_platform(stage, reader):
    page = post(reader, "national/1101", '{"infno": "1101", ', mode="send", sandbox=stage.name, fresh="1")
    assert '"infcode": "-1"' in page.words


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:9", "http://["])
def test_a_form_of_another_origin_is_refused(stage, reader, example, origin):
    page = post(
        reader, "national/2207A", example, mode="send", sandbox=stage.name, status=403, headers={"Origin": origin}
    )
    assert "拒绝" in page.words
    assert stage.control("GET", "messages")["messages"] == []


def test_a_rebound_name_is_refused_and_shown_no_sandbox(stage, reader, example):
    rebound = {"Host": "evil.example"}
    post(reader, "national/2207A", example, mode="send", sandbox=stage.name, status=403, headers=rebound)
    page = reader.get("/contract/national/2207A/try", headers=rebound).get_data(as_text=True)
    assert stage.name not in page
    page = reader.get(f"/contract/national/1101/try?sandbox={stage.name}&person=x", headers=rebound)
    assert "2025-03-10" not in page.get_data(as_text=True)


def test_a_host_that_is_no_address_is_refused_not_a_crash(stage, reader, example):
    assert reader.get("/_sim/clock", headers={"Origin": "http://[::"}).status_code == 403
    post(
        reader, "national/2207A", example, mode="send", sandbox=stage.name, status=403, headers={"Origin": "http://[::"}
    )


def test_sending_needs_the_token_where_one_is_set(guarded):
    control = Control(guarded)
    message = message_of(guarded.get("/contract/national/1101/try"))
    page = post(guarded, "national/1101", message, mode="send", sandbox="default", token="wrong", status=401)
    assert "令牌" in page.words
    assert (
        '"infcode"'
        in post(guarded, "national/1101", message, mode="send", sandbox="default", token="secret-token").words
    )
    # Checking reads nothing of anybody's.
    assert "没有发现问题" in post(guarded, "national/1101", message).words
    assert control("GET", "clock", status=401)


def test_no_sandbox_is_named_where_a_token_is_set(guarded):
    assert "沙箱 default" not in audit(guarded.get("/contract/", headers={"Accept-Language": "zh"})).words
    assert "<option selected>default" not in guarded.get("/contract/national/1101/try").get_data(as_text=True)
    assert guarded.get("/contract/editions.json").json["editions"][0]["sandboxes"] == []


def test_pages_forbid_scripts_frames_and_foreign_forms(reader):
    headers = reader.get("/contract/national/2207A/try").headers
    policy = headers["Content-Security-Policy"]
    assert all(part in policy for part in ("default-src 'none'", "form-action 'self'", "frame-ancestors 'none'"))
    assert headers["X-Content-Type-Options"] == "nosniff"
