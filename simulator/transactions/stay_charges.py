"""Charges of a stay in single rows: uploaded, refunded and withdrawn by line (2301, 2302)."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from simulator.core.errors import refuse
from simulator.core.json_codec import read_own
from simulator.insured.place import Body
from simulator.store import subjects
from simulator.store.rows import VisitRow
from simulator.store.subjects import ChargeLine
from simulator.transactions.charges import classify_charges, refuse_known_lines, refuse_mixed
from simulator.transactions.registry import Call, Kept, transaction
from simulator.transactions.stays import own_stay
from simulator.transactions.visits import OPEN

EVERY_UNSETTLED = "0000"
"""feedetl_sn by which 2302 withdraws every charge that is not settled."""
_REFUNDED = "init_feedetl_sn"
"""Field of a negative charge that names the charge it takes back (source JX)."""


@transaction("2301")
def upload_stay_charges(body: Body, call: Call) -> Kept:
    """Adds charges to an open stay (2301); a single bad charge refuses all of them."""
    lines = body["feedetail"]
    first = lines[0]
    row = own_stay(call, first["mdtrt_id"], first["psn_no"], path="feedetail/0", states=(OPEN,))
    refuse_mixed(lines, first)
    for index, line in enumerate(lines):
        if line["med_type"] != row.med_type:
            path = f"feedetail/{index}.med_type"
            raise refuse("med_type_differs", path=path, got=line["med_type"], wanted=row.med_type)
    refuse_known_lines(call, row.id, lines, any_live=True)
    _refuse_over_refund(call, row, lines)
    classified = classify_charges(call, enumerate(lines))
    subjects.add_charges(call.work, row.id, [each.as_row() for each in classified])
    return Kept({"result": [each.result for each in classified]})


@transaction("2302")
def withdraw_stay_charges(body: Body, call: Call) -> Kept:
    """Withdraws charges of an open stay by line, or with 0000 all that are not settled (2302)."""
    rows = body["data"]
    first = rows[0]
    stay = own_stay(call, first["mdtrt_id"], first["psn_no"], path="data/0", states=(OPEN,))
    refuse_mixed(rows, first, node="data")
    if any(row["feedetl_sn"] == EVERY_UNSETTLED for row in rows):
        subjects.withdraw_unsettled(call.work, stay.id)
        return Kept({})
    asked = {row["feedetl_sn"] for row in rows}
    refunded = {line.get(_REFUNDED): line["feedetl_sn"] for line in subjects.refunds_of(call.work, stay.id)}
    for index, row in enumerate(rows):
        serial, path = row["feedetl_sn"], f"data/{index}.feedetl_sn"
        found = subjects.open_charge(call.work, stay.id, serial)
        if found is None:
            raise refuse("charge_unknown", path=path, serial=serial)
        if subjects.is_settled(call.work, found):
            raise refuse("charge_is_settled", path=path, serial=serial)
        if refunded.get(serial, serial) not in asked:
            raise refuse("charge_is_refunded", path=path, serial=serial, refund=refunded[serial])
        subjects.withdraw_charge(call.work, found)
    return Kept({})


def _refuse_over_refund(call: Call, row: VisitRow, lines: Sequence[ChargeLine]) -> None:
    """Refuses a negative line that names no charge of the stay, or returns more of it than is left (source JX)."""
    refunds = [(index, line) for index, line in enumerate(lines) if Decimal(line["cnt"]) < 0]
    if not refunds:
        return
    returned: dict[str, Decimal] = defaultdict(Decimal)
    for line in subjects.refunds_of(call.work, row.id):
        returned[line.get(_REFUNDED) or ""] += Decimal(line["cnt"])
    sent = {line["feedetl_sn"]: line for line in lines}
    for index, line in refunds:
        named, path = line.get(_REFUNDED) or "", f"feedetail/{index}"
        kept = subjects.open_charge(call.work, row.id, named) if named else None
        original = read_own(kept.line) if kept is not None else sent.get(named)
        if original is None or Decimal(original["cnt"]) <= 0:
            raise refuse("refund_of_unknown", path=f"{path}.{_REFUNDED}", serial=line["feedetl_sn"], named=named or "-")
        returned[named] += Decimal(line["cnt"])
        left = Decimal(original["cnt"]) + returned[named]
        same_item = line["med_list_codg"] == original["med_list_codg"]
        if not same_item or Decimal(line["pric"]) != Decimal(original["pric"]) or left < 0:
            raise refuse("refund_beyond_charge", path=f"{path}.cnt", serial=line["feedetl_sn"])
