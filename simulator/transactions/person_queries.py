"""Queries about a person, which the insured place answers (1101, 2001, 5206, 5301)."""

from simulator.insured.place import Answered, Body
from simulator.transactions.registry import Ask, Call, Kept, transaction


@transaction("1101")
def query_person(body: Body, call: Call) -> Ask:
    """Asks the insured place for the holder of a credential (1101)."""
    return Ask(call.infno, body, then=_as_answered)


@transaction("2001")
def query_entitlement(body: Body, call: Call) -> Ask:
    """Asks the insured place whether the pool would pay (2001)."""
    return Ask(call.infno, body, then=_as_answered, psn_no=body["data"]["psn_no"])


@transaction("5206")
def query_accumulators(body: Body, call: Call) -> Ask:
    """Asks the insured place for the accumulators of a year (5206)."""
    return Ask(call.infno, body, then=_as_answered, psn_no=body["data"]["psn_no"])


@transaction("5301")
def query_registrations(body: Body, call: Call) -> Ask:
    """Asks the insured place for the disease registrations (5301)."""
    return Ask(call.infno, body, then=_as_answered, psn_no=body["data"]["psn_no"])


def _as_answered(call: Call, answered: Answered) -> Kept:
    return Kept(answered.output)
