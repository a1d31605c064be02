"""Scenario as read: roles, places, steps and postconditions. This module sends nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.core.texts import Text, plain, text

SELF, INSURED, TREATMENT = "self", "insured", "treatment"
USES = (SELF, INSURED, TREATMENT)
"""Both sides simulated; the city answers for its people; the city's hospitals call."""

VERBS = ("call", "probe", "expect-incoming", "control", "guide", "clock", "reached", "use", "expect", "save")
"""Kinds of steps, in the order in which a step that has several of these keys is read."""


@dataclass(frozen=True, slots=True)
class ScenarioStep:
    """Step of a scenario; a step of a fragment has a number such as 3.2."""

    verb: str
    number: str
    said: Mapping[str, Any]
    file: str
    line: int
    path: str
    group: str
    """Steps that came from the same line of the scenario; guided calls of a group are asked for together."""
    scope: str = ""
    """The name under which a fragment's results are kept."""

    @property
    def title(self) -> Text | None:
        """Purpose of the step in its author's words."""
        if "title" not in self.said and "title_en" not in self.said:
            return None
        zh = self.said.get("title") or self.said["title_en"]
        return Text(zh, self.said.get("title_en") or zh)

    @property
    def infno(self) -> str:
        """The transaction that it is about; blank for none."""
        return str(self.said.get("call") or self.said.get("probe") or self.said.get("expect-incoming") or "")

    @property
    def uses(self) -> tuple[str, ...]:
        """The uses in which it makes sense."""
        if "uses" in self.said:
            return tuple(self.said["uses"])
        if self.verb == "probe":
            return (INSURED,)
        if self.verb == "expect-incoming" and self.said.get("leg") == "agency":
            return (INSURED,)
        if self.verb == "guide":
            return (INSURED,) if self.said["guide"]["role"] == "agency" else (TREATMENT,)
        return USES

    @property
    def wrong_on_purpose(self) -> bool:
        """True for a wrong message that no real hospital can be asked to send."""
        return self.verb == "call" and any(key in self.said for key in ("without", "head", "raw"))


@dataclass(frozen=True, slots=True)
class ControlCall:
    """Control call with its body."""

    method: str
    path: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scenario:
    """Scenario as read: a file, or a file with one row of its table."""

    id: str
    """family/name, or family/name/row, the same wherever the file lies."""
    file: str
    name: Text
    clock: str
    roles: Mapping[str, Mapping[str, Any]]
    places: Mapping[str, str]
    steps: tuple[ScenarioStep, ...]
    about: str = ""
    row: str = ""
    """Row of the file's table that it is; blank where the file has none."""
    verifies: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = USES
    edition: str = ""
    strict: bool = True
    sign_in: bool = False
    policy: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[str, ...] = ()
    shifted: bool = False
    """Moved to another day than the one it was written for."""
    preparation: tuple[ControlCall, ...] = ()
    """Calls that give its sandbox what it needs besides its people."""
    moved: Text | None = None
    """Reason why literal amounts cannot hold: its people are of another city than the one it was written for."""
    changes: Text | None = None
    """Codes that were replaced when it was moved to another city."""
    unreachable: Text | None = None
    """Reason why it cannot be played in the city asked for."""

    @property
    def family(self) -> str:
        return self.id.partition("/")[0]

    @property
    def all_marks(self) -> frozenset[str]:
        """Marks of the scenario and its family."""
        return frozenset({*self.marks, self.family.replace("-", "_")})

    @property
    def insured_areas(self) -> tuple[str, ...]:
        """Areas in which its people are insured, in order."""
        return tuple(dict.fromkeys(role["insured_at"] for role in self.roles.values()))

    def moves_clock(self) -> bool:
        """True where the scenario needs a clock that can be set."""
        return "clock" in self.needs or any(step.verb == "clock" for step in self.steps)

    def why_not_in(self, use: str) -> Text | None:
        """Reason why the scenario makes no sense in a use; None when it does."""
        if use not in self.uses:
            return text("harness.not_meant_for", use=use_name(use))
        wrong = next((step for step in self.steps if step.wrong_on_purpose and use in step.uses), None)
        if use == TREATMENT and wrong is not None:
            return text("harness.wrong_on_purpose", step=wrong.number, infno=wrong.said["call"])
        return None


def areas_with_agencies(scenarios: Iterable[Scenario]) -> tuple[str, ...]:
    """Insured areas of the scenarios that are played with an agency, in order."""
    played = [each for each in scenarios if each.why_not_in(INSURED) is None and each.unreachable is None]
    return tuple(dict.fromkeys(area for each in played for area in each.insured_areas))


def use_name(use: str) -> Text:
    """Name of a use."""
    return text(f"harness.use_{use}")


def role_key(scenario_id: str, role: str) -> str:
    """The key under which a role's person is made; the same seed and key give the same person anywhere."""
    return f"{scenario_id}/{role}"


def no_title(step: ScenarioStep) -> Text:
    """Title of a step whose author gave it none."""
    said = step.said
    if step.verb == "probe":
        return text("harness.step_probe", infno=said["probe"])
    if step.verb == "expect-incoming":
        return text("harness.step_incoming", infno=said["expect-incoming"])
    if step.verb == "control":
        return plain(str(said["control"]))
    if step.verb == "clock":
        return text("harness.step_clock", at=str(said["clock"]).replace("T", " "))
    if step.verb == "guide":
        zh = said["guide"].get("title") or said["guide"]["act"]
        return Text(zh, said["guide"].get("title_en") or zh)
    return text(f"harness.step_{step.verb}")
