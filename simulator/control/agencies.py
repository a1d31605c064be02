"""Registered agencies, ordered faults, and what waits in the outbox."""

import json
from typing import Any

from simulator.agencies.outbox import worker
from simulator.contract import contract_of
from simulator.control.calls import Asking, call
from simulator.core.errors import refuse
from simulator.people.areas import is_area
from simulator.sandbox.configuration import Agency
from simulator.sandbox.sandboxes import touch
from simulator.store import outbox
from simulator.store.tables import agency, fault


@call("GET", "agencies")
def show_all(asking: Asking) -> Any:
    with asking.sandbox.begin() as (_, config, _clock):
        return {"agencies": [_described(each) for _, each in sorted(config.agencies.items())]}


@call("GET", "agencies/<area>")
def show(asking: Asking) -> Any:
    with asking.sandbox.begin() as (_, config, _clock):
        found = config.agencies.get(asking.parts["area"])
    if found is None:
        raise refuse("agency_unknown", path="area", area=asking.parts["area"])
    return _described(found)


@call("PUT", "agencies/<area>")
def register(asking: Asking) -> Any:
    """Says who answers for the people insured in the area and below; from now on what concerns them is forwarded."""
    body = asking.checked("agency")
    area = asking.parts["area"]
    if not is_area(area):
        raise refuse("area_unknown", path="area", area=area)
    asking.platform.forwarding.transport.check_url(body["url"])
    if body.get("edition"):
        contract_of(body["edition"])
    with asking.sandbox.begin() as (work, _, _clock):
        if "timeout_s" in body:
            body["timeout_s"] = float(body["timeout_s"])
        if not work.change(agency, {"area": area}, body=json.dumps(body)):
            work.add(agency, area=area, body=json.dumps(body))
        touch(work)
    return _described(Agency(area=area, **body))


@call("DELETE", "agencies/<area>")
def remove(asking: Asking) -> Any:
    with asking.sandbox.begin() as (work, _, _clock):
        if not work.remove(agency, area=asking.parts["area"]):
            raise refuse("agency_unknown", path="area", area=asking.parts["area"])
        touch(work)
    return {"deleted": asking.parts["area"]}


@call("GET", "faults")
def show_faults(asking: Asking) -> Any:
    with asking.sandbox.begin() as (work, _, _clock):
        return {"faults": [row._asdict() for row in work.find(fault, order="id")]}


@call("POST", "faults")
def order_fault(asking: Asking) -> Any:
    """Orders a fault: the nth matching message, so many times, with that probability; used up in order of creation."""
    body = asking.checked("fault")
    values = {
        "at": body["at"],
        "infno": body.get("infno", ""),
        "what": body["what"],
        "nth": body.get("nth", 1),
        "times": body.get("times", 1),
        "probability": float(body.get("probability", 1)),
        "delay_s": float(body.get("delay_s", 0)),
    }
    with asking.sandbox.begin() as (work, _, _clock):
        number = work.add(fault, **values, seen=0, used=0)
        touch(work)
    return {"id": number, **values}


@call("DELETE", "faults")
def forget_faults(asking: Asking) -> Any:
    with asking.sandbox.begin() as (work, _, _clock):
        rows = work.find(fault)
        for row in rows:
            work.remove(fault, id=row.id)
        touch(work)
    return {"deleted": len(rows)}


@call("GET", "outbox")
def show_outbox(asking: Asking) -> Any:
    """What waits to be reversed or delivered, or was given up."""
    with asking.sandbox.begin() as (work, _, _clock):
        rows = outbox.unfinished(work)
    keys = ("id", "msgid", "area", "infno", "state", "origin_msgid", "psn_no", "mdtrt_id", "attempts", "last_error")
    return {"outbox": [{key: getattr(row, key) for key in keys} for row in rows]}


@call("POST", "outbox/run")
def run(asking: Asking) -> Any:
    """Tries everything that waits, now; how many were acknowledged and how many still wait."""
    asking.checked("empty")
    platform = asking.platform
    real = platform.forwarding.real_time()
    worker.recover(asking.sandbox, real, platform.forwarding.owner, alone=False)
    acknowledged = worker.run(asking.sandbox, platform.forwarding, everything=True)
    with asking.sandbox.begin() as (work, _, _clock):
        left = outbox.undecided(work)
    return {"acknowledged": acknowledged, "waiting": len(left)}


def _described(found: Agency) -> dict[str, Any]:
    return {
        "area": found.area,
        "url": found.url,
        "timeout_s": found.timeout_s,
        "edition": found.edition,
        "profile": dict(found.profile),
        "capabilities": dict(found.capabilities),
    }
