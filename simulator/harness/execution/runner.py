"""Plays one scenario in one use: a sandbox of its own, people, steps, and what must hold when all is over."""

import hashlib
import time
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from simulator.core.errors import SetupError, SimulatorError
from simulator.core.masking import identity_values
from simulator.core.texts import Text, text
from simulator.harness.environment.client import ControlRefused, NotThereYet, PlatformClient, SandboxClient
from simulator.harness.environment.modes import Mode
from simulator.harness.environment.personas import Personas
from simulator.harness.execution.catching_up import people_kept
from simulator.harness.execution.journal_legs import ObservedLeg
from simulator.harness.execution.journal_reader import Journal
from simulator.harness.execution.postconditions import first_finding, postcondition_differences
from simulator.harness.execution.results import (
    BROKEN,
    FAILED,
    NOT_APPLICABLE,
    NOT_RUN,
    NOT_TESTED,
    PASSED,
    AskedLeg,
    Begun,
    ScenarioEnded,
    ScenarioResult,
    StepEnded,
    StepResult,
)
from simulator.harness.execution.roles import CannotPlay, fill_roles
from simulator.harness.execution.run_context import RunContext
from simulator.harness.execution.run_diagnosis import judged_answers
from simulator.harness.execution.steps import NotReached, perform, title_of
from simulator.harness.scenario.definition import INSURED, TREATMENT, Scenario

_OURS = "/simulator/"
_AFTERMATH_S = 10.0
"""Seconds that a server may take to end after the worker that broke a connection off."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Place where scenarios are played: the platform, the seed of its people, and the name of the run."""

    platform: PlatformClient
    seed: int
    run: str
    personas: Personas | None = None
    keep: bool = False
    check_alive: Callable[[float], None] = lambda _within_s: None
    """Raises SetupError when a process of this run has died, or dies within so many seconds."""
    recorded: bool = False
    """True where a listener writes the messages, so that those after the last step are read too."""
    begun: Mapping[tuple[str, str], Begun] = field(default_factory=dict)
    """Scenarios under way when an earlier part of the run was interrupted, by id and use."""


def play(stage: Stage, mode: Mode, scenario: Scenario) -> Iterator[StepEnded | ScenarioEnded]:
    """Events of one scenario in one use; the last one carries its result."""
    result = ScenarioResult(scenario, mode.use)
    started = time.perf_counter()
    for status, reason in ((NOT_APPLICABLE, mode.why_not(scenario)), (NOT_TESTED, mode.not_tested(scenario))):
        if reason is not None:
            result.status, result.reason = status, reason
            yield ScenarioEnded(result)
            return
    sandbox = stage.platform.sandbox(mode.sandbox or sandbox_name(scenario.id, mode.use, stage.run))
    result.sandbox = sandbox.name
    journal = Journal(sandbox, partial(stage.check_alive, 0))
    try:
        begun = stage.begun.get((scenario.id, mode.use))
        people = people_kept(begun, mode, scenario, sandbox) if begun is not None else None
        if people is None:
            begun = None
            _open(stage, mode, scenario, sandbox)
        yield from _play_in(stage, mode, scenario, journal, result, people, begun.steps if begun is not None else 0)
    except (NotReached, CannotPlay) as missed:
        result.status, result.reason = NOT_TESTED, missed.reason
    except SimulatorError as error:
        result.status, result.reason = BROKEN, _cause(stage, error)
    except Exception as error:  # noqa: BLE001 (told, and the run goes on or is broken)
        # A fault of the harness itself must cost this scenario its verdict, never the ones after it theirs.
        result.status, result.reason = BROKEN, own_fault(error)
    finally:
        _leave(stage, mode, sandbox)
    result.seconds = time.perf_counter() - started
    result.identities = identity_values(*(said for row in journal.rows for said in (row.request, row.answer)))
    yield ScenarioEnded(result, journal.rows)


def _cause(stage: Stage, error: SimulatorError) -> Text:
    """A process of the run that has ended says more than the connection that broke off with it, a moment before."""
    try:
        stage.check_alive(_AFTERMATH_S if isinstance(error, NotThereYet) else 0)
    except SimulatorError as dead:
        return dead.text
    return error.text


