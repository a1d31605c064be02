"""What the contract says of a message, as its sender hears it, in strict and in lenient."""

import json
import re
from decimal import Decimal

import pytest

from simulator.contract import contract_of
from tests.support.hospital import SESSION


def length(body):
    """Characters of an input as compact JSON."""
    return len(json.dumps(body, ensure_ascii=False, separators=(",", ":")))


def rules(stage, **query):
    return [each["rule"] for each in stage.control.findings(**query)]


def input_of(visit, size):
    """Charges whose input has `size` characters; the last ones are 3 bytes each, so bytes are not what is counted."""
    lines = [visit.line(number, SESSION, "1", "400.00") for number in range(1, 90)]
    body = {"feedetail": lines}
    missing = size - length(body)
    for line in lines:
        # med_list_codg and the names take 50 characters and more; bilg_dr_name 50.
        added = min(40, missing)
        line["bilg_dr_name"] += "医" * added
        missing -= added
    assert missing == 0
    return body


def test_forty_thousand_characters_pass_and_one_more_is_an_error_in_strict(stage):
    visit = stage.hospital.visit(stage.patient())
    assert "40000" in visit.send("2204", input_of(visit, 40_001)).err_msg.replace(",", "")
    assert rules(stage) == ["input_too_long"]
    assert visit.send("2204", input_of(visit, 40_000)).ok


def test_forty_thousand_and_one_characters_are_a_warning_in_lenient(stages):
    stage = stages(strict=False)
    visit = stage.hospital.visit(stage.patient())
    assert visit.send("2204", input_of(visit, 40_001)).ok
    assert rules(stage, severity="warning") == ["input_too_long"]


@pytest.mark.parametrize("strict", [True, False])
def test_a_thousand_and_one_charges_are_refused_in_strict_and_a_warning_in_lenient(stages, strict):
    stage = stages(strict=strict)
    visit = stage.hospital.visit(stage.patient())
    lines = [visit.line(number, SESSION, "1", "10.00") for number in range(1, 1002)]
    answer = visit.charge(*lines)
    (told,) = stage.control.findings(rule="too_many_charges")
    assert {"1001", "1000"} <= set(re.findall(r"\d+", told["message"]["zh"]))
    assert told["severity"] == ("error" if strict else "warning")
    assert answer.ok != strict
    if not strict:
        assert len(answer.output["result"]) == 1001


@pytest.mark.parametrize(
    ("edition", "infno", "words"),
    [
        ("national", "4401", "住院病案首页"),
        ("national", "3101", "事前"),
        ("national", "9999", "9999"),
        ("national", "", "infno"),
        ("hunan-1.3", "2203A", "2203A"),
        ("hunan-1.3", "2207A", "2207A"),
        ("jiangxi-1.0", "listPolItemCodePayInfo", "listPolItemCodePayInfo"),
    ],
)
def test_a_transaction_that_is_not_served_is_refused_by_its_name(stages, edition, infno, words):
    stage = stages(edition=edition)
    answer = stage.hospital.send(infno, {"data": {}})
    assert answer.body["infcode"] == "-1"
    assert words in answer.err_msg


HABITS = {
    "amounts as text": {"medfee_sumamt": "1000.00"},
    "whole numbers as text": {"medfee_sumamt": "1000"},
    "the word null": {"mdtrt_mode": "null"},
    "null": {"mdtrt_mode": None},
    "exp_content": {"exp_content": ""},
    "an unknown field": {"hcard_basinfo_new": "1"},
}


@pytest.mark.parametrize("habit", HABITS)
def test_a_known_habit_is_an_error_in_strict_and_a_warning_in_lenient(stages, habit):
    for strict in (True, False):
        stage = stages(strict=strict, edition="jiangxi-1.0")
        patient = stage.patient()
        visit = stage.hospital.visit(patient)
        assert visit.charge(visit.session("1000.00")).ok
        answer = visit.settle("1000.00", **HABITS[habit])
        assert answer.ok != strict, answer.err_msg
        severities = {each["severity"] for each in stage.control.findings()}
        assert severities == ({"error"} if strict else {"warning"})


HEAD_HABITS = {
    "infno as a number": {"infno": 1101},
    "places as numbers": {"mdtrtarea_admvs": 110000, "insuplc_admdvs": 230900},
    "null in an unused field": {"cainfo": None},
    "a short msgid": {"msgid": "H1100000000120250310-7"},
    "a msgid of letters": {"msgid": "a" * 30},
}


@pytest.mark.parametrize("habit", HEAD_HABITS)
def test_a_habit_in_the_header_is_an_error_in_strict_and_a_warning_in_lenient(stages, habit):
    for strict in (True, False):
        stage = stages(strict=strict)
        answer = stage.hospital.identify(stage.patient(), fields=HEAD_HABITS[habit])
        assert answer.ok != strict, answer.err_msg
        if not strict:
            assert {each["severity"] for each in stage.control.findings()} == {"warning"}


