"""Control calls for tasks: manual steps of a scenario for staff at a real system, or the reference hospital."""

import json
from typing import Any

from simulator.control.calls import ControlRequest, call, id_of
from simulator.control.waiting import poll
from simulator.core.errors import DataFault, DataFaults, refuse
from simulator.core.texts import text
from simulator.store.rows import TaskRow
from simulator.store.tables import task

ROLES = ("hospital", "agency")
STATES = ("open", "taken", "done", "failed")


@call("POST", "tasks")
def post(request: ControlRequest) -> Any:
    """Adds a task for the staff of a hospital or agency."""
    body = request.validated_body("task")
    written = json.dumps(
        {"act": body["act"], "title": body.get("title", {}), "data": body.get("data", {})}, default=str
    )
    with request.sandbox.begin() as (work, _, _clock):
        number = work.add(task, role=body["role"], state="open", body=written, result="")
        return _described(work.get_required(task, id=number))


@call("GET", "tasks")
def show(request: ControlRequest) -> Any:
    """Lists tasks by role and state, in order; if there are none, waits up to `wait` seconds for the first."""
    query = request.query_values("role", "state", "wait")
    for name, known in (("role", ROLES), ("state", STATES)):
        if query[name] not in ("", *known):
            allowed = text("data.not_allowed", got=query[name], hint="", allowed=", ".join(known))
            raise DataFaults([DataFault(allowed, name)])

    wanted: dict[str, Any] = {name: query[name] for name in ("role", "state") if query[name]}

    def read() -> list[TaskRow]:
        with request.sandbox.begin() as (work, _, _clock):
            return work.find(task, order="id", **wanted)

    return {"tasks": [_described(row) for row in poll(request, query["wait"], read)]}


@call("PUT", "tasks/<number>")
def result(request: ControlRequest) -> Any:
    """Takes a task or reports its result; raises Refusal for a task that is not open to be taken."""
    body = request.validated_body("task_result")
    number = request.path_values["number"]
    with request.sandbox.begin() as (work, _, _clock):
        row = work.get(task, lock=True, id=found) if (found := id_of(number)) is not None else None
        if row is None:
            raise refuse("task_unknown", path="number", number=number)
        if body["state"] == "taken" and row.state != "open":
            raise refuse("task_taken", path="state", number=number, state=row.state)
        work.change(task, {"id": row.id}, state=body["state"], result=body.get("note", ""))
        return _described(work.get_required(task, id=row.id))


def _described(row: TaskRow) -> dict[str, Any]:
    return {"id": row.id, "role": row.role, "state": row.state, "note": row.result, **json.loads(row.body)}
