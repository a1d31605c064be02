"""Who plays the roles: people made from the seed, a cast, or people as a system that keeps its books has them now."""

from collections.abc import Mapping
from typing import Any

from simulator.harness.cast import Cast, learn_body, why_not_fit
from simulator.harness.client import ControlRefused
from simulator.harness.expressions import as_number
from simulator.harness.scenario import INSURED, Scenario, role_key
from simulator.harness.steps import await_by_hand
from simulator.harness.world import World
from simulator.texts import Text, text

_EMPTY = "nobody-yet"


class CannotPlay(Exception):
    """Nobody can play a role, so the scenario is not tested."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason)
        self.reason = reason


def fill_roles(cast: Cast | None, scenario: Scenario, world: World) -> tuple[Text | None, list[Text]]:
    """Puts people into the roles; why literal amounts cannot hold of them, if so, and what is to be noted.

    An agency that lives on from run to run may have settled for these people before. Declared `reset=no` it is held
    to the history that it reports; else the scenario is played as written, and the note says what to do.
    """
    if cast is not None or not world.lane.lasting:
        _fill(cast, scenario, world)
        return None, []
    world.sandbox.control("POST", "snapshots", {"name": _EMPTY})
    _fill(None, scenario, world)
    history = _histories(world, scenario)
    made = dict(world.people)
    world.sandbox.control("POST", f"snapshots/{_EMPTY}/restore", {})
    if history and world.lane.capabilities.get("reset") is False:
        if "reset" in scenario.needs:
            raise CannotPlay(text("harness.needs_to_begin_anew", history=history[0]))
        for role, person in made.items():
            taken = _learnt_anew(world, scenario, role, person) if _asked_there(world, person) else None
            told = taken or _made(world, scenario, role)
            # What nobody is told, such as the number of a card, is as it was made.
            world.people[role] = {**person, **{name: value for name, value in told.items() if value not in ("", None)}}
        return text("harness.because_history", history=history[0]), []
    _fill(None, scenario, world)
    return None, [text("harness.played_before", history=history[0])] if history else []


def _fill(cast: Cast | None, scenario: Scenario, world: World) -> None:
    for role, asked in scenario.roles.items():
        ours = cast if cast is not None and cast.covers(asked["insured_at"]) else None
        if ours is None or world.lane.use != INSURED:
            person = _made(world, scenario, role)
        else:
            person = _learnt(ours, scenario, role, world)
        world.people[role] = {"psn_cert_type": "01", **person}


def _made(world: World, scenario: Scenario, role: str) -> dict[str, Any]:
    return world.sandbox.control("POST", "people", {**scenario.roles[role], "key": role_key(scenario.id, role)})


def _learnt(cast: Cast, scenario: Scenario, role: str, world: World) -> dict[str, Any]:
    member = cast.plays(scenario, role)
    if member is None:
        raise CannotPlay(text("harness.nobody_plays", role=role_key(scenario.id, role)))
    try:
        person = world.sandbox.control("POST", "people/learn", learn_body(cast, member))
    except ControlRefused as error:
        raise CannotPlay(text("harness.cannot_learn", role=role, why=error.text)) from None
    reason = why_not_fit(scenario.roles[role], person)
    if reason is not None:
        raise CannotPlay(reason)
    _file(world, scenario, role, person)
    return person


def _learnt_anew(world: World, scenario: Scenario, role: str, made: Mapping[str, Any]) -> dict[str, Any]:
    person = world.sandbox.control("POST", "people/learn", _shown(made))
    _file(world, scenario, role, person)
    return person


def _file(world: World, scenario: Scenario, role: str, person: Mapping[str, Any]) -> None:
    """Who is filed where cannot be asked for; filed here it reaches the city as any filing of the platform does."""
    for filing in scenario.roles[role].get("filings", ()):
        answer = world.sandbox.control("POST", f"people/{person['psn_no']}/filings", filing)
        await_by_hand(world, answer)


def _asked_there(world: World, person: Mapping[str, Any]) -> bool:
    return world.lane.answers_itself(str(person["insured_at"]))


def _histories(world: World, scenario: Scenario) -> list[Text]:
    """Of each role, in each year that the scenario comes to, as accumulators are told a year at a time."""
    moments = [scenario.clock, *(str(step.said["clock"]) for step in scenario.steps if step.verb == "clock")]
    found = []
    for moment in {each[:4]: each for each in reversed(moments)}.values():
        if not world.lane.own_clock:
            world.sandbox.control("PUT", "clock", {"now": moment, "running": False})
        found += [said for role in scenario.roles if (said := _history(world, role)) is not None]
    return found


def _history(world: World, role: str) -> Text | None:
    """What the agency holds of a person beyond what the role says; None when nothing, or when it does not know them."""
    made = world.people[role]
    if not _asked_there(world, made):
        return None
    ours = world.sandbox.control("GET", f"people/{made['psn_no']}")
    try:
        theirs = world.sandbox.control("POST", "people/learn", _shown(made))
    except ControlRefused:
        # That is for the scenario to find.
        return None
    wanted, got = _balances(ours), _balances(theirs)
    for name in sorted({*wanted, *got}):
        if wanted.get(name, 0) != got.get(name, 0):
            return text(
                "harness.history_of", role=role, what=name, wanted=wanted.get(name, "0.00"), got=got.get(name, "0.00")
            )
    return None


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
