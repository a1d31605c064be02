"""Registering, describing and withdrawing a visit (2201, 2203, 2202), and whose voucher is shown."""

import pytest

from simulator.store import tables
from tests.support.hospital import Visit


@pytest.fixture
def patient(stage):
    return stage.patient()


@pytest.fixture
def visit(stage, patient):
    return stage.hospital.visit(patient)


def withdraw(visit, **changes):
    data = {"psn_no": visit.person["psn_no"], "mdtrt_id": visit.id, "ipt_otp_no": "M1"}
    return visit.send("2202", {"data": data | changes})


def test_each_registration_gives_a_number_of_its_own(stage, patient):
    numbers = {stage.hospital.visit(patient).id for _ in range(3)}
    assert len(numbers) == 3


def test_a_person_nobody_knows_is_refused_with_the_advice_to_ask_by_1101(stage, visit):
    answer = visit.register(psn_no="23090000000000000000")
    assert "23090000000000000000" in answer.err_msg
    assert "1101" in answer.err_msg
    (found,) = stage.control.findings()
    assert (found["rule"], found["path"]) == ("person_unknown", "/input/data/psn_no")


# Vouchers


def shown(person, kind):
    return {
        "01": {"mdtrt_cert_type": "01", "mdtrt_cert_no": person["credential_token"]},
        "02": {"mdtrt_cert_type": "02", "mdtrt_cert_no": person["certno"]},
        "03": {"mdtrt_cert_type": "03", "mdtrt_cert_no": person["card_no"], "card_sn": person["card_sn"]},
    }[kind]


@pytest.mark.parametrize("kind", ["01", "02", "03"])
def test_voucher_certificate_and_card_each_identify_the_person(stage, patient, visit, kind):
    found = stage.hospital.identify(patient, **shown(patient, kind)).output
    assert found["baseinfo"]["psn_no"] == patient["psn_no"]
    assert visit.register(**shown(patient, kind)).ok


@pytest.mark.parametrize("kind", ["01", "02", "03"])
def test_the_voucher_of_another_person_is_refused(stage, patient, visit, kind):
    other = stage.patient(age=66)
    assert patient["psn_no"] in visit.register(**shown(other, kind)).err_msg
    visit.charge(visit.session("1000.00"))
    assert not visit.preview("1000.00", **shown(other, kind)).ok
    assert not visit.settle("1000.00", **shown(other, kind)).ok
    assert stage.rows(tables.settlement) == {"settlement": []}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"certno": "230996195109086782"}, "certno"),
        ({"psn_name": "张三"}, "psn_name"),
        ({"psn_type": "11"}, "psn_type"),
        ({"psn_cert_type": "02"}, "psn_cert_type"),
    ],
)
def test_an_identity_field_that_is_not_the_persons_is_refused_by_its_name(stage, patient, visit, changes, words):
    assert words in visit.register(**changes).err_msg
    if "psn_type" not in changes:
        assert words in stage.hospital.identify(patient, **changes).err_msg


def test_a_retired_person_coded_as_another_edition_codes_them_is_told_so(stages):
    # 12 is 退休 in the national edition, 21 in jiangxi-1.0.
    for edition, right, wrong in (("national", "12", "11"), ("jiangxi-1.0", "21", "12")):
        stage = stages(edition=edition)
        patient = stage.patient()
        assert patient["psn_type"] == right
        visit = stage.hospital.visit(patient)
        answer = visit.register(psn_type=wrong)
        assert wrong in answer.err_msg


def test_a_card_needs_its_own_card_sn(stage, patient, visit):
    card = shown(patient, "03")
    for changes in ({"card_sn": ""}, {"card_sn": "0" * 32}):
        assert "card_sn" in stage.hospital.identify(patient, **card | changes).err_msg
        assert "card_sn" in visit.register(**card | changes).err_msg


def test_a_voucher_that_nobody_holds_is_refused(stage, patient):
    for kind in ("01", "02", "03"):
        assert not stage.hospital.identify(patient, mdtrt_cert_type=kind, mdtrt_cert_no="1" * 18).ok
    swapped = shown(patient, "01") | {"mdtrt_cert_type": "02"}
    assert not stage.hospital.identify(patient, **swapped).ok


