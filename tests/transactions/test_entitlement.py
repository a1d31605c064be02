"""Who is entitled: insurance, list, registration, filing, institution, in this order (rules 10, 12, 14)."""

from decimal import Decimal

import pytest

REGISTERED = [{"disease": "M07800", "from": "2025-01-01"}]
FILED = [{"place": "110000", "group": "resettled_retiree", "from": "2025-01-01", "channel": "app"}]
COMMUNITY = ("H11000000003", "北京模拟社区卫生服务中心", "110000")
"""Open for 高血压 and 糖尿病 only."""
CLOSED = ("H11000000006", "北京模拟暂停医院", "110000")
DIALYSIS_CENTRE = ("H11000000005", "北京模拟血液透析中心", "110000")


def city(**rules):
    """A city file that says only what a test needs."""
    stated = "".join(f"{rule}:\n{rows}" for rule, rows in rules.items())
    return {"text": f"area: '230900'\nname: 七台河市\nname_en: Qitaihe\nversion: 'test'\n{stated}"}


REFUSING = "  - {value: refuse, from: '2023-01-01', source: ours, reference: test}\n"


def settled(stage, patient, *, hospital=None, **options):
    """The answers of the preview and of the settlement for one charge of 1,000.00."""
    visit = (hospital or stage.hospital).visit(patient, **options)
    assert visit.charge(visit.session("1000.00")).ok
    return visit.preview("1000.00"), visit.settle("1000.00")


