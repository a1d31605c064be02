"""A listener that writes the reports when all is over: JUnit for machines, one HTML file for people."""

from pathlib import Path

import click

from simulator.core.errors import SetupError
from simulator.core.texts import text
from simulator.harness.execution.results import Ended, Event
from simulator.harness.report import write_report
from simulator.harness.report.junit import write_junit
from simulator.harness.report.likely_mistakes import FILE as MISTAKES
from simulator.harness.report.likely_mistakes import write_mistakes
from simulator.harness.report.results_json import write_results

JUNIT, HTML, RESULTS = "junit.xml", "report.html", "results.json"


class Reports:
    """Writes `junit.xml`, `mistakes.json`, `report.html` and `results.json` into a folder.

    Raises SetupError at once when it cannot.
    """

    def __init__(self, folder: Path, *, tell: bool = True) -> None:
        self.folder = folder
        self.tell = tell
        self.exit_code = 2
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in (JUNIT, MISTAKES, HTML, RESULTS):
                # No report of an earlier run may be taken for this one's.
                (folder / name).touch()
                (folder / name).unlink()
        except OSError as error:
            raise SetupError(text("harness.cannot_write", path=folder, problem=error.strerror or "")) from None

    def take(self, event: Event) -> None:
        """Writes them when the run has ended."""
        if not isinstance(event, Ended):
            return
        self.exit_code = event.exit_code
        write_junit(event, self.folder / JUNIT)
        write_mistakes(event, self.folder / MISTAKES)
        write_report(event, self.folder / HTML)
        write_results(event, self.folder / RESULTS)
        if self.tell:
            click.echo(text("harness.reports_at", path=f"{self.folder / HTML}  {self.folder / JUNIT}"))
