"""Control calls for the institutions, catalogues and policies of a sandbox."""

import json
from typing import Any

from simulator.benefit import failing_examples
from simulator.catalogue import Institution, item_json
from simulator.control.calls import ControlRequest, call, day_of, limit_of
from simulator.core.errors import DataFault, DataFaults, refuse
from simulator.core.texts import text
from simulator.people.areas import area_name, is_area
from simulator.sandbox.sandboxes import touch
from simulator.store.tables import catalogue, institution, policy


@call("GET", "institutions")
def show_institutions(request: ControlRequest) -> Any:
    query = request.query_values("area", "limit")
    with request.sandbox.begin() as (_, config, _clock):
        found = config.institutions.of(query["area"]) if query["area"] else tuple(config.institutions.all())
    return {"institutions": [each.to_json() for each in found[: limit_of(query["limit"], 1000)]]}


@call("PUT", "institutions/<code>")
def put_institution(request: ControlRequest) -> Any:
    """Adds an institution, or changes one."""
    code = request.path_values["code"]
    found = Institution.from_json(code, request.body)
    body = {key: value for key, value in found.to_json().items() if key not in ("code", "uscc")}
    with request.sandbox.begin() as (work, _, _clock):
        if not work.change(institution, {"code": code}, body=json.dumps(body)):
            work.add(institution, code=code, body=json.dumps(body))
        touch(work)
    return found.to_json()


@call("GET", "catalogue")
def show_catalogue(request: ControlRequest) -> Any:
    """Lists the items of an area's catalogue in force on a day, the trade day by default."""
    query = request.query_values("area", "on", "limit")
    if not query["area"]:
        raise DataFaults([DataFault(text("data.missing_key", key="area"), "area")])
    with request.sandbox.begin() as (_, config, clock):
        today = clock.now(request.platform.sandboxes.real_time()).date()
    on = day_of(query["on"], "on") if query["on"] else today
    found = config.catalogues.of(query["area"])
    items = [item for each in found.all() if (item := found.item(each.code, on)) is each]
    return {
        "area": query["area"],
        "on": on.isoformat(),
        "own": found.own,
        "items": [item_json(each) for each in items[: limit_of(query["limit"], 1000)]],
    }


@call("PUT", "catalogue/<area>")
def put_catalogue(request: ControlRequest) -> Any:
    """Adds or changes items of an area's catalogue; other items stay."""
    area = request.path_values["area"]
    # Called for its checks only, before the unit of work: these take time, and it keeps others waiting.
    request.sandbox.current_config().catalogues.with_items(area, request.body)
    with request.sandbox.begin() as (work, _, _clock):
        row = work.get(catalogue, area=area, lock=True)
        merged = _merged(json.loads(row.body) if row else None, request.body)
        if row:
            work.change(catalogue, {"area": area}, body=json.dumps(merged, default=str))
        else:
            work.add(catalogue, area=area, body=json.dumps(merged, default=str))
        touch(work)
    return {"area": area, "items": len(merged["items"])}


@call("GET", "policy/<area>")
def show_policy(request: ControlRequest) -> Any:
    """Shows every rule in force on a day, with value, source and reference."""
    area = request.path_values["area"]
    if not is_area(area):
        raise refuse("area_unknown", path="area", area=area)
    query = request.query_values("on")
    with request.sandbox.begin() as (_, config, clock):
        today = clock.now(request.platform.sandboxes.real_time()).date()
    on = day_of(query["on"], "on") if query["on"] else today
    return {"area": area, "area_name": area_name(area), **config.policies.city(area).as_json(on)}


@call("PUT", "policy/<area>")
def put_policy(request: ControlRequest) -> Any:
    """Sets the city file of an area, given as `{"text": "<YAML>"}` or as JSON.

    Raises DataFaults, with lines for YAML and paths for JSON; also if a worked example of the file does not come out,
    since the file then does not describe its own policy.
    """
    area = request.path_values["area"]
    as_text = isinstance(request.body, dict) and set(request.body) <= {"text", "name"}
    body = request.validated_body("policy_text") if as_text else request.body
    given = body["text"] if as_text else body
    name = body.get("name", f"{area}.yaml") if as_text else f"{area}.json"
    city = request.sandbox.current_config().policies.with_city(given, name, area=area).city(area)
    if wrong := failing_examples(city):
        raise DataFaults(wrong)
    written = str(given) if as_text else json.dumps(given, ensure_ascii=False, default=str)
    with request.sandbox.begin() as (work, _, _clock):
        if not work.change(policy, {"area": area}, name=name, body=written):
            work.add(policy, area=area, name=name, body=written)
        touch(work)
    return {"area": area, "name": city.name, "version": city.version, "digest": city.digest}


def _merged(before: Any, body: Any) -> dict[str, Any]:
    """Items put before and those of a body, whose versions of a code replace all earlier ones of that code."""
    codes = {each["code"] for each in body["items"]}
    kept = [each for each in (before or {}).get("items", []) if each["code"] not in codes]
    return {**body, "items": [*kept, *body["items"]]}
