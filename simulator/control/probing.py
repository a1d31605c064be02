"""Messages that the platform itself sends to agencies: given ones, rows of a day, queries of the books."""

from typing import Any

from sqlalchemy import bindparam, select

from simulator.agencies.delivery.translation import from_agency
from simulator.agencies.outbox import worker
from simulator.agencies.probing.compared_books import compare_books
from simulator.agencies.probing.own_messages import (
    AgencyLine,
    ask,
    send,
    send_malformed,
    send_together,
    send_with_reversal,
)
from simulator.agencies.replica.day_rows import agency_day
from simulator.control.calls import ControlRequest, call, day_of
from simulator.control.evidence import finding_as_json
from simulator.core.errors import refuse
from simulator.core.json_codec import NotAMessage, read_json
from simulator.domain.transaction_table import RECONCILIATION_DAY
from simulator.sandbox.sandboxes import Sandbox
from simulator.store.rows import FindingRow, JournalRow
from simulator.store.statements import Statement
from simulator.store.tables import AGENCY_LEG, finding, journal

_LEG = Statement(select(journal).where(journal.c.exchange == bindparam("exchange"), AGENCY_LEG), JournalRow)


@call("POST", "agencies/<area>/messages")
def send_message(request: ControlRequest) -> Any:
    """Sends this message to the agency past every guard of ours, and judges the answer (rules 38)."""
    body = request.validated_body("own_message")
    line = AgencyLine(request.sandbox, request.platform.forwarding, request.path_values["area"])
    if "malformed" in body:
        return _told(request.sandbox, send_malformed(line, body["message"], body["malformed"]))
    if body.get("reversed_at_once"):
        first, *others = send_with_reversal(line, body["message"])
    elif "beside" in body:
        first, *others = send_together(line, [body["message"], *body["beside"]])
    else:
        first, *others = send(line, body["message"], at_once=body.get("at_once", 1))
    told = _told(request.sandbox, first)
    told["findings"] += [found for each in others for found in _told(request.sandbox, each)["findings"]]
    return told


@call("POST", "agencies/<area>/day")
def reconcile_day(request: ControlRequest) -> Any:
    """Sends the day's rows to the agency (SIM-DAY), and answers the differences that it finds (rules 22)."""
    day = day_of(request.validated_body("day_body")["day"], "day").isoformat()
    line = AgencyLine(request.sandbox, request.platform.forwarding, request.path_values["area"])
    with request.sandbox.begin() as (work, config, _clock):
        body = agency_day(work, config, line.agency(config), day).body
        editions = {"sandbox": config.edition, "agency": line.agency(config).edition}
    told = _told(request.sandbox, ask(line, RECONCILIATION_DAY, body))
    if told["infcode"] != "0":
        raise refuse("agency_no_answer", area=request.path_values["area"], reason=told["err_msg"] or "-")
    output = from_agency(told["output"], RECONCILIATION_DAY, "out", **editions)
    return {"day": day, "rows": len(body["rows"]), "differences": output.get("differences") or []}


@call("POST", "books")
def compare(request: ControlRequest) -> Any:
    """Asks every registered agency for the books of the persons it dealt with; a difference is a finding."""
    body = request.validated_body("books")
    platform = request.platform
    worker.run(request.sandbox, platform.forwarding, everything=True)
    exchanges = compare_books(request.sandbox, platform.forwarding, body.get("psn_no", ""))
    told = [_told(request.sandbox, each) for each in exchanges]
    return {"asked": len(told), "findings": [found for each in told for found in each["findings"]]}


def _told(sandbox: Sandbox, exchange: str) -> dict[str, Any]:
    """Answer received under an exchange, with its findings."""
    with sandbox.begin() as (work, _, _clock):
        leg = work.one(_LEG, exchange=exchange)
        found: list[FindingRow] = work.find(finding, exchange=exchange, order="id")
    answer = _object(bytes(leg.answer)) if leg is not None else {}
    return {
        "exchange": exchange,
        "msgid": leg.msgid if leg is not None else "",
        "infcode": str(answer.get("infcode", "")),
        "err_msg": str(answer.get("err_msg") or ""),
        "output": answer.get("output") or {},
        "findings": [finding_as_json(row) for row in found],
    }


def _object(raw: bytes) -> dict[str, Any]:
    try:
        found = read_json(raw)
    except NotAMessage:
        return {}
    return found if isinstance(found, dict) else {}
