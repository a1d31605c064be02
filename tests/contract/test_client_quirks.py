"""Every listed quirk of clients at every place it can stand: taken once in lenient, refused with advice in strict."""

import copy
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from simulator.contract import contract_of
from simulator.contract.client_quirks import quirks
from simulator.contract.example import example
from simulator.contract.quirk_recognisers import worked_out

pytestmark = pytest.mark.slow

EDITIONS = ("national", "hunan-1.3", "jiangxi-1.0")
KIND = {each.name: each.kind for each in quirks()}


def lost_zero(codes: Any, value: str) -> Any:
    """The code with its zero lost, or with one more, where that is no other code of the table."""
    other = value.removeprefix("0") if value.startswith("0") and len(value) > 1 else "0" + value
    near = [code for code in codes if code.lstrip("0") == value.lstrip("0")]
    return other if other not in codes and len(near) == 1 and value.isdigit() and value.lstrip("0") else None


def day_of(value: str) -> str:
    return value[:10]


# What a client that has the quirk sends instead of a right value; None where this value cannot show it.
SENT: dict[str, Callable[[Any, Any, Any], Any]] = {
    "null": lambda row, codes, value: None if row.required not in ("Y", "C") else ...,
    "null_text": lambda row, codes, value: "null" if row.required not in ("Y", "C") else ...,
    "text_number": lambda row, codes, value: str(value),
    "number_separators": lambda row, codes, value: f"{value:,}" if abs(value) >= 1000 else ...,
    "number_spaces": lambda row, codes, value: f" {value} ",
    "number_exponent": lambda row, codes, value: f"{Decimal(value):E}" if "E" in f"{Decimal(value):E}" else ...,
    "number_leading_dot": lambda row, codes, value: str(value)[1:] if str(value).startswith("0.") else ...,
    "number_text": lambda row, codes, value: (
        int(value) if value.isascii() and value.isdigit() and str(int(value)) == value else ...
    ),
    "code_zero": lambda row, codes, value: ... if codes is None else lost_zero(codes, value) or ...,
    "check_letter": lambda row, codes, value: "11010519491231002x",
    "day_for_time": lambda row, codes, value: day_of(value),
    "time_for_day": lambda row, codes, value: f"{value} 00:00:00",
    "slash_date": lambda row, codes, value: value.replace("-", "/"),
    "compact_date": lambda row, codes, value: "".join(each for each in value if each.isdigit()),
    "iso_time": lambda row, codes, value: value.replace(" ", "T") + "+08:00" if " " in value else ...,
    "object_text": lambda row, codes, value: {"emergency": "1"},
}


def belongs(name: str, row: Any) -> bool:
    number = row.type in ("N", "Int") and row.form != "digits15" and row.code_table != "infcode"
    json_text = row.field in ("expContent", "exp_content")
    return {
        "any": row.type in ("C", "N", "Int", "D", "DT"),
        "number": number,
        "text": row.type == "C" and row.form == "" and not json_text and row.code_table != "infcode",
        "code": row.type == "C" and bool(row.code_table),
        "identity_number": row.type == "C" and (row.field.endswith("certno") or row.field == "mdtrt_cert_no"),
        "time": row.type == "DT",
        "day": row.type == "D",
        "date": row.type in ("D", "DT"),
        "json_text": row.type == "C" and json_text,
    }.get(KIND[name], False)


def leaves(node: Any, body: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any, Any]]:
    """Path, row and value of every field that a body has."""
    if isinstance(body, list):
        for index, item in enumerate(body[:1]):
            yield from leaves(node, item, (*path, index))
    elif isinstance(body, dict):
        for name, value in body.items():
            if name in node.children:
                yield from leaves(node.children[name], value, (*path, name))
            elif name in node.rows:
                yield (*path, name), node.rows[name], value


