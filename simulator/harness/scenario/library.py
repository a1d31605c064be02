"""Library of scenarios: the shipped ones, files and folders; and the selection by name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator.core.errors import DataFault, DataFaults
from simulator.core.schema_errors import hint
from simulator.core.texts import text
from simulator.harness.scenario.definition import Scenario
from simulator.harness.scenario.loader import SUFFIX, read_scenarios, shipped_folder
from simulator.harness.scenario.selection import Selection


@dataclass(frozen=True, slots=True)
class _Asked:
    """Scenario file with the row of its table that was asked for; all rows where it is blank."""

    file: Path
    row: str = ""


def scenario_files(paths: Sequence[Path]) -> list[Path]:
    """Every scenario file at or below the paths; the shipped ones when there are none. Raises DataFaults."""
    return list(dict.fromkeys(each.file for each in _asked(paths)))


def load(paths: Sequence[Path], choice: Selection | None = None) -> list[Scenario]:
    """The scenarios asked for, in order; the faults of all files at once."""
    scenarios: dict[tuple[str, str], Scenario] = {}
    faults: list[DataFault] = []
    for asked in _asked(paths):
        try:
            scenarios |= {(each.file, each.id): each for each in _read(asked)}
        except DataFaults as error:
            faults += error.faults
    if faults:
        raise DataFaults(faults)
    _refuse_same_names(scenarios.values())
    return [each for each in scenarios.values() if choice is None or choice.takes(each)]


def _asked(paths: Sequence[Path]) -> list[_Asked]:
    found: list[_Asked] = []
    for path in paths or [shipped_folder()]:
        looked = _below(path)
        if not looked:
            names = [part for name in shipped_names() for part in (name.rpartition("/")[0], name)]
            close = hint(str(path), dict.fromkeys(names))
            raise DataFaults([DataFault(text("harness.no_scenarios_at", path=str(path), suffix=SUFFIX, hint=close))])
        found += looked
    return list(dict.fromkeys(found))


def _read(asked: _Asked) -> list[Scenario]:
    scenarios = read_scenarios(asked.file)
    if not asked.row:
        return scenarios
    chosen = [each for each in scenarios if each.row == asked.row]
    if not chosen:
        known = [each.row for each in scenarios if each.row]
        sentence = text(
            "harness.no_such_row_in",
            file=asked.file.name,
            row=asked.row,
            hint=hint(asked.row, known),
            known=", ".join(known) or "-",
        )
        raise DataFaults([DataFault(sentence, file=str(asked.file))])
    return chosen


def _below(path: Path) -> list[_Asked]:
    for candidate in _candidates(path):
        if candidate.is_dir():
            return [_Asked(file) for file in sorted(candidate.rglob(f"*{SUFFIX}"))]
        if candidate.is_file():
            return [_Asked(candidate)]
    # family/name/row, or FILE/row: a row of a table.
    return [_Asked(file, path.name) for file in _candidates(path.parent) if file.is_file()][:1]


def _candidates(path: Path) -> tuple[Path, ...]:
    return (path, shipped_folder() / path, Path(f"{shipped_folder() / path}{SUFFIX}"))


def shipped_names() -> list[str]:
    """Names of the shipped scenarios, as family/name; a row of a table has the name of its file."""
    files = [each.file.relative_to(shipped_folder()) for each in _below(shipped_folder())]
    return [file.as_posix().removesuffix(SUFFIX) for file in files]


def _refuse_same_names(scenarios: Iterable[Scenario]) -> None:
    seen: dict[str, str] = {}
    for each in scenarios:
        if each.id in seen:
            sentence = text("harness.same_id", id=each.id, other=seen[each.id])
            raise DataFaults([DataFault(sentence, file=each.file)])
        seen[each.id] = each.file
