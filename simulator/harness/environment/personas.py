"""Cast: the city's own test people by the roles they play, checked against what a role needs."""

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.core.schema_errors import shape
from simulator.core.strict_yaml import read_yaml
from simulator.core.texts import Text, text
from simulator.harness.scenario.definition import Scenario, role_key


@dataclass(frozen=True, slots=True)
class Personas:
    """A cast file as read."""

    area: str
    members: Sequence[Mapping[str, str]]

    def plays(self, scenario: Scenario, role: str) -> Mapping[str, str] | None:
        """The test person of a role: named in full, by the role's own name, or by a pattern; the first counts."""
        for member in self.members:
            if any(fnmatch.fnmatchcase(name, member["role"]) for name in (role_key(scenario.id, role), role)):
                return member
        return None

    def covers(self, area: str) -> bool:
        """True where people insured in an area are this city's."""
        return area[:4] == self.area[:4]


def read_personas(path: Path) -> Personas:
    """Reads a cast file; raises DataFaults."""
    data = read_yaml(path, shape("simulator.harness.environment", "cast.schema.json")).data
    return Personas(data["area"], tuple(data["cast"]))


def learn_body(personas: Personas, member: Mapping[str, str]) -> dict[str, str]:
    """The body of `POST people/learn` for a member."""
    return {"area": personas.area, **{name: value for name, value in member.items() if name != "role"}}


def why_not_fit(asked: Mapping[str, Any], learnt: Mapping[str, Any]) -> Text | None:
    """Reason why a person cannot play a role: another category, or a disease that is not registered."""
    for name in ("insured_at", "category", "insutype"):
        wanted, got = asked.get(name), learnt.get(name)
        if wanted and got and wanted != got:
            return text("harness.cast_differs", what=name, wanted=wanted, got=got)
    registered = {str(each["disease"])[:4] for each in learnt.get("registrations", ())}
    for each in asked.get("registrations", ()):
        if each["disease"][:4] not in registered:
            listed = ", ".join(sorted(registered)) or "-"
            return text("harness.cast_differs", what="registrations", wanted=each["disease"], got=listed)
    return None
