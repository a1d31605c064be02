"""A listener that writes every message of a run to a file: JSON Lines that `nhsa-sim contract check` reads."""

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import click

from simulator.core.errors import SetupError
from simulator.core.masking import identity_values, mask_tree
from simulator.core.texts import text
from simulator.harness.environment.modes import NATIONAL
from simulator.harness.execution.journal_legs import ObservedLeg
from simulator.harness.execution.results import Event, ScenarioEnded, ScenarioResult

_FACTS = ("id", "exchange", "leg", "infno", "msgid", "outcome", "findings")


@contextlib.contextmanager
def recording(
    path: Path | None, agency_edition: str, *, unmasked: bool, resumed: bool = False
) -> Iterator[Callable[[Event], None]]:
    """Listener that writes the messages of a run, if there is a path, after those of a run that it resumes.

    Raises SetupError when it cannot write.
    """
    if path is None:
        yield lambda _: None
        return
    try:
        file = path.open("a" if resumed else "w", encoding="utf-8")
    except OSError as error:
        raise SetupError(text("harness.cannot_write", path=path, problem=error.strerror or "")) from None
    with file:
        yield _Recorder(file, agency_edition, unmasked=unmasked).take
    click.echo(text("harness.recorded_at", path=path))


class _Recorder:
    def __init__(self, file: IO[str], agency_edition: str, *, unmasked: bool) -> None:
        self._file = file
        self._agency_edition = agency_edition
        self._unmasked = unmasked

    def take(self, event: Event) -> None:
        """Writes what was said in a scenario when it has ended."""
        if isinstance(event, ScenarioEnded):
            for row in event.rows:
                self._write(event.result, row)
            # What was said before an interruption is kept with the results.
            self._file.flush()

    def _write(self, result: ScenarioResult, row: ObservedLeg) -> None:
        scenario = result.scenario
        about = {
            "scenario": scenario.id,
            "use": result.use,
            "step": row.step,
            "sandbox": f"{result.sandbox}/{scenario.id}",
            "edition": self._agency_edition if row.leg == "agency" else scenario.edition or NATIONAL,
            "strict": scenario.strict,
        }
        facts = {name: getattr(row, name) for name in _FACTS}
        said = {"request": row.request, "answer": row.answer}
        written = json.dumps(about | facts | said, ensure_ascii=False)
        self._file.write((written if self._unmasked else _masked(about | facts, said)) + "\n")


def _masked(facts: dict[str, object], said: dict[str, str]) -> str:
    masked = mask_tree(facts | said, identity_values(*said.values()))
    return json.dumps(masked, ensure_ascii=False)
