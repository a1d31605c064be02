"""The protocol page's own messages and its tables of section 7, asked of two agencies that share no code.

Rows of the page that the platform never brings about in a rehearsal are brought about here.
"""

import copy
import itertools
import re
from decimal import Decimal

import pytest

from simulator.harness.environment.processes import Processes, free_port
from tests.second_agency.agency import Agency
from tests.second_agency.city import City
from tests.second_agency.page import Caller, conversation, people
from tests.second_agency.people import load
from tests.second_agency.rehearsals import POLICIES
from tests.second_agency.server import serve
from tests.second_agency.wire import decode, encode

OWN_NUMBERS = ("inf_refmsgid", "setl_id", "trt_dcla_detl_sn", "refmsg_time", "respond_time")
_serial = itertools.count(1)
WORDS = ("err_msg", "fund_pay_type_name", "trt_chk_rslt")


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("people") / "people.json"
    path.write_text(encode(people()), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def reference(file):
    processes, address = Processes(), f"http://127.0.0.1:{free_port()}/"
    words = ["agency", "--city", "230900", "--people", str(file), "--port", address.split(":")[2].strip("/")]
    process = processes.start("agency", [*words, "--store", str(file.parent / "books")], ready_url=address)
    try:
        process.wait_ready()
        yield address
    finally:
        processes.end()


@pytest.fixture
def second(file):
    with serve(Agency(City.read(POLICIES / "230900.yaml"), load(file))) as url:
        yield Caller(url)


@pytest.fixture(params=["second", "reference"])
def agency(request, second):
    """The reference agency keeps its books from test to test, so each test has a visit and a run of its own."""
    if request.param == "second":
        caller = second
    else:
        caller = Caller(request.getfixturevalue("reference"))
    caller.visit = f"V{next(_serial)}"
    caller.run = f"SIM{next(_serial):09d}"
    return caller


def code(answer):
    return str(answer["infcode"])


def settled(caller, visit=""):
    message = caller.bill(visit or caller.visit)
    answer = caller.send(message)
    assert code(answer) == "0", answer
    return message, answer


def without_own(node):
    """What two agencies have in common: neither their numbers nor their words, nor fields that may be left out."""
    if isinstance(node, dict):
        kept = {name: without_own(value) for name, value in node.items() if name not in (*OWN_NUMBERS, *WORDS)}
        return {name: value for name, value in kept.items() if value not in ("", None, {})}
    return [without_own(each) for each in node] if isinstance(node, list) else node


def test_the_pages_own_conversation_comes_out(second):
    numbers = {}
    for asked, printed in conversation():
        if asked["infno"] == "SIM-DAY":
            continue  # its rows name a settlement whose message is not printed
        text = encode(asked)
        for theirs, ours in numbers.items():
            text = text.replace(theirs, ours)
        answer = second.send(decode(text.encode()))
        for field in ("setl_id", "trt_dcla_detl_sn"):
            theirs, ours = (re.search(rf'"{field}":"([^"]+)"', encode(each)) for each in (printed, answer))
            if theirs and ours:
                numbers[theirs.group(1)] = ours.group(1)
        assert without_own(answer) == without_own(printed), asked["infno"]


def test_the_same_message_is_answered_as_recorded_and_does_nothing_again(agency):
    message, first = settled(agency)
    books = agency.books()
    again = copy.deepcopy(message) | {"inf_time": "2025-03-10 23:00:00"}
    again["input"] = dict(reversed(again["input"].items()))
    again["input"]["data"]["medfee_sumamt"] = Decimal("1433.330")  # 1433.33 with another number of decimals
    assert agency.send(again)["output"]["setlinfo"]["setl_id"] == first["output"]["setlinfo"]["setl_id"]
    other = copy.deepcopy(message)
    other["input"]["data"]["invono"] = "9"
    assert code(agency.send(other)) == "-1"
    assert code(agency.send(message | {"fixmedins_code": "H11000000002"})) == "-1"
    assert code(agency.send(message | {"infno": "2207"})) == "-1"
    assert agency.books() == books


def test_a_refused_msgid_is_not_spent_and_a_batch_settles_once(agency):
    refused = agency.bill(agency.visit, disease="M00500")  # not registered
    assert code(agency.send(refused)) == "-1"
    assert code(agency.send(agency.bill(agency.visit) | {"msgid": refused["msgid"]})) == "0"
    assert code(agency.send(agency.bill(agency.visit))) == "-1"


def test_a_reversal_takes_back_everything_and_its_msgid_is_refused_for_ever(agency):
    before = agency.books()
    message, _ = settled(agency)
    booked = agency.books()
    assert booked != before
    for wrong in ({"psn_no": "23090000000000000000"}, {"oinfno": "2208"}):
        asked = {"omsgid": message["msgid"], "oinfno": "2207A"} | wrong
        assert code(agency.reverse(**asked)) == "-1"
    assert agency.books() == booked
    msgid = agency.msgid()
    assert code(agency.reverse(message["msgid"], "2207A", msgid=msgid)) == "0"
    assert agency.books() == before
    assert code(agency.reverse(message["msgid"], "2207A")) == "0"
    assert code(agency.reverse(msgid, "2601")) == "-1"
    assert code(agency.send(message)) == "-1"
    assert agency.books() == before
    settled(agency)
    assert agency.books() == booked


def test_a_cancellation_is_reversed_until_its_batch_is_settled_anew(agency):
    before = agency.books()
    message, answer = settled(agency)
    booked = agency.books()
    first = agency.msgid()
    assert code(agency.cancel(answer, first)) == "0"
    assert agency.books() == before
    assert code(agency.cancel(answer)) == "-1"
    assert code(agency.reverse(first, "2208")) == "0"
    assert agency.books() == booked
    assert code(agency.cancel(answer, first)) == "-1"
    second = agency.msgid()
    assert code(agency.cancel(answer, second)) == "0"
    settled(agency)
    assert code(agency.reverse(second, "2208")) == "-1"
    assert code(agency.reverse(message["msgid"], "2207A")) == "0"
    assert code(agency.reverse(second, "2208")) == "0"  # its settlement is reversed itself by now
    assert agency.books() == booked


def test_what_was_never_seen_or_refused_is_reversed_and_refused_when_it_comes_late(agency):
    late = agency.bill(agency.visit)
    assert code(agency.reverse(late["msgid"], "2207A")) == "0"
    assert code(agency.send(late)) == "-1"
    assert code(agency.reverse(late["msgid"], "2207A")) == "0"
    refused = agency.bill(agency.visit, disease="M00500")
    assert code(agency.send(refused)) == "-1"
    assert code(agency.reverse(refused["msgid"], "2207A")) == "0"
    assert code(agency.send(agency.bill(agency.visit) | {"msgid": refused["msgid"]})) == "-1"
    assert code(agency.reverse(agency.msgid(), "2206A")) == "0"
    assert code(agency.reverse(agency.msgid(), "2503")) == "0"


def test_a_day_is_compared_row_by_row(second):
    message, answer = settled(second, "V1")
    msgid = second.msgid()
    cancelled = second.cancel(answer, msgid)
    anew_message, anew = settled(second, "V1")
    gone_message, gone = settled(second, "V2")
    second.reverse(gone_message["msgid"], "2207A")
    rows = [second.row(answer, message["msgid"]), second.row(cancelled, msgid), second.row(anew, anew_message["msgid"])]
    assert second.day(rows) == []
    assert second.day(rows[:2]) == [("missing_there", "0", "")]
    assert second.day([*rows, rows[0]]) == [("duplicated", "0", "")]
    assert second.day([*rows, rows[0] | {"setl_id": "X"}]) == [("missing_here", "0", "")]
    assert second.day([*rows, second.row(gone, gone_message["msgid"])]) == [("reversed_here", "0", "")]
    kept_message, kept = settled(second, "V3")
    back_msgid = second.msgid()
    back = second.cancel(kept, back_msgid)
    second.reverse(back_msgid, "2208")
    rows.append(second.row(kept, kept_message["msgid"]))
    assert second.day([*rows, second.row(back, back_msgid)]) == [("reversed_here", "1", "")]
    assert second.day([rows[0] | {"acct_pay": Decimal("1.00")}, *rows[1:]]) == [("amount", "0", "acct_pay")]
