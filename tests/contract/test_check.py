"""What the contract says of single messages: which breach, where, in which order, however the numbers were read."""

import json
from copy import deepcopy
from decimal import Decimal

import pytest

from simulator.contract import contract_of

NATIONAL, HUNAN, JIANGXI = contract_of("national"), contract_of("hunan-1.3"), contract_of("jiangxi-1.0")

CHARGE = {
    "feedetl_sn": "1",
    "mdtrt_id": "M1",
    "psn_no": "P1",
    "chrg_bchno": "B1",
    "rx_circ_flag": "0",
    "fee_ocur_time": "2024-02-29 09:00:00",
    "med_list_codg": "XJ01XDT045A001010104642",
    "medins_list_codg": "L001",
    "det_item_fee_sumamt": Decimal("300.50"),
    "cnt": Decimal("1.0000"),
    "pric": Decimal("300.500000"),
    "bilg_dept_codg": "A03",
    "bilg_dept_name": "肾内科",
    "bilg_dr_codg": "D230900000001",
    "bilg_dr_name": "张医生",
    "hosp_appr_flag": "0",
}


def charges(**changed):
    return {"feedetail": [CHARGE, CHARGE | changed]}


def said(contract, infno, direction, body, *, remote=False, head=None):
    return [(fault.rule, fault.path) for fault in contract.check(infno, direction, body, remote=remote, head=head)]


def second(field, rule):
    return [(rule, f"/input/feedetail/1/{field}")]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"cnt": 1, "pric": 300.5}, []),
        ({"psn_no": ""}, second("psn_no", "empty")),
        ({"psn_no": None}, second("psn_no", "type")),
        ({"psn_no": "一" * 30}, []),
        ({"psn_no": "一" * 31}, second("psn_no", "too_long")),
        ({"psn_no": 5}, second("psn_no", "type")),
        ({"hosp_appr_flag": "3"}, second("hosp_appr_flag", "code")),
        ({"hosp_appr_flag": "0\n"}, second("hosp_appr_flag", "code")),
        ({"hosp_appr_flag": 0}, second("hosp_appr_flag", "type")),
        ({"fee_ocur_time": "2023-02-29 09:00:00"}, second("fee_ocur_time", "date")),
        ({"fee_ocur_time": "1900-02-29 09:00:00"}, second("fee_ocur_time", "date")),
        ({"fee_ocur_time": "2000-02-29 09:00:00"}, []),
        ({"fee_ocur_time": "2024-04-31 09:00:00"}, second("fee_ocur_time", "date")),
        ({"fee_ocur_time": "2024-02-29"}, second("fee_ocur_time", "date")),
        ({"fee_ocur_time": "2024-02-29 24:00:00"}, second("fee_ocur_time", "date")),
        ({"fee_ocur_time": "2024-02-29 09:00:00\n"}, second("fee_ocur_time", "date")),
        ({"fee_ocur_time": "２０24-02-29 09:00:00"}, second("fee_ocur_time", "date")),
        ({"cnt": "1"}, second("cnt", "type")),
        ({"cnt": True}, second("cnt", "type")),
        ({"cnt": Decimal("1.00001")}, second("cnt", "decimals")),
        ({"cnt": 1.00001}, second("cnt", "decimals")),
        ({"cnt": Decimal("1.000000000")}, []),
        ({"cnt": Decimal("1E-400")}, second("cnt", "decimals")),
        ({"cnt": 1e-300}, second("cnt", "decimals")),
        ({"cnt": Decimal("1E+400")}, second("cnt", "range")),
        ({"cnt": Decimal("1E+999999")}, second("cnt", "range")),
        ({"cnt": 10**5000}, second("cnt", "range")),
        ({"cnt": float("nan")}, second("cnt", "type")),
        ({"cnt": float("inf")}, second("cnt", "range")),
        ({"det_item_fee_sumamt": Decimal("99999999999999.99")}, []),
        ({"det_item_fee_sumamt": 10**14}, second("det_item_fee_sumamt", "range")),
        ({"det_item_fee_sumamt": Decimal("-99999999999999.99")}, []),
        ({"det_item_fee_sumamt": Decimal("99999999999999.999")}, second("det_item_fee_sumamt", "decimals")),
        ({"rxno": "", "dise_codg": "", "prd_days": "", "etip_flag": ""}, []),
        ({"prd_days": 1.5}, []),
        ({"prd_days": "1.5"}, second("prd_days", "type")),
        ({"etip_flag": "7"}, second("etip_flag", "code")),
        ({"psnno": "x"}, second("psnno", "unknown_field")),
        ({"more": {"a": 1}}, second("more", "unknown_node")),
    ],
)
def test_a_charge_breaks_the_rule_of_its_row_and_no_other(changed, expected):
    assert said(NATIONAL, "2204", "in", charges(**changed), remote=True) == expected


