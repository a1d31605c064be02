"""Charges are rows: each belongs to one subject at most, and a subject comes to what its charges come to."""

import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.store import subjects, tables
from simulator.store.factory import open_factory

DAYS = [f"2025-12-{day:02d}" for day in range(20, 32)] + [f"2026-01-{day:02d}" for day in range(1, 11)]


def charge(serial: str, day: str, total: int, *, hour: str = "09:00:00") -> subjects.NewCharge:
    """A charge of which a tenth is the person's own purchase and the rest in scope."""
    own = total // 10
    line = f'{{"feedetl_sn":"{serial}"}}'
    return subjects.NewCharge(serial, f"{day} {hour}", total, own, 0, 0, total - own, line)


@pytest.fixture
def work(a_store):
    with a_store.begin() as work:
        yield work


def subject(work, number):
    return work.get_required(tables.subject, id=number)


def test_a_stay_over_new_year_is_cut_into_intervals_that_share_no_charge(work):
    subjects.add_charges(
        work, 7, [charge("1", "2025-12-30", 100_00), charge("2", "2025-12-31", 200_00, hour="23:59:59")]
    )
    subjects.add_charges(work, 7, [charge("3", "2026-01-01", 300_00, hour="00:00:00")])
    old = subjects.form_interval(work, 7, number="1", begins="2025-12-30", ends="2025-12-31")
    new = subjects.form_interval(work, 7, number="2", begins="2025-12-30", ends="2026-01-10")
    # 100.00 + 200.00 before midnight; 300.00 after it, although the second interval begins as early.
    assert (subject(work, old).total, subject(work, new).total) == (300_00, 300_00)
    assert subject(work, old).last_fee_at == "2025-12-31 23:59:59"
    assert [each.total for each in subjects.amounts_of(work, old)] == [100_00, 200_00]
    assert subjects.lines_of(work, new) == [{"feedetl_sn": "3"}]


def test_one_charge_is_withdrawn_singly_and_its_number_is_free_again(work):
    made = subjects.add(work, 7, kind=subjects.BATCH, number="B1", disease="")
    subjects.add_charges(
        work, 7, [charge("1", "2025-12-30", 100_00), charge("2", "2025-12-30", 50_00)], subject_id=made
    )
    assert subjects.withdraw_charge(work, 7, "1")
    assert not subjects.withdraw_charge(work, 7, "1")
    assert (subject(work, made).total, subject(work, made).own_purchase) == (50_00, 5_00)  # a tenth of 50.00
    assert not subjects.is_known(work, 7, "1")
    assert subjects.is_known(work, 7, "2")
    assert not subjects.is_known(work, 8, "2"), "numbers are unique within a visit only"


def test_a_charge_of_a_settled_subject_stays(work):
    made = subjects.add(work, 7, kind=subjects.BATCH, number="B1", disease="", state=subjects.SETTLED)
    subjects.add_charges(work, 7, [charge("1", "2025-12-30", 100_00)], subject_id=made)
    assert not subjects.withdraw_charge(work, 7, "1")
    assert subjects.is_known(work, 7, "1")


moves = st.one_of(
    st.tuples(st.just("upload"), st.sampled_from(DAYS), st.integers(-500_00, 900_00)),
    st.tuples(st.just("interval"), st.sampled_from(DAYS), st.sampled_from(DAYS)),
    st.tuples(st.just("withdraw"), st.integers(1, 30), st.none()),
    st.tuples(st.just("settle"), st.integers(0, 5), st.none()),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(moves, max_size=30))
def test_charges_part_into_subjects_whatever_the_order(a_store, steps):
    """Recomputed from what was asked for: every live charge in one subject at most, every subject its charges' sum."""
    model: dict[str, tuple[str, int, int | None]] = {}
    settled: set[int] = set()
    made: list[int] = []
    with a_store.begin() as work:
        work.remove(tables.charge)
        work.remove(tables.subject)
        for move, first, second in steps:
            if move == "upload":
                serial = str(len(model) + 1)
                subjects.add_charges(work, 7, [charge(serial, first, second)])
                model[serial] = (first, second, None)
            elif move == "interval":
                number = subjects.form_interval(work, 7, number=str(len(made)), begins=first, ends=second)
                made.append(number)
                for serial, (day, total, owner) in model.items():
                    if owner is None and first <= day <= second:
                        model[serial] = (day, total, number)
            elif move == "withdraw":
                gone = subjects.withdraw_charge(work, 7, str(first))
                expected = str(first) in model and model[str(first)][2] not in settled
                assert gone == expected
                if gone:
                    del model[str(first)]
                    model[f"-{first}-{len(model)}"] = ("", 0, -1)
            elif first < len(made):
                work.change(tables.subject, {"id": made[first]}, state=subjects.SETTLED)
                settled.add(made[first])
        for number in made:
            wanted = [total for _, total, owner in model.values() if owner == number]
            assert subject(work, number).total == sum(wanted)
            assert sorted(each.total for each in subjects.amounts_of(work, number)) == sorted(wanted)


def test_an_upload_into_a_long_stay_looks_its_numbers_up_by_the_index(tmp_path):
    """A stay of any length costs an upload the same: the plan of the query names the index and no scan."""
    factory = open_factory(str(tmp_path))
    factory.create("plan")
    factory.close()
    with sqlite3.connect(tmp_path / "plan.sqlite") as file:
        sql = subjects._KNOWN.compiled("sqlite")[0]
        told = file.execute(f"EXPLAIN QUERY PLAN {sql}", {"visit_id": 1, "serial": "1", "state_1": "open"}).fetchall()
    assert all("USING INDEX charge_serial" in row[3] for row in told), told
