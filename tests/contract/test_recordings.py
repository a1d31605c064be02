"""Recorded messages in every form: what is read, what belongs together, and what is said about what is broken."""

import base64
import copy
import json

import pytest

from simulator.contract import contract_of
from simulator.contract.checking import Checking
from simulator.contract.checking.masked import masked
from simulator.contract.example import example_message
from simulator.contract.export.openapi import plain_json
from simulator.contract.layout import REMOTE
from simulator.contract.recordings import Broken, legs_of
from simulator.contract.recordings.recorded_legs import LARGEST_LINE, line_of

CONTRACT = contract_of("national")


def message(number, direction="in", **changed):
    return plain_json(example_message(CONTRACT, number, direction, REMOTE)) | changed


def with_data(whole, **changed):
    whole = copy.deepcopy(whole)
    whole["input"]["data"] |= changed
    return whole


def written(value):
    return json.dumps(value, ensure_ascii=False)


def run(path, **options):
    checking = Checking(lambda side, _: contract_of("national", ("agency",) if side == "agency" else ()), **options)
    return checking, list(checking.files([path]))


def rules(path, **options):
    return [(found.fault.rule, found.line, found.pointer) for found in run(path, **options)[1]]


@pytest.fixture
def save(tmp_path):
    def write(content, name="recorded.json"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_a_single_message_is_told_the_line_of_its_fault(save):
    whole = with_data(message("2207A"), medfee_sumamt="12.3")
    path = save(json.dumps(whole, ensure_ascii=False, indent=2))
    ((rule, line, pointer),) = rules(path)
    assert (rule, pointer) == ("type", "/input/data/medfee_sumamt")
    assert "medfee_sumamt" in path.read_text(encoding="utf-8").splitlines()[line - 1]


def test_a_missing_field_is_told_the_line_of_its_node(save):
    whole = message("2207A")
    del whole["input"]["data"]["psn_no"]
    path = save(json.dumps(whole, ensure_ascii=False, indent=2))
    ((rule, line, _),) = rules(path)
    assert rule == "required"
    assert '"data"' in path.read_text(encoding="utf-8").splitlines()[line - 1]


def test_lines_of_members_are_found_through_lists_and_escapes():
    text = '{\n "a": [\n  {"b": "x\\"}"},\n  {"b": [1,\n   2]}],\n "c/d": {}\n}'
    assert line_of(text, "") == 1
    assert line_of(text, "/a/1/b/1") == 5
    assert line_of(text, "/c~1d") == 6
    assert line_of(text, "/a/2") is None
    assert line_of(text, "/x") is None


def test_json_lines_find_the_request_of_an_answer_by_order(save):
    lines = [message("2206A"), message("2206A", "out"), message("2208", msgid="H11000000001202503030930000009")]
    checking, found = run(save("\n".join(map(written, lines)), "x.jsonl"))
    assert found == []
    assert checking.messages == 3


def test_json_lines_find_the_request_of_an_answer_by_msgid(save):
    first, second = (
        message("2206A", msgid="H11000000001202503030930000001"),
        message("2201", msgid="H11000000001202503030930000002"),
    )
    answers = [message("2206A", "out") | {"msgid": first["msgid"]}, message("2201", "out") | {"msgid": second["msgid"]}]
    told = rules(save("\n".join(map(written, [first, second, *answers])), "x.jsonl"))
    assert [rule for rule, _, _ in told] == ["unknown_field", "unknown_field"]


def test_an_answer_without_its_request_is_told_and_is_no_error(save):
    path = save(written(message("2207A", "out")))
    checking, found = run(path)
    assert [(one.fault.rule, one.severity) for one in found] == [("answer_alone", "warning")]
    assert checking.errors == 0
    assert rules(path, assumed="2207A") == []
    assert [rule for rule, _, _ in rules(path, assumed="2201")] == [
        "unknown_node",
        "unknown_node",
        "node_missing",
    ]


def har(*entries):
    return {"log": {"entries": [{"request": request, "response": response} for request, response in entries]}}


def test_a_har_is_read_by_its_bodies(save):
    bad = message("2201", "out")
    del bad["output"]["data"]["mdtrt_id"]
    hidden = base64.b64encode(written(bad).encode()).decode()
    archive = har(
        ({"method": "GET"}, {}),
        ({"postData": {"text": "a=1"}}, {"content": {"text": "<html>"}}),
        ({"postData": {"text": written(message("2201"))}}, {"content": {"text": hidden, "encoding": "base64"}}),
    )
    told = rules(save(json.dumps(archive), "x.har"))
    assert told == [("required", 1, "/log/entries/2/response/content/text/output/data/mdtrt_id")]


@pytest.mark.parametrize(
    ("entry", "words"),
    [(({"method": "POST"}, {}), "正文"), (({"postData": {"text": "{}"}}, {}), "没有医保报文")],
)
def test_a_har_without_bodies_says_so(save, entry, words):
    (found,) = run(save(json.dumps(har(entry)), "x.har"))[1]
    assert found.fault.rule == "no_message"
    assert words in found.fault.sentence.zh


def journal(*entries):
    return {
        "messages": [
            {"infno": "x", "leg": leg, "at": "", "request": written(ask), "answer": answer}
            for leg, ask, answer in entries
        ]
    }


@pytest.mark.parametrize("wrap", [lambda value: value, lambda value: value["messages"]])
def test_the_journal_of_the_platform_is_read_with_both_its_legs(save, wrap):
    asked = with_data(message("2208"), setl_id="")
    entries = journal(("hospital", asked, written(message("2208", "out"))), ("agency", message("2208"), ""))
    path = save(json.dumps(wrap(entries), ensure_ascii=False, indent=1))
    ((rule, line, pointer),) = rules(path)
    assert rule == "empty"
    assert pointer.endswith("/0/request/input/data/setl_id")
    assert line > 1


def test_the_agency_leg_is_judged_by_the_agency_overlay(save):
    told = rules(save(json.dumps(journal(("agency", message("2207A"), "")))))
    missing = [pointer.split("/input/")[1] for rule, _, pointer in told if rule == "node_missing"]
    assert missing == ["mdtrtinfo", "diseinfo", "medinsinfo", "feedetail"]


def test_a_broken_line_is_named_and_reading_goes_on(save):
    lines = [written(message("2208")), '{"infno": ', "", "[1]", written(with_data(message("2208"), psn_no=""))]
    told = rules(save("\n".join(lines), "x.jsonl"))
    assert [(rule, line) for rule, line, _ in told] == [
        ("not_json", 2),
        ("not_a_message", 4),
        ("msgid_twice", 5),
        ("empty", 5),
    ] or [(rule, line) for rule, line, _ in told] == [
        ("not_json", 2),
        ("not_a_message", 4),
        ("empty", 5),
        ("msgid_twice", 5),
    ]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'{"infno": "2207A",\n "x": }', "JSON"),
        (written(message("2208")).encode("gbk"), "GBK"),
        (b'{"infno": "1", "infno": "2"}', "JSON"),
        (b'{"infno": NaN}', "JSON"),
        (b"", "JSON"),
        (b"{" * 200, "JSON"),
        (b"3", "infno"),
        (b"[]", "infno"),
        (b'{"a": 1}', "infno"),
        (b"[[1]]", "infno"),
    ],
)
def test_what_is_no_message_is_said(save, raw, words):
    ((found),) = run(save(raw))[1]
    assert words in found.fault.sentence.zh
    assert found.severity == "error"