FIELDS = {"01": "credential_token", "02": "certno", "03": "card_no"}


def cause(stage, answer):
    """Rule, path, expected and received value of the finding about the message refused last."""
    assert not answer.ok
    found = stage.control("GET", "findings?raw=1")["findings"][-1]
    assert found["message"]["zh"] in answer.err_msg
    return found["rule"], found["path"], found["wanted"], found["got"]


@pytest.mark.parametrize("sent", ["01", "02", "03"])
@pytest.mark.parametrize("held", ["01", "02", "03"])
def test_a_credential_under_another_type_is_told_the_type_it_belongs_to(stage, patient, visit, held, sent):
    changes = {"mdtrt_cert_type": sent, "mdtrt_cert_no": patient[FIELDS[held]], "card_sn": patient["card_sn"]}
    if held == sent:
        assert stage.hospital.identify(patient, **changes).ok
        return
    expected = ("credential_type", "/input/data/mdtrt_cert_type", held, sent)
    assert cause(stage, stage.hospital.identify(patient, **changes)) == expected
    assert cause(stage, visit.register(**changes)) == expected


@pytest.mark.parametrize("kind", ["01", "03"])
def test_an_identity_number_nobody_has_is_told_to_be_one_by_its_form(stage, patient, kind):
    changes = {"mdtrt_cert_type": kind, "mdtrt_cert_no": "11010519491231002x", "card_sn": "0" * 32}
    expected = ("credential_type", "/input/data/mdtrt_cert_type", "02", kind)
    assert cause(stage, stage.hospital.identify(patient, **changes)) == expected


@pytest.mark.parametrize("kind", ["01", "02", "03"])
@pytest.mark.parametrize("spelt", [str.lower, " {}".format, "{} ".format])
def test_a_credential_of_another_spelling_is_told_so(stage, kind, spelt):
    people = (stage.patient(age=age) for age in range(50, 90))
    patient = next(each for each in people if each["certno"].endswith("X"))
    written = spelt(patient[FIELDS[kind]])
    answer = stage.hospital.identify(patient, mdtrt_cert_type=kind, mdtrt_cert_no=written, card_sn=patient["card_sn"])
    assert cause(stage, answer) == ("credential_letters", "/input/data/mdtrt_cert_no", "", written)


@pytest.mark.parametrize("code", ["6" * 28, "https://example.invalid/q?t=1", "1" * 33])
def test_the_text_of_a_qr_code_is_told_to_be_no_token(stage, patient, code):
    answer = stage.hospital.identify(patient, mdtrt_cert_type="01", mdtrt_cert_no=code)
    assert cause(stage, answer) == ("credential_no_token", "/input/data/mdtrt_cert_no", "", code)


@pytest.mark.parametrize(("insured", "place"), [("", "110000"), ("231000", "231000"), ("110000", "110000")])
@pytest.mark.parametrize("kind", ["01", "02", "03"])
def test_a_person_of_another_insured_place_is_told_where_they_are_insured(stage, patient, kind, insured, place):
    fields = {"insured": insured}
    answer = stage.hospital.identify(patient, **shown(patient, kind), fields=fields)
    assert cause(stage, answer) == ("credential_elsewhere", "/insuplc_admdvs", "230900", place)


def test_a_token_that_nobody_holds_stays_unknown(stage, patient):
    answer = stage.hospital.identify(patient, mdtrt_cert_type="01", mdtrt_cert_no="0" * 32)
    assert cause(stage, answer) == ("credential_unknown", "/input/data/mdtrt_cert_no", "", "0" * 32)


@pytest.mark.parametrize("edition", ["national", "jiangxi-1.0"])
def test_care_elsewhere_needs_the_identity_that_local_care_does_not(stages, edition):
    stage = stages(edition=edition)
    patient = stage.patient()
    visit = stage.hospital.visit(patient)
    bare = dict.fromkeys(("certno", "psn_name", "psn_cert_type"), "")
    assert not visit.register(**bare).ok
    paths = {each["path"].rpartition("/")[2] for each in stage.control.findings(severity="error")}
    assert paths == set(bare)
    home = stage.another_hospital(("H23090000001", "七台河模拟人民医院", "230900"))
    local = Visit(home, patient)
    assert local.register(**bare).ok


