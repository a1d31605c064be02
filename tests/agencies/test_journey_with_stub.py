"""The whole journey with an agency that knows nothing but the protocol page: no error, and both books agree."""

from decimal import Decimal

import pytest

from tests.agencies.bodies import entitlement_question, registration
from tests.agencies.conftest import ANY_PRICE, City, plain
from tests.agencies.stub_agency import StubAgency, serve


def test_the_whole_journey_finds_no_error_and_both_books_agree(city, stubbed):
    stub = stubbed()
    person = city.person
    assert city.hospital.identify(person).ok
    entitled = city.hospital.send("2001", {"data": entitlement_question(person)})
    assert entitled.output["trtinfo"][0]["trt_enjymnt_flag"] == "1"
    assert city.hospital.send("5301", {"data": {"psn_no": person["psn_no"]}}).ok
    visit = city.visit("1000.00", "333.33")
    assert visit.preview("1333.33").ok
    settled = visit.settle("1333.33", acct_used_flag="0").setlinfo
    # (1000.00 − 500.00) × 0.90 + 333.33 × 0.90 = 450.00 + 299.997 → 300.00
    assert settled["hifp_pay"] == Decimal("750.00")
    assert city.balances()["HIFPM07800"] == Decimal("750.00")
    assert visit.cancel(settled["setl_id"]).setlinfo["hifp_pay"] == Decimal("-750.00")
    assert city.balances() == {}
    assert visit.settle("1333.33", acct_used_flag="0").ok
    assert city.errors() == []
    assert city.day_differences() == []
    # Settled, cancelled, settled anew: two numbers at the agency, of which one lives.
    assert [each.state for each in stub.settlements] == ["cancelled", "live"]


def test_the_account_pays_and_gets_it_back(city, stubbed):
    stubbed()
    visit = city.visit("2000.00")
    settled = visit.settle("2000.00", acct_used_flag="1").setlinfo
    # (2000 − 500) × 0.90 = 1350.00; 650.00 from the account of 1200.00
    assert (settled["acct_pay"], settled["balc"]) == (Decimal("650.00"), Decimal("550.00"))
    cancelled = visit.cancel(settled["setl_id"]).setlinfo
    assert (cancelled["acct_pay"], cancelled["balc"]) == (Decimal("-650.00"), Decimal("1200.00"))
    assert city.errors() == []


def test_the_cap_is_crossed_over_several_visits(city, stubbed):
    stubbed()
    patient = city.people[1]
    paid = []
    for _ in range(3):
        visit = city.visit("40000.00", person=patient, disease="M00503")
        paid.append(visit.settle("40000.00").setlinfo["hifp_pay"])
    # (40000 − 500) × 0.85 = 33575.00; 40000 × 0.85 = 34000.00; 80000 − 67575 = 12425.00 is left
    assert paid == [Decimal("33575.00"), Decimal("34000.00"), Decimal("12425.00")]
    assert city.balances(patient)["HIFPM00500"] == Decimal("80000.00")
    assert city.errors() == []
    assert city.day_differences() == []


def test_a_lost_answer_is_reversed_and_settled_anew(city, stubbed):
    stub = stubbed()
    visit = city.visit()
    city.fault("drop_after_commit", "2207A")
    assert visit.settle("1000.00").err_msg.startswith("结果未知")
    assert city.run_outbox() == {"acknowledged": 1, "waiting": 0}
    settled = visit.settle("1000.00").setlinfo
    assert settled["act_pay_dedc"] == Decimal("500.00")
    assert [each.state for each in stub.settlements] == ["reversed", "live"]
    assert city.errors() == []
    assert city.day_differences() == []


def test_a_cancellation_whose_answer_is_lost_leaves_the_settlement_live(city, stubbed):
    stub = stubbed()
    visit = city.visit()
    settled = visit.settle("1000.00").setlinfo
    city.fault("drop_after_commit", "2208")
    assert visit.cancel(settled["setl_id"]).err_msg.startswith("结果未知")
    city.run_outbox()
    assert [each.state for each in stub.settlements] == ["live"]
    assert city.balances()["HIFP"] == Decimal("450.00")
    assert city.errors() == []
    assert city.day_differences() == []


def test_what_is_granted_by_message_and_on_the_platform_reaches_the_agency(city, stubbed):
    stub = stubbed()
    person = city.person
    register = {"data": registration(person, "M08300")}
    number = city.hospital.send("2503", register).output["result"]["trt_dcla_detl_sn"]
    city.control("POST", f"people/{person['psn_no']}/registrations", {"disease": "M01200", "from": "2025-03-01"})
    city.control(
        "POST",
        f"people/{person['psn_no']}/filings",
        {"place": "330100", "group": "long_term_resident", "from": "2025-03-01", "channel": "app"},
    )
    assert [each["disease"] for each in stub.people[0]["registrations"]] == ["M07800", "M08300", "M01200"]
    assert stub.people[0]["filings"][-1]["place"] == "330100"
    ended = {"data": {"trt_dcla_detl_sn": number, "psn_no": person["psn_no"], "memo": "换病种"}}
    assert city.hospital.send("2504", ended).ok
    assert stub.people[0]["registrations"][1]["to"] == "2025-03-09"
    assert city.hospital.send("5301", {"data": {"psn_no": person["psn_no"]}}).ok
    assert city.errors() == []


