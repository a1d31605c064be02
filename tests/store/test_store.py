"""A unit of work is kept or leaves nothing; a sandbox is made, emptied, copied and deleted whole."""

import os
import sqlite3
import threading
from contextlib import closing

import pytest

from simulator.core.errors import SetupError
from simulator.store import tables
from simulator.store.factory import open_factory
from simulator.store.sqlite import SqliteFactory
from simulator.store.store import Conflict, Gone
from simulator.store.tables import accumulator, ledger, message


class Broken(Exception):
    """What a unit of work of these tests raises."""


def a_row(work, msgid="m1"):
    work.add(
        message, msgid=msgid, infno="2207A", digest="d", psn_no="p", state="done", settlement_id=None, answer=b"\0"
    )


def an_entry(work, amount=1):
    return work.add(
        ledger,
        settlement_id=1,
        account="pool",
        holder="230900",
        treated_area="110000",
        insured_area="230900",
        amount=amount,
    )


def rows(store, table=ledger):
    with store.begin() as work:
        return work.find(table)


# Units of work


def test_what_a_unit_of_work_did_is_there_when_it_ends(a_store):
    with a_store.begin() as work:
        first, second = an_entry(work), an_entry(work)
    assert [row.id for row in rows(a_store)] == [first, second]


def test_a_unit_of_work_that_raises_leaves_nothing(a_store):
    def fail():
        with a_store.begin() as work:
            an_entry(work)
            a_row(work)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert rows(a_store) == rows(a_store, message) == []


def test_an_attempt_that_fails_is_undone_alone(a_store):
    def attempt(work):
        with work.savepoint():
            an_entry(work, 2)
            raise Broken

    with a_store.begin() as work:
        an_entry(work, 1)
        with pytest.raises(Broken):
            attempt(work)
        with work.savepoint():
            an_entry(work, 3)
    assert [row.amount for row in rows(a_store)] == [1, 3]


def test_after_an_error_the_store_goes_on(a_store):
    def add_twice():
        with a_store.begin() as work:
            a_row(work)
            a_row(work)

    with pytest.raises((Conflict, sqlite3.IntegrityError)):
        add_twice()
    with a_store.begin() as work:
        a_row(work)
    assert len(rows(a_store, message)) == 1


@pytest.mark.parametrize("value", [0, -1, 10**16 - 1, -(10**16)])
def test_amounts_of_every_size_that_the_interface_prints_are_kept(a_store, value):
    with a_store.begin() as work:
        an_entry(work, value)
    assert rows(a_store)[0].amount == value


def test_bytes_and_texts_come_back_as_they_were(a_store):
    odd = bytes(range(256))
    name = "七台河𠮷 '; DROP TABLE ledger; --"
    with a_store.begin() as work:
        work.add(message, msgid="m", infno="1", digest=name, psn_no="", state="done", settlement_id=None, answer=odd)
        found = work.get(message, digest=name)
    assert (bytes(found.answer), found.digest, found.settlement_id) == (odd, name, None)


def test_change_and_remove_say_how_many_rows_they_touched(a_store):
    with a_store.begin() as work:
        for amount in (1, 1, 2):
            an_entry(work, amount)
        assert work.change(ledger, {"amount": 1}, holder="") == 2
        assert work.change(ledger, {"amount": 9}, holder="") == 0
        assert work.remove(ledger, amount=1) == 2
        assert [row.amount for row in work.find(ledger, order="id")] == [2]


def test_the_row_that_must_be_there_is_missed_by_name(a_store):
    with a_store.begin() as work, pytest.raises(LookupError, match="ledger"):
        work.get_required(ledger, id=77)


# Sandboxes


def own(factory):
    """Its sandboxes but the one that tests share."""
    return [name for name in factory.names() if name != "shared"]


def test_a_store_is_made_once_with_its_first_rows_and_deleted_with_its_snapshots(factory):
    made = factory.create("one", an_entry)
    assert len(rows(made)) == 1
    assert own(factory) == ["one"]
    assert factory.open("one") is made
    with pytest.raises(FileExistsError):
        factory.create("one")
    factory.snapshot("one", "s")
    factory.delete("one")
    assert not made.current
    with pytest.raises(Gone):
        rows(made)
    assert own(factory) == []
    assert (rows(factory.create("one")), factory.snapshots("one")) == ([], [])


def test_a_store_whose_first_rows_fail_was_never_made(factory):
    def fill(work):
        an_entry(work)
        raise Broken

    with pytest.raises(Broken):
        factory.create("one", fill)
    assert own(factory) == []
    with pytest.raises(KeyError):
        factory.open("one")


@pytest.mark.parametrize("name", ["", "../one", "One", "one/two", "a" * 41, "one\n", "é", "a_b", 'a"b'])
def test_no_other_name_ever_becomes_a_path_or_a_schema(factory, name):
    for call in (
        factory.create,
        factory.open,
        factory.snapshots,
        factory.delete,
        lambda each: factory.snapshot("one", each),
    ):
        with pytest.raises(KeyError):
            call(name)


def test_what_another_process_deleted_is_gone_here_too(factory, where):
    made = factory.create("one", an_entry)
    with closing(open_factory(where)) as other:
        assert len(rows(other.open("one"))) == 1
        other.delete("one")
        if factory.embedded:
            assert not made.current
        else:
            with pytest.raises(Gone):
                rows(made)
        with pytest.raises(KeyError):
            factory.open("one")
        other.create("one")
        assert rows(factory.open("one")) == []


