"""Expected failures of a city: scenarios it is known to fail, each with a reason and a last day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from simulator.core.errors import DataFault, DataFaults, SetupError
from simulator.core.schema_errors import hint, shape
from simulator.core.strict_yaml import Document, read_yaml
from simulator.core.texts import text


@dataclass(frozen=True, slots=True)
class ExpectedFailure:
    """Entry of the file."""

    scenario: str
    use: str
    """Blank for every use."""
    reason: str
    expires: date
    """The last day on which the failure is expected."""
    rule: str
    """The broken rule; blank where any failure is meant."""
    place: str
    """File and line."""


@dataclass(frozen=True, slots=True)
class ExpectedFailures:
    """A file of expected failures as read."""

    area: str
    entries: Sequence[ExpectedFailure]
    today: date
    """Day of the run, in Beijing."""

    def about(self, scenario: str, use: str) -> ExpectedFailure | None:
        """The entry about a scenario in a use; None where the file expects a pass."""
        found = (each for each in self.entries if each.scenario == scenario and each.use in ("", use))
        return next(found, None)

    def refuse_other_city(self, areas: Sequence[str]) -> None:
        """Raises SetupError where real systems take part and none of them is this city's."""
        if areas and not any(each[:4] == self.area[:4] for each in areas):
            raise SetupError(text("harness.expected_of_other_city", area=self.area, areas=", ".join(areas)))


def read_expected_failures(path: Path, known: Iterable[str], today: date) -> ExpectedFailures:
    """Reads a file; raises DataFaults, also for a scenario that is not `known`, a repeated one, and no day."""
    document = read_yaml(path, shape("simulator.harness.environment", "expected_failures.schema.json"))
    names = list(known)
    entries: list[ExpectedFailure] = []
    faults: list[DataFault] = []
    for index, each in enumerate(document.data["expected_failures"]):
        at = f"expected_failures[{index}]"
        faults += _faults(document, at, each, names, entries)
        entries.append(_entry(document, at, each))
    if faults:
        raise DataFaults(faults)
    return ExpectedFailures(document.data["area"], entries, today)


def _faults(
    document: Document, at: str, each: dict[str, Any], known: Sequence[str], before: Sequence[ExpectedFailure]
) -> Iterable[DataFault]:
    name, use = each["scenario"], each.get("use", "")
    if name not in known:
        yield document.fault(f"{at}.scenario", text("harness.no_such_scenario", got=name, hint=hint(name, known)))
    for other in before:
        if other.scenario == name and (not use or other.use in ("", use)):
            yield document.fault(f"{at}.scenario", text("harness.expected_twice", id=name, place=other.place))
    if _day(each["expires"]) is None:
        yield document.fault(f"{at}.expires", text("harness.no_such_time", got=each["expires"]))


def _entry(document: Document, at: str, each: dict[str, Any]) -> ExpectedFailure:
    line = document.fault(f"{at}.scenario", text("harness.named")).line
    return ExpectedFailure(
        each["scenario"],
        each.get("use", ""),
        each["reason"],
        _day(each["expires"]) or date.min,
        each.get("rule", ""),
        f"{document.name}:{line}",
    )


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None
