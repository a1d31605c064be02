"""Registrations of diseases and referrals, which the insured place decides on (2501-2504)."""

from simulator.insured.place import Answered
from simulator.transactions.registry import Ask, Body, Call, Kept, transaction


@transaction("2501", "2501A")
def file_referral(body: Body, call: Call) -> Ask:
    return Ask(call.infno, body, then=_as_answered, psn_no=body["refmedin"]["psn_no"])


@transaction("2502", "2503", "2504")
def grant(body: Body, call: Call) -> Ask:
    return Ask(call.infno, body, then=_as_answered, psn_no=body["data"]["psn_no"])


def _as_answered(call: Call, answered: Answered) -> Kept:
    return Kept(answered.output)
