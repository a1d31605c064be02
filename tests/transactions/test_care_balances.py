"""Balances of kinds of care and periods, from settlement to 5206, by the figures of the example city (rules 35)."""

from decimal import Decimal
from importlib import resources

import pytest

from tests.transactions.test_questions import of_person

EXAMPLE_CITY = resources.files("simulator.benefit.policies").joinpath("990100.yaml").read_text(encoding="utf-8")


@pytest.fixture
def patient(stage):
    """A retired person of a place that pays as the example city does, filed to 北京."""
    stage.control("PUT", "policy/230900", {"text": EXAMPLE_CITY.replace('area: "990100"', 'area: "230900"')})
    return stage.patient()


def balances(stage, patient):
    rows = of_person(stage, "5206", patient, cum_ym="").output["cuminfo"]
    return {row["cum_type_code"]: row["cum"] for row in rows}


def test_outpatients_and_emergencies_share_a_quarters_deductible_and_a_cap(stage, patient):
    clinic = stage.hospital.visit(patient, med_type="11", disease="")
    settled = clinic.settled("1000.00")
    # Another province: (1000.00 − 100.00) × 0.45 = 405.00
    assert (settled["act_pay_dedc"], settled["hifp_pay"]) == (Decimal("100.00"), Decimal("405.00"))
    # First quarter, care 11; the general deductible has nothing.
    assert balances(stage, patient) == {"DE11N": 100, "HIFP": 405, "HP11": 405}
    emergency = stage.hospital.visit(patient, med_type="13", disease="").settled("500.00")
    # 500.00 × 0.70 = 350.00, booked under the care of the row that sets the cap.
    assert (emergency["act_pay_dedc"], emergency["hifp_pay"]) == (0, Decimal("350.00"))
    assert balances(stage, patient) == {"DE11N": 100, "HIFP": 755, "HP11": 755}
    assert clinic.cancel(settled["setl_id"]).ok
    assert balances(stage, patient) == {"HIFP": 350, "HP11": 350}


def test_special_disease_keeps_the_general_deductible_beside_them(stage, patient):
    stage.hospital.visit(patient, med_type="11", disease="").settled("1000.00")
    settled = stage.hospital.visit(patient).settled("1000.00")
    # Dialysis goes by any: (1000.00 − 600.00) × 0.75 = 300.00
    assert (settled["act_pay_dedc"], settled["hifp_pay"]) == (Decimal("600.00"), Decimal("300.00"))
    deductibles = {"DE11N": 100, "DEDC": 600, "DEDCM07800": 600}
    assert balances(stage, patient) == deductibles | {
        "HP11": 405,
        "HIFP": 705,
        "HIFPM07800": 300,
        # A visit of the month for dialysis, whose visits are limited.
        "VSTSC07800": 1,
    }


def test_a_new_quarter_takes_the_deductible_again(stage, patient):
    stage.hospital.visit(patient, med_type="11", disease="").settled("1000.00")
    stage.now("2025-04-01 09:00:00")
    settled = stage.hospital.visit(patient, med_type="11", disease="").settled("300.00")
    assert settled["act_pay_dedc"] == Decimal("100.00")
    # 405.00 + (300.00 − 100.00) × 0.45 = 495.00
    assert balances(stage, patient) == {"DE11N": 100, "DE11O": 100, "HIFP": 495, "HP11": 495}
