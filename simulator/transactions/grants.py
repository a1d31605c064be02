"""Disease registrations and referrals, which the insured place decides (2501-2504)."""

from simulator.insured.place import Answered, Body
from simulator.transactions.registry import Ask, Call, Kept, transaction


@transaction("2501", "2501A")
def file_referral(body: Body, call: Call) -> Ask:
    """Asks the insured place to file a referral (2501)."""
    return Ask(call.infno, body, then=_as_answered, psn_no=body["refmedin"]["psn_no"])


@transaction("2502", "2503", "2504")
def change_grant(body: Body, call: Call) -> Ask:
    """Asks the insured place to register a disease, or to withdraw a registration or referral (2502-2504)."""
    return Ask(call.infno, body, then=_as_answered, psn_no=body["data"]["psn_no"])


def _as_answered(call: Call, answered: Answered) -> Kept:
    return Kept(answered.output)
