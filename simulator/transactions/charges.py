"""Charges in batches: uploaded and classified by the catalogue of the treatment place, and withdrawn (2204, 2205)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from simulator.catalogue import Charge, Classification, classify_at
from simulator.core.clock import from_wire
from simulator.core.errors import refuse
from simulator.core.findings import WARNING, Finding
from simulator.core.json_codec import write_json
from simulator.core.money import to_fen, yuan
from simulator.core.texts import text
from simulator.insured.place import Body, Output, row_number, wire_number
from simulator.store import subjects
from simulator.store.rows import SettlementRow, VisitRow
from simulator.store.subjects import ChargeLine
from simulator.store.tables import subject
from simulator.transactions.registry import Call, Kept, transaction
from simulator.transactions.visits import SETTLED, live_batches, open_visit

ALL_UNSETTLED = "0000"
"""chrg_bchno by which 2205 withdraws every batch that is not settled."""


class ClassifiedCharge(NamedTuple):
    """Charge as sent, with its classification and its row in the answer of 2204."""

    line: ChargeLine
    found: Classification
    result: Output

    def as_row(self) -> subjects.NewCharge:
        """Returns the charge as the store adds it."""
        return subjects.NewCharge(
            serial=self.line["feedetl_sn"],
            fee_at=self.line["fee_ocur_time"],
            total=self.found.det_item_fee_sumamt,
            own_purchase=self.found.fulamt_ownpay_amt,
            above_ceiling=self.found.overlmt_amt,
            prior_selfpay=self.found.preselfpay_amt,
            in_scope=self.found.inscp_scp_amt,
            line=write_json({**self.line, **self.result}).decode(),
        )


@transaction("2204")
def upload_charges(body: Body, call: Call) -> Kept:
    """Adds whole batches of a visit (2204); a single bad charge refuses all of them."""
    lines = body["feedetail"]
    first = lines[0]
    row = open_visit(call, first["mdtrt_id"], first["psn_no"], path="feedetail/0")
    if not row.med_type:
        raise refuse("visit_not_described", mdtrt_id=first["mdtrt_id"])
    refuse_mixed(lines, first)
    _tell_outside_visit(call, row, lines)
    batches = _batches(call, row, lines)
    live = live_batches(call, row.id)
    existing = {each.number for each in live}
    classified: dict[str, list[ClassifiedCharge]] = {}
    for number, members in batches.items():
        if number in existing:
            raise refuse("batch_exists", path="feedetail.chrg_bchno", batch=number)
        classified[number] = classify_charges(call, members)
        refuse_over_refund(members)
        total = sum(each.found.det_item_fee_sumamt for each in classified[number])
        if total < 0:
            raise refuse("batch_negative", path="feedetail", batch=number, total=yuan(total))
    refuse_known_lines(call, row.id, lines, any_live=bool(live))
    for number, charges in classified.items():
        _keep_batch(call, row.id, number, charges)
    return Kept({"result": [each.result for charges in classified.values() for each in charges]})


@transaction("2205")
def withdraw_charges(body: Body, call: Call) -> Kept:
    """Withdraws a batch, or with 0000 every batch that is not settled (2205); a settled batch needs 2208 first."""
    data = body["data"]
    row = open_visit(call, data["mdtrt_id"], data["psn_no"], path="data")
    live = live_batches(call, row.id)
    if data["chrg_bchno"] == ALL_UNSETTLED:
        chosen = [each for each in live if each.state != SETTLED]
    else:
        chosen = [each for each in live if each.number == data["chrg_bchno"]]
        if not chosen:
            raise refuse("batch_unknown", path="data.chrg_bchno", batch=data["chrg_bchno"])
        if chosen[0].state == SETTLED:
            setl_id = wire_number("", row.insured_area, chosen[0].settlement_id or 0)
            raise refuse("batch_is_settled", path="data.chrg_bchno", batch=data["chrg_bchno"], setl_id=setl_id)
    for each in chosen:
        subjects.withdraw(call.work, each.id)
    return Kept({})


def lines_settled_by(call: Call, row: SettlementRow) -> list[ChargeLine]:
    """Returns the charges that a settlement settled, also after its cancellation."""
    # A cancellation unbinds the batch, which is then found by its number and total.
    found = call.work.find(subject, visit_id=row_number("", row.mdtrt_id), number=row.batch_number, order="id")
    of_it = [each for each in found if each.settlement_id == row.id] or [e for e in found if e.total == row.total]
    return subjects.lines_of(call.work, of_it[-1].id) if of_it else []


def refuse_mixed(lines: Sequence[ChargeLine], first: ChargeLine, *, node: str = "feedetail") -> None:
    """Raises Refusal where rows of a message are about several visits or persons."""
    for index, line in enumerate(lines):
        for name in ("mdtrt_id", "psn_no"):
            if line[name] != first[name]:
                path = f"{node}/{index}.{name}"
                raise refuse("charges_of_several_visits", path=path, got=line[name], wanted=first[name])


def _tell_outside_visit(call: Call, row: VisitRow, lines: Sequence[ChargeLine]) -> None:
    """Tells of the first charge of a day before the visit began."""
    began = from_wire(row.begin).date()
    for index, line in enumerate(lines):
        if from_wire(line["fee_ocur_time"]).date() < began:
            path = f"/input/feedetail/{index}/fee_ocur_time"
            got, serial = line["fee_ocur_time"], line["feedetl_sn"]
            call.tell_mismatch(
                refuse("charge_outside_visit", path=path, serial=serial, got=got, wanted=f">= {began}", began=began)
            )
            return


def _batches(call: Call, visit: VisitRow, lines: Sequence[ChargeLine]) -> dict[str, list[tuple[int, ChargeLine]]]:
    """Groups charges by batch, each with its index.

    Raises Refusal for a batch of two diseases, and for a charge without one under the med_type of special diseases.
    """
    batches: dict[str, list[tuple[int, ChargeLine]]] = defaultdict(list)
    for index, line in enumerate(_with_disease(call, visit, lines)):
        disease = line.get("dise_codg") or ""
        members = batches[line["chrg_bchno"]]
        if members and (members[0][1].get("dise_codg") or "") != disease:
            path = f"feedetail/{index}.dise_codg"
            raise refuse("batch_of_two_diseases", path=path, batch=line["chrg_bchno"], got=disease)
        members.append((index, line))
    return batches


def _with_disease(call: Call, visit: VisitRow, lines: Sequence[ChargeLine]) -> list[ChargeLine]:
    """The charges of a special-disease visit, each with a disease: its own, in lenient else that of the visit."""
    special = call.config.contract.edition.meaning("med_type", visit.med_type) == "special_disease"
    without = [index for index, line in enumerate(lines) if special and not line.get("dise_codg")]
    if not without:
        return list(lines)
    serial, path = lines[without[0]]["feedetl_sn"], f"/input/feedetail/{without[0]}/dise_codg"
    call.refuse_in_strict(
        refuse("ordinary_charge_under_special", path=path, serial=serial),
        taken=text("charge.disease_of_visit", serial=serial, count=len(without), disease=visit.disease),
    )
    return [{**line, "dise_codg": line.get("dise_codg") or visit.disease} for line in lines]


def classify_charges(call: Call, members: Iterable[tuple[int, ChargeLine]]) -> list[ClassifiedCharge]:
    """Classifies charges, each with its index, by the catalogue of the treatment place; raises Refusal."""
    classified: list[ClassifiedCharge] = []
    catalogue = call.config.catalogues.of(call.treated_area)
    for index, line in members:
        charge = Charge(
            cnt=Decimal(line["cnt"]),
            pric=Decimal(line["pric"]),
            det_item_fee_sumamt=to_fen(line["det_item_fee_sumamt"]),
            hosp_appr_flag=line.get("hosp_appr_flag") or "",
            code=line["med_list_codg"],
        )
        occurred = from_wire(line["fee_ocur_time"])
        found = classify_at(catalogue, charge, occurred.date(), path=f"/input/feedetail/{index}")
        _add_findings(call, line, found, occurred, f"/input/feedetail/{index}")
        classified.append(ClassifiedCharge(line, found, _result(call, line, found)))
    return classified


def _keep_batch(call: Call, visit_id: int, number: str, classified: list[ClassifiedCharge]) -> None:
    charges = [each.as_row() for each in classified]
    subject_id = subjects.add(
        call.work,
        visit_id,
        kind=subjects.BATCH,
        number=number,
        disease=classified[0].line.get("dise_codg") or "",
        last_fee_at=max(each.fee_at for each in charges),
        **subjects.sums(charges),
    )
    subjects.add_charges(call.work, visit_id, charges, subject_id=subject_id)


def _add_findings(call: Call, line: ChargeLine, found: Classification, occurred: datetime, path: str) -> None:
    """Adds the findings about a charge, which is accepted all the same."""
    call.findings += found.findings
    if occurred > call.now:
        sentence = text(
            "charge.in_future", at=line["fee_ocur_time"], now=call.now.isoformat(sep=" ", timespec="seconds")
        )
        call.findings.append(Finding("charge.in_future", WARNING, sentence, f"{path}/fee_ocur_time"))


def _result(call: Call, line: ChargeLine, found: Classification) -> Output:
    edition = call.config.contract.edition
    return {
        "feedetl_sn": line["feedetl_sn"],
        "det_item_fee_sumamt": line["det_item_fee_sumamt"],
        "cnt": line["cnt"],
        "pric": line["pric"],
        "pric_uplmt_amt": found.pric_uplmt_amt,
        "selfpay_prop": found.selfpay_prop,
        "fulamt_ownpay_amt": yuan(found.fulamt_ownpay_amt),
        "overlmt_amt": yuan(found.overlmt_amt),
        "preselfpay_amt": yuan(found.preselfpay_amt),
        "inscp_scp_amt": yuan(found.inscp_scp_amt),
        "chrgitm_lv": edition.code("chrgitm_lv", found.grade),
        "med_chrgitm_type": edition.code("med_chrgitm_type", found.charge_type),
        "bas_medn_flag": edition.code("bas_medn_flag", "yes" if "essential" in found.marks else "no"),
        "hi_nego_drug_flag": edition.code("hi_nego_drug_flag", "yes" if "negotiated" in found.marks else "no"),
        "chld_medc_flag": "1" if "child" in found.marks else "0",
        "list_sp_item_flag": "1" if "special" in found.marks else "0",
        "lmt_used_flag": "1" if found.restricted else "0",
        "memo": found.memo.zh if found.memo else "",
    }


def refuse_over_refund(members: list[tuple[int, ChargeLine]]) -> None:
    """Refuses a negative line that returns more than the same batch holds at the same price (source JX; rules 13)."""
    held: dict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
    for _, line in members:
        held[line["med_list_codg"], Decimal(line["pric"])] += Decimal(line["cnt"])
    for index, line in members:
        if Decimal(line["cnt"]) < 0 and held[line["med_list_codg"], Decimal(line["pric"])] < 0:
            raise refuse("refund_beyond_charge", path=f"feedetail/{index}.cnt", serial=line["feedetl_sn"])


def refuse_known_lines(call: Call, visit_id: int, lines: Sequence[ChargeLine], *, any_live: bool) -> None:
    """Raises Refusal for a feedetl_sn that the visit has already."""
    seen: set[str] = set()
    for line in lines:
        serial = line["feedetl_sn"]
        # Without a live batch the visit has no charge, and no query is needed.
        if serial in seen or (any_live and subjects.is_known(call.work, visit_id, serial)):
            raise refuse("charge_repeated", path="feedetail.feedetl_sn", serial=serial)
        seen.add(serial)