@pytest.mark.parametrize(
    "what", ["duplicate", "drop_before", "drop_after_commit", "late", "truncate", "garble", "http_500"]
)
def test_every_fault_on_the_line_ends_with_equal_books(city, stubbed, what):
    stubbed()
    visit = city.visit()
    city.fault(what, "2207A")
    first = visit.settle("1000.00")
    city.run_outbox()
    if not first.ok:
        assert visit.settle("1000.00").ok
    assert city.balances()["DEDC"] == Decimal("500.00")
    assert city.errors() == []
    assert city.day_differences() == []
    assert city.control.audit()["unknown"] == 0


def test_a_refund_inside_a_batch_gives_back_the_deductible_that_it_used_up(city, stubbed):
    stubbed()
    visit = city.hospital.visit(city.person)
    lines = [visit.line(1, ANY_PRICE, "3", "300.00"), visit.line(2, ANY_PRICE, "-2", "300.00")]
    assert visit.charge(*lines).ok
    settled = visit.settle("300.00").setlinfo
    # 900.00 − 600.00 = 300.00 in scope, all of it below the deductible of 500.00
    assert (settled["act_pay_dedc"], settled["hifp_pay"]) == (Decimal("300.00"), 0)
    assert city.visit().settle("1000.00").setlinfo["act_pay_dedc"] == Decimal("200.00")
    assert city.errors() == []


LAYERED = [
    # who, disease, earlier balances, charge, expected: wire field and amount
    # (10000 − 500) × 0.90 = 8550.00; (10000 − 8550) × 0.5
    ({"civil_servant": True}, "M07803", {}, "10000.00", {"hifp_pay": "8550.00", "cvlserv_pay": "725.00"}),
    # (40000 − 300) × 0.70 = 27790.00; own 12210.00 + 12000.00 before; 24210 − 15000 = 9210.00 × 0.60
    (
        {"insutype": "390", "category": "resident"},
        "M07803",
        {"DEDC": "0.00", "MIBS": "12000.00"},
        "40000.00",
        {"hifp_pay": "27790.00", "hifmi_pay": "5526.00"},
    ),
    # (10000 − 300) × 0.70 = 6790.00; 3210.00 × 0.70
    (
        {
            "insutype": "390",
            "category": "resident",
            "identities": [{"kind": "subsistence_allowance", "from": "2025-01-01"}],
        },
        "M07803",
        {},
        "10000.00",
        {"hifp_pay": "6790.00", "hifmi_pay": "0.00", "maf_pay": "2247.00"},
    ),
    # 400000 − 399000 = 1000.00 of 9000.00; 8000 ÷ 0.90 = 8888.89; × 0.90 = 8000.00
    (
        {},
        "M08300",
        {"DEDC": "500.00", "HIFP": "399000.00"},
        "10000.00",
        {"hifp_pay": "1000.00", "hifob_pay": "8000.00"},
    ),
]


@pytest.mark.parametrize(("spec", "disease", "before", "charge", "expected"), LAYERED)
def test_two_computations_of_the_layers_agree(stages, running, spec, disease, before, charge, expected):
    stage = stages()
    registered = {"registrations": [{"disease": disease, "from": "2025-01-01"}]}
    filed = {"filings": [{"place": "110000", "group": "long_term_resident", "from": "2025-01-01", "channel": "app"}]}
    person = stage.control.person(**registered | filed | spec)
    insutype = person["insutype"]
    for kind, amount in before.items():
        opening = {"year": 2025, "insutype": insutype, "kind": kind, "amount": amount}
        stage.control("POST", f"people/{person['psn_no']}/accumulators", opening)
        person.setdefault("accumulators", []).append(opening)
    city = City(stage, [person])
    city.register(running(serve(StubAgency(plain(city.people)))))
    visit = city.visit(charge, disease=disease, insutype=insutype)
    assert visit.preview(charge).ok
    settled = visit.settle(charge).setlinfo
    assert {field: settled[field] for field in expected} == {
        field: Decimal(amount) for field, amount in expected.items()
    }
    assert city.hospital.send("5206", {"data": {"psn_no": person["psn_no"], "cum_ym": ""}}).ok
    assert visit.cancel(settled["setl_id"]).ok
    assert city.hospital.send("5206", {"data": {"psn_no": person["psn_no"], "cum_ym": ""}}).ok
    assert city.errors() == []
    assert city.day_differences() == []