# 2203


def test_charges_wait_for_the_description_of_the_visit(stage, patient):
    visit = Visit(stage.hospital, patient)
    visit.id = visit.register().output["data"]["mdtrt_id"]
    assert "2203" in visit.charge(visit.session("1000.00")).err_msg
    assert visit.describe().ok
    assert visit.charge(visit.session("1000.00")).ok


@pytest.mark.parametrize("infno", ["2203", "2203A"])
def test_both_forms_of_the_description_are_served(stage, patient, infno):
    visit = Visit(stage.hospital, patient)
    visit.id = visit.register().output["data"]["mdtrt_id"]
    assert visit.describe(infno).ok


@pytest.mark.parametrize("med_type", ["41", "2101", "9901", "12"])
def test_a_med_type_that_is_not_simulated_is_refused_with_those_that_are(visit, med_type):
    words = visit.describe(med_type=med_type).err_msg
    assert med_type in words


def test_a_med_type_that_no_table_has_is_a_breach(visit):
    assert "med_type" in visit.describe(med_type="77").err_msg


def test_special_disease_care_needs_a_disease_and_ordinary_care_does_not(visit):
    assert "dise_codg" in visit.describe(dise_codg="", dise_name="").err_msg
    assert visit.describe(med_type="11", dise_codg="", dise_name="").ok


def test_a_description_may_be_replaced_until_there_are_charges_and_then_its_med_type_is_fixed(visit):
    assert visit.describe(med_type="11").ok
    assert visit.describe(med_type="14").ok
    assert visit.charge(visit.session("1000.00")).ok
    assert "14" in visit.describe(med_type="11").err_msg
    assert visit.describe(begntime="2025-03-10 08:00:00").ok
    visit.send("2205", {"data": {"psn_no": visit.person["psn_no"], "mdtrt_id": visit.id, "chrg_bchno": "0000"}})
    assert visit.describe(med_type="11").ok


# Whose visit


def test_a_visit_belongs_to_its_institution_its_person_and_its_insured_place(stage, visit):
    other = stage.another_hospital(("H11000000002", "北京模拟区医院", "110000"))
    foreign = Visit(other, visit.person, id=visit.id)
    assert visit.id in foreign.charge(foreign.session("1000.00")).err_msg
    somebody = stage.patient(age=70)
    assert somebody["psn_no"] in Visit(stage.hospital, somebody, id=visit.id).describe().err_msg
    moved = visit.charge(visit.session("1000.00"))
    assert moved.ok
    assert "230900" in visit.preview("1000.00", fields={"insuplc_admdvs": "330100"}).err_msg


@pytest.mark.parametrize(
    "never",
    [
        lambda given: "1",
        lambda given: "x" * 30,
        lambda given: given[:-1],
        lambda given: given[:-2] + "99",
        lambda given: given[:6] + "9" * 18,
        lambda given: "310000" + given[6:],
    ],
)
def test_a_visit_number_that_was_never_given_out_is_refused(visit, never):
    number = never(visit.id)
    assert number in Visit(visit.hospital, visit.person, id=number).describe().err_msg


# 2202


def test_a_withdrawn_visit_takes_nothing_more(visit):
    assert withdraw(visit).ok
    for answer in (
        withdraw(visit),
        visit.describe(),
        visit.charge(visit.session("1000.00")),
        visit.preview("1000.00"),
        visit.settle("1000.00"),
        visit.cancel("230900000000000001"),
    ):
        assert visit.id in answer.err_msg


def test_a_visit_with_charges_is_not_withdrawn_before_they_are(visit):
    settled = visit.settled("1000.00")
    assert "B1" in withdraw(visit).err_msg
    visit.cancel(settled["setl_id"])
    assert "B1" in withdraw(visit).err_msg
    visit.send("2205", {"data": {"psn_no": visit.person["psn_no"], "mdtrt_id": visit.id, "chrg_bchno": "B1"}})
    assert withdraw(visit).ok


def test_a_visit_is_withdrawn_under_the_number_it_was_registered_with(visit):
    assert "M1" in withdraw(visit, ipt_otp_no="M2").err_msg
