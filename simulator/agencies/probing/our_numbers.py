"""The body of a message in the platform's numbers, whichever side's it was written in (rules 24)."""

from collections.abc import Mapping
from typing import Any

from simulator.agencies.replica.booked_settlements import GRANTS
from simulator.domain.transaction_table import REVERSAL, Family, traits_of
from simulator.insured.place import wire_number
from simulator.store import outbox
from simulator.store.tables import settlement
from simulator.store.unit_of_work import UnitOfWork

_ANY_AREA = "000000"
"""The id inside a number of ours is read whatever its area."""


def in_our_numbers(work: UnitOfWork, infno: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The body with setl_id, omsgid or trt_dcla_detl_sn as the platform gave them; numbers it never saw stay."""
    data = body.get("data")
    if not isinstance(data, Mapping):
        return body
    traits = traits_of(infno)
    if infno == REVERSAL:
        seen = outbox.find_sent(work, str(data.get("omsgid") or ""))
        return body if seen is None or not seen.origin_msgid else _with(body, omsgid=seen.origin_msgid)
    if traits.family == Family.CANCELLATION:
        return _settlement(work, body, str(data.get("setl_id") or ""))
    if traits.withdraws_grant:
        return _grant(work, body, str(data.get("trt_dcla_detl_sn") or ""))
    return body


def _settlement(work: UnitOfWork, body: Mapping[str, Any], number: str) -> Mapping[str, Any]:
    for row in work.find(settlement, agency_setl_id=number) if number else ():
        if row.kind == "settlement":
            return _with(body, setl_id=wire_number("", row.insured_area, row.id))
    return body


def _grant(work: UnitOfWork, body: Mapping[str, Any], number: str) -> Mapping[str, Any]:
    for kind, table in GRANTS.items():
        for row in work.find(table, agency_number=number) if number else ():
            return _with(body, trt_dcla_detl_sn=wire_number(kind, _ANY_AREA, row.id))
    return body


def _with(body: Mapping[str, Any], **changes: str) -> Mapping[str, Any]:
    return {**body, "data": {**body["data"], **changes}}
