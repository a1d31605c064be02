"""Verdicts on differences, proved by messages: one edition takes them and the other refuses."""

import json

import jsonschema_rs
import pytest

from simulator.contract import contract_of, load_edition
from simulator.contract.contract import Contract
from simulator.contract.diff import BREAKING, RISKY, SAFE, compare
from simulator.contract.diff.counterexamples import counterexamples, refusal
from simulator.contract.diff.difference_reports import as_html, as_json, as_text
from simulator.contract.diff.domains import domain_of, takes_all
from simulator.contract.edition_rows import FILE
from simulator.contract.schema import leaf

pytestmark = pytest.mark.slow

HUNAN, JIANGXI = contract_of("hunan-1.3"), contract_of("jiangxi-1.0")


def difference(old, new):
    return compare(old.edition, new.edition)


def sides(change, old, new):
    return (("sender", change.sender, old, new), ("receiver", change.receiver, new, old))


def provable(old, new):
    """Changes that a message can show: files are read by column, and an unserved transaction has no message."""
    return [c for c in difference(old, new).changes if c.node != FILE and c.subject != "transaction"]


@pytest.mark.parametrize(
    ("old", "new", "breaking"),
    [("hunan-1.3", "jiangxi-1.0", 250), ("national", "hunan-1.3", 60), ("jiangxi-1.0", "observed", 100)],
)
def test_for_every_breaking_change_there_is_a_message_that_one_edition_takes_and_the_other_refuses(old, new, breaking):
    old, new = contract_of(old), contract_of(new)
    proved = 0
    for change in provable(old, new):
        for side, verdict, maker, judge in sides(change, old, new):
            if verdict.level == BREAKING:
                assert refusal(change, maker, judge) is not None, (side, change.place, verdict.reason.en)
                proved += 1
    assert proved > breaking


def test_no_message_is_refused_for_a_change_that_is_called_safe_or_risky():
    tried = 0
    for change in provable(HUNAN, JIANGXI):
        if change.subject != "field":
            continue
        for side, verdict, maker, judge in sides(change, HUNAN, JIANGXI):
            if verdict.level == BREAKING:
                continue
            for witness in counterexamples(change, maker, judge):
                # Codes that came and went are told with their table, not with every field that uses it.
                faults = [fault for fault in witness.faults if fault.rule != "code"]
                assert not any(fault.is_error(strict=False) for fault in faults), (side, change.place)
                assert faults == [] or verdict.level == RISKY, (side, change.place)
                tried += 1
    assert tried > 300


def test_a_field_that_takes_all_of_another_covers_it_as_a_schema():
    fields = [row for row in HUNAN.edition.fields if row.infno in ("2207", "2204", "4701", "1101") and row.node != FILE]
    twins = {row.key: row for row in JIANGXI.edition.fields}
    compared = 0
    for row in fields:
        twin = twins.get(row.key)
        if twin is None:
            continue
        narrow, wide = domain_of(HUNAN.edition, row), domain_of(JIANGXI.edition, twin)
        narrow_schema = leaf(HUNAN.edition, row, required=True)
        wide_schema = leaf(JIANGXI.edition, twin, required=True)
        if "x-decimals" in narrow_schema or "pattern" in narrow_schema or "pattern" in wide_schema:
            continue
        covers = jsonschema_rs.canonicalize(wide_schema).covers(jsonschema_rs.canonicalize(narrow_schema))
        assert takes_all(wide, narrow) == (str(covers) == "yes"), row.place
        compared += 1
    assert compared > 150


def change_at(changes, place):
    (found,) = [change for change in changes if change.place == place]
    return found


def test_hunan_to_jiangxi_is_the_worked_example():
    changes = difference(HUNAN, JIANGXI).changes
    identity = change_at(changes, "1101 in data.certno")
    assert (identity.sender.level, identity.receiver.level) == (SAFE, BREAKING)
    retired = change_at(changes, "psn_type.12")
    assert (retired.kind, retired.parts[0].after.zh) == ("renamed", "21 退休")
    assert "21" in retired.sender.reason.zh
    renamed = change_at(changes, "4505 in data.rpt_date")
    assert (renamed.kind, renamed.parts[0].before.zh) == ("renamed", "rpot_date")
    assert change_at(changes, "2207A").kind == "added"
    assert change_at(changes, "2101").level == RISKY


def test_an_edition_does_not_differ_from_itself():
    assert difference(HUNAN, HUNAN).changes == ()


ROW = {
    "infno": "2207",
    "direction": "in",
    "node": "data",
    "node_kind": "object",
    "field": "invono",
    "name_zh": "发票号",
    "type": "C",
    "max_len": "20",
    "required": "N",
}
NODE = {"infno": "2207", "direction": "in", "node": "extra", "node_kind": "list", "name_zh": "附加"}


