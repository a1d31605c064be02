"""Wire form of settlements: setlinfo and setldetail, as 2206, 2207, 2208 and 5203 answer them."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TypedDict

from simulator.contract import Edition
from simulator.core.clock import completed_years, from_wire
from simulator.core.money import yuan
from simulator.domain.person import EMPLOYEES, Insurance, Person
from simulator.insured.books import Amounts
from simulator.insured.kept import KeptShare
from simulator.insured.place import Output

WIRE_AMOUNTS = {
    "total": "medfee_sumamt",
    "own_purchase": "fulamt_ownpay_amt",
    "above_ceiling": "overlmt_selfpay",
    "prior_selfpay": "preselfpay_amt",
    "in_scope": "inscp_scp_amt",
    "deductible": "act_pay_dedc",
    "pool": "hifp_pay",
    "civil_servants": "cvlserv_pay",
    "enterprise": "hifes_pay",
    "major_illness": "hifmi_pay",
    "large_amount": "hifob_pay",
    "assistance": "maf_pay",
    "other": "oth_pay",
    "fund_total": "fund_pay_sumamt",
    "personal": "psn_part_amt",
    "account": "acct_pay",
    "cash": "psn_cash_pay",
    "hospital": "hosp_part_amt",
}
"""Wire field of 2206 and 2207 for each amount of a settlement row."""

FUND_CODES = {
    "large_amount": "large_amount",
    "major_illness": "major_illness",
    "civil_servants": "civil_servants",
    "enterprise": "enterprise",
    "assistance": "assistance",
    "other": "other",
    "account": "account",
}
"""Meaning of fund_pay_type for each fund but the pool, whose meaning depends on the insurance."""


class PersonFields(TypedDict):
    """Fields of setlinfo about the person."""

    psn_no: str
    psn_name: str
    psn_cert_type: str
    certno: str
    gend: str
    naty: str
    brdy: str
    age: int
    insutype: str
    psn_type: str
    cvlserv_flag: str


class DetailFields(TypedDict):
    """Row of setldetail; amounts in yuan."""

    fund_pay_type: str
    inscp_scp_amt: Decimal
    crt_payb_lmt_amt: Decimal
    fund_payamt: Decimal
    fund_pay_type_name: str
    setl_proc_info: str


def person_fields(edition: Edition, person: Person, insurance: Insurance | None, on: str) -> PersonFields:
    """Returns the fields of setlinfo about the person; `on` is the wire time at which the age counts."""
    return {
        "psn_no": person.psn_no,
        "psn_name": person.name,
        "psn_cert_type": edition.code("psn_cert_type", person.certificate_type),
        "certno": person.certificate_number,
        "gend": edition.code("gend", person.gender),
        "naty": person.nationality,
        "brdy": person.birth.isoformat(),
        "age": completed_years(person.birth, from_wire(on).date()),
        "insutype": insurance.insutype if insurance else "",
        "psn_type": edition.code("psn_type", insurance.category) if insurance else "",
        "cvlserv_flag": "1" if insurance and insurance.civil_servant else "0",
    }


def amount_fields(amounts: Mapping[str, int], ratio: str, balance: int) -> dict[str, Decimal]:
    """Returns amounts in fen as yuan under their wire fields; `ratio` from 0 to 1 as text, `balance` in fen."""
    return {
        **{wire: yuan(amounts[ours]) for ours, wire in WIRE_AMOUNTS.items()},
        "pool_prop_selfpay": Decimal(ratio),
        "balc": yuan(balance),
        "acct_mulaid_pay": yuan(0),
    }


def clearing_fields(edition: Edition, insured_area: str) -> dict[str, str]:
    """Returns the fields of setlinfo about clearing between places."""
    return {
        "clr_optins": insured_area,
        "clr_way": edition.code("clr_way", "by_item"),
        "clr_type": edition.code("clr_type", "outpatient"),
    }


def setldetail(edition: Edition, insutype: str, details: Iterable[KeptShare]) -> list[DetailFields]:
    """Returns the rows of setldetail: pool, each layer and account that paid, with their codes (rules 20)."""
    rows: list[DetailFields] = []
    for share in details:
        code = edition.code("fund_pay_type", _fund_meaning(share["fund"], insutype))
        limit = share["limit"]
        rows.append(
            {
                "fund_pay_type": code,
                "inscp_scp_amt": yuan(share["base"]),
                "crt_payb_lmt_amt": yuan(limit if limit is not None else share["paid"]),
                "fund_payamt": yuan(share["paid"]),
                "fund_pay_type_name": edition.codes["fund_pay_type"].get(code, ""),
                "setl_proc_info": "",
            }
        )
    return rows


def amounts_from_wire(info: Mapping[str, object]) -> dict[str, object]:
    """Returns the amounts of an answer by the columns of a settlement row, in yuan as received."""
    return {ours: info.get(wire, 0) for ours, wire in WIRE_AMOUNTS.items()}


def settlement_answer(
    edition: Edition, person: PersonFields, amounts: Amounts, head: Mapping[str, object], insured_area: str
) -> Output:
    """Returns the output of 2206 and 2207; `head` holds the fields of setlinfo about the settlement itself."""
    return {
        "setlinfo": {
            **head,
            **person,
            **amount_fields(amounts.values, amounts.ratio, amounts.balance_after),
            **clearing_fields(edition, insured_area),
        },
        "setldetail": setldetail(edition, person["insutype"], amounts.details),
    }


def _fund_meaning(fund: str, insutype: str) -> str:
    if fund == "pool":
        return "pool_employees" if insutype == EMPLOYEES else "pool_residents"
    return FUND_CODES[fund]
