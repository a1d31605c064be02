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


def withdraw(work, serial):
    """Withdraws a charge as 2302 does; False where the stay has none, or it is settled."""
    found = subjects.open_charge(work, 7, serial)
    if found is None or subjects.is_settled(work, found):
        return False
    subjects.withdraw_charge(work, found)
    return True


def test_a_stay_over_new_year_is_cut_into_intervals_that_share_no_charge(work):
    subjects.add_charges(
        work, 7, [charge("1", "2025-12-30", 100_00), charge("2", "2025-12-31", 200_00, hour="23:59:59")]
    )
    subjects.add_charges(work, 7, [charge("3", "2026-01-01", 300_00, hour="00:00:00")])
    old = subjects.form_interval(work, 7, begins="2025-12-30", ends="2025-12-31")
    work.change(tables.subject, {"id": old.id}, state=subjects.SETTLED)
    new = subjects.form_interval(work, 7, begins="2025-12-30", ends="2026-01-10")
    # 100.00 + 200.00 before midnight; 300.00 after it, although the second interval begins as early.
    assert (old.total, new.total) == (300_00, 300_00)
    assert (old.number, new.number) == ("1", "2")
    assert old.last_fee_at == "2025-12-31 23:59:59"
    assert [each.total for each in subjects.amounts_of(work, old.id)] == [100_00, 200_00]
    assert subjects.lines_of(work, new.id) == [{"feedetl_sn": "3"}]


def test_an_interval_that_is_not_settled_is_formed_anew(work):
    subjects.add_charges(work, 7, [charge("1", "2025-12-30", 100_00), charge("2", "2025-12-31", 200_00)])
    first = subjects.form_interval(work, 7, begins="2025-12-30", ends="")
    subjects.add_charges(work, 7, [charge("3", "2025-12-31", 50_00)])
    assert withdraw(work, "1")
    again = subjects.form_interval(work, 7, begins="2025-12-30", ends="2025-12-31")
    # 200.00 + 50.00: the first was withdrawn, the third came later.
    assert (again.id, first.total, again.total) == (first.id, 300_00, 250_00)
    subjects.dissolve(work, again)
    assert subjects.form_interval(work, 7, begins="2025-12-30", ends="").total == 250_00


def test_one_charge_is_withdrawn_singly_and_its_number_is_free_again(work):
    made = subjects.add(work, 7, kind=subjects.BATCH, number="B1", disease="")
    subjects.add_charges(
        work, 7, [charge("1", "2025-12-30", 100_00), charge("2", "2025-12-30", 50_00)], subject_id=made
    )
    assert withdraw(work, "1")
    assert not withdraw(work, "1")
    assert (subject(work, made).total, subject(work, made).own_purchase) == (50_00, 5_00)  # a tenth of 50.00
    assert not subjects.is_known(work, 7, "1")
    assert subjects.is_known(work, 7, "2")
    assert not subjects.is_known(work, 8, "2"), "numbers are unique within a visit only"


def test_a_charge_of_a_settled_subject_stays(work):
    made = subjects.add(work, 7, kind=subjects.BATCH, number="B1", disease="", state=subjects.SETTLED)
    subjects.add_charges(work, 7, [charge("1", "2025-12-30", 100_00)], subject_id=made)
    assert not withdraw(work, "1")
    subjects.add_charges(work, 7, [charge("2", "2025-12-30", 100_00)])
    subjects.withdraw_unsettled(work, 7)
    assert (subjects.is_known(work, 7, "1"), subjects.is_known(work, 7, "2")) == (True, False)


moves = st.one_of(
    st.tuples(st.just("upload"), st.sampled_from(DAYS), st.integers(-500_00, 900_00)),
    st.tuples(st.just("interval"), st.sampled_from(["", *DAYS]), st.none()),
    st.tuples(st.just("withdraw"), st.integers(1, 30), st.none()),
    st.tuples(st.just("settle"), st.none(), st.none()),
    st.tuples(st.just("cancel"), st.none(), st.none()),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(moves, max_size=30))
def test_charges_part_into_subjects_whatever_the_order(a_store, steps):
    """Recomputed from what was asked for: every live charge in one subject at most, every subject its charges' sum."""
    model: dict[str, tuple[str, int, int | None]] = {}
    settled: list[int] = []
    made: set[int] = set()
    standing: int | None = None
    with a_store.begin() as work:
        work.remove(tables.charge)
        work.remove(tables.subject)
        for count, (move, first, second) in enumerate(steps):
            if move == "upload":
                serial = str(count)
                subjects.add_charges(work, 7, [charge(serial, first, second)])
                model[serial] = (first, second, None)
            elif move == "interval":
                standing = subjects.form_interval(work, 7, begins="2025-12-20", ends=first).id
                made.add(standing)
                for serial, (day, total, owner) in model.items():
                    if owner in (None, standing):
                        model[serial] = (day, total, standing if day <= (first or "9999") else None)
            elif move == "withdraw":
                gone = withdraw(work, str(first))
                assert gone == (str(first) in model and model[str(first)][2] not in settled)
                if gone:
                    del model[str(first)]
            elif move == "settle" and standing is not None:
                work.change(tables.subject, {"id": standing}, state=subjects.SETTLED)
                settled.append(standing)
                standing = None
            elif move == "cancel" and settled:
                newer, standing = standing, settled.pop()
                if newer is not None:
                    subjects.dissolve(work, subject(work, newer))
                    model = {s: (day, total, None if o == newer else o) for s, (day, total, o) in model.items()}
                    made.remove(newer)
                work.change(tables.subject, {"id": standing}, state=subjects.OPEN)
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
