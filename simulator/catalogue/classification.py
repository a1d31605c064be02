"""Classification of a charge by the treatment place's catalogue, before any policy (the result of 2204).

The four parts (wholly own purchase, above the ceiling, prior self-payment, within scope) always sum to the charge.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal

from simulator.catalogue.item import Catalogue, Item
from simulator.core.errors import Refusal
from simulator.core.findings import WARNING, Finding
from simulator.core.money import half_up, part_of, yuan
from simulator.core.texts import Text, text

NOT_ASKED, APPROVED, REFUSED = "0", "1", "2"
"""hosp_appr_flag, the same in every edition: no approval needed, approved, refused."""
TOLERATED = 1
"""Fen by which a hospital's own rounding of a line may differ."""
_EXACT = Context(prec=60)
_WHOLE = Decimal(1)
_TYPES_BY_LETTER = {"X": "western_drug", "Z": "patent_drug", "T": "herbal_pieces", "C": "materials"}


@dataclass(frozen=True, slots=True)
class Charge:
    """Charge as the hospital sent it; `cnt` is negative on a line that takes back an earlier line of its batch."""

    cnt: Decimal
    pric: Decimal
    det_item_fee_sumamt: int
    """Fen, as sent."""
    hosp_appr_flag: str = NOT_ASKED
    code: str = ""
    """med_list_codg."""


@dataclass(frozen=True, slots=True)
class Classification:
    """The parts of a charge, fen, and how they came about; fields carry the names of 2204's result."""

    det_item_fee_sumamt: int
    pric_uplmt_amt: Decimal
    """0 where there is no ceiling: an empty number is sent as 0."""
    selfpay_prop: Decimal
    fulamt_ownpay_amt: int
    overlmt_amt: int
    preselfpay_amt: int
    inscp_scp_amt: int
    grade: str
    charge_type: str
    restricted: bool
    """lmt_used_flag."""
    marks: frozenset[str]
    memo: Text | None
    """Reason why no part of the charge is payable; None where a part is."""
    findings: tuple[Finding, ...]


def classify_at(catalogue: Catalogue, charge: Charge, on: date, *, path: str = "") -> Classification:
    """Classifies by the catalogue as it stands on the day of the charge."""
    item = catalogue.item(charge.code, on)
    return classify(charge, item, path=path, absence=None if item else catalogue.absence(charge.code, on))


def classify(charge: Charge, item: Item | None, *, path: str = "", absence: Text | None = None) -> Classification:
    """Classifies a charge; `item` None means in no catalogue, `absence` says why, `path` is that of the line.

    Raises Refusal when the amount is not quantity × price, a difference of 0.01 aside, which is taken as sent.
    """
    findings = _amount_findings(charge, path)
    if item is None:
        memo = absence or text("catalogue.in_no_catalogue", code=charge.code)
        finding = Finding("charge_not_in_catalogue", WARNING, memo, _below(path, "med_list_codg"), got=charge.code)
        return _own_purchase(charge, None, memo, (*findings, finding))
    why = _why_not_payable(charge, item)
    if why is not None:
        return _own_purchase(charge, item, why, findings)
    sign = -1 if charge.det_item_fee_sumamt < 0 else 1
    total = abs(charge.det_item_fee_sumamt)
    above = _above_ceiling(charge, item, total)
    prior = part_of(total - above, item.prior_selfpay_ratio)
    return Classification(
        det_item_fee_sumamt=charge.det_item_fee_sumamt,
        pric_uplmt_amt=item.price_ceiling or Decimal(0),
        selfpay_prop=item.prior_selfpay_ratio,
        fulamt_ownpay_amt=0,
        overlmt_amt=sign * above,
        preselfpay_amt=sign * prior,
        inscp_scp_amt=sign * (total - above - prior),
        grade=item.grade,
        charge_type=item.charge_type,
        restricted=item.restricted,
        marks=item.marks,
        memo=None,
        findings=findings,
    )


def line_amount(cnt: Decimal, pric: Decimal) -> int:
    """Fen of quantity × price, half-up."""
    return half_up(_EXACT.multiply(_EXACT.multiply(cnt, pric), Decimal(100)))


def _amount_findings(charge: Charge, path: str) -> tuple[Finding, ...]:
    if charge.pric < 0:
        sentence = text("catalogue.negative_price", pric=charge.pric)
        raise Refusal("charge_price_negative", sentence, path=_below(path, "pric"))
    wanted = line_amount(charge.cnt, charge.pric)
    difference = abs(charge.det_item_fee_sumamt - wanted)
    if not difference:
        return ()
    facts = {
        "sent": yuan(charge.det_item_fee_sumamt),
        "wanted": yuan(wanted),
        "cnt": charge.cnt,
        "pric": charge.pric,
    }
    if difference > TOLERATED:
        sentence = text("catalogue.amount_differs", **facts)
        raise Refusal("charge_amount_differs", sentence, path=_below(path, "det_item_fee_sumamt"))
    sentence = text("catalogue.amount_rounded", **facts)
    return (
        Finding(
            "charge_amount_rounded",
            WARNING,
            sentence,
            _below(path, "det_item_fee_sumamt"),
            wanted=str(facts["wanted"]),
            got=str(facts["sent"]),
        ),
    )


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _why_not_payable(charge: Charge, item: Item) -> Text | None:
    if item.grade == "class_c":
        return text("catalogue.class_c", name=item.name)
    if item.restricted and charge.hosp_appr_flag != APPROVED:
        return text("catalogue.restricted", name=item.name, flag=charge.hosp_appr_flag)
    if charge.hosp_appr_flag == REFUSED:
        return text("catalogue.approval_refused", name=item.name)
    return None


def _above_ceiling(charge: Charge, item: Item, total: int) -> int:
    if item.price_ceiling is None or charge.pric <= item.price_ceiling:
        return 0
    # A line that the hospital rounded down may lie a fen below the ceiling's own product.
    return max(0, total - line_amount(abs(charge.cnt), item.price_ceiling))


def _own_purchase(charge: Charge, item: Item | None, memo: Text, findings: tuple[Finding, ...]) -> Classification:
    return Classification(
        det_item_fee_sumamt=charge.det_item_fee_sumamt,
        pric_uplmt_amt=(item and item.price_ceiling) or Decimal(0),
        selfpay_prop=_WHOLE,
        fulamt_ownpay_amt=charge.det_item_fee_sumamt,
        overlmt_amt=0,
        preselfpay_amt=0,
        inscp_scp_amt=0,
        grade=item.grade if item else "class_c",
        charge_type=item.charge_type if item else _TYPES_BY_LETTER.get(charge.code[:1], "other"),
        restricted=item.restricted if item else False,
        marks=item.marks if item else frozenset(),
        memo=memo,
        findings=findings,
    )
