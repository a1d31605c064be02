"""Results of a run as JSON: the evidence of the run, and an entry for each scenario in each use."""

import json
from pathlib import Path
from typing import Any

from simulator.harness.execution.results import EXPECTED_FAILURE, FAILED, Ended, ScenarioResult
from simulator.harness.report.evidence import differences_as_json, run_evidence
from simulator.harness.report.wording import headline

_MOST_DIFFERENCES = 5


def results_as_json(ended: Ended) -> str:
    """Results as text; `rule` is the broken rule of a failure, blank where none is known."""
    broken = ended.broken.as_json() if ended.broken is not None else None
    whole = run_evidence(ended) | {"exit_code": ended.exit_code, "broken": broken}
    whole["results"] = [_result(each) for each in ended.results]
    return json.dumps(whole, ensure_ascii=False, indent=1)


def write_results(ended: Ended, path: Path) -> None:
    """Writes the results into a file."""
    path.write_text(results_as_json(ended) + "\n", encoding="utf-8")


def _result(each: ScenarioResult) -> dict[str, Any]:
    failed = each.status in (FAILED, EXPECTED_FAILURE)
    return {
        "scenario": each.scenario.id,
        "name": each.scenario.name.as_json(),
        "use": each.use,
        "status": each.status,
        "rule": each.cause if failed else "",
        "reason": each.reason.as_json() if each.reason is not None else None,
        "headline": headline(each).as_json() if failed else None,
        "differences": differences_as_json(each, _MOST_DIFFERENCES) if failed else [],
    }
