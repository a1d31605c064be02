"""One message to an insured place: its envelope, its msgid, the line it goes over, and the faults ordered on it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import bindparam, update

from simulator.agencies.delivery.endpoint import Endpoint
from simulator.agencies.delivery.transport import Reply, Transport
from simulator.core.clock import wire_time
from simulator.core.envelope import FAILURE, Head, answer
from simulator.core.json_codec import write_json
from simulator.core.texts import text
from simulator.fault_injection import injector
from simulator.fault_injection.injector import Fault
from simulator.sandbox.configuration import Agency
from simulator.sandbox.sandboxes import RUN_SIZE
from simulator.store import tables
from simulator.store.statements import Statement
from simulator.store.unit_of_work import UnitOfWork

SIMULATED_TIMEOUT_S = 30.0
SENDER = "SIM"
"""Begins every msgid of the platform; nine digits that name the run make it twelve."""


class _Serial(NamedTuple):
    """The number of the message that is next."""

    serial: int


_NEXT_SERIAL = Statement(
    update(tables.sandbox)
    .where(tables.sandbox.c.id == bindparam("sandbox_id"))
    .values(serial=tables.sandbox.c.serial + bindparam("step"))
    .returning(tables.sandbox.c.serial),
    _Serial,
)


@dataclass(frozen=True, slots=True)
class Channel:
    """The way to an insured place: over HTTP to a registered agency, or in process to the desk of a simulated one."""

    transport: Transport
    agency: Agency | None
    endpoint: Endpoint

    @property
    def timeout_s(self) -> float:
        return self.agency.timeout_s if self.agency else SIMULATED_TIMEOUT_S

    def post(self, raw: bytes) -> Reply:
        if self.agency is None:
            return Reply(self.endpoint.deliver(raw))
        return self.transport.post(self.agency.url, raw, self.agency.timeout_s)

    def deliver(self, raw: bytes, fault: Fault | None = None) -> Reply:
        """Sends one message as far as the ordered fault lets it through."""
        if fault is None:
            return self.post(raw)
        before = injector.before_handling(fault)
        if before == injector.REFUSED:
            return Reply(_refusal(self.endpoint))
        if before != injector.HANDLED:
            return Reply(None, text("agency.lost" if before == injector.LOST else "agency.held_back"))
        reply = self._deliver_slowly(raw, fault.delay_s) if fault.effect.delayed else self.post(raw)
        if fault.effect.twice and reply.sent:
            reply = self.post(raw)
        got = injector.after_handling(fault, reply.body or b"", "")
        if got.body is None:
            return Reply(None, text("agency.answer_lost"))
        if got.status != 200:
            return Reply(None, text("agency.http_status", status=got.status))
        return reply if reply.body is None else Reply(got.body)

    def _deliver_slowly(self, raw: bytes, delay_s: float) -> Reply:
        """The answer comes late; beyond the time limit it comes when nobody waits for it any more."""
        time.sleep(min(delay_s, self.timeout_s))
        reply = self.post(raw)
        if delay_s >= self.timeout_s:
            return Reply(None, text("agency.no_answer_in_time", timeout=f"{self.timeout_s:g}"))
        return reply


def next_msgid(work: UnitOfWork, now: datetime) -> str:
    """The platform's own number with the run, the trade clock's time, and four digits; no two are ever the same."""
    row = work.one(_NEXT_SERIAL, sandbox_id=1, step=1)
    run, serial = divmod(row.serial if row else 0, RUN_SIZE)
    moment = now + timedelta(seconds=serial // 10000)
    return f"{SENDER}{run:09d}{moment:%Y%m%d%H%M%S}{serial % 10000:04d}"


def run_of(work: UnitOfWork) -> str:
    """The beginning of every msgid of this run of the sandbox."""
    return f"{SENDER}{work.get_required(tables.sandbox, id=1).serial // RUN_SIZE:09d}"


def message(head: Head, infno: str, msgid: str, now: datetime, body: Mapping[str, Any]) -> bytes:
    """The envelope that an agency receives: the places as in the original, msgid and time the platform's own."""
    return write_json(
        {
            "infno": infno,
            "msgid": msgid,
            "mdtrtarea_admvs": head.treated_area,
            "insuplc_admdvs": head.insured_area,
            "recer_sys_code": "AGENCY",
            "dev_no": "",
            "dev_safe_info": "",
            "cainfo": "",
            "signtype": "",
            "infver": "V1.0",
            "opter_type": "1",
            "opter": head.operator,
            "opter_name": head.operator_name,
            "inf_time": wire_time(now),
            "fixmedins_code": head.institution,
            "fixmedins_name": head.institution_name,
            "sign_no": "",
            "input": body,
        }
    )


def _refusal(endpoint: Endpoint) -> bytes:
    """What an insured place that refuses would answer."""
    now = endpoint.time()
    told = text("agency.refused_by_fault").zh
    return answer(infcode=FAILURE, err_msg=told, output=None, area="", received=now, answered=now)
