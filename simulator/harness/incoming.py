"""`expect-incoming`: a message that somebody else must send; waited for, told from others by what it says."""

from collections.abc import Mapping
from typing import Any

from simulator.harness.expressions import Fields
from simulator.harness.journal import Journal
from simulator.harness.legs import Row
from simulator.harness.matching import Difference, differences
from simulator.harness.results import StepResult
from simulator.harness.scenario import Step
from simulator.harness.world import World
from simulator.texts import plain, text

USUAL_S = 5.0


def expect_incoming(world: World, journal: Journal, step: Step, result: StepResult) -> None:
    """Waits for the first leg that says what `request` asks for; then judges its answer."""
    infno, leg = step.said["expect-incoming"], step.said.get("leg", "hospital")
    person = world.people[step.said["for"]] if "for" in step.said else None
    nearest: list[Row] = []

    def wanted(row: Row) -> bool:
        if row.infno != infno or row.leg != leg or (person is not None and row.psn_no != person["psn_no"]):
            return False
        nearest.append(row)
        return not differences(_inside(step, "request"), _nodes(row.said(), "input"), world.lookup, infno=infno)

    row = journal.await_row(wanted, float(step.said.get("within", USUAL_S)), lambda: False)
    if row is None:
        result.differences += _missing(world, step, nearest)
        result.legs += [each.shown() for each in nearest[-1:]]
        return
    result.legs += [each.shown() for each in journal.exchange(row)]
    result.differences += differences(
        _inside(step, "answer"), _nodes(row.answered(), "output"), world.lookup, infno=infno
    )
    world.save(step, Fields({"msgid": row.msgid, "request": row.said(), "answer": row.answered()}))


def _missing(world: World, step: Step, nearest: list[Row]) -> list[Difference]:
    """Nothing came; or something did that says something else, which is shown."""
    infno = step.said["expect-incoming"]
    if not nearest:
        return [Difference(infno, text("harness.a_message", infno=infno), text("harness.nothing_came"), infno)]
    said = _nodes(nearest[-1].said(), "input")
    return differences(_inside(step, "request"), said, world.lookup, infno=infno) or [
        Difference(infno, text("harness.a_message", infno=infno), plain(nearest[-1].msgid), infno)
    ]


def _inside(step: Step, key: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = step.said.get(key, {})
    return found


def _nodes(message: dict[str, Any], node: str) -> dict[str, Any]:
    """A message with its input or output opened, so that a path may begin with a node or a header field."""
    inner = message.get(node)
    return {**message, **(inner if isinstance(inner, Mapping) else {})}
