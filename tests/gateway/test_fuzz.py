"""Whatever comes, the answer is a message, a refusal leaves nothing behind, and nothing is the platform's own fault."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.contract import contract_of
from simulator.store import tables
from simulator.transactions import HANDLERS
from tests.support.journey import journey
from tests.support.stage import Stage, open_stage

UPLOADED = b"PK\x03\x04"
"""The file that the journey uploads."""
EVIDENCE = {"journal", "finding", "fault", "sandbox"}
STATE = [table for table in tables.metadata.sorted_tables if table.name not in EVIDENCE]
RAW = "@raw:"
"""Begins a text that stands for a number JSON allows and Python would not write."""
FEW = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module", params=["national, strict", "national, lenient", "jiangxi-1.0, lenient"])
def fuzzed(request, shared_app) -> Iterator[tuple[Stage, list[dict[str, Any]]]]:
    edition, strictness = request.param.split(", ")
    name = f"fuzz-{edition}-{strictness}".replace(".", "")
    stage = open_stage(shared_app, name, edition=edition, strict=strictness == "strict")
    journey(stage)
    legs = stage.control("GET", "messages?raw=1")["messages"]
    yield stage, [json.loads(leg["request"]) for leg in legs]
    stage.close()


def dumped(value: Any) -> bytes:
    """JSON in which a text that begins with RAW stands as the number it names."""
    written = json.dumps(value, ensure_ascii=False)
    while RAW in written:
        before, _, rest = written.partition(f'"{RAW}')
        number, _, after = rest.partition('"')
        written = before + number + after
    return written.encode("utf-8", "surrogatepass")


def judged(stage: Stage, raw: bytes) -> None:
    """Sends bytes: HTTP 200, a message by the contract, and after a refusal every table as it was."""
    before = stage.rows(*STATE)
    answer = stage.hospital.post(raw)
    assert answer.status == 200
    if answer.body is None:
        # A download of a good message answers the file that was uploaded and no message.
        assert answer.raw == UPLOADED, answer.raw
        return
    assert "内部错误" not in answer.err_msg
    assert contract_of("national").check_envelope(answer.body, "out") == ()
    if answer.body["infcode"] != "0":
        assert answer.err_msg
        assert stage.rows(*STATE) == before


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(
        ["", "null", " ", "0", "-1", "2025-02-30", "2025-03-10 09:00:00", "😀" * 5, "'; DROP TABLE person; --", "\x7f"]
    ),
    st.sampled_from([RAW + number for number in ("1E+999999999", "-1E-999999999", "0." + "3" * 60, "-0.0", "9" * 400)]),
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every path of a message but that of the whole."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


@st.composite
def spoilt(draw: st.DrawFn, message: dict[str, Any]) -> dict[str, Any]:
    """A good message with one to three things changed: taken away, replaced, doubled, renamed, or exchanged."""
    made = json.loads(json.dumps(message))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(made))))
        parent = made
        for part in path[:-1]:
            parent = parent[part]
        how = draw(st.sampled_from(["away", "other", "other", "other", "doubled", "renamed", "of another field"]))
        if how == "away":
            del parent[path[-1]]
        elif how == "other":
            parent[path[-1]] = draw(anything)
        elif how == "doubled" and isinstance(parent, list):
            parent.append(parent[path[-1]])
        elif how == "renamed" and isinstance(parent, dict):
            parent[draw(st.text(max_size=30))] = parent.pop(path[-1])
        else:
            other = draw(st.sampled_from(list(places(made))))
            found = made
            for part in other:
                found = found[part]
            parent[path[-1]] = json.loads(json.dumps(found))
    return made


@FEW
@given(data=st.data())
def test_a_good_message_spoilt_is_taken_or_refused_and_leaves_nothing_half(fuzzed, data):
    stage, messages = fuzzed
    message = data.draw(st.sampled_from(messages))
    fresh = data.draw(st.booleans())
    if fresh:
        message = message | {"msgid": stage.hospital.envelope("1101", {})["msgid"]}
    judged(stage, dumped(data.draw(spoilt(message))))


@FEW
@given(infno=st.sampled_from(sorted(HANDLERS)), body=anything)
def test_any_json_as_the_input_of_any_transaction_is_refused_in_its_own_words(fuzzed, infno, body):
    stage, _ = fuzzed
    judged(stage, dumped(stage.hospital.envelope(infno, body)))


@FEW
@given(body=anything | st.dictionaries(st.sampled_from(["infno", "msgid", "input", "infver"]), anything))
def test_any_json_at_all_is_refused_in_its_own_words(fuzzed, body):
    judged(fuzzed[0], dumped(body))


@FEW
@given(raw=st.binary(max_size=200))
def test_any_bytes_at_all_are_refused_in_their_own_words(fuzzed, raw):
    judged(fuzzed[0], raw)


@FEW
@given(data=st.data())
def test_a_good_message_cut_or_with_bytes_changed_is_taken_or_refused(fuzzed, data):
    stage, messages = fuzzed
    raw = bytearray(dumped(data.draw(st.sampled_from(messages))))
    if data.draw(st.booleans()):
        raw = raw[: data.draw(st.integers(0, len(raw)))]
    for _ in range(data.draw(st.integers(0, 3))):
        if raw:
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    judged(stage, bytes(raw))
