"""People made by control calls go by the file of their insured place: its diseases, and the code each is kept under."""

from decimal import Decimal

import pytest


def diseases_of(stage, area):
    people = stage.control("GET", f"people?insured_at={area}&limit=400")["people"]
    return {entry["disease"] for person in people for entry in person["registrations"]}


@pytest.mark.parametrize(
    ("clock", "hypertension"), [("2025-06-30 09:00:00", False), ("2025-07-01 09:00:00", True)], ids=["before", "after"]
)
def test_a_population_holds_only_diseases_that_its_place_lists_on_the_day(stage, clock, hypertension):
    stage.now(clock)
    stage.control("POST", "people/populate", {"insured_at": "230900", "count": 300, "seed": 7})
    rules = stage.control("GET", f"policy/230900?on={clock[:10]}")["rules"]
    listed = {rule["when"]["code"] for rule in rules if rule["rule"] == "diseases"}
    found = diseases_of(stage, "230900")
    assert len(listed) == (20 if hypertension else 12)
    assert found <= listed
    assert ("M03900" in found) == hypertension
    # Rare ones may be missing among 300, the frequent ones are not.
    assert {"M00500", "M07800", "M04600"} <= found


def test_an_opening_balance_stands_under_the_sub_code_whose_row_sets_the_cap(stage):
    patient = stage.patient(
        insured_at="653200",
        category="employed",
        registrations=[{"disease": "M00500", "from": "2025-01-01"}],
        filings=[{"place": "110000", "group": "long_term_resident", "from": "2025-01-01", "channel": "app"}],
    )
    balance = {"year": 2025, "insutype": "310", "kind": "HIFP", "amount": "99950.00"}
    path = f"people/{patient['psn_no']}/accumulators"
    told = [stage.control("POST", path, balance | {"disease": code})["disease"] for code in ("M00503", "M00504")]
    # The cap of 100,000 is that of M00503; other care of cancer stands under its class.
    assert told == ["M00503", "M00500"]
    visit = stage.hospital.visit(patient, disease="M00503")
    assert visit.settled("2000.00")["hifp_pay"] == Decimal("50.00")
