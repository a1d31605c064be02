"""Modes of a run: its use, the agencies by area, the hospitals that call, and their capabilities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator.core.errors import SetupError
from simulator.core.texts import Text, text
from simulator.harness.environment.client import SandboxClient
from simulator.harness.scenario.definition import INSURED, TREATMENT, Scenario
from simulator.harness.templates import templates

CAPABILITIES = ("clock", "reset", "parallel", "filings", "transactions", "edition")
Capabilities = Mapping[str, Any]
NATIONAL = "national"
"""Edition of a party that has not named another."""


@dataclass(frozen=True, slots=True)
class Mode:
    """Use as it is set up for this run."""

    use: str
    agencies: Mapping[str, str] = field(default_factory=dict)
    """Area to the URL that answers for its people."""
    capabilities: Capabilities = field(default_factory=dict)
    hospitals: tuple[str, ...] = ()
    """Areas whose institutions call by themselves; `all` is every one."""
    sandbox: str = ""
    """The one sandbox of all scenarios, where the system under test can set only one address."""
    patience_s: float = 10.0
    """Seconds that a person may take for a task on the board."""

    lasting: bool = False
    """True where the agencies keep their books between runs: those that this run has not started itself."""

    @property
    def own_clock(self) -> bool:
        """True where the system under test goes by the present, whatever the clock of the sandbox is set to."""
        return self.capabilities.get("clock") == "own"

    def calls_itself(self, area: str) -> bool:
        """True where the institutions of an area call by themselves."""
        return "all" in self.hospitals or area in self.hospitals

    def answers_itself(self, area: str) -> bool:
        """True where a registered agency answers for the people of an area."""
        return any(each in self.agencies for each in (area, area[:4] + "00", area[:2] + "0000"))

    def why_not(self, scenario: Scenario) -> Text | None:
        """Reason why a scenario makes no sense in this use; None when it does."""
        reason = scenario.why_not_in(self.use)
        if reason is not None:
            return reason
        if self.use == INSURED and not any(map(self.answers_itself, scenario.insured_areas)):
            return text("harness.nobody_insured", areas=", ".join(self.agencies))
        if self.use == TREATMENT and not any(self.calls_itself(_area_of(code)) for code in scenario.places.values()):
            return text("harness.nobody_treated", areas=", ".join(self.hospitals))
        return None

    def not_tested(self, scenario: Scenario) -> Text | None:
        """Need of a scenario that the system under test does not meet; None when all are met."""
        if self.use not in (INSURED, TREATMENT):
            return None
        can = self.capabilities
        if self.own_clock and scenario.moves_clock():
            return text("harness.needs_clock")
        if "filings" in scenario.needs and can.get("filings") == "by hand":
            return text("harness.needs_filings")
        if "parallel" in scenario.needs and can.get("parallel") is False:
            return text("harness.needs", need="parallel")
        real = self.use == TREATMENT and "all" not in self.hospitals
        if real and scenario.edition not in ("", NATIONAL):
            return text("harness.needs_edition", edition=scenario.edition)
        return self._not_served(scenario)

    def _not_served(self, scenario: Scenario) -> Text | None:
        served = self.capabilities.get("transactions")
        if not served:
            return None
        for step in scenario.steps:
            infno = step.said.get("call") or step.said.get("probe")
            if infno and infno not in served and (step.verb == "probe" or _is_forwarded(infno)):
                return text("harness.not_served", infno=infno)
        return None

    def prepare(self, sandbox: SandboxClient) -> None:
        """Registers the agencies in a sandbox."""
        for area, url in self.agencies.items():
            can = {key: value for key, value in self.capabilities.items() if key in CAPABILITIES}
            # What it speaks is its own, whatever the scenario's hospitals speak.
            body: dict[str, Any] = {"url": url, "edition": can.pop("edition", NATIONAL)}
            if can:
                body["capabilities"] = can
            sandbox.control("PUT", f"agencies/{area}", body)


def _is_forwarded(infno: str) -> bool:
    found = templates().get(infno)
    return found is not None and found.forwarded


def refuse_strangers(scenarios: Sequence[Scenario], agencies: Sequence[str], hospitals: Sequence[str]) -> None:
    """Raises SetupError when none of the cities named takes part in any scenario."""
    insured = Mode(INSURED, dict.fromkeys(agencies, ""))
    treating = Mode(TREATMENT, hospitals=tuple(hospitals))
    at_home = sorted({area for each in scenarios for area in each.insured_areas})
    places = sorted({_area_of(code) for each in scenarios for code in each.places.values()})
    for area in hospitals:
        if not (len(area) == 6 and area.isascii() and area.isdigit()):
            raise SetupError(text("harness.bad_hospital", got=area))
    if agencies and not any(map(insured.answers_itself, at_home)):
        raise SetupError(text("harness.nobody_there", areas=", ".join(agencies), known=", ".join(at_home)))
    if hospitals and not any(map(treating.calls_itself, places)):
        raise SetupError(text("harness.no_hospital_there", areas=", ".join(hospitals), known=", ".join(places)))


def read_capabilities(written: tuple[str, ...]) -> dict[str, Any]:
    """`clock=own filings="by hand" transactions=1101,2207A parallel=no`; raises SetupError naming what there is."""
    found: dict[str, Any] = {}
    for each in written:
        name, _, value = each.partition("=")
        if name not in CAPABILITIES or not value:
            raise SetupError(text("harness.bad_capability", got=each, known=", ".join(CAPABILITIES)))
        if name == "transactions":
            found[name] = value.split(",")
        elif name in ("reset", "parallel"):
            found[name] = value.lower() in ("yes", "true", "1")
        elif name == "edition":
            found[name] = value
        elif value not in _WORDS[name]:
            raise SetupError(text("harness.bad_capability", got=each, known=" | ".join(_WORDS[name])))
        else:
            found[name] = value
    return found


_WORDS = {"clock": ("message", "own"), "filings": ("message", "by hand")}


def _area_of(institution: str) -> str:
    """The area inside an institution's code; the platform's list is asked when it matters."""
    return institution[1:7]