def test_two_decimals_read_as_float_or_decimal_are_two_decimals():
    for fen in (7, 14, 29, 1999, 435, 217343, 9999999999999999):
        for amount in (Decimal(fen).scaleb(-2), fen / 100):
            assert said(NATIONAL, "2204", "in", charges(det_item_fee_sumamt=amount)) == [], amount


def test_a_missing_field_and_a_missing_node_are_different_breaches():
    without = {name: value for name, value in CHARGE.items() if name != "pric"}
    assert said(NATIONAL, "2204", "in", {"feedetail": [without]}) == [("required", "/input/feedetail/0/pric")]
    assert said(NATIONAL, "2204", "in", {}) == [("node_missing", "/input/feedetail")]
    assert said(NATIONAL, "2204", "in", {"feedetail": []}) == [("node_missing", "/input/feedetail")]


@pytest.mark.parametrize("wrong", [{}, "", None, 3])
def test_rows_are_a_list(wrong):
    assert said(NATIONAL, "2204", "in", {"feedetail": wrong}) == [("node_kind", "/input/feedetail")]


@pytest.mark.parametrize("wrong", [None, [], "", 7])
def test_an_input_is_an_object(wrong):
    assert said(NATIONAL, "2204", "in", wrong) == [("node_kind", "/input")]


def test_breaches_come_in_the_order_of_the_table_then_by_index():
    first = {name: value for name, value in CHARGE.items() if name not in ("pric", "mdtrt_id")}
    body = {"feedetail": [first, CHARGE | {"mdtrt_id": "", "zz": 1}]}
    assert said(NATIONAL, "2204", "in", body) == [
        ("required", "/input/feedetail/0/mdtrt_id"),
        ("empty", "/input/feedetail/1/mdtrt_id"),
        ("required", "/input/feedetail/0/pric"),
        ("unknown_field", "/input/feedetail/1/zz"),
    ]


def test_the_message_is_not_changed_by_the_check():
    body = charges(cnt=Decimal("2.5"))
    before = deepcopy(body)
    NATIONAL.check("2204", "in", body, remote=False)
    assert body == before
    assert isinstance(body["feedetail"][1]["cnt"], Decimal)


DATA_1101 = {"mdtrt_cert_type": "02", "mdtrt_cert_no": "x"}


def test_identity_is_required_where_the_places_differ():
    wanted = [("required", f"/input/data/{name}") for name in ("psn_cert_type", "certno", "psn_name")]
    assert said(NATIONAL, "1101", "in", {"data": DATA_1101}) == []
    assert said(NATIONAL, "1101", "in", {"data": DATA_1101}, remote=True) == wanted
    assert said(HUNAN, "1101", "in", {"data": DATA_1101}) == wanted
    assert said(JIANGXI, "1101", "in", {"data": DATA_1101}) == []
    empty = {"data": DATA_1101 | {"psn_cert_type": "", "certno": "", "psn_name": ""}}
    assert [rule for rule, _ in said(NATIONAL, "1101", "in", empty, remote=True)] == ["empty"] * 3


def test_a_card_needs_its_serial_number():
    card = DATA_1101 | {"mdtrt_cert_type": "03"}
    assert said(NATIONAL, "1101", "in", {"data": card}) == [("required", "/input/data/card_sn")]
    assert said(NATIONAL, "1101", "in", {"data": card | {"card_sn": ""}}) == [("empty", "/input/data/card_sn")]
    assert said(NATIONAL, "1101", "in", {"data": card | {"card_sn": "5"}}) == []


def test_an_insured_patient_is_known_by_the_header():
    (row,) = [row for row in NATIONAL.edition.rows_of("3505", "in") if row.condition == "insured"]
    wanted = f"/input/selinfo/{row.field}"
    body = {"selinfo": {}}
    assert ("required", wanted) not in said(NATIONAL, "3505", "in", body)
    assert ("required", wanted) not in said(NATIONAL, "3505", "in", body, head={"insuplc_admdvs": ""})
    assert ("required", wanted) in said(NATIONAL, "3505", "in", body, head={"insuplc_admdvs": "230900"})
    assert ("required", wanted) in said(NATIONAL, "3505", "in", body, remote=True)