def own_fault(error: Exception) -> Text:
    """Sentence about an unforeseen error: its kind, and where in the product it arose."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [each for each in frames if _OURS in each.filename] or frames
    place = f"{ours[-1].filename.rpartition(_OURS)[2]}:{ours[-1].lineno}"
    return text("harness.own_fault", kind=type(error).__name__, said=str(error) or "-", place=place)


def _play_in(
    stage: Stage,
    mode: Mode,
    scenario: Scenario,
    journal: Journal,
    result: ScenarioResult,
    people: dict[str, dict[str, Any]] | None,
    done: int,
) -> Iterator[StepEnded]:
    """Plays the steps; the first `done` of them are gone through again by what the journal has of them."""
    sandbox = journal.sandbox
    context = RunContext(
        scenario, mode, sandbox, run=_letters(stage, scenario, mode), now=scenario.clock.replace("T", " ")
    )
    because, notes = fill_roles(stage.personas, scenario, context) if people is None else (None, [])
    context.people = people or context.people
    result.people = {role: str(person["psn_no"]) for role, person in context.people.items()}
    for name, code in scenario.places.items():
        context.places[name] = _institution(sandbox, code)
    result.policies = _policies(sandbox, scenario)
    reason, more = _literals(stage, scenario, sandbox, because)
    context.literals = reason is None
    result.notes += [*notes, *more]
    if scenario.changes is not None:
        result.notes.append(text("harness.played_with", changes=scenario.changes))
    if reason is not None:
        _leave_unchecked(scenario, result, reason)
    for index, step in enumerate(scenario.steps):
        if result.root_cause is not None:
            result.steps.append(StepResult(step, title_of(step), NOT_RUN))
            continue
        journal.step = step.number
        context.catching_up = index < done
        ended = perform(context, journal, step)
        result.steps.append(ended)
        if not context.catching_up:
            yield StepEnded(result, ended)
    result.final = postcondition_differences(context)
    if result.root_cause is not None:
        result.first = first_finding(context)
    if mode.use == INSURED:
        result.judged = judged_answers(sandbox)
    if stage.recorded or mode.use == INSURED:
        journal.look()
    disagreed = {str(each["msgid"]) for each in result.judged if not each["agrees"]}
    result.asked = [_asked(scenario, row, disagreed) for row in journal.rows if row.leg == "agency"]
    failed = result.root_cause is not None or bool(result.final)
    unproved = None if failed else _why_nothing_is_proved(context, result)
    result.status, result.reason = (NOT_APPLICABLE, unproved) if unproved else (FAILED if failed else PASSED, None)


def _asked(scenario: Scenario, row: ObservedLeg, disagreed: Collection[str]) -> AskedLeg:
    """Findings that the scenario names are of its own making, also the silence of a fault that it injects.

    `disagreed` are the msgids whose award the platform judged wrong; a finding may stand on an earlier message alone.
    """
    rules = [str(each["rule"]) for each in row.findings if each["severity"] == "error"]
    own = any(rule in scenario.findings for rule in rules)
    wrong = (bool(rules) and not own) or row.msgid in disagreed
    return AskedLeg(row.infno, wrong, wrong and not row.answer)


def _why_nothing_is_proved(context: RunContext, result: ScenarioResult) -> Text | None:
    """Reason why a scenario that went well proves nothing: the city took no part in any step. None otherwise."""
    mode, steps = context.mode, result.steps
    if mode.use == INSURED and not any(leg.leg == "agency" for each in steps for leg in each.legs):
        return text("harness.never_asked")
    if mode.use == TREATMENT and not context.planned:
        return text("harness.never_called")
    return None


def sandbox_name(scenario_id: str, use: str, run: str) -> str:
    """A name for the sandbox of a scenario, readable and within 40 letters."""
    slug = scenario_id.replace("/", "-").replace("_", "-").lower()
    name = f"{run}-{use[0]}-{slug}"
    if len(name) <= 40:
        return name
    return f"{name[:33]}-{hashlib.sha256(slug.encode()).hexdigest()[:6]}"


def _letters(stage: Stage, scenario: Scenario, mode: Mode) -> str:
    """Prefix of the numbers that a hospital gives out in this scenario; no other scenario has the same."""
    digest = hashlib.sha256(f"{scenario.id}/{mode.use}".encode()).hexdigest()[:6]
    return f"{stage.run}{digest}".upper()


def _open(stage: Stage, mode: Mode, scenario: Scenario, sandbox: SandboxClient) -> None:
    """Opens the sandbox of a scenario; a lasting sandbox is emptied, or made anew where its settings differ."""
    wanted = {"seed": stage.seed, "edition": scenario.edition or "national", "strict": scenario.strict}
    new = {"name": sandbox.name, "gateway": {"sign_in": scenario.sign_in}, **wanted}
    if not mode.own_clock:
        new["clock"] = scenario.clock
    if not mode.sandbox:
        stage.platform.control("POST", "sandboxes", new)
    else:
        there = stage.platform.control("GET", f"sandboxes/{sandbox.name}")
        alike = all(there[name] == value for name, value in wanted.items())
        if alike and there["gateway"]["sign_in"] == scenario.sign_in:
            sandbox.control("POST", "reset", {})
            if not mode.own_clock:
                sandbox.control("PUT", "clock", {"now": scenario.clock, "running": False})
        else:
            stage.platform.control("DELETE", f"sandboxes/{sandbox.name}")
            stage.platform.control("POST", "sandboxes", new)
    for call in scenario.preparation:
        sandbox.control(call.method, call.path, call.body)
    mode.prepare(sandbox)


def _leave(stage: Stage, mode: Mode, sandbox: SandboxClient) -> None:
    if stage.keep or mode.sandbox:
        return
    try:
        stage.platform.control("DELETE", f"sandboxes/{sandbox.name}")
    except SetupError:
        # Never opened, or the platform is gone: the result says so already.
        return


def _institution(sandbox: SandboxClient, code: str) -> dict[str, str]:
    found = sandbox.control("GET", f"institutions?area={code[1:7]}")["institutions"]
    for each in found:
        if each["code"] == code:
            return {"code": code, "name": each["name"], "area": each["area"]}
    # An institution that nobody knows is a point a scenario may make; its code says where it would be.
    return {"code": code, "name": code, "area": code[1:7]}


def _policies(sandbox: SandboxClient, scenario: Scenario) -> dict[str, str]:
    """Version and digest of the policy of each insured place that the platform has one for, on the scenario's day."""
    found = {}
    for area in scenario.insured_areas:
        try:
            policy = sandbox.control("GET", f"policy/{area}?on={scenario.clock[:10]}")
        except ControlRefused:
            continue
        found[area] = f"{policy['version']} {policy['digest'][:12]}"
    return found


