"""The desk: who is it, what was done, what does the fund pay."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from his.wire import AnswerLost, Wire


@dataclass
class Patient:
    """What the patient shows at the desk."""

    certno: str
    name: str
    insured_at: str


@dataclass
class Bill:
    """What was settled."""

    setl_id: str
    total: Decimal
    fund: Decimal
    account: Decimal
    cash: Decimal


class Desk:
    """One visit after the other; 2601 is sent by itself when an answer to a settlement is lost."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self._visits = 0

    def settle(self, patient: Patient, disease: str, charges: list[tuple[str, str, str]]) -> Bill:
        """Registers, charges (code, count, price) and settles in one go."""
        person = self._identify(patient)
        visit = self._register(patient, person)
        self._describe(patient, person, visit, disease)
        scopes = self._charge(patient, person, visit, disease, charges)
        total = sum((_amount(count, price) for _, count, price in charges), Decimal(0))
        body = {"data": {**person, **visit, **scopes, **_HOW, "medfee_sumamt": total, "chrg_bchno": "1"}}
        try:
            return _bill(self.wire.call("2207A", body, insured_at=patient.insured_at)["setlinfo"])
        except AnswerLost as lost:
            self._reverse(patient, person, lost)
            return _bill(self.wire.call("2207A", body, insured_at=patient.insured_at)["setlinfo"])

    def cancel(self, patient: Patient, bill: Bill, mdtrt_id: str, psn_no: str) -> None:
        """Takes a settlement back."""
        body = {"data": {"psn_no": psn_no, "setl_id": bill.setl_id, "mdtrt_id": mdtrt_id}}
        self.wire.call("2208", body, insured_at=patient.insured_at)

    def _identify(self, patient: Patient) -> dict[str, Any]:
        shown = {"mdtrt_cert_type": "02", "mdtrt_cert_no": patient.certno}
        identity = {"psn_cert_type": "01", "certno": patient.certno, "psn_name": patient.name}
        body = {"data": {**shown, "card_sn": "", "begntime": "", **identity}}
        answer = self.wire.call("1101", body, insured_at=patient.insured_at)
        insurance = answer["insuinfo"][0]
        told = {"psn_no": answer["baseinfo"]["psn_no"], "insutype": insurance["insutype"]}
        return {**told, **shown, **identity, "psn_type": insurance["psn_type"]}

    def _register(self, patient: Patient, person: dict[str, Any]) -> dict[str, Any]:
        self._visits += 1
        body = {"data": {**person, **_DOCTOR, "begntime": self._now(), "ipt_otp_no": f"OP{self._visits:06d}"}}
        return {"mdtrt_id": self.wire.call("2201", body, insured_at=patient.insured_at)["data"]["mdtrt_id"]}

    def _describe(self, patient: Patient, person: dict[str, Any], visit: dict[str, Any], disease: str) -> None:
        about = {"med_type": "14", "begntime": self._now(), "dise_codg": disease, "dise_name": disease}
        diagnosis = {
            "diag_type": "1",
            "diag_srt_no": 1,
            "diag_code": "N18.500",
            "diag_name": "慢性肾脏病5期",
            "diag_dept": "A03",
            "dise_dor_no": _DOCTOR["atddr_no"],
            "dise_dor_name": _DOCTOR["dr_name"],
            "diag_time": self._now(),
            "vali_flag": "1",
        }
        body = {"mdtrtinfo": {**visit, "psn_no": person["psn_no"], **about}, "diseinfo": [diagnosis]}
        self.wire.call("2203A", body, insured_at=patient.insured_at)

    def _charge(
        self,
        patient: Patient,
        person: dict[str, Any],
        visit: dict[str, Any],
        disease: str,
        charges: list[tuple[str, str, str]],
    ) -> dict[str, Decimal]:
        rows = [
            {
                "feedetl_sn": str(number),
                **visit,
                "psn_no": person["psn_no"],
                "chrg_bchno": "1",
                "dise_codg": disease,
                "rx_circ_flag": "0",
                "fee_ocur_time": self._now(),
                "med_list_codg": code,
                "medins_list_codg": code,
                "det_item_fee_sumamt": _amount(count, price),
                "cnt": Decimal(count),
                "pric": Decimal(price),
                "bilg_dept_codg": "A03",
                "bilg_dept_name": "肾内科",
                "bilg_dr_codg": _DOCTOR["atddr_no"],
                "bilg_dr_name": _DOCTOR["dr_name"],
                "hosp_appr_flag": "0",
            }
            for number, (code, count, price) in enumerate(charges, 1)
        ]
        result = self.wire.call("2204", {"feedetail": rows}, insured_at=patient.insured_at)["result"]
        return {
            name: sum((row[of] for row in result), Decimal(0))
            for name, of in (
                ("fulamt_ownpay_amt", "fulamt_ownpay_amt"),
                ("overlmt_selfpay", "overlmt_amt"),
                ("preselfpay_amt", "preselfpay_amt"),
                ("inscp_scp_amt", "inscp_scp_amt"),
            )
        }

    def _reverse(self, patient: Patient, person: dict[str, Any], lost: AnswerLost) -> None:
        body = {"data": {"psn_no": person["psn_no"], "omsgid": lost.msgid, "oinfno": lost.infno}}
        self.wire.call("2601", body, insured_at=patient.insured_at)

    def _now(self) -> str:
        return f"{self.wire.clock():%Y-%m-%d %H:%M:%S}"


_DOCTOR = {"atddr_no": "D110000000001", "dr_name": "示例医师", "dept_code": "A03", "dept_name": "肾内科", "caty": "A03"}
_HOW = {"med_type": "14", "psn_setlway": "01", "acct_used_flag": "1", "invono": ""}


def _amount(count: str, price: str) -> Decimal:
    return (Decimal(count) * Decimal(price)).quantize(Decimal("0.01"))


def _bill(setlinfo: dict[str, Any]) -> Bill:
    amounts = [setlinfo[name] for name in ("medfee_sumamt", "fund_pay_sumamt", "acct_pay", "psn_cash_pay")]
    return Bill(setlinfo["setl_id"], *amounts)
