"""Owner of a record: the institution, person or visit that a message names."""

from simulator.core.errors import refuse
from simulator.insured.place import Body, known_person
from simulator.store.records import Owner
from simulator.transactions.declarative.specification import INSTITUTION, PERSON, VISIT
from simulator.transactions.registry import Call
from simulator.transactions.visits import own_visit

OWNER_COLUMNS = {INSTITUTION: "institution", PERSON: "psn_no", VISIT: "mdtrt_id"}
"""Column of the store by which the records of each kind of owner are found."""


def owner_of(belongs_to: str, row: Body, call: Call, path: str) -> Owner:
    """Returns the owner that a row names; raises Refusal for an unknown one, or one of another institution."""
    code = call.institution.code
    if belongs_to == INSTITUTION:
        named = row.get("fixmedins_code") or code
        if named != code:
            raise refuse("record_of_another_institution", path=f"{path}.fixmedins_code", got=named, wanted=code)
        return Owner(code)
    psn_no = row.get("psn_no") or ""
    if belongs_to == PERSON:
        known_person(call.asked(call.infno, {}), psn_no)
        return Owner(code, psn_no)
    mdtrt_id = row.get("mdtrt_id") or ""
    return Owner(code, own_visit(call, mdtrt_id, psn_no, path=path).psn_no, mdtrt_id)
