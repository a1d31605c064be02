"""Plan of a rehearsal, and the parties given by the user."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from simulator.harness.environment.expected_failures import ExpectedFailures
from simulator.harness.environment.personas import Personas
from simulator.harness.scenario.definition import TREATMENT, USES, Scenario


@dataclass(frozen=True, slots=True)
class Plan:
    """Scenarios, uses and parties of a rehearsal."""

    scenarios: Sequence[Scenario]
    uses: Sequence[str] = USES
    seed: int = 230900
    agencies: Mapping[str, str] = field(default_factory=dict)
    """Real systems in a city's place: area to URL. Empty: the reference agency is started for every area needed."""
    capabilities: Mapping[str, Any] = field(default_factory=dict)
    hospitals: tuple[str, ...] = ()
    """Areas whose real hospitals call. Empty: the reference hospital is started for all."""
    hospital_capabilities: Mapping[str, Any] = field(default_factory=dict)
    start: date | None = None
    """Day on which every scenario begins; None leaves each on its own day."""
    sandbox: str = ""
    patience_s: float = 10.0
    platform: str = ""
    token: str = ""
    port: int = 0
    data: str = ""
    personas: Personas | None = None
    paths: Sequence[Path] = ()
    city: tuple[str, Path] | None = None
    """Area and city file of the city that the scenarios were moved to."""
    treated: Sequence[Scenario] | None = None
    """Scenarios of the treatment use, in the same order, where they are others."""
    expected: ExpectedFailures | None = None
    keep: bool = False
    stop_at_first: bool = False
    recorded: bool = False
    store: Path | None = None
    """Folder in which the platform started here keeps its state from run to run."""
    only: frozenset[tuple[str, str]] | None = None
    """Scenarios and uses that are played; None for all."""
    command: str = ""
    rerun: str = "nhsa-sim rehearse"

    def scenarios_in(self, use: str) -> Sequence[Scenario]:
        """Scenarios as they are played in a use."""
        found = self.treated if use == TREATMENT and self.treated is not None else self.scenarios
        return [each for each in found if self.only is None or (each.id, use) in self.only]

    @property
    def turns(self) -> int:
        """Number of results that the whole run has."""
        return sum(len(self.scenarios_in(use)) for use in self.uses)
