"""Registration, withdrawal and description of a visit (2201, 2202, 2203)."""

from typing import TypedDict

from simulator.core.clock import from_wire
from simulator.core.errors import refuse
from simulator.core.findings import WARNING, Finding
from simulator.core.json_codec import NotAMessage, read_json, read_own, write_json
from simulator.core.texts import text
from simulator.domain.care import CARE, care_of
from simulator.domain.transaction_table import PERSON_QUERY
from simulator.insured import person_queries
from simulator.insured.place import Body, is_emergency, known_person, row_number, wire_number
from simulator.store import people, subjects
from simulator.store.journal import last_answered
from simulator.store.rows import SubjectRow, VisitRow
from simulator.store.tables import visit
from simulator.store.typed_tables import SqlValue
from simulator.transactions.registry import Call, Kept, transaction

OPEN, WITHDRAWN, SETTLED = subjects.OPEN, subjects.WITHDRAWN, subjects.SETTLED
DISCHARGED, CLOSED = "discharged", "closed"
"""States of a stay after 2402, and after the settlement that ends it."""
SERVED_MED_TYPES = ("outpatient", "emergency", "special_disease")
"""Meanings of med_type that a visit may have."""
HOSPITAL_CARE = ("outpatient", "emergency")
"""Meanings of med_type that a pharmacy does not have; drugs for a special disease may come from a pharmacy."""


class Description(TypedDict):
    """Input of 2203, by node."""

    mdtrtinfo: Body
    diseinfo: list[Body]


@transaction("2201")
def register_visit(body: Body, call: Call) -> Kept:
    """Opens a visit for a known person who shows a credential of their own (2201)."""
    data = body["data"]
    known = check_credential(call, data)
    _note_future(call, data["begntime"], "/input/data/begntime")
    visit_id = add_visit(call, known, data, number=data["ipt_otp_no"])
    return Kept(
        {
            "data": {
                "mdtrt_id": wire_number("", call.treated_area, visit_id),
                "psn_no": known.person.psn_no,
                "ipt_otp_no": data["ipt_otp_no"],
            }
        }
    )


@transaction("2202")
def withdraw_visit(body: Body, call: Call) -> Kept:
    """Withdraws a visit without charges (2202); 2208 cancels its settlements and 2205 withdraws its charges first."""
    data = body["data"]
    row = open_visit(call, data["mdtrt_id"], data["psn_no"], path="data")
    if data["ipt_otp_no"] != row.ipt_otp_no:
        got, wanted = data["ipt_otp_no"], row.ipt_otp_no
        call.refuse_in_strict(refuse("ipt_otp_no_differs", path="/input/data/ipt_otp_no", got=got, wanted=wanted))
    left = [each.number for each in live_batches(call, row.id)]
    if left:
        raise refuse("visit_has_charges", path="data.mdtrt_id", batches="、".join(left))
    call.work.change(visit, {"id": row.id}, state=WITHDRAWN)
    return Kept({})


@transaction("2203", "2203A")
def describe_visit(body: Body, call: Call) -> Kept:
    """Sets the med_type of a visit, and the code of a special disease (2203); sent again it replaces."""
    info = body["mdtrtinfo"]
    row = open_visit(call, info["mdtrt_id"], info["psn_no"], path="mdtrtinfo")
    kind = call.config.contract.edition.meaning("med_type", info["med_type"])
    if kind not in SERVED_MED_TYPES:
        raise refuse("med_type_not_served", path="mdtrtinfo.med_type", med_type=info["med_type"])
    if call.institution.kind == "pharmacy" and kind in HOSPITAL_CARE:
        got, name = info["med_type"], call.institution.name
        call.tell_mismatch(refuse("pharmacy_as_hospital", path="/input/mdtrtinfo/med_type", got=got, name=name))
    disease = info.get("dise_codg") or ""
    if kind == "special_disease" and not disease:
        raise refuse("disease_missing", path="mdtrtinfo.dise_codg")
    if row.med_type and row.med_type != info["med_type"] and live_batches(call, row.id):
        raise refuse("med_type_fixed", path="mdtrtinfo.med_type", med_type=row.med_type, got=info["med_type"])
    _note_future(call, info["begntime"], "/input/mdtrtinfo/begntime")
    described = Description(mdtrtinfo=info, diseinfo=body.get("diseinfo") or [])
    call.work.change(
        visit,
        {"id": row.id},
        med_type=info["med_type"],
        disease=disease,
        emergency=int(is_emergency(info)),
        described=write_json(described).decode(),
    )
    return Kept({})


