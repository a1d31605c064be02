"""Transactions that are entries alone: kept, refused twice, found, withdrawn; and queries of tables, page by page."""

from decimal import Decimal

import pytest

from simulator.contract import contract_of
from simulator.core.errors import DataFaults
from simulator.store import records
from simulator.store.tables import record, visit
from simulator.transactions.declarative.serving import depth_of, handler_of, serve
from simulator.transactions.declarative.specification import (
    DECLARED,
    Query,
    Upload,
    Withdrawal,
    read_declarations,
)
from tests.support.hospital import BEIJING_HOSPITAL
from tests.support.stage import Stage

CODE = "003110000060000-311000027"
ANOTHER = ("H11000000005", *BEIJING_HOSPITAL[1:])


def mapping(own="XM1", **changes):
    usual = {"fixmedins_hilist_id": own, "fixmedins_hilist_name": "血液透析", "list_type": "201", "med_list_codg": CODE}
    return usual | {"begndate": "2025-01-01", "enddate": "2025-12-31"} | changes


def upload(stage, *rows, **head):
    return stage.hospital.send("3301", {"data": list(rows)}, insured="", **head)


def withdraw(stage, own="XM1", **changes):
    body = {"fixmedins_code": stage.hospital.institution[0], "fixmedins_hilist_id": own, "list_type": "201"}
    return stage.hospital.send("3302", body | {"med_list_codg": CODE} | changes, insured="")


def mapped(hospital, **asked):
    question = {"updt_time": "2000-01-01", "page_num": 1, "page_size": 100} | asked
    answer = hospital.send("1317", {"data": question}, insured="")
    assert answer.ok, answer.err_msg
    return [row["medins_list_codg"] for row in answer.output["data"]]


def listed(stage, **asked):
    question = {"updt_time": "2000-01-01", "page_num": 1, "page_size": 100} | asked
    return stage.hospital.send("1312", {"data": question}, insured="")


def of_person(stage, infno, person, **more):
    return stage.hospital.send(infno, {"data": {"psn_no": person["psn_no"], **more}})


def test_a_mapping_is_found_by_each_thing_that_may_be_asked(stage):
    upload(stage, mapping(), mapping("XM2", fixmedins_hilist_name="夜间透析", begndate="2025-03-01"))
    assert mapped(stage.hospital) == ["XM1", "XM2"]
    assert mapped(stage.hospital, medins_list_name="夜间") == ["XM2"]
    assert mapped(stage.hospital, medins_list_codg="XM1", list_type="201", med_list_codg=CODE) == ["XM1"]
    assert mapped(stage.hospital, list_type="101") == []
    assert mapped(stage.hospital, query_date="2025-02-28") == ["XM1"]
    assert mapped(stage.hospital, query_date="2025-12-31") == ["XM1", "XM2"]
    assert mapped(stage.hospital, query_date="2026-01-01") == []
    assert mapped(stage.hospital, updt_time="2025-03-10") == ["XM1", "XM2"]
    assert mapped(stage.hospital, updt_time="2025-03-11") == []


def test_an_institution_has_mappings_of_its_own(stage):
    upload(stage, mapping())
    other = stage.another_hospital(ANOTHER)
    assert mapped(other) == []
    assert mapped(other, fixmedins_code=BEIJING_HOSPITAL[0]) == ["XM1"]
    assert other.send("3301", {"data": [mapping()]}, insured="").ok
    told = other.send("3302", {**mapping(), "fixmedins_code": BEIJING_HOSPITAL[0]}, insured="").err_msg
    assert told  # unknown fields of 3301 in strict
    assert "不是报文头里的机构 H11000000005" in withdraw_as(other, BEIJING_HOSPITAL[0]).err_msg
    assert mapped(stage.hospital) == ["XM1"]


def withdraw_as(hospital, code):
    body = {"fixmedins_code": code, "fixmedins_hilist_id": "XM1", "list_type": "201", "med_list_codg": CODE}
    return hospital.send("3302", body, insured="")


def test_one_row_that_is_there_already_refuses_the_whole_message(stage):
    assert upload(stage, mapping()).ok
    told = upload(stage, mapping("XM2"), mapping())
    assert "定点医药机构目录编号 XM1" in told.err_msg
    assert "2025-03-10 09:00:00" in told.err_msg
    assert mapped(stage.hospital) == ["XM1"]


def test_two_rows_of_one_message_may_not_be_the_same(stage):
    assert "已有同样的有效记录" in upload(stage, mapping(), mapping()).err_msg
    assert mapped(stage.hospital) == []