def test_a_whole_file_that_is_broken_is_told_the_line(save):
    assert rules(save(b'{"infno": "2207A",\n\n "x": }'))[0][1] == 3


def test_a_byte_order_mark_is_passed_over(save):
    assert rules(save(b"\xef\xbb\xbf" + written(message("2208")).encode())) == []
    assert rules(save(b"\xef\xbb\xbf" + written(message("2208")).encode() + b"\n\n", "x.jsonl")) == []


def test_lines_are_read_one_by_one_and_a_line_without_end_is_refused_in_passing(save):
    giant = b'{"infno": "' + b"x" * (LARGEST_LINE + 10)
    path = save(giant + b"\n" + written(message("2208")).encode() + b"\n", "x.jsonl")
    legs = list(legs_of(path))
    assert isinstance(legs[0], Broken)
    assert legs[1].envelope["infno"] == "2208"
    assert legs[1].where.line == 2


def test_an_unknown_transaction_is_told_with_the_nearest(save):
    ((found),) = run(save(written(message("2207A", infno="2207AA"))))[1]
    assert found.fault.rule == "transaction"
    assert "2207A" in found.fault.sentence.zh


def test_habits_are_errors_in_strict_and_warnings_in_lenient(save):
    path = save(written(with_data(message("2207A", infver="1.0"), medfee_sumamt="1000.00", exp_content="null")))
    strict, _ = run(path)
    lenient, found = run(path, strict=False)
    assert (strict.errors, lenient.errors) == (2, 0)
    assert [one.fault.rule for one in found] == [
        "habit_infver",
        "habit_text_number",
        "habit_exp_content",
    ] or lenient.warnings == len(found)