def told(stage, patient, **options):
    """What both are refused for, the first reason first."""
    answers = settled(stage, patient, **options)
    assert [answer.ok for answer in answers] == [False, False]
    rules = [each["rule"] for each in stage.control.findings(severity="error")]
    assert rules[: len(rules) // 2] == rules[len(rules) // 2 :]
    return answers[1].err_msg, rules[len(rules) // 2 :]


# Insurance


@pytest.mark.parametrize(
    ("insurance", "rule"),
    [
        ({"status": "suspended", "suspended_from": "2025-03-01"}, "insurance_suspended"),
        ({"status": "suspended"}, "insurance_suspended"),
        ({"status": "ended"}, "insurance_ended"),
        ({"insured_to": "2025-03-09"}, "insurance_not_in_force"),
        ({"insured_from": "2025-03-11"}, "insurance_not_in_force"),
    ],
)
def test_an_insurance_that_is_not_in_force_pays_nothing(stage, insurance, rule):
    words, rules = told(stage, stage.patient(**insurance))
    assert rules == [rule]
    assert "310" in words


@pytest.mark.parametrize(
    "insurance",
    [
        {"status": "suspended", "suspended_from": "2025-03-11"},
        {"insured_to": "2025-03-10"},
        {"insured_from": "2025-03-10"},
    ],
)
def test_an_insurance_pays_until_its_last_day_and_from_its_first(stage, insurance):
    assert settled(stage, stage.patient(**insurance))[1].setlinfo["hifp_pay"] == Decimal("450.00")


def test_a_suspension_that_has_not_begun_is_shown_as_normal(stage):
    codes = stage.sandbox.current_config().contract.edition
    later = stage.patient(status="suspended", suspended_from="2025-03-11")
    row = stage.hospital.identify(later).output["insuinfo"][0]
    assert row["psn_insu_stas"] == codes.code("psn_insu_stas", "normal")
    stage.now("2025-03-11 00:00:00")
    row = stage.hospital.identify(later).output["insuinfo"][0]
    assert row["psn_insu_stas"] == codes.code("psn_insu_stas", "suspended")


def test_the_wrong_one_of_two_insurances_is_refused_by_its_number(stage):
    words, rules = told(stage, stage.patient(), insutype="390")
    assert rules == ["insurance_none"]
    assert "390" in words


def test_a_person_insured_elsewhere_is_not_found_where_the_message_goes(stage):
    patient = stage.patient()
    answer = stage.hospital.identify(patient, fields={"insuplc_admdvs": "230100"})
    assert answer.body["infcode"] == "-1"
    visit = stage.hospital.visit(patient, insured="330100")
    visit.charge(visit.session("1000.00"))
    assert "230900" in visit.settle("1000.00").err_msg


def test_a_person_who_moved_within_the_year_is_paid_by_the_place_of_the_day_and_accrues_there(stage):
    moved = stage.patient(
        insured_at="230900",
        insured_from="2025-03-01",
        insurances=[
            {"insured_at": "230100", "category": "retired", "insured_from": "2020-01-01", "insured_to": "2025-02-28"}
        ],
    )
    assert settled(stage, moved)[1].setlinfo["act_pay_dedc"] == Decimal("500.00")
    assert stage.hospital.identify(moved, fields={"insuplc_admdvs": "230100"}).ok
    visit = stage.hospital.visit(moved, insured="230100")
    visit.charge(visit.session("1000.00"))
    assert "310" in visit.settle("1000.00").err_msg
    assert "insurance_not_in_force" in [each["rule"] for each in stage.control.findings(severity="error")]


# The disease


def test_a_disease_that_is_not_on_the_list_of_the_city_is_refused(stage):
    hypertension = [{"disease": "M03900", "from": "2025-01-01"}]
    words, rules = told(stage, stage.patient(registrations=hypertension), disease="M03900")
    assert rules == ["disease_not_listed"]
    assert "M03900" in words
    assert "七台河" in words


def test_a_disease_that_a_city_does_not_settle_outside_the_province_is_refused_there_only(stage):
    # 杭州 settles 血友病 at home and within 浙江 (D3: 省内联网结算全覆盖).
    patient = stage.patient(
        insured_at="330100",
        registrations=[{"disease": "M01200", "from": "2025-01-01"}],
    )
    assert told(stage, patient, disease="M01200")[1] == ["disease_not_outbound"]
    stage.control(
        "PUT",
        "institutions/H33020000001",
        {"name": "宁波模拟医院", "area": "330200", "level": "tertiary_a", "kind": "institution"},
    )
    home = ("H33010000001", "杭州模拟第一医院", "330100")
    for hospital in (home, ("H33020000001", "宁波模拟医院", "330200")):
        visit = stage.another_hospital(hospital).visit(patient, disease="M01200")
        assert visit.charge(visit.line(1, "X-UNKNOWN", "1", "10.00")).ok
        assert visit.settle("10.00").ok


@pytest.mark.parametrize(
    ("registrations", "rule"),
    [
        ([], "disease_not_registered"),
        ([{"disease": "M00500", "from": "2025-01-01"}], "disease_not_registered"),
        ([{"disease": "M07800", "from": "2025-01-01", "to": "2025-03-09"}], "registration_not_in_force"),
        ([{"disease": "M07800", "from": "2025-03-11"}], "registration_not_in_force"),
    ],
)
def test_without_a_registration_in_force_the_disease_is_refused(stage, registrations, rule):
    assert told(stage, stage.patient(registrations=registrations))[1] == [rule]


def test_a_registration_goes_by_the_day_that_the_visit_began(stage):
    patient = stage.patient(registrations=[{"disease": "M07800", "from": "2025-01-01", "to": "2025-03-10"}])
    visit = stage.hospital.visit(patient)
    visit.charge(visit.session("1000.00"))
    stage.now("2025-03-20 09:00:00")
    assert visit.settle("1000.00").ok
    later = stage.hospital.visit(patient)
    later.charge(later.session("1000.00"))
    assert not later.settle("1000.00").ok


# The institution


def test_an_institution_that_is_closed_is_refused_for_everything(stage):
    closed = stage.another_hospital(CLOSED)
    assert CLOSED[0] in closed.identify(stage.patient()).err_msg
    unknown = stage.another_hospital(("H11000000099", "没有的医院", "110000"))
    assert "H11000000099" in unknown.identify(stage.patient()).err_msg


def test_an_institution_of_another_area_than_the_header_says_is_refused(stage):
    answer = stage.hospital.identify(stage.patient(), fields={"mdtrtarea_admvs": "310000"})
    assert "110000" in answer.err_msg
    assert stage.hospital.identify(stage.patient(age=80), fields={"mdtrtarea_admvs": "110105"}).ok


def test_an_institution_not_open_for_the_disease_is_refused(stage):
    words, rules = told(stage, stage.patient(), hospital=stage.another_hospital(COMMUNITY))
    assert rules == ["institution_disease_closed"]
    assert COMMUNITY[0] in words
    assert "M07803" in words


def test_an_institution_is_open_for_a_sub_code_by_its_class(stage):
    assert settled(stage, stage.patient(), hospital=stage.another_hospital(DIALYSIS_CENTRE))[1].ok


def test_ordinary_care_asks_no_institution_for_a_disease(stage):
    hospital = stage.another_hospital(COMMUNITY)
    for options in ({"med_type": "11", "disease": ""}, {"med_type": "13", "disease": ""}):
        assert settled(stage, stage.patient(age=60 + len(options["med_type"])), hospital=hospital, **options)[1].ok
    visit = hospital.visit(stage.patient(age=81), med_type="11", disease="")
    # A doctor may write the disease on an ordinary charge; it is still ordinary care.
    assert visit.charge(visit.session("1000.00", dise_codg="M07803")).ok
    assert visit.settle("1000.00").ok


def test_an_institution_at_home_needs_no_opening_for_the_disease(stage):
    body = {"name": "七台河诊所", "area": "230900", "level": "primary_a", "kind": "institution", "diseases": ["M03900"]}
    stage.control("PUT", "institutions/H23090000077", body)
    visit = stage.another_hospital(("H23090000077", "七台河诊所", "230900")).visit(stage.patient(filings=[]))
    visit.charge(visit.line(1, "X-UNKNOWN", "1", "10.00"))
    assert visit.settle("10.00").ok


# Several reasons


def test_of_several_reasons_the_first_is_named_and_the_findings_have_all_in_order(stage):
    stage.control("PUT", "policy/230900", city(unfiled=REFUSING))
    patient = stage.patient(status="suspended", registrations=[], filings=[])
    words, rules = told(stage, patient, hospital=stage.another_hospital(COMMUNITY))
    assert rules == ["insurance_suspended", "disease_not_registered", "not_filed", "institution_disease_closed"]
    first = stage.control.findings(rule="insurance_suspended")[0]["message"]["zh"]
    assert words.startswith(first)


def test_2001_answers_0_with_flag_0_and_the_reasons_where_there_is_no_entitlement(stage):
    stage.control("PUT", "policy/230900", city(unfiled=REFUSING))
    patient = stage.patient(registrations=[], filings=[])

    def ask(**changes):
        data = {
            "psn_no": patient["psn_no"],
            "insutype": "310",
            "fixmedins_code": stage.hospital.institution[0],
            "med_type": "14",
            "begntime": "2025-03-10 09:00:00",
            "dise_codg": "M07803",
            "dise_name": "血透",
        }
        return stage.hospital.send("2001", {"data": data | changes}).output["trtinfo"][0]

    refused = ask()
    assert refused["trt_enjymnt_flag"] == "0"
    assert "M07803" in refused["trt_chk_rslt"]
    assert "110000" in refused["trt_chk_rslt"]
    assert ask(med_type="13", dise_codg="", dise_name="")["trt_enjymnt_flag"] == "1"
    stage.control("POST", f"people/{patient['psn_no']}/filings", FILED[0])
    stage.control("POST", f"people/{patient['psn_no']}/registrations", REGISTERED[0])
    assert ask()["trt_enjymnt_flag"] == "1"
    assert ask()["trt_chk_rslt"] == ""