def test_a_message_holds_at_most_a_hundred_mappings(stage):
    rows = [mapping(f"X{number}") for number in range(101)]
    assert "101 行，一次最多 100 行" in upload(stage, *rows).err_msg
    assert upload(stage, *rows[:100]).ok
    assert len(mapped(stage.hospital)) == 100


def test_a_withdrawn_mapping_is_found_only_where_invalid_ones_are_asked_for(stage):
    upload(stage, mapping())
    assert withdraw(stage).ok
    assert mapped(stage.hospital) == []
    assert mapped(stage.hospital, vali_flag="0") == ["XM1"]
    assert "没有可撤销的有效记录" in withdraw(stage).err_msg
    assert upload(stage, mapping()).ok
    assert mapped(stage.hospital) == mapped(stage.hospital, vali_flag="1") == ["XM1"]


def test_an_upload_spends_its_msgid_and_its_repetition_gets_the_recorded_answer(stage):
    first = upload(stage, mapping(), msgid="H11000000001202503100900000077")
    again = upload(stage, mapping(), msgid="H11000000001202503100900000077")
    assert first.ok
    assert again.ok
    assert len(stage.rows(record)["record"]) == 1
    assert not upload(stage, mapping("XM2"), msgid="H11000000001202503100900000077").ok


def test_an_upload_cannot_be_reversed_as_the_text_names_settlements_alone(stage):
    patient = stage.patient()
    upload(stage, mapping(), msgid="H11000000001202503100900000077")
    body = {"psn_no": patient["psn_no"], "omsgid": "H11000000001202503100900000077", "oinfno": "3301"}
    assert not stage.hospital.send("2601", {"data": body}).ok
    assert mapped(stage.hospital) == ["XM1"]


def test_several_mappings_are_withdrawn_in_one_message_where_the_edition_prints_rows(stages):
    stage = stages(edition="jiangxi-1.0")
    upload(stage, mapping(), mapping("XM2"), mapping("XM3"))
    row = {"fixmedins_code": BEIJING_HOSPITAL[0], "list_type": "201", "med_list_codg": CODE}
    both = [row | {"fixmedins_hilist_id": own} for own in ("XM1", "XM2")]
    assert stage.hospital.send("3302", both, insured="").ok
    assert mapped(stage.hospital) == ["XM3"]
    gone = [row | {"fixmedins_hilist_id": own} for own in ("XM3", "XM1")]
    assert not stage.hospital.send("3302", gone, insured="").ok
    assert mapped(stage.hospital) == ["XM3"]


@pytest.mark.parametrize("page", [0, -1, 1.5, 10000])
def test_a_page_that_there_cannot_be_is_refused_by_its_name(stage, page):
    told = listed(stage, page_num=page).err_msg
    assert "当前页数" in told
    assert str(page) in told


def test_pages_together_are_everything_once(stage):
    everything = listed(stage, page_size=1000).output["data"]
    size = len(everything) // 3 + 1  # three pages, the last one short
    pages = [listed(stage, page_num=number, page_size=size).output["data"] for number in (1, 2, 3, 4)]
    assert pages[0] + pages[1] + pages[2] == everything
    assert pages[3] == []


def test_the_catalogue_is_asked_by_place_name_kind_and_day(stage):
    def codes(**asked):
        return [row["hilist_code"] for row in listed(stage, page_size=1000, **asked).output["data"]]

    catalogue = stage.sandbox.current_config().catalogues.of("110000")
    assert codes() == [item.code for item in catalogue.all()]
    assert codes(hilist_code=CODE) == [CODE]
    assert codes(hilist_name="透析") == [item.code for item in catalogue.all() if "透析" in item.name]
    assert codes(query_date="1990-01-01") == []
    assert codes(insu_admdvs="330100") != codes()
    services = [item.code for item in catalogue.all() if item.kind == "service"]
    assert codes(list_type="201") == services


