"""Bodies of messages that several tests send."""

from typing import Any

from tests.support.hospital import Visit


def entitlement_question(person: dict[str, Any]) -> dict[str, Any]:
    return {
        "psn_no": person["psn_no"],
        "insutype": "310",
        "fixmedins_code": "H11000000001",
        "med_type": "14",
        "begntime": "2025-03-10 09:00:00",
        "dise_codg": "M07803",
        "dise_name": "血液透析",
    }


def registration(person: dict[str, Any], disease: str) -> dict[str, Any]:
    return {
        "psn_no": person["psn_no"],
        "insutype": "310",
        "opsp_dise_code": disease,
        "opsp_dise_name": "测试病种",
        "tel": "",
        "addr": "",
        "insu_optins": "230900",
        "ide_fixmedins_no": "H11000000001",
        "ide_fixmedins_name": "北京模拟第一医院",
        "hosp_ide_date": "2025-03-01",
        "diag_dr_codg": "D110000000001",
        "diag_dr_name": "测试医师",
        "begndate": "2025-03-01",
        "enddate": "",
    }


def referral(person: dict[str, Any]) -> dict[str, Any]:
    return {
        "psn_no": person["psn_no"],
        "insutype": "310",
        "tel": "",
        "addr": "",
        "insu_optins": "230900",
        "diag_code": "N18.500",
        "diag_name": "慢性肾脏病5期",
        "dise_cond_dscr": "稳定",
        "reflin_medins_no": "H33010000001",
        "reflin_medins_name": "杭州模拟第一医院",
        "mdtrtarea_admdvs": "330100",
        "hosp_agre_refl_flag": "1",
        "refl_type": "1",
        "refl_date": "2025-03-10",
        "refl_rea": "病情需要",
        "refl_opnn": "同意",
        "begndate": "2025-03-10",
        "enddate": "",
    }


def withdrawal(visit: Visit) -> dict[str, Any]:
    return {"psn_no": visit.person["psn_no"], "mdtrt_id": visit.id, "chrg_bchno": "0000"}
