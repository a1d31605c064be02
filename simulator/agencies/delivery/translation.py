"""What is said in one edition said in another's words, where an agency speaks an edition of its own.

Codes that we have a word for are translated (psn_type 12 and 21), fields that the other edition does not have are left
out, and a number that it does not have gives way to its twin (2207A and 2207). Anything else passes as it came, and the
contract says what it is.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from simulator.benefit import KINDS
from simulator.contract import Contract, Edition, contract_of
from simulator.contract.layout import Node
from simulator.domain.accumulators import from_wire
from simulator.domain.transaction_table import REVERSAL
from simulator.sandbox.configuration import Agency


def agency_contract(edition: str) -> Contract:
    """The contract between platform and an agency that speaks this edition."""
    return contract_of(edition, overlays=("agency",))


def spoken(infno: str, edition: str) -> str:
    """The number under which an edition has a transaction; the same where it has none."""
    if not edition:
        return infno
    twin = infno.removesuffix("A") if infno.endswith("A") else f"{infno}A"
    serves = agency_contract(edition).serves
    return twin if not serves(infno) and serves(twin) else infno


def translate(body: Any, infno: str, direction: str, *, source: str, target: str) -> Any:
    """The body of `source` as `target` says it; the same object where they are one edition."""
    if source == target or not target:
        return body
    if infno == REVERSAL and direction == "in":
        data = body["data"]
        return {**body, "data": {**data, "oinfno": spoken(data["oinfno"], target)}}
    here, there = (agency_contract(name) for name in (source, target))
    ours, theirs = spoken(infno, source), spoken(infno, target)
    if not (here.serves(ours) and there.serves(theirs)):
        return body
    codes = _codes(source, target)
    return _translated(body, here.layout(ours, direction).root, there.layout(theirs, direction).root, codes)


@lru_cache(maxsize=64)
def _codes(source: str, target: str) -> Mapping[str, Mapping[str, str]]:
    """By code table: code here -> code there, where they differ."""
    ours, theirs = (agency_contract(name).edition for name in (source, target))
    return {table: changes for table in ours.meanings if (changes := _changed(ours, theirs, table))}


def _changed(ours: Edition, theirs: Edition, table: str) -> dict[str, str]:
    here, there = ours.meanings.get(table, {}), theirs.meanings.get(table, {})
    pairs = {code: there[word] for word, code in here.items() if word in there}
    return {code: other for code, other in pairs.items() if code != other}


def _translated(value: Any, here: Node, there: Node, codes: Mapping[str, Mapping[str, str]]) -> Any:
    if isinstance(value, list):
        return [_translated(item, here, there, codes) for item in value]
    if not isinstance(value, Mapping):
        return value
    known = there.known()
    written = {}
    for name, item in value.items():
        row, child = here.rows.get(name), here.children.get(name)
        if (row is not None or child is not None) and name not in known:
            continue
        if child is not None and name in there.children:
            item = _translated(item, child, there.children[name], codes)
        elif row is not None and isinstance(item, str):
            item = codes.get(row.code_table, {}).get(item, item)
        written[name] = item
    return written


def accumulator_key(written: str, agency: Agency | None) -> tuple[str, str] | None:
    """Kind and disease of a cum_type_code, as the agency's profile maps it; None for what we do not keep."""
    codes = (agency.profile.get("cum_type_codes") or {}) if agency else {}
    code = str(codes.get(written, written))
    key = from_wire(code)
    return key if key is not None and key[0] in KINDS else None