def test_identities_are_masked_unless_they_are_asked_for(save):
    whole = message("2207A")
    whole["input"]["data"]["psn_name"] = "王秀兰" * 10
    whole["input"]["data"]["certno"] = "230999195805120023" * 2
    found = run(save(written(whole)))[1]
    open_words = " ".join(one.fault.sentence.zh for one in found)
    hidden = " ".join(masked(one).fault.sentence.zh + masked(one).fault.got for one in found)
    assert "王秀兰" in open_words
    assert "王秀兰" not in hidden
    assert "19580512" not in hidden


def visit(**changed):
    """2204 with two charges, 2206A and its answer, 2207A and its answer, 2208 and its answer."""
    upload = message("2204")
    row = upload["input"]["feedetail"][0]
    upload["input"]["feedetail"] = [row | {"feedetl_sn": "1", "cnt": 1, "det_item_fee_sumamt": 500}]
    upload["input"]["feedetail"].append(row | {"feedetl_sn": "2", "cnt": 1, "det_item_fee_sumamt": 500})
    lines = {"2204": upload, "2204 out": message("2204", "out")}
    for infno in ("2206A", "2207A", "2208"):
        lines[infno] = message(infno)
        lines[f"{infno} out"] = message(infno, "out")
    for number, name in enumerate(lines):
        if "out" not in name:
            lines[name]["msgid"] = f"H1100000000120250303093000{number:04d}"
    for name, change in changed.items():
        change(lines[name.replace("_", " ")])
    return "\n".join(map(written, lines.values()))


def test_a_visit_that_balances_has_no_fault(save):
    assert rules(save(visit(), "x.jsonl")) == []


def amounts(node, **changed):
    return lambda whole: whole["input" if "input" in whole else "output"][node].update(changed)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"2206A": amounts("data", medfee_sumamt=1000.01)}, ["identity_batch", "identity_batch"]),
        ({"2207A": amounts("data", medfee_sumamt=999)}, ["identity_batch", "identity_batch"]),
        ({"2207A": amounts("data", preselfpay_amt=81, inscp_scp_amt=799)}, ["identity_repeated"] * 2),
        ({"2207A_out": amounts("setlinfo", hifp_pay=639)}, ["identity_funds", "identity_cancelled"]),
        ({"2208_out": amounts("setlinfo", acct_pay=-151, pdn_cash_pay=-199)}, ["identity_cancelled"] * 2),
        ({"2207A_out": lambda whole: whole["output"]["setldetail"][0].update(fund_payamt=1)}, ["identity_detail"]),
        ({"2204": lambda whole: whole["input"]["feedetail"][1].update(pric=400)}, ["identity_line"]),
        ({"2204_out": lambda whole: whole["output"]["result"][0].update(preselfpay_amt=1)}, ["identity_line_scope"]),
    ],
)
def test_what_no_schema_can_say_is_said(save, changed, expected):
    assert [rule for rule, _, _ in rules(save(visit(**changed), "x.jsonl"))] == expected


def refuse(whole):
    whole.update(infcode="-1", err_msg="x", output=None)


def test_a_refused_upload_uploaded_nothing(save):
    assert rules(save(visit(**{"2204_out": refuse, "2206A": amounts("data", medfee_sumamt=1)}), "x.jsonl")) == [
        ("identity_batch", 4, "/output/setlinfo/medfee_sumamt")
    ]


def test_withdrawn_charges_are_no_part_of_the_total(save):
    lines = visit().splitlines()
    withdrawn = written(with_data(message("2205", msgid="H11000000001202503030930009999"), chrg_bchno="0000"))
    told = rules(save("\n".join([*lines[:2], withdrawn, written(message("2205", "out")), lines[2]]), "x.jsonl"))
    assert told == []


