"""Library of scenarios: the shipped ones, files and folders; and the selection by name."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from simulator.core.errors import DataFault, DataFaults
from simulator.core.schema_errors import hint
from simulator.core.texts import text
from simulator.harness.scenario.definition import Scenario
from simulator.harness.scenario.loader import SUFFIX, read_scenario, shipped_folder
from simulator.harness.scenario.selection import Selection


def scenario_files(paths: Sequence[Path]) -> list[Path]:
    """Every scenario file at or below the paths; the shipped ones when there are none. Raises DataFaults."""
    found: list[Path] = []
    for path in paths or [shipped_folder()]:
        looked = _below(path)
        if not looked:
            names = [part for name in shipped_names() for part in (name.rpartition("/")[0], name)]
            close = hint(str(path), dict.fromkeys(names))
            raise DataFaults([DataFault(text("harness.no_scenarios_at", path=str(path), suffix=SUFFIX, hint=close))])
        found += looked
    return list(dict.fromkeys(found))


def load(paths: Sequence[Path], choice: Selection | None = None) -> list[Scenario]:
    """The scenarios asked for, in order; the faults of all files at once."""
    scenarios: list[Scenario] = []
    faults: list[DataFault] = []
    for file in scenario_files(paths):
        try:
            scenarios.append(read_scenario(file))
        except DataFaults as error:
            faults += error.faults
    if faults:
        raise DataFaults(faults)
    _refuse_same_names(scenarios)
    return [each for each in scenarios if choice is None or choice.takes(each)]


def _below(path: Path) -> list[Path]:
    for candidate in (path, shipped_folder() / path, Path(f"{shipped_folder() / path}{SUFFIX}")):
        if candidate.is_dir():
            return sorted(candidate.rglob(f"*{SUFFIX}"))
        if candidate.is_file():
            return [candidate]
    return []


def shipped_names() -> list[str]:
    """Names of the shipped scenarios, as family/name."""
    files = [file.relative_to(shipped_folder()) for file in _below(shipped_folder())]
    return [file.as_posix().removesuffix(SUFFIX) for file in files]


def _refuse_same_names(scenarios: Iterable[Scenario]) -> None:
    seen: dict[str, str] = {}
    for each in scenarios:
        if each.id in seen:
            sentence = text("harness.same_id", id=each.id, other=seen[each.id])
            raise DataFaults([DataFault(sentence, file=each.file)])
        seen[each.id] = each.file
