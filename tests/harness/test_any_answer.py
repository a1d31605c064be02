"""An answer of any shape never ends a rehearsal: it is a mismatch, or nothing that the scenario looks at."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.core.texts import plain
from simulator.harness.environment.envelope_codec import NotJson, Sent, envelope, read_json, write_json
from simulator.harness.environment.modes import Mode
from simulator.harness.execution.exchange_judging import judge
from simulator.harness.execution.hospital_calls import keep
from simulator.harness.execution.journey import VisitRecord
from simulator.harness.execution.results import StepResult
from simulator.harness.execution.run_context import RunContext, record_of
from simulator.harness.hospital.logbook import Logbook, Message
from simulator.harness.hospital.message_builder import learn, order_of
from simulator.harness.scenario.expressions import NotThere, follow
from simulator.harness.templates import templates

NAMES = st.sampled_from(
    [
        *("infcode", "err_msg", "output", "request", "answer", "msgid", "baseinfo", "insuinfo", "setlinfo", "result"),
        *("signinoutb", "sign_no", "data", "mdtrt_id", "setl_id", "psn_no", "psn_cert_type", "trt_dcla_detl_sn"),
        *("inscp_scp_amt", "insutype", "x"),
    ]
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**400), 10**400),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(["0", "-1", "结果未知", "1e999999", "NaN", "9" * 500, "\ud800"]),
)
SHAPES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
ANSWERS = SHAPES | st.fixed_dictionaries(
    {"infcode": st.sampled_from(["0", 0, "-1"]), "err_msg": st.just(""), "output": SHAPES}
)
NUMBERS = st.sampled_from(sorted(templates()))
LINES = [{"med_list_codg": "x", "cnt": 1, "pric": "1.00"}]
OFTEN = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PERSON = {
    "psn_no": "23090094037627056734",
    "psn_name": "周丽",
    "psn_cert_type": "01",
    "certno": "230996195109086782",
    "insured_at": "230900",
    "card_no": "J1",
    "card_sn": "S1",
    "credential_token": "T1",
}


class Answering:
    """A sandbox whose control calls know nothing."""

    name = "any"

    def control(self, method, path, body=None):
        return {}


@pytest.fixture
def context(scenario):
    place = {"code": "H11000000001", "name": "北京模拟第一医院", "area": "110000"}
    asked = scenario('- {call: "1101", save: said, expect: {psn_name: 周丽, "insuinfo[0].balc": "1.00"}}')

    def made():
        found = RunContext(asked, Mode("self"), Answering(), "r", "2025-03-10 09:00:00")
        found.people["patient"], found.places["hospital"] = dict(PERSON), place
        found.role, found.place = "patient", "hospital"
        return found, asked.steps[0]

    return made


def sent(infno, answer):
    raw = json.dumps(answer, default=float).encode()
    return Sent(infno, "H11000000001202503100900000001", write_json(envelope({"infno": infno}, {"data": {}})), raw)


def test_an_answer_of_any_shape_is_kept_and_judged(context):
    @OFTEN
    @given(NUMBERS, ANSWERS)
    def judged(infno, answer):
        running, step = context()
        visit = VisitRecord("V-1")
        batch = visit.open_batch("", LINES)
        came = sent(infno, answer)
        result = StepResult(step, plain("t"))
        keep(running, step, came, visit, batch)
        judge(running, step, came, [], result)
        running.facts(step, visit)
        for each in result.differences:
            assert str(each.wanted) or str(each.got)
            write_json([each.wanted.zh, each.got.zh]).decode()

    judged()


def test_the_reference_hospital_learns_from_an_accepted_answer_of_any_shape(tmp_path):
    @OFTEN
    @given(NUMBERS, SHAPES)
    def learnt(infno, output):
        act = {"infno": infno, "act": templates()[infno].act, "person": PERSON, "now": "2025-03-10 09:00:00"}
        act |= {"visit": {"reference": "V"}, "batch": {"reference": "B", "lines": LINES}}
        raw = write_json(envelope({"infno": infno}, {"data": {}}))
        order = order_of(book, act, {"code": "H11000000001", "name": "x", "area": "110000"}, "task", 0)
        message = Message("m", infno, order.name, "task", 0, PERSON["psn_no"], "H11000000001", "230900", raw)
        answer = sent(infno, {"infcode": "0", "output": output}).body
        learn(book, order, message, answer)

    book = Logbook(tmp_path / "book")
    learnt()


@pytest.mark.parametrize("output", [[], [{"mdtrt_id": "1"}, 2, None], "text", 5, None, True, {"a": {"mdtrt_id": "1"}}])
def test_the_whole_output_is_reached_by_name_whatever_it_is(output):
    record = record_of(sent("5204", {"infcode": "0", "output": output}))
    assert follow(record, "output") == output


def test_rows_of_an_output_without_a_node_are_reached_by_number_and_by_value():
    record = record_of(sent("5204", {"infcode": "0", "output": [{"feedetl_sn": "1"}, {"feedetl_sn": "2", "cnt": 3}]}))
    assert follow(record, "output[1].cnt") == 3
    assert follow(record, "output[feedetl_sn=2].cnt") == 3
    with pytest.raises(NotThere):
        follow(record, "output[2].cnt")


def test_no_node_of_an_answer_takes_the_name_of_what_the_harness_goes_by():
    output = {"infcode": "-1", "request": 5, "msgid": "theirs"}
    record = record_of(sent("1101", {"infcode": "0", "output": output}))
    assert (record["infcode"], record["msgid"]) == ("0", "H11000000001202503100900000001")
    assert follow(record, "output.infcode") == "-1"


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a": 1e999999999}',
        b'{"a": NaN}',
        b'{"a": "\\ud800"}',
        b'{"a": ' + b"[" * 65 + b"]" * 65 + b"}",
        b"[" * 100_000,
        b"[]",
        b"\xff",
    ],
)
def test_what_could_not_be_shown_or_compared_is_no_answer(raw):
    with pytest.raises(NotJson):
        read_json(raw)


def test_a_pair_of_surrogates_is_a_letter_like_any_other():
    assert read_json(b'{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}
