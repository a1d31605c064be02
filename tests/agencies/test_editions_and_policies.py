"""An agency of another edition is understood both ways; other figures are found where only one side has them."""

import json
from decimal import Decimal
from importlib import resources

import pytest

from simulator.benefit import PolicyBook
from tests.agencies.bodies import registration
from tests.agencies.conftest import City, of_two_patients


def journey(city: City) -> dict[str, Decimal]:
    """Everything once, with the reference agency; the settlement's setlinfo."""
    person = city.person
    assert city.hospital.identify(person).ok
    visit = city.visit()
    assert visit.preview("1000.00").ok
    settled = visit.settle("1000.00").setlinfo
    assert visit.cancel(settled["setl_id"]).ok
    assert city.hospital.send("2503", {"data": registration(person, "M08300")}).ok
    again = visit.settle("1000.00").setlinfo
    city.balances()
    assert city.hospital.send("5301", {"data": {"psn_no": person["psn_no"]}}).ok
    return again


SENT = [
    # edition, number, psn_type of 退休 (Hunan prints none in 2207), whether it has pub_hosp_rfom_flag
    ("jiangxi-1.0", "2207A", "21", True),
    ("hunan-1.3", "2207", None, False),
]


@pytest.mark.parametrize(("edition", "number", "retired", "has_reform_flag"), SENT)
def test_an_agency_of_another_edition_is_spoken_to_in_it_and_the_hospital_in_ours(
    city, referred, edition, number, retired, has_reform_flag
):
    referred(edition=edition)
    city.control("PUT", "agencies/230900", registered(city) | {"edition": edition})
    settled = journey(city)
    assert settled["psn_type"] == "12"
    assert settled["hifp_pay"] == Decimal("450.00")
    visit = city.visit()
    city.fault("drop_after_commit", "2207A")
    assert visit.settle("1000.00", pub_hosp_rfom_flag="1").err_msg.startswith("结果未知")
    assert city.run_outbox() == {"acknowledged": 1, "waiting": 0}
    sent = json.loads(city.control("GET", "messages?infno=2207A&leg=agency&raw=1")["messages"][-1]["request"])
    assert (sent["infno"], sent["input"]["data"].get("psn_type")) == (number, retired)
    assert ("pub_hosp_rfom_flag" in sent["input"]["data"]) is has_reform_flag
    assert city.errors() == []
    assert city.day_differences() == []


DIALECT = """
name: city
title: {zh: 某市方言}
builds_on: national
infcode: number
renamed:
  - {node: data, field: psn_no, to: person_no}
  - {node: data, field: omsgid, to: original, transactions: ["2601"]}
  - {node: setlinfo, to: settlement}
  - {node: setlinfo, field: hifp_pay, to: fund_pay}
  - {node: baseinfo, field: psn_no, to: person_no}
moved:
  - {node: data, to: body, direction: in}
  - {node: setlinfo, field: setl_id, to: (output), direction: out, transactions: ["2207A"]}
"""


def test_an_agency_whose_dialect_renames_and_moves_is_spoken_to_in_it(city, referred, tmp_path):
    """A settlement whose answer is lost is reversed in the dialect too, and the day agrees."""
    (tmp_path / "dialect").mkdir()
    (tmp_path / "dialect" / "edition.yaml").write_text(DIALECT, encoding="utf-8")
    edition = str(tmp_path / "dialect")
    referred(edition=edition)
    city.control("PUT", "agencies/230900", registered(city) | {"edition": edition})
    assert journey(city)["hifp_pay"] == Decimal("450.00")
    visit = city.visit()
    city.fault("drop_after_commit", "2207A")
    assert visit.settle("1000.00").err_msg.startswith("结果未知")
    assert city.run_outbox() == {"acknowledged": 1, "waiting": 0}
    told = {
        each["infno"]: (json.loads(each["request"])["input"], json.loads(each["answer"]))
        for each in city.control("GET", "messages?leg=agency&raw=1")["messages"]
        if each["outcome"] == "answered"
    }
    asked, answer = told["2207A"]
    assert "person_no" in asked["body"]["data"]
    assert answer["infcode"] == 0
    assert {"settlement", "setl_id"} <= answer["output"].keys()
    assert "fund_pay" in answer["output"]["settlement"]
    assert city.errors() == []
    assert city.day_differences() == []


def registered(city: City) -> dict[str, object]:
    found = city.control("GET", "agencies/230900")
    return {"url": found["url"], "timeout_s": float(found["timeout_s"])}


