"""Identities between the amounts of a message or of two messages, on plain wire objects.

Source: the settlement rules printed with 2206, 2207, 2303, 2304, 5203 and 5204 in both texts, and four captured
messages on which they were checked to the fen.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.contract.amounts import FUNDS, NAMES, SCOPE, decimal_of, fen_of, first_of, written
from simulator.contract.breaches import ContractBreach
from simulator.core.money import half_up
from simulator.core.texts import Text, plain, text

ACCOUNT_CODES = ("310200", "310201")
"""fund_pay_type of the personal account, as printed and as some provinces write it."""

_LINE_TOLERANCE = 1
"""Fen by which price times quantity may differ from a line's amount (hospital systems round differently)."""


def settlement_faults(
    infno: str, output: Mapping[str, Any], *, account_in_fund: bool = False
) -> tuple[ContractBreach, ...]:
    """The identities of `setlinfo` and `setldetail`; a cancellation keeps them with every sign turned.

    `account_in_fund`: some provinces count the personal account inside fund_pay_sumamt.
    """
    info = output.get("setlinfo")
    if not isinstance(info, Mapping):
        return ()
    found = [
        _total_of_payers(infno, info, account_in_fund=account_in_fund),
        _total_of_funds(infno, info, account_in_fund=account_in_fund),
        _total_of_scope(infno, info),
        _person_part(infno, info),
        _shared_account(infno, info),
        _deductible(infno, info),
        _detail(infno, info, output.get("setldetail"), account_in_fund=account_in_fund),
    ]
    return tuple(fault for fault in found if fault is not None)


def cancellation_faults(
    infno: str, original: Mapping[str, Any], cancelled: Mapping[str, Any]
) -> tuple[ContractBreach, ...]:
    """Every amount of a cancellation is the original's negated; balance and ratio are not, some may be missing."""
    before, after = original.get("setlinfo"), cancelled.get("setlinfo")
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return ()
    found: list[ContractBreach] = []
    for name in (name for name in NAMES if name in after):
        twin = "psn_cash_pay" if name == "pdn_cash_pay" else name
        was, now = fen_of(before.get(twin)), fen_of(after[name])
        if was is not None and now is not None and now != -was:
            allowed = text("contract.identity_negated", field=twin, amount=written(-was))
            found.append(_fault("identity_cancelled", infno, f"/output/setlinfo/{name}", name, now, allowed))
    return tuple(found)


def charge_faults(infno: str, charge: Mapping[str, Any], path: str) -> tuple[ContractBreach, ...]:
    """Price times quantity is the line's amount, within one fen."""
    quantity, price = decimal_of(charge.get("cnt")), decimal_of(charge.get("pric"))
    amount = fen_of(charge.get("det_item_fee_sumamt"))
    if quantity is None or price is None or amount is None or quantity.adjusted() > 12 or price.adjusted() > 12:
        return ()
    exact = quantity * price * 100
    if abs(exact - amount) <= _LINE_TOLERANCE:
        return ()
    product = half_up(exact)
    if abs(product - amount) <= _LINE_TOLERANCE:
        return ()
    words = text("contract.identity_line", cnt=f"{quantity:f}", pric=f"{price:f}", amount=written(product))
    where = f"{path}/det_item_fee_sumamt"
    return (_fault("identity_line", infno, where, "det_item_fee_sumamt", amount, words),)


def classification_faults(infno: str, line: Mapping[str, Any], path: str) -> tuple[ContractBreach, ...]:
    """The classified parts of a line add up to its amount."""
    parts = ("fulamt_ownpay_amt", "overlmt_amt", "preselfpay_amt", "inscp_scp_amt")
    amount = fen_of(line.get("det_item_fee_sumamt"))
    if amount is None or not any(line.get(name) not in (None, "") for name in parts):
        return ()
    wrong = _unequal("identity_line_scope", infno, path, "det_item_fee_sumamt", amount, line, parts)
    return () if wrong is None else (wrong,)


def batch_fault(infno: str, total: Any, charges: Sequence[int] | int, path: str) -> ContractBreach | None:
    """The settled total equals the sum of the batch's charges (fen)."""
    amount = fen_of(total)
    wanted = charges if isinstance(charges, int) else sum(charges)
    if amount is None or amount == wanted:
        return None
    words = text("contract.identity_batch", amount=written(wanted))
    return _fault("identity_batch", infno, path, "medfee_sumamt", amount, words)


def repeated_faults(infno: str, pre_settled: Mapping[str, Any], data: Mapping[str, Any]) -> tuple[ContractBreach, ...]:
    """The four amounts that 2207 sends are those that 2206 answered."""
    found: list[ContractBreach] = []
    for name in SCOPE:
        was, now = fen_of(pre_settled.get(name)), fen_of(data.get(name))
        if was is not None and now is not None and was != now:
            words = text("contract.identity_repeated", amount=written(was))
            found.append(_fault("identity_repeated", infno, f"/input/data/{name}", name, now, words))
    return tuple(found)


def _total_of_payers(infno: str, info: Mapping[str, Any], *, account_in_fund: bool) -> ContractBreach | None:
    total, fund = fen_of(info.get("medfee_sumamt")), fen_of(info.get("fund_pay_sumamt"))
    name, person = first_of(info, "psn_part_amt", "psn_pay")
    if total is None or fund is None or person is None:
        return None
    account = (fen_of(info.get("acct_pay")) or 0) if account_in_fund else 0
    hospital = fen_of(info.get("hosp_part_amt"))
    sum_known = fund + person - account + (hospital or 0)
    if total == sum_known:
        return None
    if hospital is None and (total - sum_known) * (1 if total >= 0 else -1) > 0:
        # What the hospital carries is not answered by every transaction; it can only fill the sum up.
        return None
    parts = f"fund_pay_sumamt {written(fund)} + {name} {written(person)} + hosp_part_amt {written(hospital or 0)}"
    if account:
        parts += f" - acct_pay {written(account)}"
    words = plain(f"{parts} = {written(sum_known)}")
    return _fault("identity_total", infno, "/output/setlinfo/medfee_sumamt", "medfee_sumamt", total, words)


