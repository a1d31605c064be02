"""Units of work that wait together share a commit; each is undone alone, and none ends before it is committed."""

import os
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any

import pytest

from simulator.store import tables
from simulator.store.group_commit import MAX_MEMBERS
from simulator.store.sqlite import SqliteFactory, SqliteStore
from simulator.store.store import Conflict, Gone
from simulator.store.unit_of_work import UnitOfWork


@pytest.fixture
def store(tmp_path):
    factory = SqliteFactory(tmp_path)
    yield factory.create("one")
    factory.close()


def write(work: UnitOfWork, area: str) -> None:
    work.add(tables.agency, area=area, body="{}")


def kept(path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {area for (area,) in connection.execute("SELECT area FROM agency")}


def together(store: SqliteStore, acts: list[Callable[[UnitOfWork], Any]]) -> list[Future[None]]:
    """Runs the acts as grouped units of work that all wait while a first one, which writes 000000, is at work."""
    first_in, others_wait = threading.Event(), threading.Event()

    def first() -> None:
        with store.begin(grouped=True) as work:
            write(work, "000000")
            first_in.set()
            others_wait.wait(30)

    def run(act: Callable[[UnitOfWork], Any]) -> None:
        with store.begin(grouped=True) as work:
            act(work)

    with ThreadPoolExecutor(len(acts) + 1) as pool:
        found = [pool.submit(first)]
        assert first_in.wait(30)
        found += [pool.submit(run, act) for act in acts]
        while store._turns._joining < len(acts):
            os.sched_yield()
        others_wait.set()
    return found


def commits_of(store: SqliteStore) -> list[str]:
    """List that each COMMIT of the store is added to."""
    seen: list[str] = []
    store._connection.set_trace_callback(lambda sql: seen.append(sql) if sql == "COMMIT" else None)
    return seen


def adding(area: str) -> Callable[[UnitOfWork], None]:
    return lambda work: write(work, area)


def test_units_of_work_that_wait_together_share_one_commit(store):
    seen = commits_of(store)
    for each in together(store, [adding(f"11000{number}") for number in range(1, 8)]):
        each.result()
    # The first and the seven that waited for it, of at most MAX_MEMBERS.
    assert len(seen) == 1
    assert kept(store.path) == {"000000"} | {f"11000{number}" for number in range(1, 8)}


def test_no_group_is_larger_than_its_limit(store):
    seen = commits_of(store)
    count = 2 * MAX_MEMBERS
    for each in together(store, [adding(f"{110000 + number}") for number in range(count)]):
        each.result()
    # 33 units of work, 16 to a commit at most: three.
    assert len(seen) >= 3
    assert len(kept(store.path)) == count + 1


def test_a_defect_undoes_its_own_unit_of_work_only(store):
    def fail(work: UnitOfWork) -> None:
        write(work, "330100")
        raise RuntimeError("defect")

    first, good, bad, last = together(store, [adding("110000"), fail, adding("230900")])
    with pytest.raises(RuntimeError, match="defect"):
        bad.result()
    for each in (first, good, last):
        each.result()
    assert kept(store.path) == {"000000", "110000", "230900"}


def test_a_refusal_rolls_back_to_the_beginning_of_its_own_unit_of_work(store):
    def refused(work: UnitOfWork) -> None:
        with suppress(ValueError), work.savepoint():
            write(work, "330100")
            raise ValueError
        write(work, "310000")

    for each in together(store, [adding("110000"), refused, adding("230900")]):
        each.result()
    assert kept(store.path) == {"000000", "110000", "310000", "230900"}


def test_a_unit_of_work_that_is_not_grouped_waits_for_no_other_and_none_for_it(store):
    seen = commits_of(store)
    with ThreadPoolExecutor(1) as pool, store._lock:
        waiting = pool.submit(write_grouped, store)
        with store.begin() as work:
            write(work, "110000")
        assert len(seen) == 1
    waiting.result()
    assert kept(store.path) == {"110000", "230900"}


def write_grouped(store: SqliteStore) -> None:
    with store.begin(grouped=True) as work:
        write(work, "230900")


def test_a_transaction_that_the_database_ended_is_told_to_every_member(store):
    def lose(work: UnitOfWork) -> None:
        # As a full disk does, in the middle of a statement.
        store._connection.execute("ROLLBACK")
        write(work, "330100")
        raise sqlite3.OperationalError("database or disk is full")

    first, full = together(store, [lose])
    with pytest.raises(Conflict, match="full"):
        first.result()
    with pytest.raises(sqlite3.OperationalError, match="full"):
        full.result()
    with store.begin(grouped=True) as work:
        write(work, "230900")
    assert "000000" not in kept(store.path)
    assert "230900" in kept(store.path)


def test_closing_commits_the_group_and_refuses_who_still_waits(store):
    with ThreadPoolExecutor(1) as pool:
        closing_store: list[Future[None]] = []

        def close_next(work: UnitOfWork) -> None:
            write(work, "110000")
            closing_store.append(pool.submit(store.close))

        for each in together(store, [close_next]):
            each.result()
        closing_store[0].result()
    with pytest.raises(Gone), store.begin(grouped=True):
        pass
    assert kept(store.path) == {"000000", "110000"}
