"""Results of the last rehearsal with the city as insured place, as `rehearse` left them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from simulator.core.errors import SetupError
from simulator.core.texts import text
from simulator.harness.execution.results import FAILED
from simulator.harness.report.writers import RESULTS
from simulator.harness.scenario.definition import INSURED


@dataclass(frozen=True, slots=True)
class LastResult:
    """Result of a scenario; `rule` is the broken rule of a failure, blank where none is known."""

    status: str
    rule: str = ""


def last_results(folder: Path) -> Mapping[str, LastResult]:
    """Results by scenario; {} where nothing was rehearsed. Raises SetupError for a file of another kind."""
    file = folder / RESULTS
    if not file.is_file():
        return {}
    try:
        results = json.loads(file.read_text(encoding="utf-8"))["results"]
        return {
            each["scenario"]: LastResult(each["status"], each["rule"] if each["status"] == FAILED else "")
            for each in results
            if each["use"] == INSURED
        }
    except (ValueError, KeyError, TypeError) as error:
        raise SetupError(text("requirements.no_results", file=str(file), problem=str(error))) from None
