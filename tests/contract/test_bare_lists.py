"""An output, or an input, that the text prints without a node is a bare list wherever the contract is held to it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.contract import contract_of
from simulator.contract.checking.run import Checking
from simulator.contract.example import example, example_message
from simulator.contract.layout import LOCAL

BARE = [("national", "5204", "out"), ("jiangxi-1.0", "5204", "out"), ("jiangxi-1.0", "3302", "in")]
SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["mdtrt_id", "data", "x"]), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(("edition", "infno", "direction"), BARE)
def test_its_example_is_a_list_that_keeps_the_contract(edition, infno, direction):
    contract = contract_of(edition)
    body = example(contract, infno, direction)
    assert isinstance(body, list)
    assert contract.judge(infno, direction, LOCAL, body) == ()


@pytest.mark.parametrize(("edition", "infno", "direction"), BARE)
@settings(max_examples=60, deadline=None)
@given(shape=SHAPES)
def test_another_shape_is_a_breach_that_names_its_place(edition, infno, direction, shape):
    found = contract_of(edition).judge(infno, direction, LOCAL, shape)
    rows_alone = isinstance(shape, list) and not shape and direction == "out"
    assert bool(found) != rows_alone
    place = "/output" if direction == "out" else "/input"
    assert all(each.path.startswith(place) for each in found)


@pytest.mark.parametrize("infno", ["3302", "5204"])
def test_recorded_messages_with_a_bare_list_are_checked_like_any_other(tmp_path, infno):
    contract = contract_of("jiangxi-1.0")
    file = tmp_path / "recorded.jsonl"
    legs = [example_message(contract, infno, direction) for direction in ("in", "out")]
    file.write_text("\n".join(json.dumps(leg, ensure_ascii=False, default=float) for leg in legs), encoding="utf-8")
    checking = Checking(lambda side, edition: contract, assumed=infno)
    assert [each for each in checking.files([file]) if each.fault.is_error(True)] == []
    assert checking.kept == {(infno, "in"): 1, (infno, "out"): 1}
