"""The state of one scenario while it runs: people, places, visits, what was saved, what was seen of the journal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.core.schema_errors import hint
from simulator.core.texts import text
from simulator.harness.environment.client import SandboxClient
from simulator.harness.environment.envelope_codec import Sent, read_json
from simulator.harness.environment.modes import Mode
from simulator.harness.execution.journey import BEGINS_VISIT, TemplateFacts, VisitRecord, voucher
from simulator.harness.scenario.definition import Scenario, ScenarioStep
from simulator.harness.scenario.expressions import Fields, NotThere

BEFORE_A_VISIT = ("identify", "ask_entitlement", "register_disease", "file_referral")
"""Acts that announce a visit; their values hold for the visit registered next."""


@dataclass(slots=True)
class RunContext:
    """State that steps read and change."""

    scenario: Scenario
    mode: Mode
    sandbox: SandboxClient
    run: str
    """A few letters that no other run has; part of every number the harness gives out."""
    now: str
    """The sandbox's clock as the wire writes it, as last looked at."""
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    places: dict[str, dict[str, Any]] = field(default_factory=dict)
    visits: dict[str, VisitRecord] = field(default_factory=dict)
    saved: dict[str, Any] = field(default_factory=dict)
    sign_no: dict[str, str] = field(default_factory=dict)
    originals: dict[str, dict[str, str]] = field(default_factory=dict)
    """By role: the last message whose outcome its sender does not know."""
    grants: dict[str, dict[str, Any]] = field(default_factory=dict)
    latest_visit: dict[str, str] = field(default_factory=dict)
    prepared: dict[str, VisitRecord] = field(default_factory=dict)
    """By role: a visit that was asked about (2001) and not registered yet."""
    insurances: dict[str, list[Any]] = field(default_factory=dict)
    """Insurances by role, as 1101 last answered them; rows of any shape."""
    expected_findings: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    """msgid and the rules that its step said it is refused for."""
    literals: bool = True
    """True where literal amounts are in force; under other city files or another cast they give way."""
    planned: dict[str, Any] = field(default_factory=dict)
    """Contents of guided calls by step."""
    scope: str = ""
    """Name of the fragment around the present step; values saved inside it are found first."""
    role: str = ""
    place: str = ""
    serial: int = 0
    catching_up: bool = False
    """True for steps that ended before an interruption, whose effects are there and are not brought about again."""

    def lookup(self, name: str) -> Any:
        """The value behind `$name`: a role, a place, something saved, or the time."""
        inside = self.saved.get(self.scope) if self.scope else None
        if isinstance(inside, Fields) and inside.names(name):
            return inside[name]
        if name in self.saved:
            return self.saved[name]
        if name in self.people:
            return self.people[name]
        if name in self.places:
            return self.places[name]
        if name in ("now", "today"):
            return self.now if name == "now" else self.now[:10]
        known = [*self.saved, *self.people, *self.places]
        raise NotThere(text("harness.unknown_name", name=name, hint=hint(name, known), known=", ".join(known)))

    def person_of(self, step: ScenarioStep) -> dict[str, Any]:
        """The person a step is about: named, else the one before, else the only one."""
        self.role = step.said.get("for") or self.role or next(iter(self.people))
        return self.people[self.role]

    def place_of(self, step: ScenarioStep) -> dict[str, Any]:
        """The place of a step: named, else the one before, else the first."""
        self.place = step.said.get("at") or self.place or next(iter(self.places))
        return self.places[self.place]

    def visit_for(self, step: ScenarioStep, act: str) -> VisitRecord:
        """The visit of a step: registering begins one, asking beforehand prepares it, the rest belong to the latest."""
        self.person_of(step)
        if act in BEGINS_VISIT and "of" not in step.said:
            visit = self.prepared.pop(self.role, None) or self._new_visit()
            name = step.scope or str(step.said.get("save") or "") or f"{self.role}-{len(self.visits) + 1}"
            self.visits[name] = visit
            self.latest_visit[self.role] = name
            return visit
        name = str(step.said.get("of") or self.latest_visit.get(self.role, ""))
        if act in BEFORE_A_VISIT or name not in self.visits:
            return self.prepared.setdefault(self.role, self._new_visit())
        return self.visits[name]

    def _new_visit(self) -> VisitRecord:
        number = f"{self.run}-{self.next_serial():03d}"
        return VisitRecord(number, reference=number)

    def facts(self, step: ScenarioStep, visit: VisitRecord | None) -> TemplateFacts:
        """Facts that the templates may use for a step."""
        person, place = self.person_of(step), self.place_of(step)
        more: dict[str, Any] = {}
        if place["code"] in self.sign_no:
            more["sign_no"] = self.sign_no[place["code"]]
        if self.role in self.originals:
            more["original"] = self.originals[self.role]
        if self.role in self.grants:
            more["grant"] = self.grants[self.role]
        if "to" in step.said:
            more["destination"] = self.places[step.said["to"]]
        batch = visit.batch(str(step.said.get("batch") or "")) if visit else None
        person = {**person, **self.insurance_of(visit)}
        shown = str(step.said.get("shows") or "certificate")
        return TemplateFacts(person, place, visit, batch, self.now, voucher(person, shown), more)

    def insurance_of(self, visit: VisitRecord | None) -> dict[str, Any]:
        """insutype, psn_type and insured_at as 1101 told them for the visit's insurance; {} before 1101."""
        wanted = visit.insutype if visit else ""
        answered = [row for row in self.insurances.get(self.role, ()) if isinstance(row, Mapping)]
        rows = [row for row in answered if wanted in ("", row.get("insutype"))]
        if not rows:
            return {}
        row = rows[0]
        told = {
            "insutype": row.get("insutype"),
            "psn_type": row.get("psn_type"),
            "insured_at": row.get("insuplc_admdvs"),
        }
        return {name: value for name, value in told.items() if value}

    def save(self, step: ScenarioStep, record: Any) -> None:
        """Keeps a record under the name the step gives it, inside its fragment's name where there is one."""
        name = step.said.get("save")
        if not isinstance(name, str):
            return
        if not step.scope:
            self.saved[name] = record
            return
        inside = self.saved.get(step.scope)
        self.saved[step.scope] = (inside if isinstance(inside, Fields) else Fields({})).having(name, record)

    def see_time(self) -> None:
        """Looks at the sandbox's clock."""
        now = str(self.sandbox.control("GET", "clock")["now"])
        self.now = now[:19].replace("T", " ")

    def next_serial(self) -> int:
        self.serial += 1
        return self.serial


def record_of(sent: Sent) -> Fields:
    """An exchange as later steps see it: infcode, err_msg, msgid, the output, and the nodes of one that has nodes."""
    body = sent.body
    output = body.get("output")
    nodes = output if isinstance(output, Mapping) else {}
    about = {"msgid": sent.msgid, "infno": sent.infno, "request": _request(sent), "answer": body, "output": output}
    # Last, so that no node of an answer takes the name of what the harness goes by.
    return Fields({**nodes, **about, "infcode": body.get("infcode"), "err_msg": body.get("err_msg")})


def _request(sent: Sent) -> dict[str, Any]:
    try:
        return read_json(sent.request)
    except ValueError:
        return {}
