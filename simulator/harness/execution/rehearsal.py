"""Rehearsal: starts the missing parties, plays every scenario in every use, and yields events.

The uses run side by side, each in its own sandboxes; inside one use scenarios come one after the other.
"""

import platform
import queue
import secrets
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from simulator.core.errors import SetupError, SimulatorError
from simulator.core.texts import text
from simulator.harness.environment.environment import Environment
from simulator.harness.environment.plan import Plan
from simulator.harness.execution.books import begin_with_empty_books
from simulator.harness.execution.expectation import hold_against
from simulator.harness.execution.kept_run import facts_of
from simulator.harness.execution.results import (
    BROKEN,
    NOT_APPLICABLE,
    NOT_TESTED,
    Ended,
    Event,
    Progress,
    RunInfo,
    ScenarioEnded,
    ScenarioResult,
    Started,
)
from simulator.harness.execution.run_diagnosis import diagnosed
from simulator.harness.execution.runner import Stage, own_fault, play
from simulator.harness.scenario.definition import USES, Scenario

_FAREWELL_S = 2.0
"""Seconds that an interrupted use may take to notice; the processes it talks to are ended right after."""
_TAKEN_S = 0.1
"""Seconds between two looks for a stop of the run."""
_BEIJING = timezone(timedelta(hours=8))


def rehearse(plan: Plan, progress: Progress | None = None) -> Generator[Event, None, None]:
    """Plays all of it, or what is left of an interrupted run; the last event holds every result.

    Raises SetupError when it cannot begin or go on.
    """
    started = time.perf_counter()
    run = progress.run if progress is not None and progress.run else new_run()
    with Environment(plan, run) as environment:
        info = replace(information(plan, environment), run=run)
        if progress is not None:
            info = replace(info, started=progress.started, command=progress.command or info.command)
        yield Started(info)
        results: list[ScenarioResult] = [*progress.results] if progress is not None else []
        broken = None
        try:
            for event in _play_all(plan, environment, run, progress):
                if isinstance(event, ScenarioEnded):
                    results.append(event.result)
                yield event
        except SimulatorError as error:
            broken = error.text
        diagnosis = diagnosed(environment.connect(), results) if broken is None else None
        unplayed = plan.turns - len(results)
        if broken is None and unplayed and not plan.stop_at_first:
            broken = text("harness.unplayed", count=unplayed)
        elif broken is None and all(each.status in (NOT_APPLICABLE, NOT_TESTED) for each in results):
            broken = text("harness.nothing_tested")
        order = {each.id: index for index, each in enumerate(plan.scenarios)}
        results.sort(key=lambda each: (order[each.scenario.id], USES.index(each.use)))
        yield Ended(info, results, time.perf_counter() - started, broken, diagnosis)


def _play_all(plan: Plan, environment: Environment, run: str, progress: Progress | None) -> Iterator[Event]:
    events: queue.Queue[tuple[Event, threading.Event] | SimulatorError | None] = queue.Queue()
    stop = threading.Event()
    modes = [
        threading.Thread(target=_mode, args=(plan, environment, use, run, events, stop, progress), daemon=True)
        for use in plan.uses
    ]
    for mode in modes:
        mode.start()
    left = len(modes)
    try:
        while left:
            handed = events.get()
            if handed is None:
                left -= 1
            elif isinstance(handed, SimulatorError):
                raise handed
            else:
                event, taken = handed
                yield event
                taken.set()
    finally:
        stop.set()
        for mode in modes:
            mode.join(timeout=_FAREWELL_S)


def _mode(
    plan: Plan,
    environment: Environment,
    use: str,
    run: str,
    events: "queue.Queue[Any]",
    stop: threading.Event,
    progress: Progress | None,
) -> None:
    """Plays a use in a thread of its own; an error that breaks the run is handed over, not lost."""
    try:
        scenarios = _left(plan, use, progress)
        if not scenarios:
            return
        mode = environment.mode(use)
        begun = progress.begun if progress is not None else {}
        # Only a sandbox that lasts is gone on with; the others get names that no interrupted run has taken.
        stage = Stage(
            environment.connect(),
            plan.seed,
            run if mode.sandbox or progress is None else new_run(),
            plan.personas,
            plan.keep,
            environment.refuse_dead,
            plan.recorded,
            begun,
        )
        mode = begin_with_empty_books(stage, mode, scenarios, [scenario for scenario, _ in begun])
        for scenario in scenarios:
            for event in play(stage, mode, scenario):
                if plan.expected is not None and isinstance(event, ScenarioEnded):
                    hold_against(plan.expected, event.result)
                if not _hand_over(event, events, stop, wait=bool(mode.sandbox)):
                    return
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


def _hand_over(event: Event, events: "queue.Queue[Any]", stop: threading.Event, *, wait: bool) -> bool:
    """Hands an event to the listeners; False where the run was stopped before they took it.

    In a sandbox that lasts the next step waits for them: it begins only when the end of the one before is kept.
    """
    taken = threading.Event()
    events.put((event, taken))
    while wait and not taken.wait(_TAKEN_S):
        if stop.is_set():
            return False
    return True


def _left(plan: Plan, use: str, progress: Progress | None) -> list[Scenario]:
    """Scenarios of a use that have no result yet."""
    done = {(each.scenario.id, each.use) for each in progress.results} if progress is not None else set()
    return [each for each in plan.scenarios_in(use) if (each.id, use) not in done]


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
        facts=facts_of(plan, environment.connect().version()),
        started=now.strftime("%Y-%m-%d %H:%M:%S"),
        platform_version=str(environment.connect().call("GET", "/healthz", None).get("version") or ""),
        real_systems=[*(f"agency {each}" for each in plan.agencies), *(f"hospital {each}" for each in plan.hospitals)],
        host=f"{platform.node()} ({datetime.now(UTC).astimezone().strftime('UTC%z %Z')})",
    )