def put(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(body)
    inner = changed
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    return changed


def cases(name: str, edition: str) -> Iterator[tuple[str, str, Any, Any, list[str]]]:
    """Transaction, direction, right body, the body with the quirk at every place of its kind, and those places."""
    contract = contract_of(edition)
    for infno in contract.edition.transactions:
        for direction in ("in", "out"):
            if not contract.serves(infno) or not contract.edition.rows_of(infno, direction):
                continue
            right = example(contract, infno, direction, full=True)
            layout = contract.layout(infno, direction)
            sent, places = right, []
            for path, row, value in leaves(layout.root, right):
                spelt = SENT[name](row, contract.edition.checked_codes(row), value) if belongs(name, row) else ...
                if spelt is ... or value == "":
                    continue
                if name == "day_for_time":
                    right = put(right, path, f"{spelt} 00:00:00")
                sent = put(sent, path, spelt)
                places.append(layout.place + "".join(f"/{part}" for part in path))
            if places:
                yield infno, direction, right, sent, places


def is_same(one: Any, other: Any) -> bool:
    """Whether two bodies are equal as parsed JSON: 1 and 1.0 are one number."""
    read = {"parse_int": float, "parse_float": float}
    return json.loads(json.dumps(one, default=float), **read) == json.loads(json.dumps(other, default=float), **read)


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("name", sorted(SENT))
def test_a_quirk_is_taken_once_in_lenient_and_advised_in_strict_at_every_place(name, edition):
    contract = contract_of(edition)
    seen = 0
    for infno, direction, right, sent, places in cases(name, edition):
        seen += len(places)
        before = copy.deepcopy(sent)
        body, habits, faults = contract.check_lenient(infno, direction, sent, remote=False)
        assert sorted((each.rule, each.path) for each in habits) == sorted((f"habit_{name}", each) for each in places)
        assert faults == (), (infno, direction, [(each.rule, each.path) for each in faults])
        assert sent == before, "the message itself stays as it came"
        if name not in ("null", "null_text", "check_letter", "object_text"):
            assert is_same(body, right), (infno, direction)
        if name in ("null_text", "check_letter"):
            continue  # text where the contract asks for text: strict has nothing against it
        strict = {each.path: each for each in contract.check_strict(infno, direction, sent, remote=False)}
        for habit in habits:
            assert habit.right in strict[habit.path].sentence.zh, (infno, direction, habit.path)
    # 湖南's text prints no expContent at all.
    assert seen or (name, edition) == ("object_text", "hunan-1.3"), "the quirk was never tried"


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_name_spelt_in_another_case_or_without_underscores_is_taken_for_the_edition_s(edition):
    contract = contract_of(edition)
    for infno in contract.edition.transactions:
        if not contract.serves(infno) or not contract.edition.rows_of(infno, "in"):
            continue
        right = example(contract, infno, "in", full=True)
        if not isinstance(right, dict):
            continue
        for node, value in right.items():
            for spelt in {node.capitalize(), node.replace("_", ""), node.upper()} - {node}:
                sent = {spelt if name == node else name: inner for name, inner in right.items()}
                body, habits, faults = contract.check_lenient(infno, "in", sent, remote=False)
                assert [each.rule for each in habits] == ["habit_name_spelling"], (infno, spelt)
                assert not faults
                assert is_same(body, right)
                advice = [each.sentence.zh for each in contract.check_strict(infno, "in", sent, remote=False)]
                assert any(node in each for each in advice), (infno, spelt, advice)
            if isinstance(value, (dict, list)):
                sent = {**right, node: json.dumps(value, default=float)}
                body, habits, faults = contract.check_lenient(infno, "in", sent, remote=False)
                assert [each.rule for each in habits] == ["habit_json_text"], (infno, node)
                assert not faults
                assert is_same(body, right)


@pytest.mark.parametrize(("edition", "other"), [("national", "jiangxi-1.0"), ("hunan-1.3", "jiangxi-1.0")])
def test_a_code_that_another_edition_prints_is_taken_by_its_meaning(edition, other):
    """普通住院 is 21 in 江西 and 2101 in 湖南: the meaning is kept, the code becomes the edition's own."""
    contract = contract_of(edition)
    assert "21" in contract_of(other).edition.codes["med_type"]
    body = example(contract, "2401", "in")
    sent = put(body, ("mdtrtinfo", "med_type"), "21")
    accepted, habits, faults = contract.check_lenient("2401", "in", sent, remote=False)
    assert [(each.rule, each.right) for each in habits] == [("habit_other_edition_code", '"2101"')]
    assert accepted["mdtrtinfo"]["med_type"] == "2101"
    assert not faults


def test_a_code_without_a_counterpart_is_let_through_and_named():
    contract = contract_of("hunan-1.3")
    sent = put(example(contract, "2401", "in"), ("mdtrtinfo", "med_type"), "24")
    accepted, habits, faults = contract.check_lenient("2401", "in", sent, remote=False)
    assert accepted["mdtrtinfo"]["med_type"] == "24"  # 急诊转住院 has no code in 湖南
    assert [each.rule for each in habits] == ["habit_other_edition_code"]
    assert not faults
    assert contract.check("2401", "in", sent, remote=False)


@pytest.mark.parametrize("field", sorted(field for _, field in worked_out()))
def test_an_empty_amount_that_the_platform_works_out_is_excused_and_no_other(field):
    contract = contract_of("hunan-1.3")
    right = example(contract, "2207", "in")
    _, habits, faults = contract.check_lenient("2207", "in", put(right, ("data", field), ""), remote=False)
    assert [each.rule for each in habits] == ["habit_empty_amount"]
    assert not faults
    _, _, faults = contract.check_lenient("2207", "in", put(right, ("data", "medfee_sumamt"), ""), remote=False)
    assert [(each.rule, each.field) for each in faults] == [("empty", "medfee_sumamt")]


def test_every_listed_quirk_is_tried_here():
    places = {"json_text", "name_spelling", "exp_content", "other_edition_code", "empty_amount", "infver", "infcode"}
    assert set(KIND) == set(SENT) | places


def test_input_under_another_name_is_named_once_in_strict():
    contract = contract_of("national")
    told = contract.check_envelope_strict({"infno": "1101", "Input": {"data": {}}}, "in")
    missing = [each for each in told if each.field == "input"]
    assert len(missing) == 1
    assert "Input" in missing[0].sentence.zh
