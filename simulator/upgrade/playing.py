"""Plays the same scenarios on a system, and keeps what was said on the leg that is to be compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from simulator.contract import Edition
from simulator.harness.environment.plan import Plan
from simulator.harness.execution.journal_legs import ObservedLeg
from simulator.harness.execution.rehearsal import rehearse
from simulator.harness.execution.results import Ended, ScenarioEnded, ScenarioResult
from simulator.harness.scenario.definition import Scenario, ScenarioStep
from simulator.harness.templates import act_of, templates

HOSPITAL, AGENCY = "hospital", "agency"
"""Legs: messages of a hospital to a platform, and of the platform to an insured place."""


@dataclass(frozen=True, slots=True)
class PlayedScenario:
    """Result of a scenario with the messages of the leg compared."""

    result: ScenarioResult
    rows: Sequence[ObservedLeg]


@dataclass(frozen=True, slots=True)
class PlayedSide:
    """Run against one of the two systems."""

    url: str
    ended: Ended
    played: Mapping[tuple[str, str], PlayedScenario]
    """By scenario and use."""


def play_side(plan: Plan, url: str, leg: str) -> PlayedSide:
    """Plays all of a plan; raises SetupError where it cannot begin."""
    played: dict[tuple[str, str], PlayedScenario] = {}
    ended: Ended | None = None
    for event in rehearse(plan):
        if isinstance(event, ScenarioEnded):
            rows = [row for row in event.rows if row.leg == leg]
            played[event.result.scenario.id, event.result.use] = PlayedScenario(event.result, rows)
        elif isinstance(event, Ended):
            ended = event
    assert ended is not None
    return PlayedSide(url, ended, played)


def in_edition(scenario: Scenario, edition: Edition, *, strict: bool) -> Scenario:
    """A scenario as it is played in an edition: a number that the edition has not gives way to its pair.

    The messages stay as they are. Lenient, unless asked otherwise, so that a field which only one edition knows does
    not end the visit at its first message.
    """
    steps = tuple(_step_in(step, edition) for step in scenario.steps)
    return replace(scenario, edition=edition.name, steps=steps, strict=strict and scenario.strict)


_NUMBERED = ("call", "expect-incoming", "infno", "oinfno")
"""Keys of a step, and of what it holds, whose value is a transaction number."""


def _step_in(step: ScenarioStep, edition: Edition) -> ScenarioStep:
    return replace(step, said=_numbers_in(step.said, edition))


def _numbers_in(said: Any, edition: Edition) -> Any:
    if isinstance(said, Mapping):
        return {
            key: _number_in(value, edition)
            if key in _NUMBERED and isinstance(value, str)
            else _numbers_in(value, edition)
            for key, value in said.items()
        }
    return [_numbers_in(each, edition) for each in said] if isinstance(said, list) else said


def _number_in(infno: str, edition: Edition) -> str:
    """The number of the same act in an edition that prints no such number; the number itself otherwise."""
    if _prints(edition, infno) or infno not in templates():
        return infno
    act = act_of(infno)
    return next((each for each, known in templates().items() if known.act == act and _prints(edition, each)), infno)


def _prints(edition: Edition, infno: str) -> bool:
    known = edition.transactions.get(infno)
    return known is not None and known.state == "tables"