@pytest.mark.parametrize("fields", [{"infver": "1.0"}, {"infver": "V1.0.0"}, {"dev_no": "null"}])
def test_lenient_warns_of_a_spelling_that_no_table_forbids(stages, fields):
    stage = stages(strict=False)
    assert stage.hospital.identify(stage.patient(), fields=fields).ok
    assert {each["severity"] for each in stage.control.findings()} == {"warning"}


def test_lenient_goes_by_the_mended_header(stages):
    stage = stages(strict=False)
    visit = stage.hospital.visit(stage.patient())
    assert visit.charge(visit.session("1000.00")).ok
    # The places as numbers still make it care elsewhere, insured at 230900: 0.90 and not another city's ratio.
    answer = visit.settle("1000.00", fields={"mdtrtarea_admvs": 110000, "insuplc_admdvs": 230900})
    assert answer.setlinfo["clr_optins"] == "230900"
    assert answer.setlinfo["hifp_pay"] == Decimal("450.00")  # (1000.00 − 500.00) × 0.90
    (leg,) = stage.control("GET", "messages?infno=2207A")["messages"]
    assert leg["area"] == "230900"


def test_an_unknown_field_is_told_with_the_nearest_name(stage):
    visit = stage.hospital.visit(stage.patient())
    answer = visit.preview("1000.00", medfee_sumamnt=1000)
    assert "medfee_sumamnt" in answer.err_msg
    assert "medfee_sumamt" in answer.err_msg


def test_the_answer_names_as_many_faults_as_fit_and_how_many_there_are_and_the_findings_hold_all(stage):
    answer = stage.hospital.send("2207A", {"data": {}})
    told = stage.control.findings()
    assert len(answer.err_msg) <= 200
    assert answer.err_msg.endswith(f"等{len(told)}处")
    assert len(told) > 5
    assert {each["severity"] for each in told} == {"error"}
    sentences = [each["message"]["zh"] for each in told]
    named = answer.err_msg.split("；")[:-1]
    assert all(sentence.startswith(f"{name}；应为：") for name, sentence in zip(named, sentences, strict=False))
    assert len(named) > 5


def test_one_fault_is_told_in_full_and_without_a_count(stage):
    answer = stage.hospital.identify(stage.patient(), mdtrt_cert_type="99")
    (found,) = stage.control.findings()
    assert answer.err_msg == found["message"]["zh"]


@pytest.mark.parametrize(
    "value",
    [
        "1E+999999999",
        "-1E-999999999",
        "1" * 4000,
        "0." + "1" * 4000,
        "-0.0",
        '"😀"',
        "[[[[]]]]",
        '{"a": {"b": null}}',
        '""',
    ],
)
def test_whatever_stands_in_an_unknown_field_lenient_takes_the_message(stages, value):
    stage = stages(strict=False)
    visit = stage.hospital.visit(stage.patient())
    raw = json.dumps(stage.hospital.envelope("2204", {"feedetail": [visit.session("1000.00")]}, insured="230900"))
    raw = raw.replace('"feedetl_sn"', f'"strange": {value}, "feedetl_sn"')
    assert stage.hospital.post(raw.encode()).ok
    answer = stage.hospital.post(raw.encode())
    assert answer.ok, answer.err_msg
    assert visit.settle("1000.00").ok


@pytest.mark.parametrize("value", ["1E+999999999", "1E-999999999", "1" * 4000, "1.005", "true", "[]", "{}"])
@pytest.mark.parametrize("strict", [True, False])
def test_an_amount_that_cannot_be_one_is_refused_by_its_name(stages, strict, value):
    stage = stages(strict=strict)
    visit = stage.hospital.visit(stage.patient())
    raw = json.dumps(stage.hospital.envelope("2204", {"feedetail": [visit.session("1000.00")]}, insured="230900"))
    raw = raw.replace('"det_item_fee_sumamt": 1000.0', f'"det_item_fee_sumamt": {value}')
    answer = stage.hospital.post(raw.encode())
    assert answer.body["infcode"] == "-1"
    assert "det_item_fee_sumamt" in answer.err_msg


@pytest.mark.parametrize(
    "moment", ["2025-02-30 09:00:00", "2025-03-10 24:00:00", "0000-01-01 00:00:00", "2025-3-1 9:00:00", "明天"]
)
def test_a_moment_that_is_none_is_refused_by_its_name(stage, moment):
    visit = stage.hospital.visit(stage.patient())
    assert "fee_ocur_time" in visit.charge(visit.session("1000.00", fee_ocur_time=moment)).err_msg
    assert "begntime" in visit.register(begntime=moment).err_msg


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"mdtrtarea_admvs": "北京市海淀区"},
        {"mdtrtarea_admvs": ""},
        {"mdtrtarea_admvs": "11"},
        {"mdtrtarea_admvs": 110000},
        {"mdtrtarea_admvs": "110000" * 9},
    ],
)
def test_a_refusal_keeps_the_contract_of_the_answer_whatever_came(stage, fields):
    answer = stage.hospital.send("2207A", {"data": {}}, **fields)
    assert contract_of("national").check_envelope(answer.body, "out") == ()
