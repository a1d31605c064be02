"""Results of a run: of each step, of each scenario in each use, and of the whole; facts without words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator.core.texts import Text
from simulator.harness.execution.journal_legs import ObservedLeg, ShownLeg
from simulator.harness.execution.matching import Mismatch
from simulator.harness.scenario.definition import Scenario, ScenarioStep

PASSED, FAILED, EXPECTED_FAILURE, NOT_RUN, NOT_APPLICABLE, NOT_TESTED, BROKEN = (
    "passed",
    "failed",
    "expected_failure",
    "not_run",
    "not_applicable",
    "not_tested",
    "broken",
)
"""Of steps and scenarios; broken: the run could not go on, which says nothing about the system under test."""


@dataclass(slots=True)
class StepResult:
    """Result of a step."""

    step: ScenarioStep
    title: Text
    status: str = NOT_RUN
    differences: list[Mismatch] = field(default_factory=list)
    legs: list[ShownLeg] = field(default_factory=list)
    award: Mapping[str, Any] | None = None
    """The settlement with both awards, as the platform shows it."""
    notes: list[Text] = field(default_factory=list)
    rule: str = ""
    """The rule that a difference is put down to, by what the platform found on its messages."""
    sent_otherwise: bool = False
    """True where a hospital sent another message than was asked for, from which all that follows may come."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class AskedLeg:
    """Message that an insured place was sent: answered wrongly, not answered, or neither."""

    infno: str
    is_wrong: bool
    is_silent: bool


@dataclass(slots=True)
class ScenarioResult:
    """A scenario in one use."""

    scenario: Scenario
    use: str
    status: str = PASSED
    reason: Text | None = None
    """Reason why the scenario was not tested, does not apply, is broken, or was expected to fail."""
    steps: list[StepResult] = field(default_factory=list)
    final: list[Mismatch] = field(default_factory=list)
    """Violated postconditions: unexpected findings, the ledger, unknown outcomes."""
    first: Mismatch | None = None
    """The earliest unexpected error finding, where a step failed."""
    notes: list[Text] = field(default_factory=list)
    unchecked: Text | None = None
    """Reason for leaving its literal amounts unchecked; None where they were checked, or where it has none."""
    sandbox: str = ""
    people: Mapping[str, str] = field(default_factory=dict)
    """psn_no of the people by role."""
    identities: frozenset[str] = frozenset()
    """Values of the messages that point at people, to be masked wherever the result is shown."""
    judged: Sequence[Mapping[str, Any]] = ()
    """Answers of the insured place as the platform judged them, for the diagnosis of the run."""
    asked: Sequence[AskedLeg] = ()
    """Messages to the insured place, those of the books at the end included."""
    policies: Mapping[str, str] = field(default_factory=dict)
    """Policy in force by insured place: version, and the beginning of its digest."""
    seconds: float = 0.0

    @property
    def root_cause(self) -> StepResult | None:
        """The first step that failed."""
        return next((each for each in self.steps if each.status == FAILED), None)

    @property
    def cause(self) -> str:
        """Broken rule shared by failures with the same root cause; blank when no rule is known."""
        step = self.root_cause
        if self.first is not None and not (step and step.sent_otherwise):
            return self.first.path.partition(" ")[0]
        if step is not None:
            return step.rule
        return self.final[0].path.partition(" ")[0] if self.final else ""

    @property
    def differences(self) -> Sequence[Mismatch]:
        """Differences of the root cause after the first finding, else the violated postconditions."""
        cause = self.root_cause
        if cause is None:
            return self.final
        if self.first is None:
            return cause.differences
        others = [each for each in cause.differences if each.path != self.first.path]
        # What the platform found may follow from a message that was not the one asked for.
        return [*others, self.first] if cause.sent_otherwise else [self.first, *others]


@dataclass(frozen=True, slots=True)
class RunInfo:
    """Facts of a run, known before it begins."""

    scenarios: Sequence[Scenario]
    uses: Sequence[str]
    seed: int
    platform: str
    environment: Mapping[str, str]
    """Parties of the run: area or role to URL or words."""
    command: str
    """The command that replays all of it."""
    rerun: str
    """The beginning of the command that plays one scenario again."""
    started: str
    """Beijing time, to the second."""
    run: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Facts that a resumption of the run has to share."""
    platform_version: str = ""
    host: str = ""
    """Name of the machine, its time zone after it."""
    real_systems: Sequence[str] = ()
    """Systems of a city that took part: `agency 230900`, `hospital 230900`; none where all parties were simulated."""


@dataclass(frozen=True, slots=True)
class Begun:
    """Scenario that was under way: the number of its steps that ended, and psn_no of its people by role."""

    steps: int
    people: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Progress:
    """State of an interrupted run."""

    started: str
    results: tuple[ScenarioResult, ...]
    """Results of scenarios that ended; those that were broken are played again."""
    begun: Mapping[tuple[str, str], Begun]
    """Scenarios under way when the run ended, by id and use."""
    run: str = ""
    """Name of the run in the sandboxes that last."""
    command: str = ""
    """Command that began the run."""


@dataclass(frozen=True, slots=True)
class Started:
    """The run begins."""

    info: RunInfo


@dataclass(frozen=True, slots=True)
class StepEnded:
    """Event: a step of a scenario has ended."""

    result: ScenarioResult
    step: StepResult


@dataclass(frozen=True, slots=True)
class ScenarioEnded:
    """Event: a scenario in a use has ended."""

    result: ScenarioResult
    rows: Sequence[ObservedLeg] = ()
    """Every leg of every message, unmasked and complete where the run is recorded; for listeners that write them."""


@dataclass(frozen=True, slots=True)
class JudgedAt:
    """Place in the run of an answer that was judged."""

    scenario: str
    infno: str
    msgid: str
    right: bool


@dataclass(frozen=True, slots=True)
class ReportedDiagnosis:
    """Likely mistakes of the cities over the whole run, as the platform finds them."""

    answers: Sequence[JudgedAt]
    """Answers by the positions that the mistakes name."""
    mistakes: Sequence[Mapping[str, Any]]
    unexplained: Sequence[int]


@dataclass(frozen=True, slots=True)
class Ended:
    """All is over."""

    info: RunInfo
    results: Sequence[ScenarioResult]
    seconds: float
    broken: Text | None = None
    """Reason why the run could not go on; None when it could."""
    diagnosis: ReportedDiagnosis | None = None
    """Likely mistakes of the cities; None where no award of a city was judged."""

    def count(self, status: str) -> int:
        return sum(each.status == status for each in self.results)

    def unchecked(self) -> Mapping[Text, int]:
        """Reasons for which literal amounts of scenarios played were not checked, with the number of scenarios."""
        return Counter(each.unchecked for each in self.results if each.unchecked and each.status in (PASSED, FAILED))

    @property
    def exit_code(self) -> int:
        """0 all green but for expected failures; 1 findings; 2 the run itself is broken or nothing could be tested."""
        if self.broken is not None or self.count(BROKEN):
            return 2
        if self.count(FAILED):
            return 1
        return 0 if self.count(PASSED) or self.count(EXPECTED_FAILURE) else 2


Event = Started | StepEnded | ScenarioEnded | Ended
