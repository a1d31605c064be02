"""Settlements with both awards, the audit of the ledger, and a day reconciled."""

from typing import Any

from simulator.control.calls import Asking, call, day_of
from simulator.core.errors import DataFault, DataFaults, refuse
from simulator.core.money import NotAnAmount, yuan
from simulator.core.texts import text
from simulator.domain.places import below
from simulator.domain.reconciliation import DayRow, compare, described
from simulator.insured import answers, books
from simulator.insured.audit import audit
from simulator.insured.place import row_number, wire_number
from simulator.insured.reconciliation_day import day_row, row_from, rows_of_day
from simulator.insured.settlement import told
from simulator.store import outbox
from simulator.store.rows import SettlementRow
from simulator.store.tables import ledger, settlement


@call("GET", "settlements/<setl_id>")
def show_settlement(asking: Asking) -> Any:
    """Amounts, entries, and the award as answered and as our rules have it, with reasons step by step."""
    setl_id = asking.parts["setl_id"]
    number = row_number("", setl_id)
    with asking.sandbox.begin() as (work, _, _clock):
        row = work.get(settlement, id=number) if number is not None else None
        if row is None:
            raise refuse("settlement_unknown", path="setl_id", setl_id=setl_id)
        entries = work.find(ledger, settlement_id=row.id, order="id")
    values = {name: getattr(row, name) for name in books.AMOUNTS}
    booked = answers.amount_fields(values, row.ratio, row.balance_after)
    return {
        "setl_id": setl_id,
        "kind": row.kind,
        "state": row.state,
        "psn_no": row.psn_no,
        "mdtrt_id": row.mdtrt_id,
        "chrg_bchno": row.batch_number,
        "setl_time": row.setl_time,
        "insured_area": row.insured_area,
        "treated_area": row.area,
        "year": row.year,
        "disease": row.disease,
        "msgid": row.msgid,
        "agency_msgid": row.agency_msgid,
        "agency_setl_id": row.agency_setl_id,
        "amounts": _texts(booked),
        "answered": _texts(booked),
        "expected": told(row.expected),
        "entries": [
            {"account": each.account, "holder": each.holder, "amount": str(yuan(each.amount))} for each in entries
        ],
    }


@call("GET", "ledger/audit")
def show_audit(asking: Asking) -> Any:
    """Every identity and double entry recomputed from the rows."""
    with asking.sandbox.begin() as (work, _, _clock):
        unknown = outbox.undecided(work)
        found = audit(work)
    return {
        "balanced": not found.differences,
        "entries": found.entries,
        "settlements": found.settlements,
        "unknown": len(unknown),
        "differences": [
            {"rule": each.rule, "about": each.about, "wanted": each.wanted, "got": each.got}
            for each in found.differences
        ],
    }


@call("POST", "reconciliation")
def reconcile(asking: Asking) -> Any:
    """The rows of an area's or an institution's day against ours; each difference has a type."""
    body = asking.checked("reconciliation")
    day = day_of(body["day"], "day").isoformat()
    there = [_row_from(index, each) for index, each in enumerate(body["rows"])]
    with asking.sandbox.begin() as (work, config, _):
        rows = [row for row in rows_of_day(work, day) if _concerns(row, body)]
        by_agency = bool(body.get("area")) and config.agency_for(body["area"]) is not None
        originals = {row.id: row for row in rows}
        for row in rows:
            if row.original_id and row.original_id not in originals:
                originals[row.original_id] = work.get_required(settlement, id=row.original_id)

    def number(row: SettlementRow) -> str:
        stands_for = originals[row.settlement_id]
        if by_agency and stands_for.agency_setl_id:
            return str(stands_for.agency_setl_id)
        return wire_number("", stands_for.insured_area, stands_for.id)

    here = [day_row(row, number(row), row.msgid) for row in rows if row.state != "reversed"]
    gone = {(number(row), row.kind == "cancellation") for row in rows if row.state == "reversed"}
    return {"day": day, "differences": [described(each, yuan) for each in compare(there, here, gone)]}


def _row_from(index: int, each: dict[str, Any]) -> DayRow:
    try:
        return row_from(each)
    except NotAnAmount as error:
        raise DataFaults([DataFault(text("control.not_an_amount", got=error), f"rows[{index}]")]) from None


def _concerns(row: SettlementRow, body: dict[str, Any]) -> bool:
    area, institution = body.get("area"), body.get("institution")
    if institution and row.institution != institution:
        return False
    return not area or row.insured_area.startswith(below(area))


def _texts(values: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}
