"""Control calls for sandboxes, their snapshots and their clocks."""

from datetime import datetime
from typing import Any

from simulator.control.calls import ControlRequest, call, moment_of
from simulator.core.clock import iso
from simulator.core.errors import refuse
from simulator.sandbox.sandboxes import Sandbox
from simulator.store.tables import sandbox as sandbox_table


@call("POST", "sandboxes", of_platform=True)
def create(request: ControlRequest) -> Any:
    """Creates a sandbox; with `clock` its clock stands at that time, otherwise it runs from the present."""
    body = request.validated_body("sandbox")
    settings: dict[str, Any] = {key: body[key] for key in ("seed", "edition", "strict", "gateway") if key in body}
    if "clock" in body:
        settings["clock"] = moment_of(body["clock"], "clock")
        settings["running"] = False
    return described(request.platform.sandboxes.create(body["name"], **settings), request)


@call("GET", "sandboxes", of_platform=True)
def names(request: ControlRequest) -> Any:
    return {"sandboxes": request.platform.sandboxes.names()}


@call("GET", "sandboxes/<name>", of_platform=True)
def show(request: ControlRequest) -> Any:
    found = request.platform.sandboxes.get(request.path_values["name"])
    if found is None:
        raise refuse("sandbox_unknown", path="name", name=request.path_values["name"])
    return described(found, request)


@call("DELETE", "sandboxes/<name>", of_platform=True)
def delete(request: ControlRequest) -> Any:
    request.platform.sandboxes.delete(request.path_values["name"])
    return {"deleted": request.path_values["name"]}


@call("POST", "reset")
def reset(request: ControlRequest) -> Any:
    """Empties the sandbox and sets its clock to the present; name, seed, edition, strictness and gateway stay."""
    request.validated_body("empty")
    request.platform.sandboxes.reset(request.sandbox)
    return described(request.sandbox, request)


@call("POST", "snapshots")
def snapshot(request: ControlRequest) -> Any:
    name = request.validated_body("snapshot")["name"]
    request.platform.sandboxes.factory.snapshot(request.sandbox.name, name)
    return {"snapshot": name}


@call("GET", "snapshots")
def snapshots(request: ControlRequest) -> Any:
    return {"snapshots": request.platform.sandboxes.factory.snapshots(request.sandbox.name)}


@call("POST", "snapshots/<snapshot>/restore")
def restore(request: ControlRequest) -> Any:
    request.validated_body("empty")
    request.platform.sandboxes.restore(request.sandbox, request.path_values["snapshot"])
    return described(request.sandbox, request)


@call("GET", "clock")
def show_clock(request: ControlRequest) -> Any:
    with request.sandbox.begin() as (_, _config, clock):
        now = clock.now(request.platform.sandboxes.real_time())
    return {"now": iso(now), "running": clock.running}


@call("PUT", "clock")
def set_clock(request: ControlRequest) -> Any:
    """Sets, freezes or starts the clock; a time without an offset is Beijing time."""
    body = request.validated_body("clock")
    real = request.platform.sandboxes.real_time()
    with request.sandbox.begin() as (work, _, clock):
        now: datetime = moment_of(body["now"], "now") if "now" in body else clock.now(real)
        running = body.get("running", clock.running)
        work.change(sandbox_table, {"id": 1}, clock_at=now.isoformat(), clock_set_at=real, clock_running=int(running))
    return {"now": iso(now), "running": running}


def described(found: Sandbox, request: ControlRequest) -> dict[str, Any]:
    """JSON of a sandbox in its present state."""
    with found.begin() as (_, config, clock):
        now = clock.now(request.platform.sandboxes.real_time())
    profile = config.profile
    return {
        "name": found.name,
        "seed": config.seed,
        "clock": {"now": iso(now), "running": clock.running},
        "edition": config.edition,
        "strict": config.strict,
        "gateway": {
            "name": profile.name,
            "sign_in": profile.sign_in,
            "window_s": profile.window_s,
            # Only the institutions that have keys are listed, never the keys.
            "encrypt": profile.encrypt,
            "keys": sorted(profile.keys),
        },
        "agencies": sorted(config.agencies),
    }
