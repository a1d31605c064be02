"""One good message of every transaction, through one visit of one patient."""

from tests.support.hospital import Visit
from tests.support.stage import Stage


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
    visit.cancel(settled["setl_id"])
    visit.reverse("H11000000001202503100900008888", "2207A")
    visit.send("2205", {"data": data | {"mdtrt_id": visit.id, "chrg_bchno": "0000"}})
    visit.send("2202", {"data": data | {"mdtrt_id": visit.id, "ipt_otp_no": "M1"}})
    institution = {"fixmedins_type": "1", "fixmedins_name": "", "fixmedins_code": "H11000000001"}
    hospital.send("1201", {"medinsinfo": institution}, insured="")
    codes = {"type": "psn_type", "parentValue": "0", "admdvs": "110000", "date": "2025-03-10", "valiFlag": "1"}
    hospital.send("1901", {"data": codes}, insured="")
    number = sign["signinoutb"]["sign_no"]
    hospital.send("9002", {"signOut": {"sign_no": number, "opter_no": "op1"}}, insured="")
