"""The shipped editions against the extraction of the two printed texts, where it lies beside the checkout."""

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from simulator.contract import contract_of
from simulator.contract.edition_rows import ENVELOPE

SPEC = Path(__file__).resolve().parents[3] / "shared" / "spec"
EDITIONS = {"hunan-1.3": "hunan_1_3", "jiangxi-1.0": "jiangxi_1_0"}
LISTED_BY_HUNAN = ("61", "62", "71", "72")

pytestmark = pytest.mark.skipif(not SPEC.is_dir(), reason="the extracted texts are not beside the checkout")


def table(name):
    with (SPEC / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def our_node(node):
    if node.startswith("file("):
        return "(file)"
    return {"(output root)": "(output)", "(output itself is an array)": "(output)"}.get(node, node)


def differences(column):
    by_field, by_node, by_transaction = defaultdict(dict), defaultdict(dict), {}
    for row in table("editions.csv"):
        key = (row["infno"], row["direction"], row["node"])
        if row["field"]:
            by_field[*key, row["field"]][row["attribute"]] = row[column]
        elif row["attribute"] == "present":
            by_transaction[row["infno"]] = row[column]
        else:
            by_node[key][row["attribute"]] = row[column]
    return by_field, by_node, by_transaction


def printed(column):
    """What one text prints, as type, length, required, table, name, kind by transaction, direction, node and field."""
    by_field, by_node, by_transaction = differences(column)
    rows = {}
    for row in table("fields.csv"):
        place = (row["infno"], row["direction"], row["node"])
        differs = by_field[*place, row["field"]]
        if by_transaction.get(row["infno"], "Y") != "Y" or differs.get("present", "Y") != "Y":
            continue
        length = differs.get("max_len", row["max_len"]).replace("2,000", "2000")
        # The three departures that every edition makes, each marked in its row.
        if row["field"] in ("infno", "oinfno") and length == "4":
            length = "10"
        if (row["infno"], row["field"]) == (ENVELOPE, "fixmedins_name"):
            length = "200"
        code_table = differs.get("code_table", row["code_table"])
        rows[row["infno"], row["direction"], our_node(row["node"]), row["field"]] = (
            differs.get("type", row["type"]),
            length,
            differs.get("required", row["required"]) or "N",
            row["field"] if code_table == "Y" else code_table,
            differs.get("name_zh", row["name_zh"]),
            by_node[place].get("node_kind", row["node_kind"]),
        )
    return rows


@pytest.mark.parametrize("name", EDITIONS)
def test_every_printed_row_stands_in_its_edition_and_no_other(name):
    wanted = printed(EDITIONS[name])
    ours = {
        row.key: (row.type, row.max_len, row.required, row.code_table, row.name_zh, row.node_kind)
        for row in contract_of(name).edition.fields
    }
    assert {key for key in wanted if key not in ours} == set()
    assert {key for key in ours if key not in wanted} == set()
    assert {key: (wanted[key], ours[key]) for key in wanted if wanted[key] != ours[key]} == {}
    assert len(ours) > 3000


@pytest.mark.parametrize("name", EDITIONS)
def test_every_printed_code_stands_in_its_edition_and_no_other(name):
    wanted = {
        (row["table"], row["code"]): row[EDITIONS[name]] for row in table("codes_by_edition.csv") if row[EDITIONS[name]]
    }
    ours = {
        (of_table, code): said
        for of_table, codes in contract_of(name).edition.codes.items()
        for code, said in codes.items()
    }
    # infcode is printed in the running text, not as a table.
    assert {key: said for key, said in ours.items() if key[0] != "infcode"} == wanted
    assert ours["infcode", "0"] == "成功"


@pytest.mark.parametrize("name", EDITIONS)
def test_every_transaction_of_the_texts_stands_in_its_edition(name):
    _, _, by_transaction = differences(EDITIONS[name])
    neither = {
        row["infno"] for row in table("editions.csv") if not (row["field"] or row["hunan_1_3"] or row["jiangxi_1_0"])
    }
    known = {row["infno"] for row in table("fields.csv")} - {ENVELOPE}
    wanted = {}
    for row in table("transactions.csv"):
        infno = row["infno"]
        mark = by_transaction.get(infno, "Y")
        if infno not in known:
            hunan = name == "hunan-1.3" and infno.startswith(LISTED_BY_HUNAN)
            jiangxi = name == "jiangxi-1.0" and (infno.startswith("8") or infno in ("9162", "9163"))
            mark = "listed" if hunan or jiangxi else ""
        if mark and infno not in neither:
            wanted[infno] = "tables" if mark == "Y" else "listed"
    assert {infno: known.state for infno, known in contract_of(name).edition.transactions.items()} == wanted


def test_observed_holds_every_row_of_the_extraction():
    wanted = {(row["infno"], row["direction"], row["field"]) for row in table("fields.csv")}
    ours = {(row.infno, row.direction, row.field) for row in contract_of("observed").edition.fields}
    assert ours == wanted


def test_observed_holds_every_code_but_what_one_client_made_up_for_itself():
    wanted = {(row["table"], row["code"]) for row in table("codes.csv")}
    observed = {(of, code) for of, codes in contract_of("observed").edition.codes.items() for code in codes}
    left_out = {(entry.table, entry.code) for entry in contract_of("national").edition.left_out}
    assert wanted - observed == left_out | {("infcode", "-2")}
    assert observed - wanted == set()