def test_paging_members_are_answered_where_the_edition_has_them(stages):
    stage = stages(edition="observed")
    answer = listed(stage, page_num=2, page_size=3).output
    total = answer["recordCounts"]
    assert (answer["pageNum"], answer["pageSize"], answer["size"]) == (2, 3, 3)
    assert answer["startRow"] == 4  # (2 − 1) × 3 + 1
    assert answer["pages"] == -(-total // 3)
    assert (answer["firstPage"], answer["lastPage"]) == (False, False)


def test_visits_are_found_by_person_time_and_kind_of_care(stage):
    patient = stage.patient()
    stage.hospital.identify(patient)
    one = stage.hospital.visit(patient)
    other = stage.hospital.visit(stage.patient())

    def found(**asked):
        question = {"begntime": "2025-03-10 00:00:00", "endtime": "2025-03-10 23:59:59", "med_type": "14"} | asked
        return [row["mdtrt_id"] for row in of_person(stage, "5201", patient, **question).output["mdtrtinfo"]]

    assert found() == [one.id]
    assert found(mdtrt_id=one.id) == [one.id]
    assert found(mdtrt_id=other.id) == []
    assert found(med_type="11") == []
    assert found(begntime="2025-03-10 09:00:01") == []
    assert found(endtime="2025-03-10 08:59:59") == []


def test_diagnoses_are_those_of_the_visit_with_the_first_as_the_main_one(stage):
    patient = stage.patient()
    one = stage.hospital.visit(patient)
    (row,) = of_person(stage, "5202", patient, mdtrt_id=one.id).output["diseinfo"]
    assert (row["maindiag_flag"], row["mdtrt_id"], row["psn_no"]) == ("1", one.id, patient["psn_no"])
    assert "不是参保人" in of_person(stage, "5202", stage.patient(), mdtrt_id=one.id).err_msg


def test_charges_of_a_settlement_are_its_own_also_after_its_cancellation(stage):
    patient = stage.patient()
    one = stage.hospital.visit(patient)
    info = one.settled("1000.00")
    one.settled("300.00", batch="B2", serial=2)

    def charges():
        found = of_person(stage, "5204", patient, setl_id=info["setl_id"], mdtrt_id=one.id).output
        return [row["det_item_fee_sumamt"] for row in found]

    assert charges() == [Decimal("1000.0")]
    one.cancel(info["setl_id"])
    assert charges() == [Decimal("1000.0")]
    assert "没有结算" in of_person(stage, "5204", patient, setl_id="1", mdtrt_id=one.id).err_msg
    assert "不是" in of_person(stage, "5204", stage.patient(), setl_id=info["setl_id"], mdtrt_id=one.id).err_msg


def test_without_a_settlement_named_the_settled_charges_of_the_visit_are_shown(stages):
    stage = stages(edition="jiangxi-1.0")  # setl_id may be blank there, but every row shows its own
    patient = stage.patient()
    one = stage.hospital.visit(patient)
    settled = one.settled("1000.00")["setl_id"]
    one.charge(one.session("420.00", batch="B2", serial=2))
    rows = of_person(stage, "5204", patient, setl_id="", mdtrt_id=one.id).output
    assert [(row["setl_id"], row["det_item_fee_sumamt"]) for row in rows] == [(settled, Decimal("1000.0"))]


def test_in_hospital_is_whoever_has_an_open_stay_at_the_institution(stage: Stage):
    patient = stage.patient()
    one = stage.hospital.visit(patient)
    asked = {"begntime": "2025-03-01 00:00:00", "endtime": "2025-03-31 00:00:00"}

    def found(hospital=stage.hospital, **more):
        return [row["mdtrt_id"] for row in hospital.send("5303", {"data": asked | more}).output["data"]]

    assert found() == []
    with stage.sandbox.begin() as (work, _, _clock):
        (row,) = work.find(visit)
        work.change(visit, {"id": row.id}, med_type="2101")  # admitted, as a stay of ordinary inpatient care is kept
    assert found() == found(psn_no=patient["psn_no"]) == [one.id]
    assert found(psn_no="1") == []
    assert found(begntime="2025-03-11 00:00:00") == []
    assert found(stage.another_hospital(ANOTHER)) == []


def test_a_designated_institution_is_withdrawn_by_the_number_it_was_given(stage):
    patient, other = stage.patient(), stage.patient()
    filed = {"biz_appy_type": "03", "begndate": "2025-03-10", "fix_srt_no": "1", "fixmedins_code": BEIJING_HOSPITAL[0]}
    number = of_person(stage, "2505", patient, fixmedins_name="北京", **filed).output["result"]["trt_dcla_detl_sn"]
    (row,) = of_person(stage, "5302", patient, biz_appy_type="03").output["psnfixmedin"]
    assert (row["fixmedins_code"], row["begndate"]) == (BEIJING_HOSPITAL[0], "2025-03-10")
    for person, quoted in ((other, number), (patient, "R1"), (patient, number[:-1] + "9")):
        told = of_person(stage, "2506", person, trt_dcla_detl_sn=quoted, memo="x").err_msg
        assert "待遇申报明细流水号" in told
    assert of_person(stage, "2506", patient, trt_dcla_detl_sn=number, memo="x").ok
    assert of_person(stage, "5302", patient, biz_appy_type="03").output["psnfixmedin"] == []
    assert "1" in of_person(stage, "5302", {"psn_no": "1"}, biz_appy_type="03").err_msg


def test_numbers_of_records_are_not_given_twice_after_a_reset(stage):
    def designate():
        patient = stage.patient()
        filed = {"biz_appy_type": "03", "begndate": "2025-03-10", "fix_srt_no": "1", "fixmedins_code": "H11000000001"}
        return of_person(stage, "2505", patient, fixmedins_name="x", **filed).output["result"]["trt_dcla_detl_sn"]

    before = designate()
    stage.control("POST", "reset")
    assert designate() != before


def test_a_field_that_lenient_lets_through_asks_nothing(stages):
    stage = stages(strict=False)
    upload(stage, mapping())
    assert mapped(stage.hospital, invented="x") == ["XM1"]


# The entries


@pytest.mark.parametrize("infno", sorted(DECLARED))
def test_an_entry_names_fields_and_nodes_that_the_interface_has(infno):
    entry, contract = DECLARED[infno], contract_of("national")
    asked = {row.field for row in contract.edition.rows_of(infno, "in")}
    answered = {row.field for row in contract.edition.rows_of(infno, "out")}
    if isinstance(entry, Upload):
        assert set(entry.unique) <= asked
        assert not entry.number_as or entry.number_as.partition(".")[2] in answered
    elif isinstance(entry, Withdrawal):
        assert ({entry.number} if entry.number else set(entry.upload.unique)) <= asked
    else:
        assert {*entry.found_by} <= asked
        assert {*entry.shown_as, *entry.constants} <= answered
        root = contract.layout(infno, "out").root
        assert root.is_list or root.children[entry.node].is_list


def test_an_entry_takes_few_lines_with_its_template_and_its_traits(request):
    root = request.config.rootpath / "simulator"
    lines = (root / "transactions/declarative/declarations.yaml").read_text(encoding="utf-8").splitlines()
    starts = [number for number, line in enumerate(lines) if line[:2] == "  " and line[2:6].isdigit()]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        infno = lines[start][2:6]
        entry = [line for line in lines[start:end] if line.strip() and not line.strip().startswith("#")]
        template = (root / f"harness/templates/{infno}.yaml").read_text(encoding="utf-8").splitlines()
        assert len(entry) + len(template) + 1 <= 15, infno


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        ("1234: {keeps: a}", "transactions.1234"),
        ("1234: {keeps: a, belongs_to: person, unique: []}", "transactions.1234.unique"),
        ("1234: {keeps: a, belongs_to: nobody}", "transactions.1234.belongs_to"),
        ("1234: {withdraws: a}", "transactions.1234.withdraws"),
        ("1234: {shows: a, found_by: {x: {like: y}}}", "transactions.1234.found_by.x"),
        ("1234: {shows: a, pages: true}", "transactions.1234.pages"),
    ],
)
def test_an_entry_that_says_nothing_sensible_is_refused_at_its_line(entry, path):
    with pytest.raises(DataFaults) as caught:
        read_declarations(f"transactions:\n  {entry}\n".encode(), "declarations.yaml")
    assert (path, 2) in {(each.path, each.line) for each in caught.value.faults}


