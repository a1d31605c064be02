"""Sign-in and sign-out of operators (9001, 9002)."""

from simulator.core.clock import wire_time
from simulator.core.errors import refuse
from simulator.core.json_codec import digest
from simulator.insured.place import Body
from simulator.store.tables import sign_in
from simulator.transactions.registry import Call, Kept, transaction


@transaction("9001")
def sign_in_operator(body: Body, call: Call) -> Kept:
    """Signs an operator in for the day (9001); further terminals get the same number (source JX)."""
    data = body["signIn"]
    day = call.now.date().isoformat()
    call.work.advisory_lock(f"sign-in {call.institution.code} {data['opter_no']}")
    earlier = call.work.find(sign_in, institution=call.institution.code, operator=data["opter_no"], day=day)
    for row in earlier:
        if not row.signed_out:
            return Kept({"signinoutb": {"sign_time": wire_time(call.now), "sign_no": row.sign_no}})
    # Unique without a counter: institution, operator, day and the number of earlier sign-ins of the day.
    serial = digest(call.institution.code, data["opter_no"], day, len(earlier))[:12]
    sign_no = f"{call.institution.area}{call.now:%Y%m%d}{serial}"
    call.work.add(
        sign_in,
        sign_no=sign_no,
        institution=call.institution.code,
        operator=data["opter_no"],
        day=day,
        at=wire_time(call.now),
        signed_out=0,
    )
    return Kept({"signinoutb": {"sign_time": wire_time(call.now), "sign_no": sign_no}})


@transaction("9002")
def sign_out_operator(body: Body, call: Call) -> Kept:
    """Signs an operator out on all terminals (9002); only a sign-in of the same day can be ended (source HN)."""
    data = body["signOut"]
    row = call.work.get(sign_in, sign_no=data["sign_no"])
    if row is None or row.operator != data["opter_no"] or row.institution != call.institution.code:
        raise refuse("sign_in_unknown", path="signOut.sign_no", sign_no=data["sign_no"])
    if row.signed_out or row.day != call.now.date().isoformat():
        raise refuse("sign_in_over", path="signOut.sign_no", sign_no=data["sign_no"], day=row.day)
    call.work.change(sign_in, {"sign_no": row.sign_no}, signed_out=1)
    return Kept({"signoutoutb": {"sign_time": wire_time(call.now)}})
