"""An agency written from docs/agency-protocol.md and the rules alone: plain standard library, nothing of the product.

Its policy and arithmetic stand in stub_policy.py, its memory is in dicts.
`mistakes` makes it wrong on purpose, one rule at a time; a right one has none.
"""

import json
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.agencies import stub_policy as policy
from tests.agencies.stub_policy import fen, yuan

PSN_TYPE = {"employed": "11", "retired": "12", "resident": "15", "child": "1403"}
AMOUNTS = (
    *("medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt", "act_pay_dedc"),
    *("hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "maf_pay", "oth_pay", "fund_pay_sumamt"),
    *("psn_part_amt", "acct_pay", "psn_cash_pay", "hosp_part_amt", "acct_mulaid_pay"),
)
EFFECTS = ("2207", "2207A", "2208", "2501", "2501A", "2502", "2503", "2504", "2601", "SIM-FILING")
IRREVERSIBLE = ("2501", "2501A", "2502", "2503", "2504", "SIM-FILING")


class No(Exception):
    """infcode -1, with the reason."""


def canonical(value: Any) -> Any:
    """Equal for bodies equal as parsed JSON: order of keys and 1.0 against 1.00 do not matter."""
    if isinstance(value, dict):
        return sorted((key, canonical(item)) for key, item in value.items())
    if isinstance(value, list):
        return [canonical(item) for item in value]
    return str(Decimal(str(value)).normalize()) if isinstance(value, int | Decimal) else value


@dataclass
class Settlement:
    number: str
    msgid: str
    person: dict[str, Any]
    insutype: str
    key: tuple[str, str]
    at: str
    info: dict[str, Any]
    detail: list[dict[str, Any]]
    moves: dict[tuple[str, str], int]
    account: int
    state: str = "live"
    cancelled_at: str = ""
    cancelled_by: str = ""


@dataclass
class StubAgency:
    """The books of a city; `handle` takes a parsed message and gives the answer."""

    people: list[dict[str, Any]]
    mistakes: frozenset[str] = frozenset()
    area: str = "230900"
    url: str = ""
    seen: list[dict[str, Any]] = field(default_factory=list)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    settlements: list[Settlement] = field(default_factory=list)
    balances: dict[tuple[str, str, str, str, str], int] = field(default_factory=lambda: defaultdict(int))
    lock: Any = field(default_factory=threading.Lock)
    serial: int = 0

    def __post_init__(self) -> None:
        for person in self.people:
            person.setdefault("registrations", [])
            person.setdefault("filings", [])
            for each in person.get("accumulators", []):
                key = (person["psn_no"], each["insutype"], str(each["year"]), each["kind"], each.get("disease", ""))
                self.balances[key] += fen(each["amount"])

    # --- the envelope -------------------------------------------------------------------------------------------

    def handle(self, message: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            self.seen.append(message)
            try:
                output, infcode, told = self._once(message), "0", ""
            except No as no:
                output, infcode, told = {}, "-1", str(no)
        self.serial += 1
        stamp = message["inf_time"].translate(str.maketrans("", "", "- :"))
        answer = {
            "infcode": infcode,
            "inf_refmsgid": f"{self.area}{stamp}{self.serial:010d}",
            "refmsg_time": stamp + "000",
            "respond_time": stamp + "000",
            "err_msg": told,
            "output": output,
        }
        return self._apply_after_handling(message["infno"], answer)

    def _once(self, message: dict[str, Any]) -> dict[str, Any]:
        """The same message gives the same answer; another body under a spent msgid is refused."""
        infno, msgid = message["infno"], message["msgid"]
        body = canonical([infno, message["fixmedins_code"], message["input"]])
        known = self.messages.get(msgid)
        if infno in EFFECTS and known is not None:
            if known["state"] == "reversed" and "accepts_late" not in self.mistakes:
                raise No("已冲正")
            if known["state"] != "reversed":
                if known["body"] != body:
                    raise No("报文ID已用于其他内容")
                return known["answer"]
        name = infno.removesuffix("A").replace("-", "_").lower()
        handler = getattr(self, f"_{name}", None)
        if handler is None:
            raise No(f"不支持 {infno}")
        answer, effect = handler(message, message["input"])
        if infno in EFFECTS:
            psn_no = next(iter(message["input"].values()))["psn_no"]
            self.messages[msgid] = {
                "infno": infno, "psn_no": psn_no, "body": body, "answer": answer, "effect": effect, "state": "done",
            }  # fmt: skip
        return answer

    # --- who, what is granted, what accrued ---------------------------------------------------------------------

    def _1101(self, message: Any, body: Any) -> Any:
        data = body["data"]
        held = {"01": "credential_token", "02": "certno", "03": "card_no"}[data["mdtrt_cert_type"]]
        found = [each for each in self.people if each[held] == data["mdtrt_cert_no"]]
        if not found:
            raise No("查无此人")
        person = found[0]
        if data["mdtrt_cert_type"] == "03" and data.get("card_sn") != person["card_sn"]:
            raise No("卡识别码不符")
        if data.get("psn_name") not in (None, "", person["psn_name"]):
            raise No("姓名不符")
        if "other_person" in self.mistakes:
            person = next(each for each in self.people if each is not person)
        gender = {"male": "1", "female": "2"}[person["sex"]]
        today = message["inf_time"][:10]
        age = int(today[:4]) - int(person["birth"][:4]) - (today[5:] < person["birth"][5:])
        base = {
            "psn_no": person["psn_no"], "psn_cert_type": "01", "certno": person["certno"],
            "psn_name": person["psn_name"], "gend": gender, "naty": "1", "brdy": person["birth"], "age": age,
        }  # fmt: skip
        insurance = {
            "balc": yuan(fen(person.get("account_balance", 0))), "insutype": person["insutype"],
            "psn_type": PSN_TYPE[person["category"]], "psn_insu_stas": self._status(person),
            "psn_insu_date": person.get("insured_from", "2020-01-01"), "paus_insu_date": "",
            "cvlserv_flag": "1" if person.get("civil_servant") else "0",
            "insuplc_admdvs": person["insured_at"], "emp_name": person.get("employer", ""),
        }  # fmt: skip
        return {"baseinfo": base, "insuinfo": [insurance], "idetinfo": []}, None

    def _2001(self, message: Any, body: Any) -> Any:
        data = body["data"]
        person = self._person(data["psn_no"])
        begins = data["begntime"][:10]
        special = data["med_type"] == "14"
        disease = data.get("dise_codg", "") if special else ""
        reasons = policy.reasons_against(person, data["insutype"], disease, special=special, begins=begins)
        fund = "310100" if data["insutype"] == "310" else "390100"
        row = {
            "psn_no": data["psn_no"], "trt_chk_type": "01", "fund_pay_type": fund,
            "trt_enjymnt_flag": "0" if reasons else "1", "begndate": begins, "enddate": "",
            "trt_chk_rslt": "；".join(reasons),
        }  # fmt: skip
        return {"trtinfo": [row]}, None

    def _5301(self, message: Any, body: Any) -> Any:
        today = message["inf_time"][:10]
        rows = [
            {
                "opsp_dise_code": each["disease"], "opsp_dise_name": each.get("name", each["disease"]),
                "begndate": each["from"], "enddate": each.get("to", "") or "",
            }
            for each in self._person(body["data"]["psn_no"])["registrations"]
            if not each.get("to") or each["to"] >= today
        ]  # fmt: skip
        if "5301_off" in self.mistakes:
            rows = rows[1:]
        return {"feedetail": rows}, None

    def _5206(self, message: Any, body: Any) -> Any:
        month = body["data"].get("cum_ym") or message["inf_time"][:7].replace("-", "")
        unneeded = ("DEDC",) if "5206_without_deductible_by_disease" in self.mistakes else ()
        off = 100 if "5206_off" in self.mistakes else 0
        rows = [
            {
                "insutype": insutype, "year": year, "cum_ym": month, "cum_type_code": kind + disease,
                "cum": yuan(amount + (off if kind == "HIFP" else 0)),
            }
            for (psn_no, insutype, year, kind, disease), amount in sorted(self.balances.items())
            if psn_no == body["data"]["psn_no"] and year == month[:4] and amount
            if not (disease and kind in unneeded)
        ]  # fmt: skip
        return {"cuminfo": rows}, None

    def _2503(self, message: Any, body: Any) -> Any:
        data = body["data"]
        self.serial += 1
        entry = {
            "disease": data["opsp_dise_code"], "name": data["opsp_dise_name"], "from": data["begndate"],
            "to": data.get("enddate") or "", "number": f"REG{self.serial}",
        }  # fmt: skip
        self._person(data["psn_no"])["registrations"].append(entry)
        return {"result": {"trt_dcla_detl_sn": entry["number"]}}, None

    def _2504(self, message: Any, body: Any) -> Any:
        self._end("registrations", body["data"], message)
        return {}, None

    def _2501(self, message: Any, body: Any) -> Any:
        data = body["refmedin"]
        self.serial += 1
        entry = {
            "place": data["mdtrtarea_admdvs"], "group": "referral", "from": data.get("begndate") or data["refl_date"],
            "to": data.get("enddate") or "", "number": f"REF{self.serial}",
        }  # fmt: skip
        self._person(data["psn_no"])["filings"].append(entry)
        return {"result": {"trt_dcla_detl_sn": entry["number"]}}, None

    def _2502(self, message: Any, body: Any) -> Any:
        self._end("filings", body["data"], message)
        return {}, None

    def _end(self, what: str, data: dict[str, Any], message: Any) -> None:
        number = data["trt_dcla_detl_sn"]
        found = [each for each in self._person(data["psn_no"])[what] if each.get("number") == number]
        if not found:
            raise No("没有该备案")
        found[0]["to"] = yesterday(message["inf_time"])

    def _sim_filing(self, message: Any, body: Any) -> Any:
        data = body["data"]
        filings = self._person(data["psn_no"])["filings"]
        key = ("group", "place", "from")
        entry = {name: data[name] for name in key} | {"to": data.get("to") or ""}
        if data["state"] == "ended" and not entry["to"]:
            entry["to"] = yesterday(message["inf_time"])
        filings[:] = [each for each in filings if any(each[name] != entry[name] for name in key)] + [entry]
        return {}, None

    # --- the award ----------------------------------------------------------------------------------------------

    def _2206(self, message: Any, body: Any) -> Any:
        info, detail, _ = self._award(message, body)
        return {"setlinfo": info, "setldetail": detail}, None

    def _2207(self, message: Any, body: Any) -> Any:
        data = body["data"]
        key = (data["mdtrt_id"], data["chrg_bchno"])
        if any(each.key == key and each.state == "live" for each in self.settlements):
            raise No("该批次已结算")
        info, detail, moves = self._award(message, body)
        reused = "setl_id_reused" in self.mistakes and self.settlements
        number = self.settlements[0].number if reused else f"Q{len(self.settlements) + 1:07d}"
        person = self._person(data["psn_no"])
        settled = Settlement(
            number, message["msgid"], person, data["insutype"], key, info["setl_time"],
            {**info, "setl_id": number}, detail, moves, fen(info["acct_pay"]),
        )  # fmt: skip
        self.settlements.append(settled)
        if "counts_nothing" not in self.mistakes:
            self._move(settled, 1)
        return {"setlinfo": settled.info, "setldetail": detail}, settled

    def _award(
        self, message: Any, body: Any
    ) -> tuple[dict[str, Any], list[dict[str, Any]], dict[tuple[str, str], int]]:
        data, visit = body["data"], body["mdtrtinfo"]
        person = self._person(data["psn_no"])
        special, day = data["med_type"] == "14", message["inf_time"][:10]
        billed = visit.get("dise_codg", "") if special else ""
        disease = policy.CLASS_OF.get(billed, billed)
        self._refuse(person, data["insutype"], billed, special, visit["begntime"][:10])
        year = str(int(day[:4]) - ("last_year" in self.mistakes))
        held = self._held(person["psn_no"], data["insutype"], year)
        ratio = policy.ratio_of(
            person, disease, body["medinsinfo"]["hosp_lv"], message["mdtrtarea_admvs"], day, self.mistakes,
            home=self.area, emergency=data["med_type"] == "13" or '"emergency"' in (visit.get("expContent") or ""),
        )  # fmt: skip
        found = policy.split(person, body, disease, ratio, held, self.mistakes)
        moves = policy.movements(person, data["insutype"], disease, found)
        return self._info(message, body, person, found), self._detail(data["insutype"], found), moves

    def _refuse(self, person: Any, insutype: str, billed: str, special: bool, begins: str) -> None:
        reasons = policy.reasons_against(person, insutype, billed, special=special, begins=begins)
        if "pays_unregistered" in self.mistakes:
            reasons = [each for each in reasons if "备案" not in each]
        if "refuses_registered" in self.mistakes:
            reasons = ["病种未备案"]
        if reasons:
            raise No("；".join(reasons))

    def _info(self, message: Any, body: Any, person: Any, split: dict[str, Any]) -> dict[str, Any]:
        data = body["data"]
        amounts = {
            "medfee_sumamt": split["total"],
            **{name: fen(data[name]) for name in ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt")},
            "inscp_scp_amt": split["scope"], "act_pay_dedc": split["deductible"], "hifp_pay": split["pool"],
            "cvlserv_pay": split["civil"], "hifes_pay": 0, "hifmi_pay": split["major"], "hifob_pay": split["large"],
            "maf_pay": split["assistance"], "oth_pay": 0, "fund_pay_sumamt": split["funds"],
            "psn_part_amt": split["personal"], "acct_pay": split["account"],
            "psn_cash_pay": split["personal"] - split["account"], "hosp_part_amt": 0,
            "balc": fen(person.get("account_balance", 0)) - split["account"], "acct_mulaid_pay": 0,
        }  # fmt: skip
        today = message["inf_time"]
        at = f"{int(today[:4]) - 1}{today[4:]}" if "wrong_year" in self.mistakes else today
        return {
            "mdtrt_id": data["mdtrt_id"], "psn_no": person["psn_no"], "psn_name": person["psn_name"],
            "psn_cert_type": "01", "certno": person["certno"], "insutype": data["insutype"],
            "psn_type": PSN_TYPE[person["category"]], "cvlserv_flag": "1" if person.get("civil_servant") else "0",
            "setl_time": at, "med_type": data["med_type"], "medins_setl_id": message["msgid"],
            "clr_optins": self.area, "clr_way": "1", "clr_type": "11",
            "pool_prop_selfpay": float(split["ratio"]),
            **{name: yuan(amount) for name, amount in amounts.items()},
        }  # fmt: skip

    def _detail(self, insutype: str, split: dict[str, Any]) -> list[dict[str, Any]]:
        paid = [
            ("310100" if insutype == "310" else "390100", split["scope"], split["pool"]),
            ("330100", split["large_base"], split["large"]), ("390200", split["major_base"], split["major"]),
            ("320100", split["civil_base"], split["civil"]),
            ("610100", split["assistance_base"], split["assistance"]),
            ("310200", split["personal"], split["account"]),
        ]  # fmt: skip
        return [
            {
                "fund_pay_type": code, "inscp_scp_amt": yuan(base), "crt_payb_lmt_amt": yuan(amount),
                "fund_payamt": yuan(amount), "fund_pay_type_name": "", "setl_proc_info": "",
            }
            for index, (code, base, amount) in enumerate(paid)
            if amount or index == 0
        ]  # fmt: skip

    def _held(self, psn_no: str, insutype: str, year: str) -> dict[tuple[str, str], int]:
        held: dict[tuple[str, str], int] = defaultdict(int)
        for (who, what, when, kind, disease), amount in self.balances.items():
            if (who, what, when) == (psn_no, insutype, year):
                held[kind, disease] = amount
        return held

    # --- taking back --------------------------------------------------------------------------------------------

    def _2208(self, message: Any, body: Any) -> Any:
        data = body["data"]
        found = [each for each in self.settlements if each.number == data["setl_id"]]
        if not found or found[0].person["psn_no"] != data["psn_no"]:
            raise No("没有该结算")
        settled = found[0]
        if settled.state != "live" and "cancels_twice" not in self.mistakes:
            raise No("该结算已撤销或已冲正")
        settled.state, settled.cancelled_at, settled.cancelled_by = "cancelled", message["inf_time"], message["msgid"]
        if "forgets_cancellations" not in self.mistakes:
            self._move(settled, -1)
        sign = 1 if "cancellation_positive" in self.mistakes else -1
        info = {name: sign * settled.info[name] for name in AMOUNTS if name != "psn_cash_pay"}
        answer = {
            "setlinfo": info | {
                "mdtrt_id": settled.key[0], "setl_id": settled.number, "clr_optins": self.area,
                "setl_time": message["inf_time"], "pool_prop_selfpay": settled.info["pool_prop_selfpay"],
                "balc": yuan(fen(settled.person.get("account_balance", 0))), "medins_setl_id": message["msgid"],
                "pdn_cash_pay": sign * settled.info["psn_cash_pay"],
            },
            "setldetail": [
                {**row, **{name: sign * row[name] for name in ("inscp_scp_amt", "crt_payb_lmt_amt", "fund_payamt")}}
                for row in settled.detail
            ],
        }  # fmt: skip
        return answer, settled

    def _2601(self, message: Any, body: Any) -> Any:
        data = body["data"]
        known = self.messages.get(data["omsgid"])
        if data["oinfno"] == "2601":
            raise No("冲正不能再冲正")
        if "refuses_reversals" in self.mistakes:
            raise No("不办理冲正")
        if known is None:
            mark = {"infno": data["oinfno"], "psn_no": data["psn_no"], "state": "reversed"}
            self.messages[data["omsgid"]] = mark
            return {}, None
        if known["psn_no"] != data["psn_no"] or known["infno"] != data["oinfno"]:
            raise No("原报文的人员或交易不符")
        if known["infno"] in IRREVERSIBLE and known["state"] != "reversed":
            raise No(f"{known['infno']} 不能冲正")
        if known["state"] != "reversed":
            self._take_back(known)
            known["state"] = "reversed"
        return {}, None

    def _take_back(self, known: dict[str, Any]) -> None:
        settled: Settlement = known["effect"]
        if known["infno"] == "2208":
            anew = any(each.key == settled.key and each.state == "live" for each in self.settlements)
            if anew and "reverses_anything" not in self.mistakes:
                raise No("该批次已重新结算")
            if settled.state == "cancelled":
                settled.state = "live"
                self._move(settled, 1)
        elif settled.state == "live":
            settled.state = "reversed"
            if "forgets_reversals" not in self.mistakes:
                self._move(settled, -1)

    def _move(self, settled: Settlement, sign: int) -> None:
        for (kind, disease), amount in settled.moves.items():
            self.balances[settled.person["psn_no"], settled.insutype, settled.at[:4], kind, disease] += sign * amount
        balance = fen(settled.person.get("account_balance", 0)) - sign * settled.account
        settled.person["account_balance"] = str(yuan(balance))

    def _sim_day(self, message: Any, body: Any) -> Any:
        day = body["data"]["day"]
        ours = {}
        for each in self.settlements:
            figures = [fen(each.info[name]) for name in ("medfee_sumamt", "fund_pay_sumamt", "acct_pay")]
            if each.state != "reversed" and each.at[:10] == day:
                ours[each.number, "0"] = (each.msgid, each, figures)
            if each.state == "cancelled" and each.cancelled_at[:10] == day:
                ours[each.number, "1"] = (each.cancelled_by, each, [-figure for figure in figures])
        gone = {each.number for each in self.settlements if each.state == "reversed"}
        found = []
        sent: dict[tuple[str, str], int] = defaultdict(int)
        for row in body["rows"]:
            key = (row["setl_id"], row["refd_setl_flag"])
            sent[key] += 1
            if sent[key] == 2:
                found.append(difference("duplicated", row))
            elif key not in ours:
                found.append(difference("reversed_here" if row["setl_id"] in gone else "missing_here", row))
            else:
                names = ("medfee_sumamt", "fund_pay_sumamt", "acct_pay")
                for name, figure in zip(names, ours[key][2], strict=True):
                    if fen(row[name]) != figure:
                        found.append(difference("amount", row, name, row[name], yuan(figure)))
        for (number, flag), (msgid, each, _) in ours.items():
            if (number, flag) not in sent:
                row = {"setl_id": number, "refd_setl_flag": flag, "msgid": msgid, "psn_no": each.person["psn_no"]}
                found.append(difference("missing_there", row))
        return {"differences": found}, None

    # --- entitlement --------------------------------------------------------------------------------------------

    def _person(self, psn_no: str) -> dict[str, Any]:
        found = [each for each in self.people if each["psn_no"] == psn_no]
        if not found:
            raise No(f"查无人员 {psn_no}")
        return found[0]

    def _status(self, person: dict[str, Any]) -> str:
        return {"normal": "1", "suspended": "2", "ended": "4"}[person.get("status", "normal")]

    # --- mistakes in the answer itself --------------------------------------------------------------------------

    def _apply_after_handling(self, infno: str, answer: dict[str, Any]) -> dict[str, Any]:
        info = answer["output"].get("setlinfo") if answer["output"] else None
        if "number_infcode" in self.mistakes:
            answer["infcode"] = int(answer["infcode"])
        if "no_refmsgid" in self.mistakes and infno == "2207A":
            del answer["inf_refmsgid"]
        if info is None or infno == "2208":
            return answer
        answer["output"] = {"setlinfo": dict(info), "setldetail": answer["output"]["setldetail"]}
        info = answer["output"]["setlinfo"]
        if "breaks_identities" in self.mistakes:
            info["psn_cash_pay"] = round(info["psn_cash_pay"] + 1, 2)
        if "amounts_as_text" in self.mistakes:
            info.update({name: f"{info[name]:.2f}" for name in AMOUNTS})
        if "other_psn_no" in self.mistakes:
            info["psn_no"] = "23090099999999999999"
        if "other_visit" in self.mistakes:
            info["mdtrt_id"] = "999999"
        if "detail_off" in self.mistakes:
            answer["output"]["setldetail"] = []
        if "missing_output" in self.mistakes:
            del answer["output"]
        return answer


def yesterday(inf_time: str) -> str:
    return (date.fromisoformat(inf_time[:10]) - timedelta(days=1)).isoformat()


def difference(kind: str, row: dict[str, Any], name: str = "", platform: Any = "", agency: Any = "") -> dict[str, Any]:
    return {
        "type": kind, "msgid": row["msgid"], "setl_id": row["setl_id"], "refd_setl_flag": row["refd_setl_flag"],
        "psn_no": row["psn_no"], "field": name, "platform": str(platform), "agency": str(agency),
    }  # fmt: skip


def serve(agency: StubAgency) -> ThreadingHTTPServer:
    """The agency over HTTP, on a port the system chooses; the caller runs it in a thread and shuts it down."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            written = json.dumps(agency.handle(json.loads(raw, parse_float=Decimal)), ensure_ascii=False).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(written)))
            self.end_headers()
            self.wfile.write(written)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    return server