@pytest.mark.parametrize("value", ["1", "000000000000001", 15, 999999999999999])
def test_hunans_line_numbers_are_digits(value):
    assert said(HUNAN, "2204", "in", charges(feedetl_sn=value)) == []


@pytest.mark.parametrize("value", ["0", "000", "a1", "1234567890123456", 0, -1, 10**15, "1\n", 1.5])
def test_hunans_line_numbers_are_neither_zero_nor_longer_than_15_digits(value):
    rule = "decimals" if value == 1.5 else "digits"
    assert said(HUNAN, "2204", "in", charges(feedetl_sn=value)) == second("feedetl_sn", rule)


def test_a_code_means_another_thing_in_another_edition():
    data = {"data": DATA_1101 | {"psn_cert_type": "1", "certno": "x", "psn_name": "y"}}
    assert said(JIANGXI, "1101", "in", data) == []
    assert said(NATIONAL, "1101", "in", data) == [("code", "/input/data/psn_cert_type")]


def test_a_fault_says_the_chinese_name_what_came_what_is_allowed_and_the_row():
    (fault,) = NATIONAL.check("2204", "in", charges(hosp_appr_flag="9"), remote=True)
    assert (fault.field, fault.name_zh, fault.got) == ("hosp_appr_flag", "医院审批标志", '"9"')
    assert "1 审批通过" in fault.allowed.zh
    assert fault.row == "2204 in feedetail.hosp_appr_flag (national)"
    assert "医院审批标志" in fault.sentence.zh
    assert "hosp_appr_flag" in fault.sentence.en


def test_an_unknown_name_gets_the_nearest_known_one_and_is_a_warning_in_lenient():
    (fault,) = NATIONAL.check("2204", "in", charges(psnno="x"), remote=True)
    assert "psn_no" in fault.sentence.en
    assert fault.is_error(strict=True)
    assert not fault.is_error(strict=False)
    assert fault.severity == "warning"


def test_what_came_is_shown_cut_to_a_readable_length():
    (fault,) = NATIONAL.check("2204", "in", charges(psn_no="x" * 100_000), remote=True)
    assert len(fault.got) < 100
    assert len(fault.sentence.zh) < 300


def test_a_message_with_very_many_breaches_is_told_the_first_ones():
    faults = NATIONAL.check("2204", "in", {"feedetail": [{}] * 500}, remote=False)
    assert len(faults) == 1000
    assert faults[0].path == "/input/feedetail/0/feedetl_sn"


def test_a_list_of_an_answer_that_is_left_out_is_a_warning_in_lenient():
    faults = NATIONAL.check("1101", "out", {"baseinfo": {}}, remote=False)
    missing = [fault for fault in faults if fault.rule == "list_missing"]
    assert [fault.path for fault in missing] == ["/output/insuinfo", "/output/idetinfo"]
    assert not any(fault.is_error(strict=False) for fault in missing)


@pytest.mark.parametrize("nothing", [None, {}, ""])
def test_an_answer_of_which_nothing_is_printed_may_be_absent_or_empty(nothing):
    assert said(NATIONAL, "2601", "out", nothing) == []
    assert said(NATIONAL, "2601", "out", {"x": 1}) == [("unknown_field", "/output/x")]


def test_what_an_edition_lacks_is_refused_by_name():
    assert NATIONAL.serves("2207A")
    assert not HUNAN.serves("2207A")
    assert not JIANGXI.serves("2101")
    assert "2207" in HUNAN.why_not("2207A").zh
    assert "并非没有" in JIANGXI.why_not("2101").zh


def test_nested_nodes_are_checked_to_their_depth():
    deep = {"data": {"patient_dtos": [{"fsi_encounter_dtos": [{"fsi_order_dtos": [{}], "fsi_diagnose_dtos": 1}]}]}}
    paths = [path for _, path in said(NATIONAL, "3101", "in", deep)]
    inner = "/input/data/patient_dtos/0/fsi_encounter_dtos/0"
    assert f"{inner}/fsi_diagnose_dtos" in paths
    assert any(path.startswith(f"{inner}/fsi_order_dtos/0/") for path in paths)


