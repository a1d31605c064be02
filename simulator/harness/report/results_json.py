"""Results of a run as JSON, an entry for each scenario in each use."""

import json
from pathlib import Path

from simulator.harness.execution.results import FAILED, Ended


def results_as_json(ended: Ended) -> str:
    """Results as text; `rule` is the broken rule of a failure, blank where none is known."""
    results = [
        {
            "scenario": each.scenario.id,
            "use": each.use,
            "status": each.status,
            "rule": each.cause if each.status == FAILED else "",
            "reason": each.reason.as_json() if each.reason is not None else None,
        }
        for each in ended.results
    ]
    broken = ended.broken.as_json() if ended.broken is not None else None
    whole = {
        "exit_code": ended.exit_code,
        "broken": broken,
        "started": ended.info.started,
        "seed": ended.info.seed,
        "results": results,
    }
    return json.dumps(whole, ensure_ascii=False, indent=1)


def write_results(ended: Ended, path: Path) -> None:
    """Writes the results into a file."""
    path.write_text(results_as_json(ended) + "\n", encoding="utf-8")