def test_a_msgid_is_spent_on_one_message(save):
    first = message("2208")
    same = json.loads(json.dumps(first), parse_float=str)
    other = with_data(first, setl_id="9")
    assert rules(save("\n".join(map(written, [first, same])), "a.jsonl")) == []
    assert rules(save("\n".join(map(written, [first, other])), "b.jsonl")) == [("msgid_twice", 2, "/msgid")]
    refused = message("2208", "out")
    refuse(refused)
    assert rules(save("\n".join(map(written, [first, refused, other])), "c.jsonl")) == []
    queries = [message("5301"), with_data(message("5301"), psn_no="9")]
    assert rules(save("\n".join(map(written, queries)), "d.jsonl")) == []


def test_the_same_message_may_write_its_numbers_differently(save):
    plain = written(message("2207A"))
    assert '"medfee_sumamt": 1000,' in plain
    assert (
        rules(save(plain + "\n" + plain.replace('"medfee_sumamt": 1000,', '"medfee_sumamt": 1000.00,'), "a.jsonl"))
        == []
    )


def test_dates_are_in_order(save):
    whole = message("2001")
    whole["input"]["data"] |= {"begntime": "2025-03-02 00:00:00", "endtime": "2025-03-01 00:00:00"}
    assert rules(save(written(whole))) == [("dates_order", 1, "/input/data/endtime")]


def test_an_input_longer_than_printed_is_an_error_in_strict_and_a_warning_in_lenient(save):
    whole = message("2204")
    row = whole["input"]["feedetail"][0]
    whole["input"]["feedetail"] = [row | {"feedetl_sn": str(number)} for number in range(1, 120)]
    path = save(written(whole))
    assert [rule for rule, _, _ in rules(path)] == ["input_size"]
    assert run(path, strict=False)[0].errors == 0


def test_what_is_remembered_is_bounded(save, monkeypatch):
    monkeypatch.setattr("simulator.contract.checking.memory.KEPT", 10)
    lines = [written(message("2208", msgid=f"H1100000000120250303093000{number:04d}")) for number in range(50)]
    checking, _ = run(save("\n".join(lines), "x.jsonl"))
    assert len(checking.memory.msgids.entries) == 10


def journal_line(number="2207A", leg="hospital", answer=None, **more):
    request = message(number)
    said = message(number, "out") if answer is None else answer
    return {"infno": number, "leg": leg, "request": written(request), "answer": written(said), **more}


def test_a_line_of_the_journal_is_no_message_though_it_names_its_transaction(save):
    path = save(written(journal_line()) + "\n" + written(journal_line(infno="2207A")) + "\n", "journal.jsonl")
    checking, found = run(path)
    assert (checking.messages, found) == (4, [])


def test_one_entry_of_the_journal_alone_is_read_too(save):
    checking, found = run(save(json.dumps(journal_line(), ensure_ascii=False, indent=1)))
    assert (checking.messages, found) == (2, [])


def test_a_recording_that_names_its_edition_is_held_to_it(save):
    """A retired person is 12 in one edition and 21 in the other; `rehearse --record` says which was spoken."""
    whole = with_data(message("2201"), psn_type="21")
    entry = {"request": whole, "answer": None}
    path = save("".join(written(entry | {"edition": name}) + "\n" for name in ("hunan-1.3", "jiangxi-1.0")), "r.jsonl")
    checking = Checking(lambda side, recorded: contract_of(recorded))
    codes = [(each.fault.rule, each.line) for each in checking.files([path]) if each.fault.field == "psn_type"]
    assert codes == [("code", 1)]


def test_a_recording_that_was_held_leniently_is_held_so_unless_asked_otherwise(save):
    whole = with_data(message("2207A"), medfee_sumamt="12.3")
    path = save(written({"request": whole, "answer": None, "strict": False}))
    severities = {strict: [each.severity for each in run(path, strict=strict)[1]] for strict in (None, True, False)}
    assert severities == {None: ["warning"], True: ["error"], False: ["warning"]}


