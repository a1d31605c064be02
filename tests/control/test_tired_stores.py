"""A full disk, a read-only, damaged or emptied store and a lost database: one sentence, 503, and the others live."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from simulator.core.settings import Settings
from simulator.server.app import create_app
from simulator.store.sqlite import SqliteFactory
from simulator.store.store import Unusable
from simulator.store.tables import journal
from tests.support.hospital import Control, Hospital


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def tired(folder: Path) -> Iterator[Flask]:
    """A platform with a second sandbox, `other`."""
    app = create_app(Settings(store=str(folder), outbox_every_s=0, journal_bytes=20_000))
    Control(app.test_client())("POST", "sandboxes", {"name": "other"})
    yield app
    app.extensions["platform"].close()


def store_of(app: Flask, name: str) -> Any:
    return app.extensions["platform"].sandboxes.get(name).store


def fill_up(store: Any) -> None:
    """Lets the file grow no further, as a full disk does."""
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count={pages}")


def write_much(app: Flask) -> Any:
    client = app.test_client()
    for _ in range(200):
        answer = client.post("/fsi/api/rsfComIfsService/callService", data=b"{" + b" " * 20_000 + b"}")
        if answer.status_code != 200:
            return answer
    raise AssertionError("the disk was never full")


def served(app: Flask, name: str) -> bool:
    answer = app.test_client().get(f"/s/{name}/_sim/clock")
    return answer.status_code == 200


def test_a_full_disk_is_told_and_readyz_says_so_until_there_is_room(tired):
    store = store_of(tired, "default")
    fill_up(store)
    answer = write_much(tired)
    assert answer.status_code == 503
    assert "default" in answer.json["message"]
    assert "full" in answer.json["message"]
    assert "内部错误" not in answer.text
    assert served(tired, "other")
    assert store.failing
    store._connection.execute("PRAGMA max_page_count=1000000")
    assert tired.test_client().get("/readyz").status_code == 200
    assert not store.failing


def test_a_read_only_store_is_told_and_not_ready(tired):
    store_of(tired, "default")._connection.execute("PRAGMA query_only=1")
    answer = tired.test_client().post("/_sim/people", json={"insured_at": "230900", "category": "retired"})
    assert answer.status_code == 503
    assert "readonly" in answer.json["error"]["message"]
    told = tired.test_client().get("/readyz")
    assert told.status_code == 503
    assert "default" in told.json["message"]


@pytest.mark.parametrize("statement", ["DROP TABLE sandbox", "DROP TABLE journal"])
def test_an_emptied_store_is_told_and_leaves_the_others_alone(tired, statement):
    store_of(tired, "default")._connection.execute(statement)
    answer = Hospital(tired.test_client()).post(b"{}")
    assert answer.status == 503
    assert "no such table" in json.loads(answer.raw)["message"]
    assert served(tired, "other")


@pytest.mark.parametrize("content", [b"", b"no database" * 1000, b"SQLite format 3\x00" + b"\x00" * 8000])
def test_a_damaged_sandbox_is_set_aside_at_the_start(tired, folder, content, capsys):
    tired.extensions["platform"].close()
    for each in folder.glob("other.sqlite*"):
        each.unlink()
    (folder / "other.sqlite").write_bytes(content)
    app = create_app(Settings(store=str(folder), outbox_every_s=0))
    with closing(app.extensions["platform"]) as platform:
        assert "set aside" in capsys.readouterr().out
        assert app.test_client().get("/readyz").status_code == 200
        assert served(app, "default")
        told = app.test_client().get("/s/other/_sim/clock")
        assert told.status_code == 503
        assert "other.sqlite" in told.json["error"]["message"]
        platform.run_maintenance()
        platform.prune()
    # Nothing of what was found is thrown away.
    assert (folder / "other.sqlite").read_bytes()[: len(content)] == content


def test_a_snapshot_that_the_disk_refuses_is_told(tired, folder, monkeypatch):
    (folder / "default").write_text("in the way of the folder of snapshots")
    answer = tired.test_client().post("/_sim/snapshots", json={"name": "one"})
    assert answer.status_code == 503
    assert "default" in answer.json["error"]["message"]


def test_errors_of_the_program_are_none_of_the_disk(tmp_path):
    with closing(SqliteFactory(tmp_path)) as factory:
        store = factory.create("one")
        with pytest.raises(sqlite3.IntegrityError), store.begin() as work:
            work._cursor.execute("INSERT INTO sandbox (id) VALUES (1)")
        assert not store.failing
        with pytest.raises(Unusable, match="one"), store.begin() as work:
            work._cursor.execute("SELECT * FROM nowhere")
        assert store.failing


def test_the_journal_is_bounded_by_bytes_and_keeps_the_newest(tired):
    hospital = Hospital(tired.test_client())
    for number in range(8):
        hospital.post(json.dumps({"infno": f"{number}", "memo": "x" * 5000}).encode())
    platform = tired.extensions["platform"]
    platform.prune()
    with platform.sandboxes.get("default").begin() as (work, _, _clock):
        rows = work.find(journal, order="id")
    kept = sum(len(row.request) + len(row.answer) for row in rows)
    # Three messages of some 5,300 bytes fit 20,000; a fourth would not.
    assert [row.infno for row in rows] == ["5", "6", "7"]
    assert kept <= 20_000