def _total_of_funds(infno: str, info: Mapping[str, Any], *, account_in_fund: bool) -> ContractBreach | None:
    fund = fen_of(info.get("fund_pay_sumamt"))
    if fund is None or fen_of(info.get("hifp_pay")) is None:
        return None
    wanted = sum(fen_of(info.get(name)) or 0 for name in FUNDS)
    wanted += (fen_of(info.get("acct_pay")) or 0) if account_in_fund else 0
    apart = fen_of(info.get("hifdm_pay")) or 0
    # Printed: oth_pay includes it. As a field of its own it may also stand beside oth_pay.
    if fund in (wanted, wanted + apart):
        return None
    words = _sum_words(info, FUNDS, wanted)
    return _fault("identity_funds", infno, "/output/setlinfo/fund_pay_sumamt", "fund_pay_sumamt", fund, words)


def _total_of_scope(infno: str, info: Mapping[str, Any]) -> ContractBreach | None:
    total = fen_of(info.get("medfee_sumamt"))
    if total is None or any(fen_of(info.get(name)) is None for name in SCOPE):
        return None
    return _unequal("identity_scope", infno, "/output/setlinfo", "medfee_sumamt", total, info, SCOPE)


def _person_part(infno: str, info: Mapping[str, Any]) -> ContractBreach | None:
    name, person = first_of(info, "psn_part_amt", "psn_pay")
    cash_name, cash = first_of(info, "psn_cash_pay", "pdn_cash_pay", "cash_payamt")
    account = fen_of(info.get("acct_pay"))
    if person is None or cash is None or account is None or person == account + cash:
        return None
    parts = f"acct_pay {written(account)} + {cash_name} {written(cash)} = {written(account + cash)}"
    return _fault("identity_person", infno, f"/output/setlinfo/{name}", name, person, plain(parts))


def _shared_account(infno: str, info: Mapping[str, Any]) -> ContractBreach | None:
    account, shared = fen_of(info.get("acct_pay")), fen_of(info.get("acct_mulaid_pay"))
    if account is None or shared is None or abs(shared) <= abs(account):
        return None
    words = text("contract.identity_shared", amount=written(account))
    where = "/output/setlinfo/acct_mulaid_pay"
    return _fault("identity_shared_account", infno, where, "acct_mulaid_pay", shared, words)


def _deductible(infno: str, info: Mapping[str, Any]) -> ContractBreach | None:
    taken, scope = fen_of(info.get("act_pay_dedc")), fen_of(info.get("inscp_scp_amt"))
    if taken is None or scope is None or abs(taken) <= abs(scope):
        return None
    words = text("contract.identity_deductible", amount=written(scope))
    return _fault("identity_deductible", infno, "/output/setlinfo/act_pay_dedc", "act_pay_dedc", taken, words)


def _detail(infno: str, info: Mapping[str, Any], detail: Any, *, account_in_fund: bool) -> ContractBreach | None:
    fund, account = fen_of(info.get("fund_pay_sumamt")), fen_of(info.get("acct_pay")) or 0
    if fund is None or not isinstance(detail, list) or not detail:
        return None
    rows = [row for row in detail if isinstance(row, Mapping)]
    paid = [fen_of(row.get("fund_payamt")) for row in rows]
    if any(amount is None for amount in paid):
        return None
    total = sum(amount or 0 for amount in paid)
    listed = any(str(row.get("fund_pay_type", "")) in ACCOUNT_CODES for row in rows)
    wanted = fund + (account if listed and not account_in_fund else 0)
    if total == wanted:
        return None
    formula = f"fund_pay_sumamt {written(fund)}" + (f" + acct_pay {written(account)}" if listed else "")
    words = plain(f"{formula} = {written(wanted)}")
    return _fault("identity_detail", infno, "/output/setldetail", "fund_payamt", total, words)


def _unequal(  # the parts of one sentence
    rule: str, infno: str, path: str, name: str, amount: int, row: Mapping[str, Any], parts: Sequence[str]
) -> ContractBreach | None:
    wanted = sum(fen_of(row.get(part)) or 0 for part in parts)
    if amount == wanted:
        return None
    return _fault(rule, infno, f"{path}/{name}", name, amount, _sum_words(row, parts, wanted))


def _sum_words(row: Mapping[str, Any], parts: Sequence[str], wanted: int) -> Text:
    terms = [(part, fen_of(row.get(part)) or 0) for part in parts]
    shown = " + ".join(f"{part} {written(amount)}" for part, amount in terms if amount) or "0.00"
    return plain(f"{shown} = {written(wanted)}")


def _fault(rule: str, infno: str, path: str, name: str, amount: int, allowed: Text) -> ContractBreach:
    title = NAMES[name]
    sentence = text(f"contract.fault_{rule}", field=name, name=title, got=written(amount), allowed=allowed)
    direction = "out" if path.startswith("/output") else "in"
    node = ".".join(part for part in path.split("/")[2:] if not part.isdigit())
    return ContractBreach(rule, path, name, title, written(amount), allowed, sentence, f"{infno} {direction} {node}")
