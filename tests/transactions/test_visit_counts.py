"""Counts of visits: deductibles by the number of the visit and limits of visits, in any order (rules 39)."""

import itertools
from contextlib import closing
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import CI
from tests.support.stage import open_stage
from tests.transactions.test_questions import of_person

SAID = 'from: "2025-01-01", source: illustrative, reference: 示例'
CITY = f"""
area: "230900"
name: 七台河市
version: counted
deductible:
  - {{disease: M07800, period: visit, by_visit: ["100.00", "50.00", "0.00"], {SAID}}}
ratio:
  - {{disease: M07800, value: "0.80", {SAID}}}
visit_limit:
  - {{disease: M07800, period: month, value: 2, {SAID}}}
"""
YEAR, MARCH, APRIL = "VSTSM07800", "VSTSC07800", "VSTSD07800"
_names = itertools.count(1)


@pytest.fixture
def patient(stage):
    stage.control("PUT", "policy/230900", {"text": CITY})
    return stage.patient()


def counts(stage, patient):
    rows = of_person(stage, "5206", patient, cum_ym="").output["cuminfo"]
    return {row["cum_type_code"]: row["cum"] for row in rows if row["cum_type_code"].startswith("VSTS")}


def paid(settled):
    return settled["act_pay_dedc"], settled["hifp_pay"]


def test_the_deductible_falls_with_the_number_of_the_visit_and_the_limit_of_the_month_ends_the_pools_part(
    stage, patient
):
    first, second, third = (stage.hospital.visit(patient).settled("400.00") for _ in range(3))
    # (400.00 − 100.00) × 0.80 = 240.00; (400.00 − 50.00) × 0.80 = 280.00; a third of two in March: 0.00
    assert [paid(each) for each in (first, second, third)] == [(100, 240), (50, 280), (0, 0)]
    assert (third["psn_part_amt"], counts(stage, patient)) == (400, {YEAR: 3, MARCH: 3})
    stage.now("2025-04-01 09:00:00")
    # The fourth of the year, the first of April: 400.00 × 0.80 = 320.00
    assert paid(stage.hospital.visit(patient).settled("400.00")) == (0, 320)
    assert counts(stage, patient) == {YEAR: 4, MARCH: 3, APRIL: 1}


def test_a_visit_settled_in_two_batches_counts_once_and_keeps_its_number(stage, patient):
    stage.hospital.visit(patient).settled("400.00")
    visit = stage.hospital.visit(patient)
    one = visit.settled("40.00")
    two = visit.settled("400.00", batch="B2", serial=2)
    # Number 2 has a deductible of 50.00: 40.00 of the first batch, 10.00 of the second.
    # (400.00 − 10.00) × 0.80 = 312.00
    assert [paid(one), paid(two)] == [(40, 0), (10, 312)]
    assert counts(stage, patient) == {YEAR: 2, MARCH: 2}
    assert visit.cancel(one["setl_id"]).ok
    assert counts(stage, patient) == {YEAR: 2, MARCH: 2}
    assert visit.cancel(two["setl_id"]).ok
    assert counts(stage, patient) == {YEAR: 1, MARCH: 1}


def test_a_pre_settlement_counts_nothing(stage, patient):
    visit = stage.hospital.visit(patient)
    assert visit.charge(visit.session("400.00")).ok
    assert visit.preview("400.00").ok
    assert counts(stage, patient) == {}


def test_visits_settled_before_the_platform_began_are_an_opening_balance(stage, patient):
    path = f"people/{patient['psn_no']}/accumulators"
    opening = {"year": 2025, "insutype": "310", "kind": "VSTS", "disease": "M07800", "amount": "2.00"}
    stage.control("POST", path, opening)
    # The third of the year has no deductible; none of the two was in March.
    assert paid(stage.hospital.visit(patient).settled("400.00")) == (0, 320)
    assert counts(stage, patient) == {YEAR: 3, MARCH: 1}


STEPS = st.lists(
    st.tuples(st.sampled_from(("settle", "cancel", "reverse", "undo_cancel")), st.integers(0, 2), st.integers(1, 2)),
    min_size=4,
    max_size=14,
)


@pytest.mark.slow
@settings(max_examples=20, deadline=None, derandomize=CI, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_in_any_order_the_counts_are_the_visits_that_have_a_live_settlement(shared_app, steps):
    with closing(open_stage(shared_app, f"visit-counts-{next(_names)}")) as stage:
        stage.control("PUT", "policy/230900", {"text": CITY})
        patient = stage.patient()
        visits = [stage.hospital.visit(patient) for _ in range(3)]
        charged, live, cancelled = set(), {}, {}
        for act, number, batch in steps:
            visit, key, name = visits[number], (number, batch), f"B{batch}"
            if act == "settle" and key not in live:
                if key not in charged:
                    assert visit.charge(visit.session("400.00", serial=batch, batch=name)).ok
                    charged.add(key)
                message = stage.hospital.envelope("2207A", {"data": visit.settlement_input("400.00", batch=name)})
                settled = stage.hospital.post(message)
                assert settled.ok, settled.err_msg
                live[key] = settled.setlinfo["setl_id"], message["msgid"]
                cancelled.pop(key, None)
            elif act == "cancel" and key in live:
                data = {"psn_no": patient["psn_no"], "setl_id": live[key][0], "mdtrt_id": visit.id}
                message = stage.hospital.envelope("2208", {"data": data})
                assert stage.hospital.post(message).ok
                cancelled[key] = live.pop(key), message["msgid"]
            elif act == "reverse" and key in live:
                assert visit.reverse(live.pop(key)[1], "2207A").ok
            elif act == "undo_cancel" and key in cancelled:
                settlement, msgid = cancelled.pop(key)
                assert visit.reverse(msgid, "2208").ok
                live[key] = settlement
            standing = Decimal(len({number for number, _ in live}))
            assert counts(stage, patient) == ({YEAR: standing, MARCH: standing} if standing else {})
        assert stage.control.audit()["differences"] == []
