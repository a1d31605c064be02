"""Results of a run as JSON, an entry for each scenario in each use."""

import json
from pathlib import Path

from simulator.harness.execution.results import EXPECTED_FAILURE, FAILED, Ended


def write_results(ended: Ended, path: Path) -> None:
    """Writes the file; `rule` is the broken rule of a failure, blank where none is known."""
    results = [
        {
            "scenario": each.scenario.id,
            "use": each.use,
            "status": each.status,
            "rule": each.cause if each.status in (FAILED, EXPECTED_FAILURE) else "",
            "reason": each.reason.as_json() if each.reason is not None else None,
        }
        for each in ended.results
    ]
    whole = {"started": ended.info.started, "seed": ended.info.seed, "results": results}
    path.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
