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

JUNIT, HTML = "junit.xml", "report.html"


class Reports:
    """Writes `junit.xml`, `mistakes.json` and `report.html` into a folder; raises SetupError at once when it cannot."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.exit_code = 2
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in (JUNIT, MISTAKES, HTML):
                # No report of an earlier run may be taken for this one's.
                (folder / name).touch()
                (folder / name).unlink()
        except OSError as error:
            raise SetupError(text("harness.cannot_write", path=folder, problem=error.strerror or "")) from None

    def take(self, event: Event) -> None:
        """Writes both when the run has ended."""
        if not isinstance(event, Ended):
            return
        self.exit_code = event.exit_code
        write_junit(event, self.folder / JUNIT)
        write_mistakes(event, self.folder / MISTAKES)
        write_report(event, self.folder / HTML)
        click.echo(text("harness.reports_at", path=f"{self.folder / HTML}  {self.folder / JUNIT}"))
