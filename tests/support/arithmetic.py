"""The arithmetic that holds in and between messages, worked out a second time in exact fractions for tests.

After the printed rules of 2206, 2207, 2208 and 2204: who pays adds up to the total, funds to the fund's sum, and so on.
"""

from collections import defaultdict
from fractions import Fraction
from functools import cache

from tests.support.oracle import is_number

FUNDS = ("hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "maf_pay", "oth_pay")
SCOPE = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
PARTS = ("fulamt_ownpay_amt", "overlmt_amt", "preselfpay_amt", "inscp_scp_amt")
NEGATED = (
    *("medfee_sumamt", *SCOPE, "act_pay_dedc", *FUNDS, "hifdm_pay", "fund_pay_sumamt", "psn_part_amt", "psn_pay"),
    *("acct_pay", "acct_mulaid_pay", "psn_cash_pay", "pdn_cash_pay", "cash_payamt", "hosp_part_amt"),
)
PRINTED_AS = {"pdn_cash_pay": "psn_cash_pay"}
"""A field that 2208 prints under another name than 2207."""
UPLOAD = ("2204", "2301")
PREVIEW, SETTLE, CANCEL = ("2206", "2206A", "2303", "2303A"), ("2207", "2207A", "2304", "2304A"), ("2208", "2305")
SPENDING = (*SETTLE, *CANCEL, "2401", "2501", "2501A", "2502", "2503", "2504", "2601", "SIM-FILING")
ENDS = (("begn", "end"), ("Begn", "End"), ("stt", "end"), ("adm", "dscg"))


def money(value):
    """An amount in whole fen; None where it is no amount of money."""
    return None if isinstance(value, bool) or value in (None, "") else _fen(str(value))


@cache
def _fen(written):
    try:
        fen = Fraction(written) * 100
    except (ValueError, ZeroDivisionError):
        return None
    return int(fen) if fen.denominator == 1 and abs(fen) < 10**16 else None


def total(row, names):
    return sum(money(row.get(name)) or 0 for name in names)


def within_settlement(output):
    """The identities of one answer with `setlinfo`."""
    info, found = output["setlinfo"], []
    known = {name: money(value) for name, value in info.items() if is_number(value) or isinstance(value, str)}
    get = known.get
    at = "/output/setlinfo/"
    person = get("psn_part_amt") if "psn_part_amt" in info else get("psn_pay")
    person_name = "psn_part_amt" if "psn_part_amt" in info or "psn_pay" not in info else "psn_pay"
    cash = next((get(name) for name in ("psn_cash_pay", "pdn_cash_pay", "cash_payamt") if name in info), None)
    medfee, fund, account, hospital = (
        get("medfee_sumamt"),
        get("fund_pay_sumamt"),
        get("acct_pay"),
        get("hosp_part_amt"),
    )
    if None not in (medfee, fund, person):
        short = medfee - fund - person - (hospital or 0)
        # The hospital's share, where it is not answered, can only fill the sum up.
        may_be_hospitals = hospital is None and (short > 0 if medfee >= 0 else short < 0)
        if short and not may_be_hospitals:
            found.append(("identity_total", at + "medfee_sumamt"))
    if fund is not None and get("hifp_pay") is not None:
        paid = total(info, FUNDS)
        if fund not in (paid, paid + (get("hifdm_pay") or 0)):
            found.append(("identity_funds", at + "fund_pay_sumamt"))
    if medfee is not None and all(get(name) is not None for name in SCOPE) and medfee != total(info, SCOPE):
        found.append(("identity_scope", at + "medfee_sumamt"))
    if None not in (person, cash, account) and person != account + cash:
        found.append(("identity_person", at + person_name))
    if None not in (account, get("acct_mulaid_pay")) and abs(get("acct_mulaid_pay")) > abs(account):
        found.append(("identity_shared_account", at + "acct_mulaid_pay"))
    if None not in (get("act_pay_dedc"), get("inscp_scp_amt")) and abs(get("act_pay_dedc")) > abs(get("inscp_scp_amt")):
        found.append(("identity_deductible", at + "act_pay_dedc"))
    return found + _detail(output.get("setldetail"), fund, account or 0)


def _detail(detail, fund, account):
    if fund is None or not isinstance(detail, list) or not detail:
        return []
    rows = [row for row in detail if isinstance(row, dict)]
    paid = [money(row.get("fund_payamt")) for row in rows]
    with_account = any(str(row.get("fund_pay_type", "")) in ("310200", "310201") for row in rows)
    if None in paid or sum(paid) == fund + (account if with_account else 0):
        return []
    return [("identity_detail", "/output/setldetail")]


def within_charges(rows, place):
    """Price times quantity is the line's amount, within a fen."""
    found = []
    for index, row in enumerate(rows):
        amount = money(row.get("det_item_fee_sumamt"))
        try:
            exact = Fraction(str(row.get("cnt"))) * Fraction(str(row.get("pric"))) * 100
        except ValueError:
            continue
        if amount is None or max(abs(Fraction(str(row[name]))) for name in ("cnt", "pric")) >= 10**13:
            continue
        rounded = (abs(exact) + Fraction(1, 2)).__floor__() * (1 if exact >= 0 else -1)
        if min(abs(exact - amount), abs(rounded - amount)) > 1:
            found.append(("identity_line", f"{place}/{index}/det_item_fee_sumamt"))
    return found


def within_classification(rows):
    found = []
    for index, row in enumerate(rows):
        amount = money(row.get("det_item_fee_sumamt"))
        if amount is None or all(row.get(name) in (None, "") for name in PARTS) or amount == total(row, PARTS):
            continue
        found.append(("identity_line_scope", f"/output/result/{index}/det_item_fee_sumamt"))
    return found


def spans(rows):
    """Of one node's rows, the fields that begin and end the same thing, both days or both times."""
    kinds = {name: row.type for name, row in rows.items() if row.type in ("D", "DT")}
    pairs = [(name, name.replace(begin, end, 1)) for name in kinds for begin, end in ENDS if begin in name]
    return [(name, other) for name, other in pairs if name != other and kinds.get(other) == kinds[name]]


def dates(value, path, pairs, at=""):
    """Where an end stands before its begin; `pairs` holds the spans of each node that has some."""
    if isinstance(value, list):
        return [each for index, item in enumerate(value) for each in dates(item, f"{path}/{index}", pairs, at)]
    if not isinstance(value, dict):
        return []
    found = []
    for begin, end in pairs.get(at, ()):
        first, last = value.get(begin), value.get(end)
        if isinstance(first, str) and isinstance(last, str) and "" < last < first:
            found.append(("dates_order", f"{path}/{end}"))
    for name, inner in value.items():
        if isinstance(inner, (dict, list)):
            found += dates(inner, f"{path}/{name}", pairs, f"{at}.{name}".strip("."))
    return found


def truths_apart(value):
    """The value with `true` and `false` as texts, because Python holds them equal to 1 and 0."""
    if isinstance(value, dict):
        return {name: truths_apart(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [truths_apart(inner) for inner in value]
    return repr(value) if isinstance(value, bool) else value


class Conversation:
    """What earlier messages of a conversation bind later ones to, on each of its two sides."""

    def __init__(self):
        self.charges = defaultdict(dict)
        self.previews, self.settlements, self.spent = {}, {}, {}

    def fork(self):
        """One that goes on from here and leaves this where it is."""
        own = Conversation()
        own.charges.update({visit: dict(charges) for visit, charges in self.charges.items()})
        own.previews, own.settlements, own.spent = dict(self.previews), dict(self.settlements), dict(self.spent)
        return own

    def asked(self, side, infno, msgid, body):
        found = []
        if infno in SPENDING and isinstance(msgid, str) and msgid:
            known, sent = self.spent.get((side, msgid)), (infno, truths_apart(body))
            found += [("msgid_twice", "/msgid")] if known not in (None, sent) else []
            self.spent[side, msgid] = sent
        if not isinstance(body, dict):
            return found
        rows = objects(body.get("feedetail"))
        if infno in UPLOAD:
            found += within_charges(rows, "/input/feedetail")
            # What an interval of a stay takes in, no message of the hospital tells.
            for row in rows if infno == "2204" else ():
                amount = money(row.get("det_item_fee_sumamt"))
                if amount is not None:
                    self.charges[side, key(row, "mdtrt_id")][key(row, "chrg_bchno"), key(row, "feedetl_sn")] = amount
        data = body.get("data")
        if infno not in (*PREVIEW, *SETTLE) or not isinstance(data, dict):
            return found
        batch = self.batch(side, body, data)
        if batch is not None and money(data.get("medfee_sumamt")) not in (None, batch):
            found.append(("identity_batch", "/input/data/medfee_sumamt"))
        before = self.previews.get((side, key(data, "mdtrt_id"), key(data, "chrg_bchno"))) if infno in SETTLE else None
        for name in SCOPE if before else ():
            if None not in (money(before.get(name)), money(data.get(name))) and money(before[name]) != money(
                data[name]
            ):
                found.append(("identity_repeated", f"/input/data/{name}"))
        return found

    def batch(self, side, body, data):
        """What the batch that is settled has been charged; None where the recording does not tell."""
        own = body.get("feedetail")
        if isinstance(own, list) and own:
            amounts = [money(row.get("det_item_fee_sumamt")) for row in objects(own)]
            return None if None in amounts else sum(amounts)
        visit = self.charges.get((side, key(data, "mdtrt_id")), {})
        amounts = [amount for (batch, _), amount in visit.items() if batch == key(data, "chrg_bchno")]
        return sum(amounts) if amounts else None

    def answered(self, side, infno, asked, output, *, refused, msgid):
        """What a later answer says; a refusal undoes what its request would have bound."""
        body = asked if isinstance(asked, dict) else {}
        data = body.get("data")
        if refused:
            self.spent.pop((side, msgid), None)
            for row in objects(body.get("feedetail")) if infno == "2204" else ():
                visit = self.charges.get((side, key(row, "mdtrt_id")), {})
                visit.pop((key(row, "chrg_bchno"), key(row, "feedetl_sn")), None)
            return []
        if infno == "2205":
            for row in objects(data if isinstance(data, list) else [data]):
                self.withdraw(side, row)
            return []
        if not isinstance(output, dict):
            return []
        if infno in UPLOAD:
            return within_classification(objects(output.get("result")))
        info = output.get("setlinfo")
        if not isinstance(info, dict):
            return []
        found = within_settlement(output)
        return found + (self.settled(side, infno, data, info) if isinstance(data, dict) else [])

    def settled(self, side, infno, data, info):
        if infno in CANCEL:
            before = self.settlements.get((side, key(data, "setl_id")), {})
            pairs = [
                (name, money(before.get(PRINTED_AS.get(name, name))), money(info[name]))
                for name in NEGATED
                if name in info
            ]
            wrong = [name for name, was, now in pairs if None not in (was, now) and was != -now]
            return [("identity_cancelled", f"/output/setlinfo/{name}") for name in wrong]
        found = []
        if infno in (*PREVIEW, *SETTLE):
            asked, answered = money(data.get("medfee_sumamt")), money(info.get("medfee_sumamt"))
            found = (
                [("identity_batch", "/output/setlinfo/medfee_sumamt")]
                if None not in (asked, answered) and (asked != answered)
                else []
            )
        if infno in PREVIEW:
            self.previews[side, key(data, "mdtrt_id"), key(data, "chrg_bchno")] = info
        elif infno in SETTLE and key(info, "setl_id"):
            self.previews.pop((side, key(data, "mdtrt_id"), key(data, "chrg_bchno")), None)
            self.settlements[side, key(info, "setl_id")] = info
        return found

    def withdraw(self, side, row):
        visit = self.charges.get((side, key(row, "mdtrt_id")), {})
        batch, number = key(row, "chrg_bchno"), key(row, "feedetl_sn")
        everything = "0000" in (batch, number)
        for known in list(visit):
            if everything or (known[1] == number if number else known[0] == batch):
                del visit[known]


def objects(rows):
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def key(row, name):
    value = row.get(name, "")
    return value if isinstance(value, str) else "" if value is None else str(value)[:60]