HEAD = {
    "infno": "2207A",
    "msgid": "H11000000001202503010900000001",
    "mdtrtarea_admvs": "110000",
    "insuplc_admdvs": "230900",
    "recer_sys_code": "sys01",
    "infver": "V1.0",
    "opter_type": "1",
    "opter": "o",
    "opter_name": "张",
    "inf_time": "2025-03-01 09:00:00",
    "fixmedins_code": "H11000000001",
    "fixmedins_name": "北京第一示例医院，名称长于二十个字也不硬拒",
    "input": {"data": {"psn_no": "1"}},
}


def head_rules(**changed):
    return [(fault.rule, fault.field, fault.severity) for fault in NATIONAL.check_envelope(HEAD | changed, "in")]


def test_a_header_keeps_the_contract():
    assert head_rules() == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"infno": "2207AXXXXXX"}, [("too_long", "infno", "error")]),
        ({"msgid": "H11000000001202502300900000001"}, [("msgid", "msgid", "warning")]),
        ({"msgid": "m" * 31}, [("too_long", "msgid", "error")]),
        ({"insuplc_admdvs": ""}, [("empty", "insuplc_admdvs", "error")]),
        ({"insuplc_admdvs": "", "input": {"data": {}}}, []),
        ({"insuplc_admdvs": "23090"}, [("code", "insuplc_admdvs", "error")]),
        ({"input": "abc"}, [("type", "input", "error")]),
        ({"inf_time": "2025-03-01"}, [("date", "inf_time", "error")]),
        ({"sender": "x"}, [("unknown_field", "sender", "warning")]),
        ({"opter_type": "9"}, [("code", "opter_type", "error")]),
    ],
)
def test_a_header_that_is_wrong_is_told_where(changed, expected):
    assert head_rules(**changed) == expected


def test_an_answer_header_takes_infcode_as_text_and_as_number():
    answer = {"infcode": "0", "inf_refmsgid": "230900202503010900000000000001", "output": None}
    assert NATIONAL.check_envelope(answer, "out") == ()
    assert NATIONAL.check_envelope(answer | {"infcode": -1, "err_msg": "x"}, "out") == ()
    assert [fault.rule for fault in NATIONAL.check_envelope(answer | {"infcode": 7}, "out")] == ["code"]
    observed = contract_of("observed")
    assert [fault.rule for fault in NATIONAL.check_envelope(answer | {"warn_msg": "x"}, "out")] == ["unknown_field"]
    assert observed.check_envelope(answer | {"warn_msg": "x"}, "out") == ()


def test_habits_of_real_clients_are_taken_with_a_warning_and_the_message_stays_as_it_was():
    body = {"data": {"medfee_sumamt": "12.30", "psn_no": None, "certno": "null", "exp_content": "{}"}, "x": None}
    before = deepcopy(body)
    accepted, faults = NATIONAL.accept_quirks("2207", "in", body)
    assert body == before
    assert accepted["data"] == {"medfee_sumamt": Decimal("12.30"), "psn_no": "", "certno": "", "expContent": "{}"}
    assert [fault.rule for fault in faults] == [
        "habit_text_number",
        "habit_null",
        "habit_null_text",
        "habit_exp_content",
    ]
    assert not any(fault.is_error(strict=False) for fault in faults)


def test_a_message_without_habits_comes_back_as_the_same_object():
    body = charges()
    accepted, faults = NATIONAL.accept_quirks("2204", "in", body)
    assert accepted is body
    assert faults == ()


@pytest.mark.parametrize("text", ["１２", "12.", "1\n", "0x1", "--1", "1,00", "1,0000", "1e999", "NaN"])
def test_text_that_is_no_plain_number_stays_text(text):
    accepted, _ = NATIONAL.accept_quirks("2207", "in", {"data": {"medfee_sumamt": text}})
    assert accepted["data"]["medfee_sumamt"] == text


def test_header_habits():
    head, faults = NATIONAL.accept_envelope_quirks(HEAD | {"infver": 1.0, "opter_type": 1, "dev_no": None})
    assert (head["infver"], head["opter_type"], head["dev_no"]) == ("V1.0", "1", "")
    assert len(faults) == 4
    answer, told = NATIONAL.accept_envelope_quirks({"infcode": 0, "output": json.dumps({"data": {"cnt": 1}})})
    assert (answer["infcode"], answer["output"]) == ("0", {"data": {"cnt": 1}})
    assert [fault.rule for fault in told] == ["habit_infcode", "habit_json_text"]
