"""Requirements: every promise of the protocol page with the rules that judge it and the scenarios that reach it.

`requirements.yaml` is their home; the ids are anchors on the pages.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from simulator.core.errors import DataFaults
from simulator.core.schema_errors import shape
from simulator.core.strict_yaml import parse_yaml
from simulator.core.texts import Text, text
from simulator.coverage.last_results import LastResult
from simulator.harness.execution.results import BROKEN, EXPECTED_FAILURE, FAILED, NOT_APPLICABLE, NOT_TESTED, PASSED
from simulator.harness.scenario.definition import Scenario

FILE = "requirements.yaml"
EXPECTATION = "expectation"
"""Rule of what no finding judges: the scenario's own expectation does."""
NOT_PLAYED, OTHER_CAUSE, OTHER_AREA = "not_played", "other_cause", "other_area"


@dataclass(frozen=True, slots=True)
class Requirement:
    """Promise of the protocol page; without rules and scenarios `not_tested` says why."""

    id: str
    text: Text
    rules: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    not_tested: Text | None = None

    def judged_by(self, rule: str) -> bool:
        """True where a broken rule is one of its own; a blank rule is a broken expectation."""
        return any(_stands_for(each, rule) for each in self.rules)


@dataclass(frozen=True, slots=True)
class Section:
    """Section of the protocol page."""

    number: int
    title: Text
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class RequirementStatus:
    """Requirement with the last result of each scenario of an area, and what follows for it."""

    requirement: Requirement
    verdict: str
    results: Mapping[str, str]
    reason: Text | None = None


@cache
def sections() -> tuple[Section, ...]:
    """The requirements of the shipped file, in the order of the page."""
    return read_requirements(resources.files("simulator.coverage").joinpath(FILE).read_bytes(), FILE)


def read_requirements(raw: bytes | str, name: str) -> tuple[Section, ...]:
    """Reads a file of requirements; raises DataFaults with line and path, also for an id given twice."""
    document = parse_yaml(raw, name, shape("simulator.coverage", "requirements.schema.json"))
    seen: set[str] = set()
    faults = []
    for i, section in enumerate(document.data["sections"]):
        for j, each in enumerate(section["requirements"]):
            if each["id"] in seen:
                path = f"sections[{i}].requirements[{j}].id"
                faults.append(document.fault(path, text("requirements.id_twice", id=each["id"])))
            seen.add(each["id"])
    if faults:
        raise DataFaults(faults)
    return tuple(
        Section(each["number"], Text(**each["title"]), tuple(map(_requirement, each["requirements"])))
        for each in document.data["sections"]
    )


def shown(
    requirement: Requirement, scenarios: Mapping[str, Scenario], results: Mapping[str, LastResult], areas: Sequence[str]
) -> RequirementStatus:
    """The verdict on a requirement by the last results of its scenarios about people of these areas (none: all)."""
    if requirement.not_tested is not None:
        return RequirementStatus(requirement, NOT_TESTED, {}, requirement.not_tested)
    concerned = [each for each in requirement.scenarios if _concerns(scenarios.get(each), areas)]
    if not concerned:
        return RequirementStatus(requirement, OTHER_AREA, {}, text("requirements.other_area"))
    told = {each: _result(requirement, results.get(each)) for each in concerned}
    known = (FAILED, BROKEN, OTHER_CAUSE, PASSED, NOT_TESTED, NOT_APPLICABLE, NOT_PLAYED)
    # A state that is not known here (a declared failure) is less than passed, and stands before it.
    others = dict.fromkeys(each for each in told.values() if each not in known)
    ranked = (*known[:3], *others, *known[3:])
    return RequirementStatus(requirement, next(each for each in ranked if each in told.values()), told)


def _result(requirement: Requirement, last: LastResult | None) -> str:
    if last is None:
        return NOT_PLAYED
    if last.status not in (FAILED, EXPECTED_FAILURE):
        return last.status
    # A failure that a city expects leaves the promise as unkept as any other.
    return FAILED if requirement.judged_by(last.rule) else OTHER_CAUSE


def _concerns(scenario: Scenario | None, areas: Iterable[str]) -> bool:
    """True for a scenario with a person insured in one of the areas or in the prefecture of one."""
    wanted = [area[:4] for area in areas]
    return scenario is not None and (not wanted or any(each[:4] in wanted for each in scenario.insured_areas))


def _requirement(each: Mapping[str, Any]) -> Requirement:
    reason = each.get("not_tested")
    return Requirement(
        each["id"],
        Text(each["zh"], each["en"]),
        tuple(each.get("rules", ())),
        tuple(each.get("scenarios", ())),
        Text(**reason) if reason else None,
    )


def _stands_for(listed: str, rule: str) -> bool:
    if listed == EXPECTATION:
        return not rule
    return rule.startswith(listed[:-1]) if listed.endswith(".*") else rule == listed
