"""Control calls for registered agencies, injected faults and the outbox."""

import json
from typing import Any

from simulator.agencies.outbox import worker
from simulator.contract import contract_of
from simulator.control.calls import ControlRequest, call
from simulator.core.errors import refuse
from simulator.people.areas import is_area
from simulator.sandbox.configuration import Agency
from simulator.sandbox.sandboxes import touch
from simulator.store import outbox
from simulator.store.tables import agency, fault


@call("GET", "agencies")
def show_all(request: ControlRequest) -> Any:
    with request.sandbox.begin() as (_, config, _clock):
        return {"agencies": [_agency_as_json(each) for _, each in sorted(config.agencies.items())]}


@call("GET", "agencies/<area>")
def show(request: ControlRequest) -> Any:
    with request.sandbox.begin() as (_, config, _clock):
        found = config.agencies.get(request.path_values["area"])
    if found is None:
        raise refuse("agency_unknown", path="area", area=request.path_values["area"])
    return _agency_as_json(found)


@call("PUT", "agencies/<area>")
def register(request: ControlRequest) -> Any:
    """Registers the agency of an area and the areas below it; messages about people insured there are now forwarded."""
    body = request.validated_body("agency")
    area = request.path_values["area"]
    if not is_area(area):
        raise refuse("area_unknown", path="area", area=area)
    request.platform.forwarding.transport.check_url(body["url"])
    if body.get("edition"):
        contract_of(body["edition"])
    with request.sandbox.begin() as (work, _, _clock):
        if "timeout_s" in body:
            # JSON numbers are read as Decimal, which json.dumps refuses.
            body["timeout_s"] = float(body["timeout_s"])
        if not work.change(agency, {"area": area}, body=json.dumps(body)):
            work.add(agency, area=area, body=json.dumps(body))
        touch(work)
    return _agency_as_json(Agency(area=area, **body))


@call("DELETE", "agencies/<area>")
def remove(request: ControlRequest) -> Any:
    with request.sandbox.begin() as (work, _, _clock):
        if not work.remove(agency, area=request.path_values["area"]):
            raise refuse("agency_unknown", path="area", area=request.path_values["area"])
        touch(work)
    return {"deleted": request.path_values["area"]}


@call("GET", "faults")
def show_faults(request: ControlRequest) -> Any:
    with request.sandbox.begin() as (work, _, _clock):
        return {"faults": [row._asdict() for row in work.find(fault, order="id")]}


@call("POST", "faults")
def add_fault(request: ControlRequest) -> Any:
    """Adds a fault: from the nth matching message on, `times` times, each with `probability` (0-1).

    Of several faults that match a message, the one added first is applied.
    """
    body = request.validated_body("fault")
    values = {
        "at": body["at"],
        "infno": body.get("infno", ""),
        "what": body["what"],
        "nth": body.get("nth", 1),
        "times": body.get("times", 1),
        "probability": float(body.get("probability", 1)),
        "delay_s": float(body.get("delay_s", 0)),
    }
    with request.sandbox.begin() as (work, _, _clock):
        number = work.add(fault, **values, seen=0, used=0)
        touch(work)
    return {"id": number, **values}


@call("DELETE", "faults")
def delete_faults(request: ControlRequest) -> Any:
    with request.sandbox.begin() as (work, _, _clock):
        rows = work.find(fault)
        for row in rows:
            work.remove(fault, id=row.id)
        touch(work)
    return {"deleted": len(rows)}


@call("GET", "outbox")
def show_outbox(request: ControlRequest) -> Any:
    """Lists the outbox rows that wait to be reversed or delivered, and those given up."""
    with request.sandbox.begin() as (work, _, _clock):
        rows = outbox.unfinished(work)
    keys = ("id", "msgid", "area", "infno", "state", "origin_msgid", "psn_no", "mdtrt_id", "attempts", "last_error")
    return {"outbox": [{key: getattr(row, key) for key in keys} for row in rows]}


@call("POST", "outbox/run")
def run(request: ControlRequest) -> Any:
    """Sends all waiting outbox rows at once, without back-off; answers the numbers acknowledged and still waiting."""
    request.validated_body("empty")
    platform = request.platform
    real = platform.forwarding.real_time()
    worker.recover(request.sandbox, real, platform.forwarding.owner, alone=False)
    acknowledged = worker.run(request.sandbox, platform.forwarding, everything=True)
    with request.sandbox.begin() as (work, _, _clock):
        left = outbox.undecided(work)
    return {"acknowledged": acknowledged, "waiting": len(left)}


def _agency_as_json(found: Agency) -> dict[str, Any]:
    return {
        "area": found.area,
        "url": found.url,
        "timeout_s": found.timeout_s,
        "edition": found.edition,
        "profile": dict(found.profile),
        "capabilities": dict(found.capabilities),
    }
