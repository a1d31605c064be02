"""Rehearsal: starts the missing parties, plays every scenario in every use, and yields events.

The uses run side by side, each in its own sandboxes; inside one use scenarios come one after the other.
"""

import platform
import queue
import secrets
import threading
import time
from collections.abc import Generator, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from simulator.core.errors import SetupError, SimulatorError
from simulator.core.texts import text
from simulator.harness.environment.environment import Environment
from simulator.harness.environment.plan import Plan
from simulator.harness.execution.books import begin_with_empty_books
from simulator.harness.execution.results import (
    BROKEN,
    NOT_APPLICABLE,
    NOT_TESTED,
    Ended,
    Event,
    RunInfo,
    ScenarioEnded,
    ScenarioResult,
    Started,
)
from simulator.harness.execution.run_diagnosis import diagnosed
from simulator.harness.execution.runner import Stage, own_fault, play
from simulator.harness.scenario.definition import USES

_FAREWELL_S = 2.0
"""Seconds that an interrupted use may take to notice; the processes it talks to are ended right after."""
_BEIJING = timezone(timedelta(hours=8))


def rehearse(plan: Plan) -> Generator[Event, None, None]:
    """Plays all of it; the last event holds every result. Raises SetupError when it cannot begin or go on."""
    started = time.perf_counter()
    run = new_run()
    with Environment(plan, run) as environment:
        info = information(plan, environment)
        yield Started(info)
        results: list[ScenarioResult] = []
        broken = None
        try:
            for event in _play_all(plan, environment, run):
                if isinstance(event, ScenarioEnded):
                    results.append(event.result)
                yield event
        except SimulatorError as error:
            broken = error.text
        diagnosis = diagnosed(environment.connect(), results) if broken is None else None
        unplayed = len(plan.scenarios) * len(plan.uses) - len(results)
        if broken is None and unplayed and not plan.stop_at_first:
            broken = text("harness.unplayed", count=unplayed)
        elif broken is None and all(each.status in (NOT_APPLICABLE, NOT_TESTED) for each in results):
            broken = text("harness.nothing_tested")
        order = {each.id: index for index, each in enumerate(plan.scenarios)}
        results.sort(key=lambda each: (order[each.scenario.id], USES.index(each.use)))
        yield Ended(info, results, time.perf_counter() - started, broken, diagnosis)


def _play_all(plan: Plan, environment: Environment, run: str) -> Iterator[Event]:
    events: queue.Queue[Event | SimulatorError | None] = queue.Queue()
    stop = threading.Event()
    modes = [
        threading.Thread(target=_mode, args=(plan, environment, use, run, events, stop), daemon=True)
        for use in plan.uses
    ]
    for mode in modes:
        mode.start()
    left = len(modes)
    try:
        while left:
            event = events.get()
            if event is None:
                left -= 1
            elif isinstance(event, SimulatorError):
                raise event
            else:
                yield event
    finally:
        stop.set()
        for mode in modes:
            mode.join(timeout=_FAREWELL_S)


def _mode(
    plan: Plan, environment: Environment, use: str, run: str, events: "queue.Queue[Any]", stop: threading.Event
) -> None:
    """Plays a use in a thread of its own; an error that breaks the run is handed over, not lost."""
    try:
        mode = environment.mode(use)
        stage = Stage(
            environment.connect(), plan.seed, run, plan.personas, plan.keep, environment.refuse_dead, plan.recorded
        )
        scenarios = plan.scenarios_in(use)
        mode = begin_with_empty_books(stage, mode, scenarios)
        for scenario in scenarios:
            for event in play(stage, mode, scenario):
                events.put(event)
                failed = isinstance(event, ScenarioEnded) and event.result.status in ("failed", BROKEN)
                if failed and plan.stop_at_first:
                    stop.set()
            environment.refuse_dead()
            if stop.is_set():
                break
    except SimulatorError as error:
        events.put(error)
    except Exception as error:  # noqa: BLE001 (told, and the run goes on or is broken)
        events.put(SetupError(own_fault(error)))
    finally:
        events.put(None)


def new_run() -> str:
    """A few letters that no other run is likely to have."""
    return f"r{secrets.token_hex(2)}"


def information(plan: Plan, environment: Environment) -> RunInfo:
    """Facts of a run that are known before it begins."""
    now = datetime.now(UTC).astimezone(_BEIJING)
    return RunInfo(
        scenarios=tuple(plan.scenarios),
        uses=tuple(plan.uses),
        seed=plan.seed,
        platform=environment.url,
        environment=environment.described(),
        command=plan.command,
        rerun=plan.rerun,
        started=now.strftime("%Y-%m-%d %H:%M:%S"),
        platform_version=str(environment.connect().call("GET", "/healthz", None).get("version") or ""),
        real_systems=[*(f"agency {each}" for each in plan.agencies), *(f"hospital {each}" for each in plan.hospitals)],
        host=f"{platform.node()} ({datetime.now(UTC).astimezone().strftime('UTC%z %Z')})",
    )
