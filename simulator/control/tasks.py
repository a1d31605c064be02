"""Control calls for tasks: manual steps of a scenario for staff at a real system, or the reference hospital."""

import json
from typing import Any

from simulator.control.calls import Asking, call, id_of
from simulator.control.waiting import when_there
from simulator.core.errors import DataFault, DataFaults, refuse
from simulator.core.texts import text
from simulator.store.rows import TaskRow
from simulator.store.tables import task

ROLES = ("hospital", "agency")
STATES = ("open", "taken", "done", "failed")


@call("POST", "tasks")
def post(asking: Asking) -> Any:
    body = asking.checked("task")
    written = json.dumps(
        {"act": body["act"], "title": body.get("title", {}), "data": body.get("data", {})}, default=str
    )
    with asking.sandbox.begin() as (work, _, _clock):
        number = work.add(task, role=body["role"], state="open", body=written, result="")
        return _described(work.get_required(task, id=number))


@call("GET", "tasks")
def show(asking: Asking) -> Any:
    """Lists tasks by role and state, in order; if there are none, waits up to `wait` seconds for the first."""
    query = asking.asked("role", "state", "wait")
    for name, known in (("role", ROLES), ("state", STATES)):
        if query[name] not in ("", *known):
            allowed = text("data.not_allowed", got=query[name], hint="", allowed=", ".join(known))
            raise DataFaults([DataFault(allowed, name)])

    wanted: dict[str, Any] = {name: query[name] for name in ("role", "state") if query[name]}

    def read() -> list[TaskRow]:
        with asking.sandbox.begin() as (work, _, _clock):
            return work.find(task, order="id", **wanted)

    return {"tasks": [_described(row) for row in when_there(asking, query["wait"], read)]}


@call("PUT", "tasks/<number>")
def result(asking: Asking) -> Any:
    """Takes a task or reports its result; raises Refusal for a task that is not open to be taken."""
    body = asking.checked("task_result")
    number = asking.parts["number"]
    with asking.sandbox.begin() as (work, _, _clock):
        row = work.get(task, lock=True, id=found) if (found := id_of(number)) is not None else None
        if row is None:
            raise refuse("task_unknown", path="number", number=number)
        if body["state"] == "taken" and row.state != "open":
            raise refuse("task_taken", path="state", number=number, state=row.state)
        work.change(task, {"id": row.id}, state=body["state"], result=body.get("note", ""))
        return _described(work.get_required(task, id=row.id))


def _described(row: TaskRow) -> dict[str, Any]:
    return {"id": row.id, "role": row.role, "state": row.state, "note": row.result, **json.loads(row.body)}
