"""A sample of the library for tests that play it under other files than the shipped ones."""

from collections.abc import Iterable
from itertools import groupby

from simulator.harness.scenario.definition import Scenario


def sample(scenarios: Iterable[Scenario]) -> list[Scenario]:
    """Scenarios without a table, and of each table its first and its last row; a rehearsal plays them all."""
    chosen: list[Scenario] = []
    for _, rows in groupby(scenarios, key=lambda each: each.file):
        every = list(rows)
        chosen += every if len(every) < 3 else [every[0], every[-1]]
    return chosen
