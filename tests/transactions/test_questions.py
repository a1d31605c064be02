"""What the platform and the insured place answer: 1101, 1201, 1901, 5206, 5301."""

from decimal import Decimal

import pytest


def of_person(stage, infno, person, **more):
    return stage.hospital.send(infno, {"data": {"psn_no": person["psn_no"], **more}})


def test_1101_tells_who_somebody_is_and_every_insurance_with_its_balance(stage):
    patient = stage.control.person(
        account_balance="1234.50",
        civil_servant=True,
        age=70,
        insurances=[
            {"insured_at": "230100", "category": "retired", "insured_from": "2020-01-01", "insured_to": "2024-12-31"}
        ],
        insured_from="2025-01-01",
    )
    output = stage.hospital.identify(patient).output
    assert output["baseinfo"]["age"] == 70
    main, former = output["insuinfo"]
    assert (main["insutype"], main["balc"], main["cvlserv_flag"]) == ("310", Decimal("1234.50"), "1")
    assert (main["insuplc_admdvs"], former["insuplc_admdvs"]) == ("230900", "230100")
    codes = stage.sandbox.current_config().contract.edition
    assert former["psn_insu_stas"] == codes.code("psn_insu_stas", "ended")


def test_ages_are_completed_years_of_the_trade_clock(stage):
    patient = stage.control.person(birth="1950-03-11")
    assert stage.hospital.identify(patient).output["baseinfo"]["age"] == 74
    stage.now("2025-03-11 00:00:00")
    assert stage.hospital.identify(patient).output["baseinfo"]["age"] == 75


def test_1201_finds_an_institution_by_code_or_by_words_of_its_name(stage):
    def ask(**data):
        blank = {"fixmedins_type": "1", "fixmedins_name": "", "fixmedins_code": ""}
        return stage.hospital.send("1201", {"medinsinfo": blank | data}, insured="")

    by_code = ask(fixmedins_code="H11000000001").output["medinsinfo"]
    assert by_code["fixmedins_name"] == "北京模拟第一医院"
    assert ask(fixmedins_name="第一医院").output["medinsinfo"]["fixmedins_code"].startswith("H")
    assert "H99" in ask(fixmedins_code="H99999999999").err_msg
    assert "没有这样的名字" in ask(fixmedins_name="没有这样的名字").err_msg
    assert not ask().ok


@pytest.mark.parametrize("table", ["med_type", "psn_type", "insutype", "hosp_lv"])
def test_1901_gives_the_codes_of_a_table_as_the_edition_has_them(stages, table):
    for edition in ("national", "jiangxi-1.0"):
        stage = stages(edition=edition)
        data = {"type": table, "parentValue": "0", "admdvs": "110000", "date": "2025-03-10", "valiFlag": "1"}
        rows = stage.hospital.send("1901", {"data": data}, insured="").output["list"]
        codes = stage.sandbox.current_config().contract.edition.codes[table]
        assert {row["value"]: row["label"] for row in rows} == {code: name[:50] for code, name in codes.items()}


def test_1901_names_a_table_that_there_is_not(stage):
    data = {"type": "no_table", "parentValue": "0", "admdvs": "110000", "date": "2025-03-10", "valiFlag": "1"}
    assert "no_table" in stage.hospital.send("1901", {"data": data}, insured="").err_msg


def test_5206_counts_opening_balances_and_the_year_asked_for(stage):
    patient = stage.patient(
        accumulators=[
            {"year": 2024, "insutype": "310", "kind": "HIFP", "amount": "7000.00"},
            {"year": 2025, "insutype": "310", "kind": "DEDC", "amount": "120.00"},
        ]
    )
    visit = stage.hospital.visit(patient)
    visit.settled("1000.00")  # (1000.00 − (500.00 − 120.00)) × 0.90 = 558.00
    rows = of_person(stage, "5206", patient, cum_ym="").output["cuminfo"]
    assert {row["cum_type_code"]: row["cum"] for row in rows} == {
        "DEDC": Decimal("500.00"),
        "DEDCM07800": Decimal("380.00"),
        "HIFP": Decimal("558.00"),
        "HIFPM07800": Decimal("558.00"),
    }
    (before,) = of_person(stage, "5206", patient, cum_ym="202412").output["cuminfo"]
    assert (before["year"], before["cum"]) == ("2024", Decimal("7000.00"))
    assert of_person(stage, "5206", patient, cum_ym="202301").output["cuminfo"] == []


def test_an_opening_balance_under_a_sub_code_counts_for_its_class(stage):
    patient = stage.patient()
    balance = {"year": 2025, "insutype": "310", "kind": "HIFP", "disease": "M07803", "amount": "59900.00"}
    stage.control("POST", f"people/{patient['psn_no']}/accumulators", balance)
    # Cap of dialysis 60,000.00; the pool pays the 100.00 that are left.
    assert stage.hospital.visit(patient).settled("2000.00")["hifp_pay"] == Decimal("100.00")
    imported = stage.patient(age=68, accumulators=[balance])
    assert stage.hospital.visit(imported).settled("2000.00")["hifp_pay"] == Decimal("100.00")


def test_5301_lists_registrations_not_ended_today_future_ones_included_as_registered(stage):
    patient = stage.patient(
        registrations=[
            {"disease": "M07803", "from": "2025-01-01"},
            {"disease": "M00500", "from": "2024-01-01", "to": "2025-03-09"},
            {"disease": "M08300", "from": "2024-01-01", "to": "2025-03-10"},
            {"disease": "M04600", "from": "2026-01-01"},
        ]
    )
    rows = of_person(stage, "5301", patient).output["feedetail"]
    assert [row["opsp_dise_code"] for row in rows] == ["M07803", "M08300", "M04600"]


@pytest.mark.parametrize("infno", ["2001", "5206", "5301"])
def test_a_question_about_nobody_is_refused(stage, infno):
    more = {
        "2001": {
            "insutype": "310",
            "fixmedins_code": "H11000000001",
            "med_type": "11",
            "begntime": "2025-03-10 09:00:00",
            "dise_codg": "",
            "dise_name": "",
        },
        "5206": {"cum_ym": ""},
        "5301": {},
    }[infno]
    answer = of_person(stage, infno, {"psn_no": "23090000000000000000"}, **more)
    assert "23090000000000000000" in answer.err_msg
