"""Going on inside a scenario that was interrupted: the sandbox is as it was left, and its journal has the steps done.

Messages that came are taken from the journal and judged as they were, messages of the harness are not sent again, and
control calls are not repeated; so the book of visits is led to where it was, and the step that waits goes on.
"""

from collections.abc import Iterable
from typing import Any

from simulator.harness.environment.client import ControlRefused, SandboxClient
from simulator.harness.environment.envelope_codec import Sent
from simulator.harness.environment.modes import Mode
from simulator.harness.execution.journal_legs import ObservedLeg
from simulator.harness.execution.results import Begun
from simulator.harness.scenario.definition import Scenario, ScenarioStep


def people_kept(
    begun: Begun, mode: Mode, scenario: Scenario, sandbox: SandboxClient
) -> dict[str, dict[str, Any]] | None:
    """People of a scenario under way by role; None where it has to begin anew.

    That is so in a sandbox that does not last, where the sandbox was emptied since, and after a control call whose
    answer later steps need.
    """
    done = scenario.steps[: begun.steps]
    if not mode.sandbox or set(begun.people) != set(scenario.roles) or _answer_is_needed(done):
        return None
    try:
        people = {role: sandbox.control("GET", f"people/{number}") for role, number in begun.people.items()}
    except ControlRefused:
        return None
    return {role: {"psn_cert_type": "01", **person} for role, person in people.items()}


def _answer_is_needed(steps: Iterable[ScenarioStep]) -> bool:
    return any(each.verb == "control" and "save" in each.said for each in steps)


def as_sent(row: ObservedLeg) -> Sent:
    """A message of the journal as its sender knows it."""
    lost = row.lost
    return Sent(row.infno, row.msgid, row.request.encode(), None if lost else row.answer.encode(), 0 if lost else 200)
