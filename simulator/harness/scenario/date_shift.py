"""A scenario moved to another day, for systems that go by their own clock: every date in it moves by as many days."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from simulator.harness.scenario.definition import Scenario

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ])[0-9]{2}:[0-9]{2}:[0-9]{2}")


def begin_on(scenario: Scenario, day: date) -> Scenario:
    """The scenario as if it began on `day`, at the same time of day; a `year` moves with it."""
    began = datetime.fromisoformat(scenario.clock).date()
    if began == day:
        return scenario
    days, years = (day - began).days, day.year - began.year
    return replace(
        scenario,
        clock=_moved(scenario.clock, days, years),
        roles=_moved(scenario.roles, days, years),
        steps=tuple(replace(step, said=_moved(step.said, days, years)) for step in scenario.steps),
        shifted=True,
    )


def _moved(value: Any, days: int, years: int) -> Any:
    if isinstance(value, Mapping):
        return {
            key: inner + years if key == "year" and isinstance(inner, int) else _moved(inner, days, years)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_moved(inner, days, years) for inner in value]
    if not isinstance(value, str):
        return value
    if _DAY.fullmatch(value):
        return (date.fromisoformat(value) + timedelta(days=days)).isoformat()
    found = _TIME.fullmatch(value)
    if found is None:
        return value
    return (datetime.fromisoformat(value) + timedelta(days=days)).isoformat(sep=found.group(1))
