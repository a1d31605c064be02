"""Translates messages between editions, for an agency with another edition than the sandbox's.

Codes with a known meaning are mapped (psn_type 12 and 21), fields unknown to the target edition are left out, and a
transaction that it lacks is replaced by its twin (2207A and 2207). All else passes unchanged to the contract check.
The platform's side is always in the platform's own names; the agency's side is in its dialect where it has one.
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
    """Contract between the platform and an agency of this edition."""
    return contract_of(edition, overlays=("agency",))


def infno_in_edition(infno: str, edition: str) -> str:
    """Transaction number in an edition: `infno`, or its twin with or without A where only that one is served."""
    if not edition:
        return infno
    twin = infno.removesuffix("A") if infno.endswith("A") else f"{infno}A"
    serves = agency_contract(edition).serves
    return twin if not serves(infno) and serves(twin) else infno


def to_agency(body: Any, infno: str, *, sandbox: str, agency: str) -> Any:
    """The input of a message to an agency, from the edition of the sandbox; `agency` is blank for the same edition."""
    edition = agency or sandbox
    translated = _translate(body, infno, "in", source=sandbox, target=agency)
    return agency_contract(edition).edition.dialect.write(infno_in_edition(infno, edition), "in", translated)


def from_agency(body: Any, infno: str, direction: str, *, sandbox: str, agency: str) -> Any:
    """A body in an agency's edition as the sandbox writes it; `agency` is blank for the same edition."""
    edition = agency or sandbox
    read = agency_contract(edition).edition.dialect.read(infno_in_edition(infno, edition), direction, body)
    return _translate(read, infno, direction, source=edition, target=sandbox)


def _translate(body: Any, infno: str, direction: str, *, source: str, target: str) -> Any:
    """Translates a body from edition `source` to `target`, both in the platform's names.

    Returns the same object if the editions are equal, `target` is blank, or either lacks the transaction.
    """
    if source == target or not target:
        return body
    if infno == REVERSAL and direction == "in":
        data = body["data"]
        return {**body, "data": {**data, "oinfno": infno_in_edition(data["oinfno"], target)}}
    here, there = (agency_contract(name).plain for name in (source, target))
    ours, theirs = infno_in_edition(infno, source), infno_in_edition(infno, target)
    if not (here.serves(ours) and there.serves(theirs)):
        return body
    codes = _codes(source, target)
    return _translated(body, here.layout(ours, direction).root, there.layout(theirs, direction).root, codes)


@lru_cache(maxsize=64)
def _codes(source: str, target: str) -> Mapping[str, Mapping[str, str]]:
    """Target codes by code table and source code, only where they differ."""
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
    """Kind and disease of a cum_type_code, mapped by the agency's profile; None for a kind the platform lacks."""
    codes = (agency.profile.get("cum_type_codes") or {}) if agency else {}
    code = str(codes.get(written, written))
    key = from_wire(code)
    return key if key is not None and key[0] in KINDS else None