# Snapshots


def test_a_snapshot_is_one_moment_and_restoring_it_forgets_what_came_after(factory):
    store = factory.create("one", an_entry)
    factory.snapshot("one", "before")
    with store.begin() as work:
        an_entry(work, 2)
        a_row(work)
    factory.snapshot("one", "after")
    factory.restore("one", "before")
    assert ([row.amount for row in rows(store)], rows(store, message)) == ([1], [])
    factory.restore("one", "after")
    assert ([row.amount for row in rows(store)], len(rows(store, message))) == ([1, 2], 1)
    with store.begin() as work:
        assert an_entry(work, 3) > 2
    factory.snapshot("one", "after")
    factory.restore("one", "after")
    assert [row.amount for row in rows(store)] == [1, 2, 3]
    with pytest.raises(KeyError):
        factory.restore("one", "never")


def test_sandboxes_and_snapshots_whose_names_are_long_or_begin_alike_stay_apart(factory):
    first, second = "a" * 39, "a" * 39 + "b"
    for number, name in enumerate((first, second)):
        factory.create(name, lambda work, number=number: an_entry(work, number))
        for snapshot in ("s" * 40, "s" * 39 + "t"):
            factory.snapshot(name, snapshot)
    assert own(factory) == [first, second]
    assert factory.snapshots(first) == factory.snapshots(second) == ["s" * 40, "s" * 39 + "t"]
    factory.delete(first)
    factory.restore(second, "s" * 39 + "t")
    assert [row.amount for row in rows(factory.open(second))] == [1]


# Emptying


def test_an_emptied_store_begins_its_numbers_anew(a_store):
    with a_store.begin() as work:
        for _ in range(3):
            an_entry(work)
    with a_store.begin() as work:
        work.empty(tables.metadata.sorted_tables)
        assert work.find(ledger) == []
        assert an_entry(work) == 1


def test_emptying_that_raises_leaves_everything(a_store):
    with a_store.begin() as work:
        an_entry(work)

    def fail():
        with a_store.begin() as work:
            work.empty(tables.metadata.sorted_tables)
            raise Broken

    with pytest.raises(Broken):
        fail()
    assert len(rows(a_store)) == 1


# One at a time


def test_who_holds_a_name_or_a_row_is_waited_for(a_store):
    with a_store.begin() as work:
        work.add(
            accumulator,
            person_id=1,
            insutype="310",
            year=2025,
            kind="HIFP",
            disease="",
            care="",
            period="",
            opening=0,
            booked=0,
        )
    key = {"person_id": 1, "insutype": "310", "year": 2025, "kind": "HIFP", "disease": ""}

    def add_one(hold):
        for _ in range(10):
            with a_store.begin() as work:
                row = work.get(accumulator, lock=not hold, **key) if not hold else None
                if hold:
                    work.advisory_lock("the year")
                    row = work.get(accumulator, **key)
                work.change(accumulator, key, booked=row.booked + 1)

    for expected, hold in ((40, True), (80, False)):
        threads = [threading.Thread(target=add_one, args=(hold,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert rows(a_store, accumulator)[0].booked == expected


# SQLite alone


def test_a_file_that_is_no_store_is_refused_by_its_path(tmp_path):
    (tmp_path / "one.sqlite").write_bytes(
        b"this is no database, but a text that is long enough to be taken for one" * 20
    )
    with pytest.raises(SetupError, match=r"one\.sqlite"):
        SqliteFactory(tmp_path).open("one")


def test_a_file_half_made_by_a_crash_is_no_sandbox(tmp_path):
    factory = SqliteFactory(tmp_path)
    (tmp_path / "one.4711.part").write_bytes(b"half")
    assert factory.names() == []
    assert rows(factory.create("one")) == []


def test_durable_makes_every_commit_wait_for_the_disk(tmp_path):
    for durable, level in ((False, 1), (True, 2)):
        store = open_factory(str(tmp_path / str(durable)), durable=durable).create("one")
        with store.begin() as work:
            work._cursor.execute("PRAGMA synchronous")
            assert work._cursor.fetchone() == (level,)


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SetupError, match="file"):
        open_factory(str(tmp_path / "file" / "below"))


def test_a_database_that_is_not_there_is_told(unused_url):
    with pytest.raises(SetupError):
        open_factory(unused_url)


@pytest.fixture
def unused_url():
    return "postgresql://nobody@127.0.0.1:1/nothing"


def test_the_tables_of_both_are_the_same(dialect, a_store):
    expected = {table.name: [column.name for column in table.columns] for table in tables.metadata.sorted_tables}
    with a_store.begin() as work:
        found = {table.name: _columns(work, table) for table in tables.metadata.sorted_tables}
    assert found == expected


def _columns(work, table):
    work._cursor.execute(f"SELECT * FROM {table.name}")
    return [column[0] for column in work._cursor.description]


def test_the_process_that_made_a_store_leaves_no_half_files(tmp_path):
    SqliteFactory(tmp_path).create("one").close()
    assert sorted(os.listdir(tmp_path)) == ["one.sqlite"]
