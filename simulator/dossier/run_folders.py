"""Report folders of runs: each JSON file is known by what it holds, whatever its name."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.core.errors import SetupError
from simulator.core.texts import text
from simulator.coverage.last_results import LastResult
from simulator.harness.execution.results import FAILED
from simulator.harness.scenario.definition import INSURED

REHEARSAL, MISTAKES, LOAD, CONTRACT, UPGRADE = "rehearsal", "mistakes", "load", "contract", "upgrade"
LARGEST = 64 * 1024 * 1024
"""Bytes of a report."""
_HOLDS: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    REHEARSAL: {"results": list, "seed": int, "started": str},
    MISTAKES: {"answers": list, "mistakes": list, "unexplained": list},
    LOAD: {"kind": str, "limits": list, "passed": bool, "started": str},
    CONTRACT: {"faults": list, "summary": dict},
    UPGRADE: {"old": dict, "new": dict, "differences": list, "messages": int},
}
"""Kinds of reports with the keys that each has, and their types."""


@dataclass(frozen=True, slots=True)
class ReadReport:
    """Report of a kind, with the place it was read from: folder and file, no path of the machine."""

    kind: str
    place: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunReports:
    """Reports of all folders."""

    reports: Sequence[ReadReport]

    def of(self, kind: str) -> list[ReadReport]:
        """Reports of a kind, the earliest first."""
        found = [each for each in self.reports if each.kind == kind]
        return sorted(found, key=lambda each: str(each.data.get("started") or ""))

    def results(self) -> list[Mapping[str, Any]]:
        """The last result of each scenario in each use, over all rehearsals."""
        last: dict[tuple[str, str], Mapping[str, Any]] = {}
        for report in self.of(REHEARSAL):
            for each in report.data["results"]:
                last[str(each["scenario"]), str(each["use"])] = each
        return list(last.values())

    def last_results(self) -> dict[str, LastResult]:
        """Last results with the city as insured place, as the table of requirements takes them."""
        return {
            str(each["scenario"]): LastResult(str(each["status"]), _rule(each))
            for each in self.results()
            if each["use"] == INSURED
        }


def read_folders(folders: Sequence[Path]) -> RunReports:
    """Reads every report of the folders; raises SetupError for a folder without any, and for a file that is damaged."""
    reports: list[ReadReport] = []
    for folder in folders:
        if not folder.is_dir():
            raise SetupError(text("dossier.no_folder", path=folder))
        found = list(_reports_in(folder))
        if not found:
            raise SetupError(text("dossier.no_report", path=folder))
        reports += found
    return RunReports(reports)


def _reports_in(folder: Path) -> Iterator[ReadReport]:
    for file in sorted(folder.glob("*.json")):
        place = f"{folder.resolve().name}/{file.name}"
        data = _read(file, place)
        kind = next((name for name, keys in _HOLDS.items() if _holds(data, keys)), None)
        if kind is None:
            # A file of no known kind (measured.json of a load run) is no report, and says nothing.
            continue
        if kind == REHEARSAL:
            _refuse_damaged(data["results"], place)
        yield ReadReport(kind, place, data)


def _read(file: Path, place: str) -> Any:
    try:
        if file.stat().st_size > LARGEST:
            raise SetupError(text("dossier.too_large", place=place, limit=LARGEST // 1024 // 1024))
        return json.loads(file.read_bytes())
    # RecursionError: brackets nested deeper than Python's stack.
    except (OSError, ValueError, RecursionError) as error:
        raise SetupError(text("dossier.damaged_report", place=place, problem=str(error))) from None


def _holds(data: Any, keys: Mapping[str, type | tuple[type, ...]]) -> bool:
    return isinstance(data, dict) and all(isinstance(data.get(name), wanted) for name, wanted in keys.items())


def _refuse_damaged(results: Sequence[Any], place: str) -> None:
    for at, each in enumerate(results):
        for name in ("scenario", "use", "status"):
            if not (isinstance(each, dict) and isinstance(each.get(name), str)):
                problem = text("dossier.result_lacks", at=at, name=name)
                raise SetupError(text("dossier.damaged_report", place=place, problem=problem))


def _rule(each: Mapping[str, Any]) -> str:
    return str(each.get("rule") or "") if each["status"] == FAILED else ""
