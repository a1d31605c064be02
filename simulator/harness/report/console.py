"""Console output of a run: the plan, each scenario as it ends, a table, the verdict."""

import unicodedata
from collections.abc import Iterable

import click

from simulator.core.texts import text
from simulator.harness.execution.results import (
    BROKEN,
    EXPECTED_FAILURE,
    FAILED,
    NOT_APPLICABLE,
    NOT_TESTED,
    PASSED,
    Ended,
    Event,
    RunInfo,
    ScenarioEnded,
    ScenarioResult,
    Started,
)
from simulator.harness.report.build_next import build_lines, build_rows
from simulator.harness.report.likely_mistakes import lines
from simulator.harness.report.results_json import results_as_json
from simulator.harness.report.wording import failure_text, same_cause_text, status_reason
from simulator.harness.scenario.definition import use_name

MARKS = {PASSED: "✓", FAILED: "✗", EXPECTED_FAILURE: "~", BROKEN: "!", NOT_TESTED: "?", NOT_APPLICABLE: "–"}
COLOURS = {
    PASSED: "green",
    FAILED: "red",
    EXPECTED_FAILURE: "yellow",
    BROKEN: "red",
    NOT_TESTED: "yellow",
    NOT_APPLICABLE: "bright_black",
}


class Console:
    """A listener that prints; a quiet one prints failures and notes only, and nothing where all is green."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._info: RunInfo | None = None
        self._causes: dict[tuple[str, str], ScenarioResult] = {}
        self._done = 0
        self._seconds = 0.0

    def take(self, event: Event) -> None:
        """Prints what an event says."""
        if isinstance(event, Started):
            self._info = event.info
            if not self._quiet:
                self._started(event.info)
        elif isinstance(event, ScenarioEnded):
            self._scenario(event.result)
        elif isinstance(event, Ended):
            self._ended(event)

    def _started(self, info: RunInfo) -> None:
        uses = " / ".join(str(use_name(use)) for use in info.uses)
        click.echo(text("harness.will_run", count=len(info.scenarios), uses=uses, seed=info.seed))
        for name, who in info.environment.items():
            click.echo(f"  {name}: {who}")
        click.echo()

    def _scenario(self, result: ScenarioResult) -> None:
        self._done += 1
        self._seconds += result.seconds
        if result.status == NOT_APPLICABLE or (self._quiet and result.status not in (FAILED, BROKEN)):
            return
        mark = click.style(MARKS[result.status], fg=COLOURS[result.status])
        use = _padded(str(use_name(result.use)), 14)
        reason = f"  {status_reason(result)}" if result.status in (EXPECTED_FAILURE, NOT_TESTED, BROKEN) else ""
        click.echo(f"{mark} {use} {result.seconds:5.2f}s  {self._progress()}{result.scenario.id}{reason}")
        if result.status == FAILED and self._info is not None:
            first = self._causes.setdefault((result.use, result.cause or result.scenario.id), result)
            click.echo(f"\n{failure_text(result, self._info)}\n" if first is result else same_cause_text(result, first))
        elif result.unchecked is not None:
            click.echo(text("harness.noted", note=text("harness.literals_unchecked", reason=result.unchecked)))

    def _progress(self) -> str:
        """`12/204` and the time left, judged by the mean of the scenarios that have ended."""
        if self._info is None:
            return ""
        count = len(self._info.scenarios) * len(self._info.uses)
        minutes, seconds = divmod(round(self._seconds / self._done * (count - self._done)), 60)
        progress = text("harness.progress", done=self._done, count=count, left=f"{minutes}:{seconds:02}")
        return f"{progress}  " if self._done < count else f"{count}/{count}  "

    def _ended(self, ended: Ended) -> None:
        if self._quiet:
            self._ended_quietly(ended)
            return
        click.echo()
        for line in table(ended):
            click.echo(line)
        click.echo()
        told = list(lines(ended.diagnosis))
        for sentence in told:
            click.echo(sentence)
        if told:
            click.echo()
        to_build = list(build_lines(build_rows(ended)))
        for sentence in to_build:
            click.echo(sentence)
        if to_build:
            click.echo()
        for line in verdict(ended):
            click.echo(line)

    def _ended_quietly(self, ended: Ended) -> None:
        for line in verdict(ended) if ended.exit_code else notes(ended):
            click.echo(line)


class JsonConsole:
    """A listener that prints the results as JSON when the run has ended, and nothing else."""

    def take(self, event: Event) -> None:
        """Prints at the end."""
        if isinstance(event, Ended):
            click.echo(results_as_json(event))


def table(ended: Ended) -> Iterable[str]:
    """Scenarios down, uses across; under it why what was not tested."""
    uses = list(ended.info.uses)
    names = {use: str(use_name(use)) for use in uses}
    by_id: dict[str, dict[str, ScenarioResult]] = {}
    for result in ended.results:
        by_id.setdefault(result.scenario.id, {})[result.use] = result
    widest = max((_width(name) for name in by_id), default=0)
    yield " " * widest + "".join(f"  {names[use]}" for use in uses)
    for name, results in by_id.items():
        cells = "".join(f"  {_cell(results.get(use), _width(names[use]))}" for use in uses)
        title = next(iter(results.values())).scenario.name
        yield f"{_padded(name, widest)}{cells}  {title}"


def verdict(ended: Ended) -> Iterable[str]:
    """Sentences about the end of the run, in numbers and in a word."""
    key = {0: "verdict_green", 1: "verdict_red"}.get(ended.exit_code, "verdict_broken")
    colour = "green" if ended.exit_code == 0 else "red"
    counts = {status: ended.count(status) for status in (PASSED, FAILED, BROKEN, NOT_TESTED, NOT_APPLICABLE)}
    yield click.style(str(text(f"harness.{key}")), fg=colour, bold=True)
    if ended.broken is not None:
        yield str(ended.broken)
    yield str(text("harness.counts", seconds=f"{ended.seconds:.1f}", **counts))
    if expected := ended.count(EXPECTED_FAILURE):
        yield str(text("harness.counted_expected", count=expected))
    yield from notes(ended)
    yield str(text("harness.replay", seed=ended.info.seed, command=ended.info.command))


def notes(ended: Ended) -> Iterable[str]:
    """Sentences about figures that a run could not check, whatever its verdict."""
    for reason, count in ended.unchecked().items():
        yield str(text("harness.literals_unchecked_in", count=count, reason=reason))


def _cell(result: ScenarioResult | None, width: int) -> str:
    if result is None:
        return " " * width
    left = (width - 1) // 2
    return " " * left + click.style(MARKS[result.status], fg=COLOURS[result.status]) + " " * (width - 1 - left)


def _width(written: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in written)


def _padded(written: str, width: int) -> str:
    return written + " " * max(0, width - _width(written))
