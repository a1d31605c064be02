"""One good message of every transaction, through one visit of one patient."""

from typing import Any

from tests.support.hospital import Visit
from tests.support.stage import Stage
from tests.support.stay import Stay


def journey(stage: Stage) -> None:
    """Sends good messages of every transaction that this edition has; they stand in the journal."""
    hospital, person = stage.hospital, stage.patient(account_balance="100.00")
    data = {"psn_no": person["psn_no"]}
    sign = hospital.send("9001", {"signIn": {"opter_no": "op1", "mac": "0", "ip": "127.0.0.1"}}, insured="").output
    hospital.identify(person)
    visit: Visit = hospital.visit(person)
    visit.describe("2203")
    care = {"insutype": "310", "fixmedins_code": hospital.institution[0], "med_type": "14", "begntime": visit.begins}
    hospital.send("2001", {"data": data | care | {"dise_codg": "M07803", "dise_name": "血透"}})
    visit.charge(visit.session("1000.00"), visit.session("400.00", serial=2, batch="B2"))
    visit.preview("1000.00")
    settled = visit.settle("1000.00", acct_used_flag="0").setlinfo
    hospital.send("5203", {"data": data | {"setl_id": settled["setl_id"], "mdtrt_id": visit.id}})
    hospital.send("5206", {"data": data | {"cum_ym": ""}})
    hospital.send("5301", {"data": data})
    looked_up(visit, settled["setl_id"])
    records(stage, data)
    stayed(stage, person)
    visit.cancel(settled["setl_id"])
    visit.reverse("H11000000001202503100900008888", "2207A")
    visit.send("2205", {"data": data | {"mdtrt_id": visit.id, "chrg_bchno": "0000"}})
    visit.send("2202", {"data": data | {"mdtrt_id": visit.id, "ipt_otp_no": "M1"}})
    institution = {"fixmedins_type": "1", "fixmedins_name": "", "fixmedins_code": "H11000000001"}
    hospital.send("1201", {"medinsinfo": institution}, insured="")
    codes = {"type": "psn_type", "parentValue": "0", "admdvs": "110000", "date": "2025-03-10", "valiFlag": "1"}
    hospital.send("1901", {"data": codes}, insured="")
    file = {"in": "UEsDBA==", "filename": "a.zip", "fixmedins_code": hospital.institution[0]}
    stored = hospital.send("9101", {"fsUploadIn": file}, insured="").output
    wanted = {name: stored[name] for name in ("file_qury_no", "filename", "fixmedins_code")}
    hospital.send("9102", {"fsDownloadIn": wanted}, insured="")
    number = sign["signinoutb"]["sign_no"]
    hospital.send("9002", {"signOut": {"sign_no": number, "opter_no": "op1"}}, insured="")


def looked_up(visit: Visit, setl_id: str) -> None:
    """Sends the questions about a visit and about the catalogue that it was classified by."""
    about = {"psn_no": visit.person["psn_no"], "mdtrt_id": visit.id}
    times = {"begntime": "2025-01-01 00:00:00", "endtime": "2025-12-31 23:59:59"}
    visit.send("5201", {"data": about | times | {"med_type": "14"}})
    visit.send("5202", {"data": about})
    visit.send("5204", {"data": about | {"setl_id": setl_id}})
    visit.send("5303", {"data": {"psn_no": about["psn_no"]} | times})
    page = {"updt_time": "2000-01-01", "page_num": 1, "page_size": 10}
    visit.hospital.send("1312", {"data": page}, insured="")


def stayed(stage: Stage, person: dict[str, Any]) -> None:
    """Sends every message of a stay in hospital, from admission over settlement back to its withdrawal."""
    stay = Stay(stage.hospital, person)
    stay.admit()
    stay.change()
    stay.charge(stay.line(1))
    for preview, settle, mid in (("2303", "2304", True), ("2303A", "2304A", False)):
        if not mid:
            stay.discharge()
        stay.preview(420, mid=mid, infno=preview)
        stay.cancel(stay.settle(420, mid=mid, infno=settle).setlinfo["setl_id"])
    stay.recall()
    stay.withdraw("0000")
    stay.withdraw_admission()


def records(stage: Stage, data: dict[str, str]) -> None:
    """Keeps one record of each kind, finds it and withdraws it."""
    hospital, code = stage.hospital, stage.hospital.institution[0]
    item = {"fixmedins_hilist_id": "XM1", "list_type": "201", "med_list_codg": "003110000060000-311000027"}
    days = {"begndate": "2025-01-01", "enddate": "2025-12-31"}
    hospital.send("3301", {"data": [item | days | {"fixmedins_hilist_name": "透析"}]}, insured="")
    page = {"updt_time": "2000-01-01", "page_num": 1, "page_size": 10}
    hospital.send("1317", {"data": page}, insured="")
    hospital.send("3302", item | {"fixmedins_code": code}, insured="")
    department = {"hosp_dept_codg": "KS1", "hosp_dept_name": "透析室"}
    said = {"caty": "A03", "itro": "透析", "dept_resper_name": "王", "dept_resper_tel": "010", "poolarea_no": "110000"}
    moments = {"begntime": "2025-03-10 08:00:00", "dept_estbdat": "2010-01-01 00:00:00"}
    staff = {"aprv_bed_cnt": 0, "dr_psncnt": 4, "phar_psncnt": 1, "nurs_psncnt": 12, "tecn_psncnt": 2}
    hospital.send("3401", {"deptinfo": department | said | moments | staff}, insured="")
    hospital.send("3403", {"data": department | {"begntime": "2025-03-10"}}, insured="")
    filed = {"biz_appy_type": "03", "fix_srt_no": "1", "fixmedins_code": code, "fixmedins_name": "北京"}
    designated = hospital.send("2505", {"data": data | days | filed}).output["result"]
    hospital.send("5302", {"data": data | {"biz_appy_type": "03"}})
    hospital.send("2506", {"data": data | designated | {"memo": "登记有误"}})
