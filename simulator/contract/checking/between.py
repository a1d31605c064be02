"""Rules between messages: charges and totals, pre-settlement and settlement, settlement and cancellation."""

from collections.abc import Mapping
from typing import Any

from simulator.contract.amounts import fen_of
from simulator.contract.breaches import ContractBreach
from simulator.contract.checking.memory import Memory
from simulator.contract.identities import (
    batch_fault,
    cancellation_faults,
    charge_faults,
    classification_faults,
    repeated_faults,
    settlement_faults,
)
from simulator.domain.care import INPATIENT
from simulator.domain.transaction_table import Family, traits_of

ALL_BATCHES = "0000"


def asked(memory: Memory, side: str, infno: str, body: Any) -> list[ContractBreach]:
    """Breaches of a request against earlier messages; remembers its uploads."""
    if not isinstance(body, dict):
        return []
    traits = traits_of(infno)
    if traits.family == Family.CHARGE_UPLOAD:
        return _uploaded(memory, side, infno, body)
    data = body.get("data")
    if not traits.awarded or not isinstance(data, dict):
        return []
    found = _total(memory, side, infno, body, data)
    before = memory.pre_settled.get(side, *_batch(data))
    if traits.family == Family.SETTLEMENT and before is not None:
        found += repeated_faults(infno, before, data)
    return found


def answered(
    memory: Memory, side: str, infno: str, request: Any, output: Any, *, account_in_fund: bool
) -> list[ContractBreach]:
    """Breaches of a successful answer against its request; remembers values that later messages must agree with."""
    data = request.get("data") if isinstance(request, dict) else None
    family = traits_of(infno).family
    if family == Family.CHARGE_WITHDRAWAL:
        for row in data if isinstance(data, list) else [data]:
            if isinstance(row, dict):
                _withdraw(memory, side, row)
        return []
    if not isinstance(output, dict):
        return []
    if family == Family.CHARGE_UPLOAD:
        rows = output.get("result")
        lines = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        return [
            fault
            for index, line in enumerate(lines)
            for fault in classification_faults(infno, line, f"/output/result/{index}")
        ]
    info = output.get("setlinfo")
    if not isinstance(info, dict):
        return []
    found = list(settlement_faults(infno, output, account_in_fund=account_in_fund))
    if isinstance(data, dict):
        found += _settled(memory, side, infno, data, output)
    return found


def refused(memory: Memory, side: str, infno: str, request: Any) -> None:
    """A refused upload uploaded nothing."""
    for row in _rows(request) if traits_of(infno).family == Family.CHARGE_UPLOAD else []:
        batches = memory.charges.get(side, _text(row, "mdtrt_id"))
        if batches is not None:
            batches.get(_text(row, "chrg_bchno"), {}).pop(_text(row, "feedetl_sn"), None)


def _uploaded(memory: Memory, side: str, infno: str, body: Mapping[str, Any]) -> list[ContractBreach]:
    found: list[ContractBreach] = []
    visit, batches = "", {}
    for index, row in enumerate(_rows(body)):
        found += charge_faults(infno, row, f"/input/feedetail/{index}")
        amount = fen_of(row.get("det_item_fee_sumamt"))
        if amount is None:
            continue
        if _text(row, "mdtrt_id") != visit or not visit:
            visit = _text(row, "mdtrt_id")
            batches = memory.charges.get(side, visit) or {}
            if visit:
                memory.charges.put(batches, side, visit)
        batches.setdefault(_text(row, "chrg_bchno"), {})[_text(row, "feedetl_sn")] = amount
    return found


def _withdraw(memory: Memory, side: str, row: Mapping[str, Any]) -> None:
    visit, batch, number = (_text(row, name) for name in ("mdtrt_id", "chrg_bchno", "feedetl_sn"))
    batches = memory.charges.get(side, visit)
    if batches is None:
        return
    if ALL_BATCHES in (batch, number):
        memory.charges.drop(side, visit)
    elif number:
        for charges in batches.values():
            charges.pop(number, None)
    else:
        batches.pop(batch, None)


def _total(
    memory: Memory, side: str, infno: str, body: Mapping[str, Any], data: Mapping[str, Any]
) -> list[ContractBreach]:
    """The total of a settlement against the charges in the message itself, or else those uploaded before it."""
    own = body.get("feedetail")
    if isinstance(own, list) and own:
        amounts = [fen_of(row.get("det_item_fee_sumamt")) for row in own if isinstance(row, dict)]
        known = None if any(amount is None for amount in amounts) else sum(amount or 0 for amount in amounts)
    elif traits_of(infno).care == INPATIENT:
        # An interval takes in some of the charges of a stay, which the message does not name.
        known = None
    else:
        batches = memory.charges.get(side, _text(data, "mdtrt_id")) or {}
        batch = batches.get(_text(data, "chrg_bchno"))
        known = None if not batch else sum(batch.values())
    if known is None:
        return []
    fault = batch_fault(infno, data.get("medfee_sumamt"), known, "/input/data/medfee_sumamt")
    return [] if fault is None else [fault]


def _settled(
    memory: Memory, side: str, infno: str, data: Mapping[str, Any], output: dict[str, Any]
) -> list[ContractBreach]:
    info = output["setlinfo"]
    traits = traits_of(infno)
    if traits.family == Family.CANCELLATION:
        original = memory.settled.get(side, _text(data, "setl_id"))
        return [] if original is None else list(cancellation_faults(infno, original, output))
    asked_for = fen_of(data.get("medfee_sumamt"))
    found: list[ContractBreach] = []
    if asked_for is not None and traits.awarded:
        fault = batch_fault(infno, info.get("medfee_sumamt"), asked_for, "/output/setlinfo/medfee_sumamt")
        found = [] if fault is None else [fault]
    if traits.family == Family.PRE_SETTLEMENT:
        memory.pre_settled.put(info, side, *_batch(data))
    elif traits.family == Family.SETTLEMENT and _text(info, "setl_id"):
        # A preview speaks of one settlement: the next of a stay takes in other charges.
        memory.pre_settled.drop(side, *_batch(data))
        memory.settled.put({"setlinfo": info}, side, _text(info, "setl_id"))
    return found


def _rows(body: Any) -> list[Mapping[str, Any]]:
    rows = body.get("feedetail") if isinstance(body, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _batch(data: Mapping[str, Any]) -> tuple[str, str]:
    return _text(data, "mdtrt_id"), _text(data, "chrg_bchno")


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name, "")
    return value if isinstance(value, str) else ("" if value is None else str(value)[:60])
