"""Sandboxes, their snapshots and their clocks."""

from datetime import datetime
from typing import Any

from simulator.control.calls import Asking, call, moment_of
from simulator.core.clock import iso
from simulator.core.errors import refuse
from simulator.sandbox.sandboxes import Sandbox
from simulator.store.tables import sandbox as sandbox_table


@call("POST", "sandboxes", of_platform=True)
def create(asking: Asking) -> Any:
    body = asking.checked("sandbox")
    settings: dict[str, Any] = {key: body[key] for key in ("seed", "edition", "strict", "gateway") if key in body}
    if "clock" in body:
        settings["clock"] = moment_of(body["clock"], "clock")
        settings["running"] = False
    return described(asking.platform.sandboxes.create(body["name"], **settings), asking)


@call("GET", "sandboxes", of_platform=True)
def names(asking: Asking) -> Any:
    return {"sandboxes": asking.platform.sandboxes.names()}


@call("GET", "sandboxes/<name>", of_platform=True)
def show(asking: Asking) -> Any:
    found = asking.platform.sandboxes.get(asking.parts["name"])
    if found is None:
        raise refuse("sandbox_unknown", path="name", name=asking.parts["name"])
    return described(found, asking)


@call("DELETE", "sandboxes/<name>", of_platform=True)
def delete(asking: Asking) -> Any:
    asking.platform.sandboxes.delete(asking.parts["name"])
    return {"deleted": asking.parts["name"]}


@call("POST", "reset")
def reset(asking: Asking) -> Any:
    """Empties the sandbox; its name, seed, edition, strictness and gateway stay, its clock goes back to the present."""
    asking.checked("empty")
    asking.platform.sandboxes.reset(asking.sandbox)
    return described(asking.sandbox, asking)


@call("POST", "snapshots")
def snapshot(asking: Asking) -> Any:
    name = asking.checked("snapshot")["name"]
    asking.platform.sandboxes.factory.snapshot(asking.sandbox.name, name)
    return {"snapshot": name}


@call("GET", "snapshots")
def snapshots(asking: Asking) -> Any:
    return {"snapshots": asking.platform.sandboxes.factory.snapshots(asking.sandbox.name)}


@call("POST", "snapshots/<snapshot>/restore")
def restore(asking: Asking) -> Any:
    asking.checked("empty")
    asking.platform.sandboxes.restore(asking.sandbox, asking.parts["snapshot"])
    return described(asking.sandbox, asking)


@call("GET", "clock")
def show_clock(asking: Asking) -> Any:
    with asking.sandbox.begin() as (_, _config, clock):
        now = clock.now(asking.platform.sandboxes.real_time())
    return {"now": iso(now), "running": clock.running}


@call("PUT", "clock")
def set_clock(asking: Asking) -> Any:
    """Sets, freezes or lets run; a time without an offset is Beijing's."""
    body = asking.checked("clock")
    real = asking.platform.sandboxes.real_time()
    with asking.sandbox.begin() as (work, _, clock):
        now: datetime = moment_of(body["now"], "now") if "now" in body else clock.now(real)
        running = body.get("running", clock.running)
        work.change(sandbox_table, {"id": 1}, clock_at=now.isoformat(), clock_set_at=real, clock_running=int(running))
    return {"now": iso(now), "running": running}


def described(found: Sandbox, asking: Asking) -> dict[str, Any]:
    """A sandbox as it stands."""
    with found.begin() as (_, config, clock):
        now = clock.now(asking.platform.sandboxes.real_time())
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
            # Whose keys there are is told, the keys themselves never.
            "encrypt": profile.encrypt,
            "keys": sorted(profile.keys),
        },
        "agencies": sorted(config.agencies),
    }
