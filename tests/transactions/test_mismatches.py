"""Messages that contradict their visit: told, or refused where the city file says so (on_mismatch)."""

import pytest

REFUSING = """
area: "230900"
name: 七台河市
version: refusing
on_mismatch:
  charge_outside_visit: {value: refuse, source: illustrative, reference: test}
  pharmacy_as_hospital: {value: refuse, source: illustrative, reference: test}
"""
PHARMACY = ("P11000000001", "北京模拟大药房", "110000")


def early_charge(stage):
    visit = stage.hospital.visit(stage.patient())
    return visit.charge(visit.session("400.00", fee_ocur_time="2025-03-09 10:00:00"))


def pharmacy_visit(stage, med_type, disease):
    stage.hospital = stage.another_hospital(PHARMACY)
    visit = stage.hospital.visit(stage.patient(), med_type="14")
    return visit.describe(med_type=med_type, dise_codg=disease)


def told(stage):
    return [each["rule"] for each in stage.control.findings(severity="warning")]


CASES = [
    (early_charge, "charge_outside_visit"),
    (lambda stage: pharmacy_visit(stage, "11", ""), "pharmacy_as_hospital"),
    (lambda stage: pharmacy_visit(stage, "13", ""), "pharmacy_as_hospital"),
]


@pytest.mark.parametrize(("case", "rule"), CASES)
def test_a_contradiction_is_taken_and_told_where_the_city_says_nothing(stage, case, rule):
    assert case(stage).ok
    assert told(stage) == [rule]


@pytest.mark.parametrize(("case", "rule"), CASES)
def test_a_contradiction_is_refused_where_the_city_file_says_so(stage, case, rule):
    stage.control("PUT", "policy/230900", {"text": REFUSING})
    answer = case(stage)
    assert not answer.ok
    assert rule in [each["rule"] for each in stage.control.findings()]


def test_what_fits_the_visit_is_not_told(stage):
    visit = stage.hospital.visit(stage.patient())
    # The day of the visit's begin, whatever the hour.
    assert visit.charge(visit.session("400.00", fee_ocur_time="2025-03-10 00:00:01")).ok
    assert pharmacy_visit(stage, "14", "M07800").ok
    assert told(stage) == []
