"""The output of the settlement family: setlinfo and setldetail."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.second_agency.award import Award, Claim
from tests.second_agency.people import PSN_TYPES, Insurance, Person
from tests.second_agency.wire import yuan

FUNDS = {
    "civil_servants": ("cvlserv_pay", "320100", "公务员医疗补助基金"),
    "enterprise": ("hifes_pay", "370100", "企业补充医疗保险基金"),
    "major_illness": ("hifmi_pay", "390200", "城乡居民大病医疗保险基金"),
    "large_amount": ("hifob_pay", "330100", "大额医疗费用补助基金"),
    "assistance": ("maf_pay", "610100", "医疗救助基金"),
    "other": ("oth_pay", "999997", "其他基金"),
}
POOLS = {"310": ("310100", "城镇职工基本医疗保险统筹基金"), "390": ("390100", "城乡居民基本医疗保险基金")}
_SEXES = {"male": "1", "female": "2"}
_NOT_TURNED = {"balc", "pool_prop_selfpay", "crt_payb_lmt_amt"}
_CANCELLED = (
    *("medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt", "act_pay_dedc"),
    *("hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "maf_pay", "oth_pay", "fund_pay_sumamt"),
    *("psn_part_amt", "acct_pay", "hosp_part_amt", "pool_prop_selfpay", "acct_mulaid_pay"),
)


def about(person: Person, insurance: Insurance, day: str) -> dict[str, Any]:
    """Who it is, as setlinfo and baseinfo tell it."""
    return {
        "psn_no": person.psn_no,
        "psn_name": person.name,
        "psn_cert_type": "01",
        "certno": person.certno,
        "gend": _SEXES[person.sex],
        "naty": "1",
        "brdy": person.birth,
        "age": person.age(day),
        "insutype": insurance.insutype,
        "psn_type": PSN_TYPES[insurance.category],
        "cvlserv_flag": "1" if insurance.civil_servant else "0",
    }


class Answers:
    def __init__(self, area: str, defects: frozenset[str]) -> None:
        self.area = area
        self.defects = defects

    def settled(self, claim: Claim, award: Award, data: Mapping[str, Any], stated: Mapping[str, Any]) -> dict[str, Any]:
        """A settlement or pre-settlement; `stated` has the person, the numbers and the time."""
        balance = claim.balance if "balance_before" in self.defects else claim.balance - award.account
        ratio = Decimal("0.0000") if "ratio_not_shown" in self.defects else award.ratio
        info = {
            "mdtrt_id": data["mdtrt_id"],
            "mdtrt_cert_type": data["mdtrt_cert_type"],
            "med_type": data["med_type"],
            **stated,
            "medfee_sumamt": yuan(claim.total),
            "fulamt_ownpay_amt": yuan(claim.own_purchase),
            "overlmt_selfpay": yuan(claim.above_ceiling),
            "preselfpay_amt": yuan(sum(claim.priors)),
            "inscp_scp_amt": yuan(claim.in_scope),
            "act_pay_dedc": yuan(award.deductible),
            "hifp_pay": yuan(award.pool),
            **{name: yuan(award.layers.get(fund, 0)) for fund, (name, _, _) in FUNDS.items()},
            "fund_pay_sumamt": yuan(award.funds),
            "psn_part_amt": yuan(award.personal),
            "acct_pay": yuan(award.account),
            "psn_cash_pay": yuan(award.personal - award.account),
            "hosp_part_amt": yuan(award.hospital),
            "pool_prop_selfpay": ratio,
            "balc": yuan(balance),
            "acct_mulaid_pay": yuan(0),
            "clr_optins": self.area,
            "clr_way": "1",
            "clr_type": "11",
        }
        if "account_inside_the_funds" in self.defects:
            info["fund_pay_sumamt"] = yuan(award.funds + award.account)
        return {"setlinfo": info, "setldetail": self._details(claim, award)}

    def _details(self, claim: Claim, award: Award) -> list[dict[str, Any]]:
        code, name = POOLS[claim.insutype]
        found = [_detail(code, name, claim.in_scope, award.room, award.pool)]
        for fund, paid in award.layers.items():
            if paid > 0 and "details_lack_the_layers" not in self.defects:
                _, code, name = FUNDS[fund]
                found.append(_detail(code, name, award.bases[fund], None, paid))
        if award.account > 0 and "details_lack_the_account" not in self.defects:
            row = _detail("310200", "城镇职工基本医疗保险个人账户基金", award.account, claim.balance, award.account)
            found.append(row)
        if "details_cut_after_the_first" in self.defects:
            found = found[:1]
        if "details_one_fen_off" in self.defects:
            found[0]["fund_payamt"] += Decimal("0.01")
        return found

    def cancelled(self, answer: Mapping[str, Any], msgid: str, time: str, balance: int) -> dict[str, Any]:
        """The original with every amount turned, under its own number."""
        info = answer["setlinfo"]
        turned = {name: self._turned(name, info[name]) for name in _CANCELLED}
        shown = -balance if "balance_negated" in self.defects else balance
        details = [{name: self._turned(name, value) for name, value in row.items()} for row in answer["setldetail"]]
        return {
            "setlinfo": {
                "mdtrt_id": info["mdtrt_id"],
                "setl_id": info["setl_id"],
                "clr_optins": self.area,
                "setl_time": time,
                **turned,
                "balc": yuan(shown),
                "pdn_cash_pay": self._turned("pdn_cash_pay", info["psn_cash_pay"]),
                "medins_setl_id": msgid,
            },
            "setldetail": details,
        }

    def _turned(self, name: str, value: Any) -> Any:
        if "cancelled_amounts_positive" in self.defects:
            return value
        return value if name in _NOT_TURNED or not isinstance(value, Decimal) else 0 - value


def _detail(code: str, name: str, base: int, room: int | None, paid: int) -> dict[str, Any]:
    return {
        "fund_pay_type": code,
        "inscp_scp_amt": yuan(base),
        "crt_payb_lmt_amt": yuan(99999999 if room is None else room),
        "fund_payamt": yuan(paid),
        "fund_pay_type_name": name,
        "setl_proc_info": "",
    }