def test_conversations_of_two_sandboxes_in_one_file_bind_each_other_to_nothing(save):
    """Both begin their msgids anew."""
    first = {"request": message("2503"), "answer": None, "sandbox": "one"}
    other = with_data(message("2503"), memo="别的")
    for name, wanted in (("one", ["msgid_twice"]), ("two", [])):
        second = {"request": other, "answer": None, "sandbox": name}
        path = save(written(first) + "\n" + written(second) + "\n", f"{name}.jsonl")
        assert [each.fault.rule for each in run(path)[1] if each.fault.rule == "msgid_twice"] == wanted


@pytest.mark.parametrize("msgid", [["H"], {"a": 1}, 5, None, True])
def test_a_msgid_that_is_no_text_is_told_and_its_answer_still_finds_it(save, msgid):
    entry = {"request": message("2207A", msgid=msgid), "answer": message("2207A", "out")}
    assert [each.fault.rule for each in run(save(written(entry)))[1]] == ["type"]


def test_a_refusal_of_what_was_no_message_needs_no_request(save):
    answer = message("1101", "out", infcode="-1", err_msg="报文不是合法 JSON", output={})
    assert rules(save(written({"request": "{", "answer": written(answer)}))) == [("not_json", 1, "/request")]


LOGGED = (
    "2025-03-03 09:30:00 INFO 1101入参：{request}\n"
    "2025-03-03 09:30:00 DEBUG sql {{not json\n"
    "2025-03-03 09:30:01 INFO 1101出参：{answer}\n"
)


def test_messages_inside_the_lines_of_a_log_are_read_with_their_lines(tmp_path):
    request, answer = example_message(CONTRACT, "1101", "in"), example_message(CONTRACT, "1101", "out")
    file = tmp_path / "his.log"
    written = [json.dumps(each, ensure_ascii=False, default=float) for each in (request, answer)]
    file.write_text(LOGGED.format(request=written[0], answer=written[1]), encoding="utf-8")
    legs = list(legs_of(file))
    assert [(leg.direction, leg.where.line) for leg in legs] == [("in", 1), ("out", 3)]


def test_a_message_that_was_pasted_over_several_lines_is_read(tmp_path):
    request = example_message(CONTRACT, "1101", "in")
    file = tmp_path / "pasted.txt"
    pretty = json.dumps(request, ensure_ascii=False, indent=2, default=float)
    file.write_text(f"入参如下：\n{pretty}\n完毕\n{pretty}\n", encoding="utf-8")
    assert [(leg.direction, leg.where.line) for leg in legs_of(file)] == [("in", 2), ("in", 4 + pretty.count("\n"))]


def test_a_log_line_whose_message_breaks_off_is_named_with_its_column(tmp_path):
    file = tmp_path / "his.log"
    file.write_text('09:30 INFO out {"infcode": "0", "output": {"a": 1\n09:31 next\n', encoding="utf-8")
    (broken,) = list(legs_of(file))
    assert isinstance(broken, Broken)
    assert "第 1 行" in broken.sentence.zh
    assert "第 16 列" in broken.sentence.zh  # `09:30 INFO out ` has 15 characters


@pytest.mark.parametrize(
    ("document", "pointers"),
    [
        ([{"in": {"infno": "1101"}, "out": {"infcode": "0"}}], ["/0/in", "/0/out"]),
        (
            {"info": {}, "item": [{"request": {"body": {"mode": "raw", "raw": '{"infno": "1101"}'}}}]},
            ["/item/0/request/body/raw"],
        ),
        ({"rows": [{"input_json": '{"infno": "1101"}', "output_json": '{"infcode": "0"}'}]}, None),
    ],
    ids=["a table of in and out", "a Postman collection", "a table of JSON texts"],
)
def test_messages_anywhere_in_a_document_are_found(tmp_path, document, pointers):
    file = tmp_path / "export.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    legs = list(legs_of(file))
    assert [leg.where.pointer for leg in legs] == (pointers or ["/rows/0/input_json", "/rows/0/output_json"])


def test_a_log_of_many_broken_lines_is_read_in_one_pass(tmp_path):
    file = tmp_path / "his.log"
    file.write_text('x {"infno": "1101", ' * 20_000 + "\n" + 'y {"infno": {"a": [\n' * 20_000, encoding="utf-8")
    assert all(isinstance(each, Broken) for each in legs_of(file))
