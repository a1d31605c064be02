"""Amounts of plain wire objects in fen, and their Chinese names."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from simulator.core.money import NotAnAmount, to_fen, yuan

NAMES = {
    "medfee_sumamt": "医疗费总额",
    "fulamt_ownpay_amt": "全自费金额",
    "overlmt_selfpay": "超限价金额",
    "overlmt_amt": "超限价金额",
    "preselfpay_amt": "先行自付金额",
    "inscp_scp_amt": "符合政策范围金额",
    "act_pay_dedc": "实际支付起付线",
    "hifp_pay": "统筹基金支出",
    "cvlserv_pay": "公务员医疗补助支出",
    "hifes_pay": "企业补充医疗保险支出",
    "hifmi_pay": "居民大病保险支出",
    "hifob_pay": "职工大额医疗费用补助支出",
    "maf_pay": "医疗救助支出",
    "oth_pay": "其他支出",
    "hifdm_pay": "伤残人员医疗保障支出",
    "fund_pay_sumamt": "基金支付总额",
    "psn_part_amt": "个人负担总金额",
    "psn_pay": "个人支付金额",
    "acct_pay": "个人账户支出",
    "acct_mulaid_pay": "个人账户共济支付金额",
    "psn_cash_pay": "个人现金支出",
    "pdn_cash_pay": "个人现金支出",
    "cash_payamt": "现金支付金额",
    "hosp_part_amt": "医院负担金额",
    "det_item_fee_sumamt": "明细项目费用总额",
    "fund_payamt": "基金支付金额",
}

SCOPE = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
"""The four amounts of 2206 that 2207 sends back."""

FUNDS = ("hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "maf_pay", "oth_pay")


def decimal_of(value: Any) -> Decimal | None:
    """Number as it was written, also where a lenient client sent text; None for a value that is not a number."""
    if value.__class__ is Decimal:
        return value if value.is_finite() else None
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
        return None
    try:
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    except ArithmeticError:
        return None
    return number if number.is_finite() else None


def fen_of(value: Any) -> int | None:
    """Amount in fen; None where it is missing, empty or not an amount, which the contract has reported already."""
    if value.__class__ is Decimal:
        # The common case by the shortest way; a recording has hundreds of thousands of them.
        if not value.is_finite() or value.adjusted() > 13:
            return None
        hundredfold = value * 100
        fen = int(hundredfold)
        return fen if fen == hundredfold else None
    number = decimal_of(value)
    if number is None:
        return None
    try:
        return to_fen(number)
    except NotAnAmount:
        return None


def first_of(row: Mapping[str, Any], *names: str) -> tuple[str, int | None]:
    """The first of several names that a row carries, with its amount: transactions name the same thing differently."""
    for name in names:
        if name in row:
            return name, fen_of(row[name])
    return names[0], None


def written(fen: int) -> str:
    return f"{yuan(fen):f}"
