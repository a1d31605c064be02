"""Table of transactions × editions × (contract, example, handler, scenario), counted and never kept by hand.

A scenario counts for a transaction when it shows it accepted; being refused on purpose is no proof that it works.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from simulator.contract.example_coverage import EDITIONS, covered
from simulator.core.texts import Text, text
from simulator.harness.scenario.definition import Scenario, ScenarioStep
from simulator.harness.scenario.library import load
from simulator.transactions import HANDLERS

DEFAULT_EDITION = "national"
"""Edition in which a scenario plays unless it names another."""

SCENARIO, EXAMPLE = "scenario", "example"
GAPS = (SCENARIO, EXAMPLE)
"""Kinds of gaps: a handler without a scenario, tables without an example."""

ALL, TABLES, HANDLED = "all", "tables", "handled"


@dataclass(frozen=True, slots=True)
class Cell:
    """Coverage of a transaction in an edition; `contract` is `tables`, `listed` or blank."""

    contract: str
    example: bool
    handler: bool
    scenarios: tuple[str, ...]

    @property
    def letters(self) -> Text:
        """Four letters, a dash for what is missing; a single `n` for a transaction known by name only."""
        if self.contract != "tables":
            return text("coverage.listed" if self.contract else "coverage.absent")
        there = (True, self.example, self.handler, bool(self.scenarios))
        names = [text(f"coverage.{part}") for part in ("contract", "example", "handler", "scenario")]
        shown = [name if has else Text("－", "-") for name, has in zip(names, there, strict=True)]
        return Text("".join(each.zh for each in shown), "".join(each.en for each in shown))

    def as_json(self) -> dict[str, Any]:
        return {
            "contract": self.contract,
            "example": self.example,
            "handler": self.handler,
            "scenarios": list(self.scenarios),
        }


@dataclass(frozen=True)
class CoverageRow:
    """Coverage of a transaction over all editions."""

    infno: str
    name: Text
    cells: Mapping[str, Cell]
    depth: str
    """Service by the platform: `trade`, `record` or `table`; blank where there is none."""
    scenarios: tuple[str, ...]

    @property
    def handler(self) -> bool:
        return bool(self.depth)

    @cached_property
    def has_tables(self) -> bool:
        return any(cell.contract == "tables" for cell in self.cells.values())

    @property
    def lacks_scenario(self) -> bool:
        return self.handler and not self.scenarios

    @property
    def lacks_example(self) -> tuple[str, ...]:
        """Editions whose tables give no example that keeps them."""
        return tuple(name for name, cell in self.cells.items() if cell.contract == "tables" and not cell.example)


@dataclass(frozen=True, slots=True)
class CoverageTable:
    """The whole table."""

    editions: tuple[str, ...]
    rows: tuple[CoverageRow, ...]

    def gaps(self, kind: str) -> tuple[str, ...]:
        """Numbers of the transactions for which that is missing."""
        if kind == SCENARIO:
            return tuple(row.infno for row in self.rows if row.lacks_scenario)
        return tuple(row.infno for row in self.rows if row.lacks_example)

    def only(self, which: str) -> tuple[CoverageRow, ...]:
        """The rows of all transactions, of those with tables in some edition, or of those with a handler."""
        if which == HANDLED:
            return tuple(row for row in self.rows if row.handler)
        return tuple(row for row in self.rows if which == ALL or row.has_tables)


def coverage(editions: Sequence[str] = EDITIONS, scenarios: Sequence[Path] = ()) -> CoverageTable:
    """The table as of now; `scenarios` are files or folders, the shipped ones when empty. Raises DataFaults."""
    shown = _shown_by(load(scenarios))
    rows = []
    for each in covered(editions):
        by_edition = shown.get(each.infno, {})
        depth = HANDLERS[each.infno].traits.depth if each.infno in HANDLERS else ""
        cells = {
            edition: Cell(
                contract=state,
                example=edition in each.examples,
                handler=bool(depth) and state == "tables",
                scenarios=tuple(by_edition.get(edition, ())),
            )
            for edition, state in each.contract.items()
        }
        every = tuple(dict.fromkeys(name for names in by_edition.values() for name in names))
        rows.append(CoverageRow(each.infno, Text(each.name_zh, each.name_en), cells, depth, every))
    return CoverageTable(tuple(editions), tuple(rows))


def accepted_in(scenario: Scenario) -> frozenset[str]:
    """The transactions that a scenario shows accepted."""
    return frozenset(infno for step in scenario.steps for infno in _accepted(step))


def _shown_by(scenarios: Iterable[Scenario]) -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for each in scenarios:
        for infno in accepted_in(each):
            found.setdefault(infno, {}).setdefault(each.edition or DEFAULT_EDITION, []).append(each.id)
    return found


def _accepted(step: ScenarioStep) -> Iterator[str]:
    said = step.said
    wanted = said.get("expect", {}) if step.verb == "call" else said.get("answer", {})
    refused = "refused" in said or "raw" in said or str(wanted.get("infcode", "0")) != "0"
    if step.verb in ("call", "expect-incoming") and not refused:
        yield str(said[step.verb])
