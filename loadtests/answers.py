"""Checks of an answer: success, the right person and visit, and every identity of the amounts.

The identities are those that both published texts print (fund and person make the total) and those that captured
messages keep (four parts of scope make the total, details make fund and account). Each check gives the first thing
that is wrong, or nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from simulator.loadtests.messages import amount, fen, read_answer

Check = Callable[[Mapping[str, Any]], str]
"""Of an output: the first thing that is wrong with it, or ""."""

FUNDS = ("hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "maf_pay", "oth_pay")
SCOPES = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
LINE_SCOPES = ("fulamt_ownpay_amt", "overlmt_amt", "preselfpay_amt", "inscp_scp_amt")
"""The four parts of scope as 2204's result names them, in the order of SCOPES."""
NEGATED = ("medfee_sumamt", *SCOPES, *FUNDS, "fund_pay_sumamt", "acct_pay", "psn_part_amt", "hosp_part_amt")
"""Amounts that 2208 answers with the opposite sign; the cash has another name there."""
_AGAIN = (*NEGATED, "psn_cash_pay", "act_pay_dedc", "balc", "pool_prop_selfpay")


def problem_of(infno: str, raw: bytes, status: int, check: Check) -> tuple[str, Mapping[str, Any]]:
    """Reason why an answer is a failure, named by infno and err_msg, or "" with its output."""
    if status != 200:
        return f"{infno} HTTP {status}", {}
    answer = read_answer(raw)
    if answer is None:
        return f"{infno} not a JSON object", {}
    if str(answer.get("infcode")) != "0":
        return f"{infno} infcode {answer.get('infcode')}: {answer.get('err_msg') or '-'}", {}
    output = answer.get("output")
    if not isinstance(output, Mapping):
        output = {}
    try:
        wrong = check(output)
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        # Of an answer that lacks what its transaction prints; the checks read it as if it were there.
        wrong = f"{type(error).__name__} {error}"
    return (f"{infno} {wrong}" if wrong else ""), output


def accepted(_output: Mapping[str, Any]) -> str:
    """Check that asks for infcode 0 and no more."""
    return ""


def this_person(certno: str) -> Check:
    """1101: the person who was asked for, with at least one insurance."""

    def check(output: Mapping[str, Any]) -> str:
        got = output["baseinfo"]["certno"]
        if got != certno:
            return f"baseinfo.certno {got}, not the one asked for"
        return "" if output["insuinfo"] else "insuinfo is empty"

    return check


def entitled(output: Mapping[str, Any]) -> str:
    """Check of 2001: every person in the mix is entitled."""
    row = output["trtinfo"][0]
    return "" if row["trt_enjymnt_flag"] == "1" else f"not entitled: {row['trt_chk_rslt']}"


def same(path: str, name: str, wanted: str) -> Check:
    """Check that a field of a node repeats the value that was sent."""

    def check(output: Mapping[str, Any]) -> str:
        got = output[path][name]
        return "" if got == wanted else f"{path}.{name} {got}, sent {wanted}"

    return check


def classified(lines: Sequence[Mapping[str, Any]]) -> Check:
    """Check of 2204: a row for each charge, in order, whose four parts make its amount."""

    def check(output: Mapping[str, Any]) -> str:
        rows = output["result"]
        if len(rows) != len(lines):
            return f"{len(rows)} rows for {len(lines)} charges"
        for sent, row in zip(lines, rows, strict=True):
            if row["feedetl_sn"] != sent["feedetl_sn"]:
                return f"row {row['feedetl_sn']} in the place of {sent['feedetl_sn']}"
            total = fen(sent["det_item_fee_sumamt"])
            if fen(row["det_item_fee_sumamt"]) != total or sum(fen(row[name]) for name in LINE_SCOPES) != total:
                return f"charge {sent['feedetl_sn']}: the four parts do not make {sent['det_item_fee_sumamt']}"
        return ""

    return check


def settled(
    *, total: int, scopes: Sequence[int], psn_no: str, mdtrt_id: str, as_before: Mapping[str, Any] | None = None
) -> Check:
    """2206A and 2207A: the identities, the person, the visit; `as_before` is a setlinfo that it must repeat."""

    def check(output: Mapping[str, Any]) -> str:
        info = output["setlinfo"]
        for name, wanted in (("psn_no", psn_no), ("mdtrt_id", mdtrt_id)):
            if info[name] != wanted:
                return f"setlinfo.{name} {info[name]}, not {wanted}"
        for name, wanted_fen in zip(("medfee_sumamt", *SCOPES), (total, *scopes), strict=True):
            if fen(info[name]) != wanted_fen:
                return f"setlinfo.{name} {info[name]}, the charges make {amount(wanted_fen)}"
        if as_before is not None:
            for name in _AGAIN:
                if info[name] != as_before[name]:
                    return f"setlinfo.{name} {info[name]}, before {as_before[name]}"
        return identities(info, output["setldetail"])

    return check


def cancelled(before: Mapping[str, Any]) -> Check:
    """2208: the same setl_id, every amount negated."""

    def check(output: Mapping[str, Any]) -> str:
        info = output["setlinfo"]
        if info["setl_id"] != before["setl_id"]:
            return f"setl_id {info['setl_id']}, cancelled {before['setl_id']}"
        for name in NEGATED:
            if fen(info[name]) != -fen(before[name]):
                return f"setlinfo.{name} {info[name]}, the opposite of {before[name]} was due"
        return identities(info, output["setldetail"], cash="pdn_cash_pay")

    return check


def identities(info: Mapping[str, Any], details: Sequence[Mapping[str, Any]], *, cash: str = "psn_cash_pay") -> str:
    """The identities of a settlement or its cancellation; the first that does not hold."""
    value = {name: fen(info[name]) for name in (*NEGATED, cash, "act_pay_dedc")}
    pairs = (
        ("medfee_sumamt = fund + person + hospital", ("fund_pay_sumamt", "psn_part_amt", "hosp_part_amt")),
        ("medfee_sumamt = four parts of scope", SCOPES),
    )
    for rule, parts in pairs:
        if sum(value[part] for part in parts) != value["medfee_sumamt"]:
            return f"{rule} does not hold"
    if sum(value[fund] for fund in FUNDS) != value["fund_pay_sumamt"]:
        return "fund_pay_sumamt = sum of funds does not hold"
    if value["acct_pay"] + value[cash] != value["psn_part_amt"]:
        return f"psn_part_amt = acct_pay + {cash} does not hold"
    if abs(value["act_pay_dedc"]) > abs(value["inscp_scp_amt"]):
        return "act_pay_dedc is more than inscp_scp_amt"
    if sum(fen(row["fund_payamt"]) for row in details) != value["fund_pay_sumamt"] + value["acct_pay"]:
        return "setldetail = fund + account does not hold"
    return ""