def test_a_kind_of_record_is_kept_by_one_entry():
    raw = b"transactions:\n  1234: {keeps: a, belongs_to: person}\n  1235: {keeps: a, belongs_to: person}\n"
    with pytest.raises(DataFaults, match="1235"):
        read_declarations(raw, "declarations.yaml")


def test_an_entry_that_the_table_of_transactions_contradicts_is_refused():
    with pytest.raises(ValueError, match="9990"):
        serve({"9990": Upload("9990", "a", "person", ())})


def test_a_query_of_a_source_that_there_is_not_is_refused_by_name():
    with pytest.raises(ValueError, match="shows nothing_known"):
        handler_of(Query("9991", "nothing_known"))


def test_a_query_of_records_is_a_record_and_a_query_of_a_table_a_table():
    assert (depth_of(DECLARED["1317"]), depth_of(DECLARED["1312"])) == ("record", "table")


def test_records_without_anything_unique_may_be_the_same(stage):
    owner, origin = records.Owner("H1"), records.Origin("m", "110000", ("o", "n"), "2025-03-10 09:00:00")
    with stage.sandbox.begin() as (work, _, _clock):
        one, other = (records.keep(work, "event", "", owner, origin, {"a": 1}) for _ in range(2))
        assert one != other
        assert len(records.find_by_owner(work, "event", records.LIVE_STATE, "institution", "H1")) == 2


@pytest.mark.parametrize("infno", [each for each, entry in DECLARED.items() if not isinstance(entry, Query)])
def test_an_entry_names_a_node_and_fields_that_the_interface_prints(infno):
    entry = DECLARED[infno]
    printed = {(row.node, row.field) for row in contract_of("national").edition.rows_of(infno, "in")}
    named = entry.unique if isinstance(entry, Upload) else (entry.number,) if entry.number else entry.upload.unique
    assert {(entry.node, field) for field in named} <= printed