def test_a_platform_of_another_edition_understands_a_national_agency(stages, city, referred):
    there = of_two_patients(stages(edition="jiangxi-1.0"))
    # `referred` puts its agency in the place of this fixture's city.
    city.stage, city.people = there.stage, there.people
    referred(edition="national")
    city.control("PUT", "agencies/230900", registered(city) | {"edition": "national"})
    assert journey(city)["psn_type"] == "21"
    assert city.errors() == []


def test_an_agency_that_speaks_another_edition_undeclared_is_told_so(city, referred):
    referred(edition="jiangxi-1.0")
    assert not city.hospital.identify(city.person).ok
    assert not city.visit().settle("1000.00").ok
    assert city.error_rules() != []
    assert all("psn_cert_type 的代码不在表里" in each["message"]["zh"] for each in city.errors())


def other_figures(ratio: str = "0.93") -> str:
    """七台河 with another ratio for retired dialysis patients."""
    shipped = resources.files("simulator.benefit.policies").joinpath("230900.yaml").read_text(encoding="utf-8")
    row = 'disease: M07800, category: retired, value: "0.90"'
    assert row in shipped
    without_examples = shipped[: shipped.index("examples:")]
    return without_examples.replace(row, row.replace("0.90", ratio))


def test_other_figures_on_both_sides_are_right(city, referred):
    city.control("PUT", "policy/230900", {"text": other_figures(), "name": "other.yaml"})
    referred(policies=PolicyBook.shipped().with_city(other_figures(), "other.yaml"))
    # (1000 − 500) × 0.93
    assert city.visit().settle("1000.00").setlinfo["hifp_pay"] == Decimal("465.00")
    assert city.errors() == []


def test_other_figures_on_one_side_are_found_with_the_rule(city, referred):
    referred(policies=PolicyBook.shipped().with_city(other_figures(), "other.yaml"))
    visit = city.visit()
    assert visit.preview("1000.00").ok
    assert visit.settle("1000.00").ok
    (found,) = city.errors()
    assert (found["rule"], found["wanted"], found["got"]) == ("award.ratio", "0.9000", "0.9300")
    assert "D1 慢性肾功能衰竭（透析），退休" in found["message"]["zh"]
    assert city.control.audit()["balanced"]
    assert city.day_differences() == []


def test_codes_of_accumulators_may_be_the_citys_own(city, stubbed):
    stub = stubbed()
    assert city.visit().settle("1000.00").ok
    own = {"DEDC": "QFX", "HIFP": "TC"}
    for key in list(stub.balances):
        psn_no, insutype, year, kind, disease = key
        stub.balances[psn_no, insutype, year, own[kind], disease] = stub.balances.pop(key)
    codes = {theirs + disease: ours + disease for ours, theirs in own.items() for disease in ("", "M07800")}
    city.register(stub.url, profile={"cum_type_codes": codes})
    assert city.balances() == {"QFX": 500, "TC": 450, "QFXM07800": 500, "TCM07800": 450}
    assert city.errors() == []
    # Without the profile they say nothing to us, and what we miss is told.
    city.register(stub.url)
    city.balances()
    assert city.error_rules() == ["accumulators"]


def test_the_deductible_by_disease_may_be_left_out_where_it_counts_for_nothing(city, stubbed):
    stubbed("5206_without_deductible_by_disease")
    assert city.visit().settle("1000.00").ok
    # 500.00 deductible; (1000.00 − 500.00) × 0.90 = 450.00
    assert city.balances() == {"DEDC": 500, "HIFP": 450, "HIFPM07800": 450}
    assert city.errors() == []


def test_an_agency_with_a_clock_of_its_own_is_judged_by_its_day(city, referred):
    """Its setl_time decides the year, whatever the sandbox's clock says; the difference is a warning."""
    from datetime import datetime

    referred(own_clock=lambda: datetime(2026, 1, 2, 8, 30), capabilities={"clock": "own"})  # noqa: DTZ001
    settled = city.visit().settle("1000.00").setlinfo
    assert settled["setl_time"] == "2026-01-02 08:30:00"
    assert city.errors() == []
    assert [each["rule"] for each in city.control.findings(severity="warning")] == ["time.setl_time"]
    told = city.control("GET", f"settlements/{settled['setl_id']}")
    assert told["year"] == 2026
    assert city.day_differences("2026-01-02") == []
