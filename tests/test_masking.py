"""What points at a person is hidden wherever a person reads."""

import json
import time

import pytest

from simulator.core.logs import log
from simulator.core.masking import identity_values, is_identity_field, mask_sentence, mask_text, mask_texts, mask_tree
from simulator.loadtests.recorder import Tally


@pytest.mark.parametrize("path", ["/input/data/certno", "input.data.certno", "certno"])
def test_a_wrong_identity_value_is_hidden_whatever_it_looks_like(path):
    told = '证件号码 certno 太长，来的是 "23090019580512002X-23090019580512002X"'
    hidden = mask_sentence(told, path=path, got='"23090019580512002X-23090019580512002X"')
    assert "19580512" not in hidden
    assert "2309" in hidden


def test_other_values_stay_readable():
    told = '医疗类别 med_type 的代码不在表里，来的是 "88"'
    assert mask_sentence(told, path="/input/data/med_type", got='"88"') == told


NUMBER, NAME, PHONE = "230996195109086782", "周丽", "13987654321"


@pytest.mark.parametrize(
    "written",
    [
        f'{{"certno": {NUMBER}}}',
        f'{{"certno": ["{NUMBER}", {{"a": "{NUMBER}"}}]}}',
        f'{{"med_type": "{NUMBER}"}}',
        f'{{"input": "{{\\"certno\\": \\"{NUMBER}\\"}}"}}',
        f'{{"cert\\u006eo": "{NUMBER}", "x": "\\u0032{NUMBER[1:]}"}}',
        f'{{"msgid": "H{NUMBER}"}}',
        f'{{"memo": "{NUMBER[:6]} {NUMBER[6:14]} {NUMBER[14:]}"}}',
        f'{{"certno": {NUMBER}, "cut": "{NUMBER}',
        f"<certno>{NUMBER}</certno>",
        f"certno={NUMBER}&x=1",
    ],
)
def test_an_identity_number_is_hidden_in_every_form(written):
    hidden = mask_text(written)
    assert "19510908" not in hidden.replace(" ", "")
    assert NUMBER not in json.dumps(hidden, ensure_ascii=False)


def test_a_masked_message_stays_json_and_keeps_what_points_at_nobody():
    message = {
        "psn_name": NAME,
        "card_sn": 1234567,
        "amount": 100.50,
        "mdtrt_id": "330100000000000001",
        "certno": "null",
    }
    masked = json.loads(mask_text(json.dumps(message)))
    assert masked == message | {"psn_name": "周*", "card_sn": "1*****7"}


def test_what_an_identity_field_says_is_hidden_in_the_rest_of_the_exchange():
    asked, answered = mask_texts(
        [f'{{"psn_name": "{NAME}", "mdtrt_cert_no": "YL00012345"}}', f'{{"err_msg": "{NAME}的凭证 YL00012345 已失效"}}']
    )
    assert NAME not in asked + answered
    assert "YL00012345" not in asked + answered


def test_names_and_telephones_are_hidden_wherever_they_stand_and_things_are_not():
    masked = json.loads(
        mask_text(f'{{"med_type": "{NAME}", "memo": "请打{PHONE}", "dise_name": "高血压", "c": "H13010200001"}}')
    )
    assert masked == {"med_type": "周*", "memo": "请打1*********1", "dise_name": "高血压", "c": "H13010200001"}


@pytest.mark.parametrize("name", ["patientIdCard", "Mobile_Phone", "身份证号", "emp_tel", "CERTNO", "appy_psn_name"])
def test_fields_that_no_edition_prints_are_known_by_their_words(name):
    assert is_identity_field(name)


@pytest.mark.parametrize(
    "name", ["psn_no", "psn_cert_type", "mdtrt_cert_type", "mdtrtarea_admvs", "infno", "hotel", ""]
)
def test_codes_and_numbers_of_the_platform_are_no_identity(name):
    assert not is_identity_field(name)


def test_masking_twice_is_masking_once():
    once = mask_text(f'{{"certno": "{NUMBER}", "psn_name": "欧阳娜娜", "tel": {PHONE}, "x": "{NAME}"}}')
    assert mask_text(once) == once


@pytest.mark.parametrize("part", ['"certno":', "[", '"a":"[', '{"certno":"', "\\", '"', f"{NUMBER} ", "1", "a=", "周"])
def test_a_message_of_a_mebibyte_is_masked_in_bounded_work(part):
    began = time.process_time()
    mask_text(part * (2**20 // len(part)), identity_values(part))
    # Seconds of this processor; work that grew with the square of the length would take hours.
    assert time.process_time() - began < 60


def test_the_log_hides_what_a_trace_quotes(capsys):
    log().error("defect", trace=f"KeyError: '{NUMBER}'", values={"told": [f"psn_name={NAME}"]})
    written = capsys.readouterr().out
    assert "defect" in written
    assert NUMBER not in written
    assert NAME not in written


def test_reasons_of_a_load_hide_what_err_msg_quotes():
    tally = Tally()
    tally.failed(f'1101 infcode -1: 证件号码 {NUMBER} 与姓名 "{NAME}" 不符')
    assert NUMBER not in str(tally.to_json())
    assert NAME not in str(tally.to_json())


def test_the_report_hides_what_messages_of_its_scenario_said_of_people():
    assert mask_tree({"steps": [f"第 3 步 {NAME}"], "n": 1}, frozenset({NAME})) == {"steps": ["第 3 步 周*"], "n": 1}


@pytest.mark.parametrize("character", ["\x1b", "\x07", "\x08", "\x7f", "\x9b", "\u202e", "\u2066", "\x00"])
def test_no_control_character_of_a_message_reaches_a_terminal(character):
    shown = mask_text(f"err_msg: {character}[2J\n下一行")
    assert shown == f"err_msg: \\u{ord(character):04x}[2J\n下一行"