def _literals(
    stage: Stage, scenario: Scenario, sandbox: SandboxClient, because: Text | None
) -> tuple[Text | None, list[Text]]:
    """The reason for not checking literal amounts, None for checking them; and notes on the city files they follow.

    Literals hold under the versions that the scenario names, whoever brought the file, with people made for it.
    """
    if because is not None:
        return because, []
    if stage.personas is not None:
        return text("harness.because_cast"), []
    if scenario.moved is not None:
        return scenario.moved, []
    if scenario.shifted:
        return text("harness.because_shifted", day=scenario.clock[:10]), []
    notes = []
    for area, version in scenario.policy.items():
        policy = sandbox.control("GET", f"policy/{area}?on={scenario.clock[:10]}")
        found = {"area": area, "wanted": version, "got": policy["version"], "digest": policy["digest"]}
        if policy["version"] == version:
            # Figures changed without a new version would pass unseen if an own file were reason enough to look away.
            notes += [] if policy["shipped"] else [text("harness.own_policy_of_same_version", **found)]
        elif policy["shipped"]:
            raise SetupError(text("harness.policy_moved", id=scenario.id, **found))
        else:
            return text("harness.because_policy", **found), []
    return None, notes


def _leave_unchecked(scenario: Scenario, result: ScenarioResult, reason: Text) -> None:
    """Notes in the result that literal amounts are not checked; raises CannotPlay where the scenario needs them."""
    if "literals" in scenario.needs:
        raise CannotPlay(reason)
    if any("literal" in step.said for step in scenario.steps):
        result.unchecked = reason
        result.notes.append(text("harness.literals_unchecked", reason=reason))
