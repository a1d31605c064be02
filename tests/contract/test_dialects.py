"""Editions whose messages name or place nodes and fields otherwise: read and written both ways, mistakes by line."""

import json

import pytest

from simulator.contract import contract_of, load_edition
from simulator.contract.edition_rows import ENVELOPE, FILE
from simulator.contract.example import example
from simulator.contract.layout import REMOTE
from simulator.core.errors import DataFaults
from tests.support.hospital import Answer, Hospital


@pytest.fixture
def a_dialect(tmp_path):
    """Writes an edition that says the given things in edition.yaml, and returns its folder."""

    def write(name="mine", builds_on="national", **said):
        folder = tmp_path / name
        folder.mkdir()
        # JSON is YAML; one entry a line, so that a fault names its line.
        about = {"name": name, "title": {"zh": "试"}, "builds_on": builds_on}
        lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in about.items()]
        for key, value in said.items():
            if isinstance(value, str):
                lines.append(f"{key}: {value}")
                continue
            lines += [f"{key}:", *(f"  - {json.dumps(entry)}" for entry in value)]
        (folder / "edition.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return folder

    return write


NATIONAL = contract_of("national", ("agency",))
BODIES = [
    (infno, direction)
    for infno in NATIONAL.edition.transactions
    if NATIONAL.serves(infno)
    for direction in ("in", "out")
    if NATIONAL.edition.rows_of(infno, direction)
]


def places():
    """Node and field of every place of every body once, and every node with a blank field."""
    rows = [row for row in NATIONAL.edition.fields if row.infno != ENVELOPE and row.node != FILE]
    fields = dict.fromkeys((row.node, row.field) for row in rows)
    nodes = {".".join(parts[:depth]): None for node, _ in fields if not node.startswith("(")
             for parts in [node.split(".")] for depth in range(1, len(parts) + 1)}  # fmt: skip
    named = {(f"{node}.{field}" if not node.startswith("(") else field) for node, field in fields}
    return [*fields, *((node, "") for node in nodes if node not in named)]


def entry(node, field, to, **more):
    return {"node": node, "to": to, **({"field": field} if field else {}), **more}


def everything_renamed():
    return [entry(node, field, f"x_{field or node.rpartition('.')[2]}") for node, field in places()]


def round_trips(folder):
    """Bodies of every transaction as they are sent, each of which kept the contract and was read back unchanged."""
    contract = contract_of(folder, ("agency",))
    sent = {}
    for infno, direction in BODIES:
        body = example(NATIONAL, infno, direction, REMOTE)
        written = contract.edition.dialect.write(infno, direction, body)
        told = [fault.path for fault in contract.judge(infno, direction, REMOTE, written)]
        assert told == [fault.path for fault in NATIONAL.judge(infno, direction, REMOTE, body)] == [], (infno, told)
        assert contract.edition.dialect.read(infno, direction, written) == body, (infno, direction)
        sent[infno, direction] = body, written
    return sent


def names_in(body):
    if isinstance(body, list):
        return {name for item in body for name in names_in(item)}
    if not isinstance(body, dict):
        return set()
    return {*body, *(name for item in body.values() for name in names_in(item))}


def test_every_field_and_node_renamed_is_judged_as_it_is_sent_and_read_back(a_dialect):
    for body, written in round_trips(a_dialect(renamed=everything_renamed())).values():
        # A free text may stand where no row names what is inside it; all that has a row is renamed.
        assert names_in(written) == {f"x_{name}" for name in names_in(body)}


def test_every_node_moved_is_judged_as_it_is_sent_and_read_back(a_dialect):
    outer = dict.fromkeys(node.split(".")[0] for node, _ in places() if not node.startswith("("))
    sent = round_trips(a_dialect(moved=[entry(node, "", "wrapper.inner") for node in outer]))
    body, written = sent["2207A", "in"]
    assert written["wrapper"]["inner"]["data"] == body["data"]


def test_every_field_of_an_object_moved_beside_its_node_is_read_back(a_dialect):
    """2207A has one object; its fields stand in a node `head` then, and `data` is left with nothing."""
    fields = [row.field for row in NATIONAL.edition.rows_of("2207A", "in") if row.node == "data"]
    moved = [entry("data", field, "head", transactions=["2207A"], direction="in") for field in fields]
    body, written = round_trips(a_dialect(moved=moved))["2207A", "in"]
    assert written["head"] == body["data"]


def test_what_an_edition_builds_on_may_have_a_dialect_of_its_own(a_dialect):
    a_dialect("first", renamed=[entry("data", "psn_no", "person_no")])
    second = a_dialect("second", "../first", renamed=[entry("data", "psn_no", "member")])
    dialect = contract_of(second).edition.dialect
    assert dialect.write("5301", "in", {"data": {"psn_no": "1"}}) == {"data": {"member": "1"}}


def test_the_platforms_name_is_not_taken_for_the_dialects(a_dialect):
    contract = contract_of(a_dialect(renamed=[entry("data", "psn_no", "person_no")]))
    sent = {"data": {"psn_no": "1"}}
    assert {fault.rule for fault in contract.check("5301", "in", sent, remote=False)} == {"required", "unknown_field"}
    assert contract.edition.dialect.read("5301", "in", sent) == {"data": {}}


@pytest.mark.parametrize("body", [None, "x", 1, [], [1], {"data": None}, {"data": [1]}, {"data": "x"}, {"other": {}}])
def test_a_body_of_another_form_is_left_for_the_contract_to_refuse(a_dialect, body):
    moved = [
        entry("data", "psn_no", "head.inner", transactions=["5301", "2207A"], direction="in"),
        entry("data", "insutype", "data.deep", transactions=["2207A"]),
    ]
    dialect = contract_of(a_dialect(moved=moved)).edition.dialect
    for infno in ("5301", "2207A"):
        dialect.write(infno, "in", dialect.read(infno, "in", body))


WRONG = [
    ("renamed", entry("data", "psn_nr", "x", transactions=["5301"]), "'data.psn_nr', did you mean 'data.psn_no'"),
    ("renamed", entry("datas", "", "x", transactions=["5301"]), "'datas', did you mean 'data'"),
    ("renamed", entry("data", "psn_no", "x", transactions=["5300"]), "no fields of transaction '5300'"),
    ("renamed", entry("nodes", "psn_no", "x"), "has no 'nodes.psn_no'"),
    ("renamed", entry("data", "psn_no", "编号"), "'编号' is no name"),
    ("renamed", entry("data", "psn_no", "psn_no"), "'data.psn_no' is so already"),
    ("moved", entry("data", "psn_no", "data"), "'data.psn_no' is so already"),
    ("moved", entry("data", "psn_no", "a..b"), "'a..b' is no node"),
    ("moved", entry("feedetail", "cnt", "head", transactions=["2204"], direction="in"), "cannot move out of a list"),
    ("renamed", entry("data", "psn_no", "insutype", transactions=["2207A"]), "'data.insutype' is taken"),
]  # fmt: skip


@pytest.mark.parametrize(("word", "said", "told"), WRONG)
def test_a_mistake_is_told_at_its_line_with_what_is_there(a_dialect, word, said, told):
    with pytest.raises(DataFaults) as caught:
        load_edition(a_dialect(**{word: [said]}))
    (fault,) = caught.value.faults
    assert told in fault.sentence.en
    assert fault.file.endswith("edition.yaml")
    assert fault.line in (4, 5)


def test_an_entry_said_twice_is_refused(a_dialect):
    with pytest.raises(DataFaults) as caught:
        load_edition(a_dialect(renamed=[entry("data", "psn_no", "a"), entry("data", "psn_no", "b")]))
    assert [(fault.line, "spoken of already" in fault.sentence.en) for fault in caught.value.faults] == [(6, True)]


@pytest.mark.parametrize("key", ["rename", "infcodes"])
def test_an_unknown_setting_is_refused(a_dialect, key):
    with pytest.raises(DataFaults) as caught:
        load_edition(a_dialect(**{key: "number"}))
    assert key in caught.value.faults[0].sentence.en or key in caught.value.faults[0].path


def test_hospital_and_platform_speak_the_dialect_of_the_sandbox(a_dialect, stages):
    renamed = [
        entry("data", "certno", "id_number", transactions=["1101"]),
        entry("baseinfo", "", "person", transactions=["1101"]),
        entry("baseinfo", "psn_no", "person_no", transactions=["1101"]),
    ]
    moved = [entry("baseinfo", "", "answer", transactions=["1101"])]
    stage = stages(edition=str(a_dialect(renamed=renamed, moved=moved, infcode="number")))
    person = stage.control.person()
    asked = {"mdtrt_cert_type": "02", "mdtrt_cert_no": person["certno"], "card_sn": "", "begntime": "",
             "psn_cert_type": "01", "id_number": person["certno"], "psn_name": person["psn_name"]}  # fmt: skip
    answer = stage.hospital.send("1101", {"data": asked}, insured="230900")
    assert answer.body["infcode"] == 0, answer.body
    assert answer.body["output"]["answer"]["person"]["person_no"] == person["psn_no"]
    refused = stage.hospital.send("1101", {"data": {**asked, "certno": "1"}}, insured="230900")
    assert (refused.body["infcode"], "certno" in refused.err_msg) == (-1, True)


def test_a_whole_visit_goes_through_where_every_name_is_another(a_dialect, stages):
    """A retiree of 七台河 in 北京: (840.00 − 500.00) × 0.90 = 306.00 of 840.00; cancelled, it is given back."""
    folder = str(a_dialect(renamed=everything_renamed(), infcode="number"))
    dialect = contract_of(folder).edition.dialect

    class Speaking(Hospital):
        """A hospital whose messages are turned into the dialect on the wire."""

        def send(self, infno, body, /, **fields):
            answer = super().send(infno, dialect.write(infno, "in", body), **fields)
            assert answer.body is not None
            assert answer.body["infcode"] == 0, answer.body
            output = dialect.read(infno, "out", answer.body["output"])
            return Answer(answer.status, {**answer.body, "infcode": "0", "output": output})

    stage = stages(edition=folder)
    plain = stage.hospital
    hospital = Speaking(plain.client, plain.institution, plain.now, plain.sandbox, plain.identity_card)
    visit = hospital.visit(stage.patient())
    settled = visit.settled("840.00")
    assert str(settled["hifp_pay"]) == "306.00"
    assert str(visit.cancel(settled["setl_id"]).setlinfo["hifp_pay"]) == "-306.00"
    assert stage.control.findings() == []
