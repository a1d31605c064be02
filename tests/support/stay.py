"""A stay in hospital as a test sends it, message by message."""

from dataclasses import dataclass
from typing import Any

from tests.support.hospital import Answer, Hospital, Visit

DIALYSIS = "003110000060000-311000027"
"""Item in scope at 北京, 420.00 each."""
_DOCTOR = {"atddr_no": "D110000000001", "chfpdr_name": "医", "adm_diag_dscr": "肾衰", "adm_bed": "1"}
_WARD = {"adm_dept_codg": "A03", "adm_dept_name": "肾内", "dscg_maindiag_code": "N18", "dscg_maindiag_name": "肾衰"}
_ILL = {"diag_type": "1", "maindiag_flag": "1", "diag_code": "N18", "diag_name": "肾衰", "diag_srt_no": 1}
_SEEN_BY = {"diag_dept": "A03", "dise_dor_no": "D1", "dise_dor_name": "医", "diag_time": "2025-03-10 09:00:00"}
_ORDERED = {"bilg_dept_codg": "A03", "bilg_dept_name": "肾内", "bilg_dr_codg": "D1", "bilg_dr_name": "医"}


@dataclass
class Stay:
    """One stay of a person, admitted on 2025-03-10 at 09:00."""

    hospital: Hospital
    person: dict[str, Any]
    id: str = ""

    @property
    def own(self) -> dict[str, Any]:
        return {"psn_no": self.person["psn_no"], "mdtrt_id": self.id}

    @property
    def _about(self) -> dict[str, Any]:
        return _DOCTOR | _WARD | {"begntime": "2025-03-10 09:00:00", "med_type": "2101"}

    @property
    def _shown(self) -> dict[str, Any]:
        return Visit(self.hospital, self.person).identity

    def send(self, infno: str, body: Any) -> Answer:
        return self.hospital.send(infno, body, insured=self.person["insured_at"])

    def admit(self, **fields: Any) -> Answer:
        about = {"psn_no": self.person["psn_no"], "insutype": "310", "ipt_no": "ZY1"}
        ill = [_ILL | _SEEN_BY | {"psn_no": self.person["psn_no"]}]
        answer = self.send("2401", {"mdtrtinfo": self._shown | self._about | about | fields, "diseinfo": ill})
        if answer.ok:
            self.id = answer.output["result"]["mdtrt_id"]
        return answer

    def change(self, **fields: Any) -> Answer:
        about = self.own | self._about | {"ipt_otp_no": "ZY1", "mdtrt_cert_type": "02"}
        return self.send("2403", {"adminfo": about | fields, "diseinfo": [self.own | _ILL | _SEEN_BY]})

    def charge(self, *lines: dict[str, Any]) -> Answer:
        return self.send("2301", {"feedetail": list(lines)})

    def line(self, serial: int | str, count: int = 1, *, day: str = "2025-03-10", **fields: Any) -> dict[str, Any]:
        """Dialysis at 420.00 each."""
        said = {"feedetl_sn": str(serial), "med_type": "2101", "fee_ocur_time": f"{day} 09:00:00"}
        amount = {"cnt": count, "pric": 420, "det_item_fee_sumamt": 420 * count}
        item = dict.fromkeys(("med_list_codg", "medins_list_codg"), DIALYSIS)
        return self.own | said | item | amount | _ORDERED | fields

    def withdraw(self, *serials: str) -> Answer:
        return self.send("2302", {"data": [self.own | {"feedetl_sn": each} for each in serials]})

    def preview(self, total: float, *, mid: bool = True, infno: str = "2303", **fields: Any) -> Answer:
        return self._award(infno, total, mid=mid, **fields)

    def settle(self, total: float, *, mid: bool = True, infno: str = "2304", **fields: Any) -> Answer:
        return self._award(infno, total, mid=mid, **fields)

    def _award(self, infno: str, total: float, *, mid: bool, **fields: Any) -> Answer:
        bill = {"medfee_sumamt": total, "psn_setlway": "01", "insutype": "310", "acct_used_flag": "0"}
        return self.send(infno, {"data": self.own | self._shown | bill | {"mid_setl_flag": str(int(mid))} | fields})

    def cancel(self, setl_id: str) -> Answer:
        return self.send("2305", {"data": self.own | {"setl_id": setl_id}})

    def discharge(self, **fields: Any) -> Answer:
        left = {"endtime": "2025-03-10 10:00:00", "insutype": "310", "dscg_way": "1"}
        ward = {"dscg_dept_codg": "A03", "dscg_dept_name": "肾内"}
        ill = [self.own | _ILL | _SEEN_BY]
        return self.send("2402", {"dscginfo": self.own | left | ward | fields, "diseinfo": ill})

    def recall(self) -> Answer:
        return self.send("2405", {"data": self.own})

    def withdraw_admission(self) -> Answer:
        return self.send("2404", {"data": self.own})