@pytest.mark.parametrize(
    ("rows", "place", "kind", "sender", "receiver"),
    [
        ([ROW | {"change": "change", "max_len": "10"}], "2207 in data.invono", "changed", BREAKING, SAFE),
        ([ROW | {"change": "change", "max_len": "40"}], "2207 in data.invono", "changed", SAFE, BREAKING),
        ([ROW | {"change": "change", "required": "Y"}], "2207 in data.invono", "changed", BREAKING, SAFE),
        (
            [ROW | {"change": "change", "required": "C", "condition": "remote"}],
            "2207 in data.invono",
            "changed",
            BREAKING,
            SAFE,
        ),
        (
            [ROW | {"change": "change", "required": "C", "condition": "stated"}],
            "2207 in data.invono",
            "changed",
            RISKY,
            SAFE,
        ),
        (
            [ROW | {"change": "change", "required": "C", "condition": "unless card_sn"}],
            "2207 in data.invono",
            "changed",
            BREAKING,
            SAFE,
        ),
        ([ROW | {"change": "change", "type": "N"}], "2207 in data.invono", "changed", BREAKING, BREAKING),
        ([ROW | {"change": "change", "type": "D", "max_len": ""}], "2207 in data.invono", "changed", BREAKING, SAFE),
        (
            [ROW | {"change": "change", "code_table": "gend"}],
            "2207 in data.invono",
            "changed",
            BREAKING,
            SAFE,
        ),
        ([ROW | {"change": "change", "name_zh": "发票"}], "2207 in data.invono", "changed", SAFE, SAFE),
        ([ROW | {"change": "remove"}], "2207 in data.invono", "removed", RISKY, SAFE),
        ([ROW | {"change": "add", "field": "x1", "name_zh": "新"}], "2207 in data.x1", "added", SAFE, RISKY),
        (
            [ROW | {"change": "add", "field": "x1", "name_zh": "新", "required": "Y"}],
            "2207 in data.x1",
            "added",
            BREAKING,
            RISKY,
        ),
        (
            [ROW | {"change": "remove"}, ROW | {"change": "add", "field": "invoice"}],
            "2207 in data.invoice",
            "renamed",
            RISKY,
            RISKY,
        ),
        (
            [ROW | {"change": "remove"}, ROW | NODE | {"change": "add", "node_kind": "object", "name_zh": "发票号"}],
            "2207 in extra.invono",
            "moved",
            RISKY,
            RISKY,
        ),
        ([ROW | NODE | {"change": "add", "field": "y", "name_zh": "新"}], "2207 in extra", "added", SAFE, RISKY),
        (
            [ROW | NODE | {"change": "add", "field": "y", "name_zh": "新", "required": "Y"}],
            "2207 in extra",
            "added",
            BREAKING,
            RISKY,
        ),
        (
            [
                {
                    "change": "add",
                    "infno": "2207",
                    "direction": "in",
                    "node": "data",
                    "node_kind": "list",
                    "name_zh": "x",
                }
            ],
            "2207 in data",
            "changed",
            BREAKING,
            BREAKING,
        ),
    ],
)
def test_each_kind_of_change_has_its_verdict_and_its_proof(an_edition, rows, place, kind, sender, receiver):
    old, new = contract_of("national"), Contract(load_edition(an_edition(fields=rows)))
    change = change_at(difference(old, new).changes, place)
    assert (change.kind, change.sender.level, change.receiver.level) == (kind, sender, receiver)
    for side, verdict, maker, judge in sides(change, old, new):
        assert (refusal(change, maker, judge) is not None) == (verdict.level == BREAKING), side
        said = [fault for witness in counterexamples(change, maker, judge) for fault in witness.faults]
        assert bool(said) or verdict.level in (SAFE, RISKY)


def test_a_list_that_an_answer_gains_is_a_warning_to_who_lacks_it(an_edition):
    row = ROW | NODE | {"change": "add", "direction": "out", "field": "y", "name_zh": "新", "required": "Y"}
    changes = compare(contract_of("national").edition, load_edition(an_edition(fields=[row]))).changes
    assert change_at(changes, "2207 out extra").sender.level == RISKY


def test_codes_that_come_go_and_change_their_name(an_edition):
    edition = load_edition(
        an_edition(
            codes=[
                {"change": "remove", "table": "refl_type", "code": "3"},
                {"change": "add", "table": "refl_type", "code": "4", "name_zh": "转往国外"},
                {"change": "change", "table": "refl_type", "code": "1", "name_zh": "市内"},
            ],
            meanings=[{"change": "remove", "table": "refl_type", "meaning": "out_of_province"}],
        )
    )
    changes = compare(contract_of("national").edition, edition).changes
    told = {change.name: (change.kind, change.sender.level, change.receiver.level) for change in changes}
    assert told == {
        "3": ("removed", BREAKING, SAFE),
        "4": ("added", SAFE, BREAKING),
        "1": ("changed", RISKY, RISKY),
    }


def test_a_difference_fails_on_what_it_is_asked_to(an_edition):
    safe = compare(
        contract_of("national").edition, load_edition(an_edition(fields=[ROW | {"change": "change", "name_zh": "票"}]))
    )
    assert not safe.reaches(RISKY)
    assert difference(HUNAN, JIANGXI).reaches(BREAKING)


def test_a_difference_of_some_transactions_takes_their_code_tables_along():
    part = difference(HUNAN, JIANGXI).of(["1101"])
    assert {change.infno for change in part.changes} == {"1101", ""}
    assert {change.node for change in part.changes if not change.infno} >= {"psn_type", "psn_cert_type"}
    assert "hosp_lv" not in {change.node for change in part.changes}


def test_the_reports_hold_every_change():
    found = difference(HUNAN, JIANGXI)
    shown = json.loads(as_json(found))
    assert len(shown["changes"]) == len(found.changes)
    assert sum(shown["counts"].values()) == len(found.changes)
    written, page = as_text(found), as_html(found)
    for change in found.changes:
        assert change.place in written
        assert change.place in page


def test_the_page_needs_nothing_from_elsewhere():
    page = as_html(difference(HUNAN, JIANGXI))
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page


def test_what_stands_in_an_edition_cannot_become_markup(an_edition):
    row = ROW | {"change": "add", "field": "x1", "name_zh": "<b>粗</b>"}
    page = as_html(compare(contract_of("national").edition, load_edition(an_edition(fields=[row]))))
    assert "<b>粗</b>" not in page
    assert "&lt;b&gt;粗" in page
