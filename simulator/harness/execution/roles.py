"""People for the roles: made from the seed, from a cast, or as a system that keeps its books has them now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.core.texts import Text, text
from simulator.harness.environment.client import ControlRefused
from simulator.harness.environment.personas import Personas, learn_body, why_not_fit
from simulator.harness.execution.run_context import RunContext
from simulator.harness.execution.steps import await_by_hand
from simulator.harness.scenario.definition import INSURED, Scenario, role_key
from simulator.harness.scenario.expressions import as_number

_EMPTY = "nobody-yet"


@dataclass(frozen=True, slots=True)
class KeptBalance:
    """Balance of a person at the agency that differs from what the role begins with."""

    role: str
    name: str
    """Year, insurance, kind and disease of an accumulator, or `account_balance`."""
    wanted: str
    got: str

    @property
    def told(self) -> Text:
        return text("harness.history_of", role=self.role, what=self.name, wanted=self.wanted, got=self.got)

    @property
    def settled_before(self) -> bool:
        """True for a deductible or payment of the pool where the role begins with none."""
        kind = self.name.split()[2:3]
        return kind in (["DEDC"], ["HIFP"]) and not as_number(self.wanted) and bool(as_number(self.got))


class CannotPlay(Exception):
    """Role that no available person can play, so that the scenario is not tested."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason)
        self.reason = reason


def fill_roles(personas: Personas | None, scenario: Scenario, context: RunContext) -> tuple[Text | None, list[Text]]:
    """Puts people into the roles; returns the reason why literal amounts cannot hold, if any, and notes for the report.

    An agency that lives on from run to run may have settled for these people before. Declared `reset=no` it is held
    to the history that it reports; else the scenario is played as written, and the note says what to do.
    """
    if personas is not None or not context.mode.lasting:
        _fill(personas, scenario, context)
        return None, []
    context.sandbox.control("POST", "snapshots", {"name": _EMPTY})
    history = [each.told for each in balances_kept(context, scenario) or ()]
    made = dict(context.people)
    context.sandbox.control("POST", f"snapshots/{_EMPTY}/restore", {})
    if history and context.mode.capabilities.get("reset") is False:
        if "reset" in scenario.needs:
            raise CannotPlay(text("harness.needs_to_begin_anew", history=history[0]))
        for role, person in made.items():
            taken = _learnt_anew(context, scenario, role, person) if _asked_there(context, person) else None
            told = taken or _made(context, scenario, role)
            # What nobody is told, such as the number of a card, is as it was made.
            context.people[role] = {
                **person,
                **{name: value for name, value in told.items() if value not in ("", None)},
            }
        return text("harness.because_history", history=history[0]), []
    _fill(None, scenario, context)
    return None, [text("harness.played_before", history=history[0])] if history else []


def _fill(personas: Personas | None, scenario: Scenario, context: RunContext) -> None:
    for role, asked in scenario.roles.items():
        ours = personas if personas is not None and personas.covers(asked["insured_at"]) else None
        if ours is None or context.mode.use != INSURED:
            person = _made(context, scenario, role)
        else:
            person = _learnt(ours, scenario, role, context)
        context.people[role] = {"psn_cert_type": "01", **person}


def _made(context: RunContext, scenario: Scenario, role: str) -> dict[str, Any]:
    return context.sandbox.control("POST", "people", {**scenario.roles[role], "key": role_key(scenario.id, role)})


def _learnt(personas: Personas, scenario: Scenario, role: str, context: RunContext) -> dict[str, Any]:
    member = personas.plays(scenario, role)
    if member is None:
        raise CannotPlay(text("harness.nobody_plays", role=role_key(scenario.id, role)))
    try:
        person = context.sandbox.control("POST", "people/learn", learn_body(personas, member))
    except ControlRefused as error:
        raise CannotPlay(text("harness.cannot_learn", role=role, why=error.text)) from None
    reason = why_not_fit(scenario.roles[role], person)
    if reason is not None:
        raise CannotPlay(reason)
    _file(context, scenario, role, person)
    return person


def _learnt_anew(context: RunContext, scenario: Scenario, role: str, made: Mapping[str, Any]) -> dict[str, Any]:
    person = context.sandbox.control("POST", "people/learn", _shown(made))
    _file(context, scenario, role, person)
    return person


def _file(context: RunContext, scenario: Scenario, role: str, person: Mapping[str, Any]) -> None:
    """Files a person whose filing cannot be asked for, and lets the platform deliver the filing."""
    for filing in scenario.roles[role].get("filings", ()):
        answer = context.sandbox.control("POST", f"people/{person['psn_no']}/filings", filing)
        await_by_hand(context, answer)


def _asked_there(context: RunContext, person: Mapping[str, Any]) -> bool:
    return context.mode.answers_itself(str(person["insured_at"]))


def balances_kept(context: RunContext, scenario: Scenario) -> list[KeptBalance] | None:
    """Balances of new people at their agency beyond their roles, in each year that the scenario comes to.

    None where the agency tells no balance of some of them, and no other is known to differ. The people are made in the
    sandbox of the context; accumulators are told a year at a time.
    """
    # The birth that a role leaves open follows from the day on which the person is made.
    _set_clock(context, scenario.clock)
    _fill(None, scenario, context)
    moments = [scenario.clock, *(str(step.said["clock"]) for step in scenario.steps if step.verb == "clock")]
    told = []
    for moment in {each[:4]: each for each in reversed(moments)}.values():
        _set_clock(context, moment)
        told += [_kept(context, role) for role in scenario.roles]
    found = [balance for balances in told for balance in balances or ()]
    return found if found or None not in told else None


def _set_clock(context: RunContext, moment: str) -> None:
    if not context.mode.own_clock:
        context.sandbox.control("PUT", "clock", {"now": moment, "running": False})


def _kept(context: RunContext, role: str) -> list[KeptBalance] | None:
    """Balances of a person at the agency that differ from the role; None where it does not answer or refuses."""
    made = context.people[role]
    if not _asked_there(context, made):
        return []
    ours = context.sandbox.control("GET", f"people/{made['psn_no']}")
    try:
        theirs = context.sandbox.control("POST", "people/learn", _shown(made))
    except ControlRefused:
        # That is for the scenario to find.
        return None
    wanted, got = _balances(ours), _balances(theirs)
    return [
        KeptBalance(role, name, str(wanted.get(name, "0.00")), str(got.get(name, "0.00")))
        for name in sorted({*wanted, *got})
        if wanted.get(name, 0) != got.get(name, 0)
    ]


def _shown(person: Mapping[str, Any]) -> dict[str, Any]:
    return {"area": person["insured_at"], "certno": person["certno"], "psn_name": person["psn_name"]}


def _balances(person: Mapping[str, Any]) -> dict[str, Any]:
    """Accumulators and the account that are not 0, by name."""
    found = {
        " ".join(str(each[key]) for key in ("year", "insutype", "kind", "disease") if each.get(key)): each["amount"]
        for each in person.get("accumulators", ())
    }
    found["account_balance"] = person.get("account_balance", "0.00")
    return {name: amount for name, amount in found.items() if as_number(amount)}
