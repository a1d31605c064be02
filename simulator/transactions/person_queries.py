"""Questions that the insured place answers: who, entitled to what, what has accrued, what is registered."""

from simulator.insured.place import Answered
from simulator.transactions.registry import Ask, Body, Call, Kept, transaction


@transaction("1101")
def query_person(body: Body, call: Call) -> Ask:
    return Ask(call.infno, body, then=_as_answered)


@transaction("2001")
def query_entitlement(body: Body, call: Call) -> Ask:
    return Ask(call.infno, body, then=_as_answered, psn_no=body["data"]["psn_no"])


@transaction("5206")
def query_accumulators(body: Body, call: Call) -> Ask:
    return Ask(call.infno, body, then=_as_answered, psn_no=body["data"]["psn_no"])


@transaction("5301")
def query_registrations(body: Body, call: Call) -> Ask:
    return Ask(call.infno, body, then=_as_answered, psn_no=body["data"]["psn_no"])


def _as_answered(call: Call, answered: Answered) -> Kept:
    return Kept(answered.output)