def add_visit(call: Call, known: people.KnownPerson, registered: Body, *, number: str, **described: SqlValue) -> int:
    """Adds an open visit or stay as its registration says, and returns its id.

    `number` is the hospital's own, and `described` has columns that a registration alone leaves blank.
    """
    blank: dict[str, SqlValue] = {"med_type": "", "disease": "", "emergency": 0, "described": ""}
    return call.work.add(
        visit,
        person_id=known.id,
        psn_no=known.person.psn_no,
        institution=call.institution.code,
        area=call.treated_area,
        insured_area=call.insured_area,
        insutype=registered["insutype"],
        ipt_otp_no=number,
        begin=registered["begntime"],
        state=OPEN,
        registered=write_json(registered).decode(),
        **{**blank, **described},
    )


def _note_future(call: Call, begins: str, path: str) -> None:
    """Warns of a visit on a later day, which is accepted because it may be an appointment (ours)."""
    today = call.now.date()
    if from_wire(begins).date() > today:
        sentence = text("charge.visit_in_future", at=begins, now=today.isoformat())
        call.findings.append(Finding("visit.in_future", WARNING, sentence, path, "", begins))


def check_credential(call: Call, data: Body) -> people.KnownPerson:
    """Returns the person of psn_no; raises Refusal where the credential or an identity field is not theirs."""
    asked = call.asked(call.infno, {"data": data})
    known = known_person(asked, data["psn_no"])
    shown = data.get("mdtrt_cert_no")
    kind = data["mdtrt_cert_type"]
    # Of a person learned from an agency the platform does not know every credential.
    if shown and known.origin != "learned" and not person_queries.holds_credential(known.person, kind, shown):
        of_another = refuse("credential_of_another", path="data.mdtrt_cert_no", got=shown, psn_no=data["psn_no"])
        raise person_queries.mistaken_credential(call.work, kind, shown) or of_another
    if kind == person_queries.CARD and data.get("card_sn", "") != known.person.card_sn:
        raise refuse("card_sn_wrong", path="data.card_sn")
    as_ours = {**data, "psn_type": ""} if _is_category_answered(call, data) else data
    person_queries.refuse_other_identity(asked, as_ours, known.person)
    return known


def _is_category_answered(call: Call, data: Body) -> bool:
    """True if a registered agency answered the psn_type by 1101: a hospital that repeats it is not to blame."""
    registered = data.get("psn_type") and call.config.agency_for(call.insured_area)
    leg = last_answered(call.work, data["psn_no"], PERSON_QUERY) if registered else None
    if leg is None:
        return False
    try:
        rows = read_json(bytes(leg.answer))["output"]["insuinfo"]
        return any(row["psn_type"] == data["psn_type"] for row in rows)
    except (NotAMessage, LookupError, TypeError):
        return False


def open_visit(call: Call, mdtrt_id: str, psn_no: str, *, path: str) -> VisitRow:
    """Returns an open outpatient visit and locks it.

    Raises Refusal for another institution, person or insured place, and for a stay in hospital.
    """
    row = own_visit(call, mdtrt_id, psn_no, path=path, lock=True)
    if is_stay(call, row):
        raise refuse("visit_is_stay", path=f"{path}.mdtrt_id", mdtrt_id=mdtrt_id)
    if row.state != OPEN:
        raise refuse("visit_closed", path=f"{path}.mdtrt_id", mdtrt_id=mdtrt_id)
    if not call.config.coverage.same_place(row.insured_area, call.insured_area):
        raise refuse("visit_other_area", path="insuplc_admdvs", wanted=row.insured_area, got=call.insured_area)
    return row


def is_stay(call: Call, row: VisitRow) -> bool:
    """Tells whether a visit is a stay in hospital, by its kind of care."""
    kind = call.config.contract.edition.meaning("med_type", row.med_type)
    return kind is not None and CARE[care_of(kind)].stay


def own_visit(call: Call, mdtrt_id: str, psn_no: str, *, path: str, lock: bool = False) -> VisitRow:
    """Returns the visit, open or not; raises Refusal unless it is of this institution and person."""
    number = row_number("", mdtrt_id)
    row = call.work.get(visit, id=number, lock=lock) if number is not None else None
    # The number is compared whole: its last digits alone would find the visit under any area.
    if row is None or wire_number("", row.area, row.id) != mdtrt_id or row.institution != call.institution.code:
        raise refuse("visit_unknown", path=f"{path}.mdtrt_id", mdtrt_id=mdtrt_id)
    if row.psn_no != psn_no:
        raise refuse("visit_of_another", path=f"{path}.psn_no", mdtrt_id=mdtrt_id, psn_no=psn_no)
    return row


def live_batches(call: Call, visit_id: int) -> list[SubjectRow]:
    """Returns the batches of a visit that were not withdrawn, oldest first."""
    return subjects.live_of(call.work, visit_id)


def described(row: VisitRow) -> Description:
    """Returns mdtrtinfo and diseinfo as 2203 sent them; raises Refusal where 2203 is missing."""
    if not row.described:
        raise refuse("visit_not_described", mdtrt_id=wire_number("", row.area, row.id))
    found: Description = read_own(row.described)
    return found
