"""Carries out one step, whatever its verb, and says what came of it."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from simulator.harness.calls import call
from simulator.harness.client import ControlRefused
from simulator.harness.expressions import NotThere, evaluate, is_expression, resolve
from simulator.harness.guided import await_call, await_guided, calls_itself
from simulator.harness.incoming import expect_incoming
from simulator.harness.journal import Journal
from simulator.harness.matching import Difference, compare, differences
from simulator.harness.results import FAILED, NOT_APPLICABLE, PASSED, StepResult
from simulator.harness.scenario import Step, no_title
from simulator.harness.templates import templates
from simulator.harness.world import World
from simulator.texts import Text, plain, text

_BOARD_S = 0.1
"""Between two looks at what somebody enters by hand."""


class NotReached(Exception):
    """The point of a scenario cannot be reached under these rules; it is not tested, for this reason."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason)
        self.reason = reason


def perform(world: World, journal: Journal, step: Step) -> StepResult:
    """Carries a step out; raises NotReached, and SetupError when the run itself cannot go on."""
    result = StepResult(step, title_of(step))
    started = time.perf_counter()
    if world.lane.use not in step.uses:
        result.status = NOT_APPLICABLE
        return result
    world.scope = step.scope
    if world.lane.own_clock:
        world.see_time()
    try:
        VERBS[step.verb](world, journal, step, result)
    except NotThere as error:
        result.differences.append(Difference(step.verb, text("harness.a_value"), error.text))
    except ControlRefused as error:
        result.differences.append(Difference(step.verb, plain("2xx"), error.text))
    result.status = FAILED if result.differences else PASSED
    result.seconds = time.perf_counter() - started
    return result


def title_of(step: Step) -> Text:
    """What a step is called: its author's words, else what it does."""
    if step.title is not None:
        return step.title
    if step.verb == "call":
        found = templates().get(step.said["call"])
        return found.title if found else plain(step.said["call"])
    return no_title(step)


def _call(world: World, journal: Journal, step: Step, result: StepResult) -> None:
    if calls_itself(world, step):
        await_call(world, journal, step, result)
    else:
        call(world, journal, step, result)


def _control(world: World, journal: Journal, step: Step, result: StepResult) -> None:
    method, _, path = str(step.said["control"]).partition(" ")
    body = resolve(step.said.get("body"), world.lookup) if method in ("POST", "PUT") else None
    if method in ("POST", "PUT") and body is None:
        body = {}
    status, answer = 200, {}
    try:
        answer = world.sandbox.control(method, _path(world, path), body)
    except ControlRefused as error:
        status, answer = error.status, error.body
        if "status" not in step.said:
            raise
    if status != step.said.get("status", status) or (status == 200 and step.said.get("status", 200) >= 300):
        result.differences.append(Difference("status", plain(str(step.said["status"])), plain(str(status))))
    result.differences += differences(step.said.get("expect", {}), answer, world.lookup)
    result.differences += await_by_hand(world, answer)
    world.save(step, answer)
    if path == "clock":
        world.see_time()


def await_by_hand(world: World, answer: Mapping[str, Any]) -> list[Difference]:
    """Where the city takes what is granted by hand, waits until somebody there says that it was entered."""
    if answer.get("delivery") != "by_hand":
        return []
    deadline = time.monotonic() + world.lane.patience_s
    while waiting := world.sandbox.control("GET", "tasks?role=agency")["tasks"]:
        open_ones = [each for each in waiting if each["state"] in ("open", "taken")]
        if not open_ones:
            return []
        if time.monotonic() > deadline:
            why = text("harness.task_state", state=text(f"harness.task_{open_ones[0]['state']}"), note="-")
            return [Difference("delivery", plain("done"), why)]
        time.sleep(_BOARD_S)
    return []


def _clock(world: World, journal: Journal, step: Step, result: StepResult) -> None:
    world.sandbox.control("PUT", "clock", {"now": step.said["clock"], "running": False})
    world.see_time()


def _expect(world: World, journal: Journal, step: Step, result: StepResult) -> None:
    result.differences += differences(step.said["expect"], {}, world.lookup)


def _save(world: World, journal: Journal, step: Step, result: StepResult) -> None:
    for name, written in step.said["save"].items():
        world.saved[name] = resolve(written, world.lookup)


def _reached(world: World, journal: Journal, step: Step, result: StepResult) -> None:
    found: list[Difference] = []
    for written, matcher in step.said["reached"].items():
        found += compare(written, resolve(matcher, world.lookup), evaluate(written, world.lookup))
    if found and not world.literals:
        zh = step.said.get("because") or f"{found[0].path} = {found[0].got.zh}"
        raise NotReached(Text(zh, step.said.get("because_en") or zh))
    result.differences += found


def _path(world: World, written: str) -> str:
    """A control path with its expressions replaced, part by part."""
    way, mark, query = written.partition("?")
    parts = [str(evaluate(part, world.lookup)) if is_expression(part) else part for part in way.split("/")]
    asked = [each.partition("=") for each in query.split("&")] if mark else []
    values = [f"{name}={evaluate(value, world.lookup) if is_expression(value) else value}" for name, _, value in asked]
    return "/".join(parts) + mark + "&".join(values)


Verb = Callable[[World, Journal, Step, StepResult], None]
VERBS: Mapping[str, Verb] = {
    "call": _call,
    "expect-incoming": expect_incoming,
    "control": _control,
    "guide": await_guided,
    "clock": _clock,
    "expect": _expect,
    "save": _save,
    "reached": _reached,
}
