"""`expect-incoming`: waits for a message of the system under test, recognised by its content."""

from collections.abc import Mapping
from typing import Any

from simulator.core.texts import plain, text
from simulator.harness.execution.journal_legs import ObservedLeg
from simulator.harness.execution.journal_reader import Journal
from simulator.harness.execution.matching import Mismatch, differences
from simulator.harness.execution.results import StepResult
from simulator.harness.execution.run_context import RunContext
from simulator.harness.scenario.definition import ScenarioStep
from simulator.harness.scenario.expressions import Fields

USUAL_S = 5.0


def expect_incoming(context: RunContext, journal: Journal, step: ScenarioStep, result: StepResult) -> None:
    """Waits for the first leg that says what `request` asks for; then judges its answer."""
    infno, leg = step.said["expect-incoming"], step.said.get("leg", "hospital")
    person = context.people[step.said["for"]] if "for" in step.said else None
    nearest: list[ObservedLeg] = []

    def wanted(row: ObservedLeg) -> bool:
        if row.infno != infno or row.leg != leg or (person is not None and row.psn_no != person["psn_no"]):
            return False
        nearest.append(row)
        return not differences(_inside(step, "request"), _nodes(row.said(), "input"), context.lookup, infno=infno)

    row = journal.await_row(wanted, float(step.said.get("within", USUAL_S)), lambda: False)
    if row is None:
        result.differences += _missing(context, step, nearest)
        result.legs += [each.shown() for each in nearest[-1:]]
        return
    result.legs += [each.shown() for each in journal.exchange(row)]
    result.differences += differences(
        _inside(step, "answer"), _nodes(row.answered(), "output"), context.lookup, infno=infno
    )
    context.save(step, Fields({"msgid": row.msgid, "request": row.said(), "answer": row.answered()}))


def _missing(context: RunContext, step: ScenarioStep, nearest: list[ObservedLeg]) -> list[Mismatch]:
    """Difference for a message that did not come, with the nearest message that did."""
    infno = step.said["expect-incoming"]
    if not nearest:
        return [Mismatch(infno, text("harness.a_message", infno=infno), text("harness.nothing_came"), infno)]
    said = _nodes(nearest[-1].said(), "input")
    return differences(_inside(step, "request"), said, context.lookup, infno=infno) or [
        Mismatch(infno, text("harness.a_message", infno=infno), plain(nearest[-1].msgid), infno)
    ]


def _inside(step: ScenarioStep, key: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = step.said.get(key, {})
    return found


def _nodes(message: dict[str, Any], node: str) -> dict[str, Any]:
    """A message with its input or output opened, so that a path may begin with a node or a header field."""
    inner = message.get(node)
    return {**message, **(inner if isinstance(inner, Mapping) else {})}
