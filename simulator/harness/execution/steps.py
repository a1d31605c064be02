"""Carries out one step, whatever its verb, and says what came of it."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from simulator.core.texts import Text, plain, text
from simulator.harness.environment.client import ControlRefused
from simulator.harness.execution.hospital_calls import call
from simulator.harness.execution.incoming_messages import expect_incoming
from simulator.harness.execution.journal_reader import Journal
from simulator.harness.execution.manual_steps import await_call, await_manual_step, calls_itself
from simulator.harness.execution.matching import Mismatch, compare, differences
from simulator.harness.execution.probes import probe
from simulator.harness.execution.results import FAILED, NOT_APPLICABLE, PASSED, StepResult
from simulator.harness.execution.run_context import RunContext
from simulator.harness.scenario.definition import ScenarioStep, no_title
from simulator.harness.scenario.expressions import NotThere, evaluate, is_expression, resolve
from simulator.harness.templates import templates

_FIGURE = ".rules["
"""Path through an answer of GET policy to a figure of a city file."""
_BOARD_S = 0.1
"""Seconds between two looks at the board for values entered by hand."""


class NotReached(Exception):
    """Precondition that cannot be met under these rules: the scenario is not tested, for this reason."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason)
        self.reason = reason


def perform(context: RunContext, journal: Journal, step: ScenarioStep) -> StepResult:
    """Carries a step out; raises NotReached, and SetupError when the run itself cannot go on."""
    result = StepResult(step, title_of(step))
    started = time.perf_counter()
    if context.mode.use not in step.uses:
        result.status = NOT_APPLICABLE
        return result
    context.scope = step.scope
    if context.mode.own_clock:
        context.see_time()
    try:
        VERBS[step.verb](context, journal, step, result)
    except NotThere as error:
        result.differences.append(Mismatch(step.verb, text("harness.a_value"), error.text))
    except ControlRefused as error:
        result.differences.append(Mismatch(step.verb, plain("2xx"), error.text))
    result.status = FAILED if result.differences else PASSED
    result.seconds = time.perf_counter() - started
    return result


def title_of(step: ScenarioStep) -> Text:
    """Title of a step: its author's words, else its act."""
    if step.title is not None:
        return step.title
    if step.verb == "call":
        found = templates().get(step.said["call"])
        return found.title if found else plain(step.said["call"])
    return no_title(step)


def _call(context: RunContext, journal: Journal, step: ScenarioStep, result: StepResult) -> None:
    if calls_itself(context, step):
        await_call(context, journal, step, result)
    else:
        call(context, journal, step, result)


def _control(context: RunContext, journal: Journal, step: ScenarioStep, result: StepResult) -> None:
    if context.catching_up:
        return
    method, _, path = str(step.said["control"]).partition(" ")
    body = resolve(step.said.get("body"), context.lookup) if method in ("POST", "PUT") else None
    if method in ("POST", "PUT") and body is None:
        body = {}
    status, answer = 200, {}
    try:
        answer = context.sandbox.control(method, _path(context, path), body)
    except ControlRefused as error:
        status, answer = error.status, error.body
        if "status" not in step.said:
            raise
    if status != step.said.get("status", status) or (status == 200 and step.said.get("status", 200) >= 300):
        result.differences.append(Mismatch("status", plain(str(step.said["status"])), plain(str(status))))
    result.differences += differences(step.said.get("expect", {}), answer, context.lookup)
    result.differences += await_by_hand(context, answer)
    context.save(step, answer)
    if path == "clock":
        context.see_time()


def await_by_hand(context: RunContext, answer: Mapping[str, Any]) -> list[Mismatch]:
    """Waits until the city reports a grant as entered by hand, where it takes grants by hand."""
    if answer.get("delivery") != "by_hand":
        return []
    deadline = time.monotonic() + context.mode.patience_s
    while waiting := context.sandbox.control("GET", "tasks?role=agency")["tasks"]:
        open_ones = [each for each in waiting if each["state"] in ("open", "taken")]
        if not open_ones:
            return []
        if time.monotonic() > deadline:
            why = text("harness.task_state", state=text(f"harness.task_{open_ones[0]['state']}"), note="-")
            return [Mismatch("delivery", plain("done"), why)]
        time.sleep(_BOARD_S)
    return []


def _clock(context: RunContext, journal: Journal, step: ScenarioStep, result: StepResult) -> None:
    if context.catching_up:
        context.now = str(step.said["clock"]).replace("T", " ")
        return
    context.sandbox.control("PUT", "clock", {"now": step.said["clock"], "running": False})
    context.see_time()


def _expect(context: RunContext, journal: Journal, step: ScenarioStep, result: StepResult) -> None:
    for written, wanted in step.said["expect"].items():
        missing = None if context.literals else _missing_figure(context, {written: wanted})
        if missing is not None:
            result.notes.append(text("harness.no_such_figure", path=missing))
        else:
            result.differences += differences({written: wanted}, {}, context.lookup)


def _missing_figure(context: RunContext, said: Any) -> str | None:
    """Expression for a row that another city file has not; None where all rows are there."""
    if isinstance(said, Mapping):
        return next(
            (found for pair in said.items() for each in pair if (found := _missing_figure(context, each))), None
        )
    if not is_expression(said) or _FIGURE not in said:
        return None
    try:
        evaluate(said, context.lookup)
    except NotThere:
        return str(said)
    return None


def _save(context: RunContext, journal: Journal, step: ScenarioStep, result: StepResult) -> None:
    for name, written in step.said["save"].items():
        context.saved[name] = resolve(written, context.lookup)


def _reached(context: RunContext, journal: Journal, step: ScenarioStep, result: StepResult) -> None:
    found: list[Mismatch] = []
    for written, matcher in step.said["reached"].items():
        try:
            found += compare(written, resolve(matcher, context.lookup), evaluate(written, context.lookup))
        except NotThere as error:
            # Another city file may have no such row at all.
            if context.literals:
                raise
            found.append(Mismatch(written, text("harness.a_value"), error.text))
    if found and not context.literals:
        zh = step.said.get("because") or f"{found[0].path} = {found[0].got.zh}"
        raise NotReached(Text(zh, step.said.get("because_en") or zh))
    result.differences += found


def _path(context: RunContext, written: str) -> str:
    """A control path with its expressions replaced, part by part."""
    way, mark, query = written.partition("?")
    parts = [str(evaluate(part, context.lookup)) if is_expression(part) else part for part in way.split("/")]
    asked = [each.partition("=") for each in query.split("&")] if mark else []
    values = [
        f"{name}={evaluate(value, context.lookup) if is_expression(value) else value}" for name, _, value in asked
    ]
    return "/".join(parts) + mark + "&".join(values)


Verb = Callable[[RunContext, Journal, ScenarioStep, StepResult], None]
VERBS: Mapping[str, Verb] = {
    "call": _call,
    "probe": probe,
    "expect-incoming": expect_incoming,
    "control": _control,
    "guide": await_manual_step,
    "clock": _clock,
    "expect": _expect,
    "save": _save,
    "reached": _reached,
}
