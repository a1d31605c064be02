"""A store of an earlier version opens with everything it held, or stays exactly as it was and says why."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from simulator.agencies.reference import agency as reference_agency
from simulator.benefit import PolicyBook
from simulator.core.errors import SetupError
from simulator.core.settings import Settings
from simulator.insured.audit import audit
from simulator.server.app import create_app
from simulator.store import tables
from simulator.store.factory import open_factory
from simulator.store.store import StoreFactory
from simulator.store.upgrades import upgrade
from simulator.store.upgrades.step import Tables
from tests.agencies.conftest import ANY_PRICE, CITY, quiet_server
from tests.store import earlier
from tests.support.hospital import Control, Hospital, Visit
from tests.support.stage import Stage

NAME = "earlier"
ENTRIES, SETTLEMENTS = 30, 9


@pytest.fixture
def place(dialect: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Where a store of version 3 of the tables lies, alone."""
    if dialect == "sqlite":
        earlier.write_sqlite(tmp_path / "store" / f"{NAME}.sqlite", "platform.json")
        yield str(tmp_path / "store")
        return
    url = request.getfixturevalue("postgres_database")
    earlier.write_postgres(url, NAME, "platform.json")
    yield url
    with closing(open_factory(url)) as factory:
        for name in factory.names():
            factory.delete(name)


@pytest.fixture
def stage(place: str) -> Iterator[Stage]:
    """A platform that opened it, half an hour after the last message."""
    app = create_app(Settings(store=place, outbox_every_s=0, check_output=1))
    client = app.test_client()
    hospital = Hospital(client, sandbox=NAME, now="2025-03-10 09:30:00")
    yield Stage(app, NAME, Control(client, NAME), hospital)
    app.extensions["platform"].close()


def person_of(stage: Stage, area: str) -> dict[str, Any]:
    found: dict[str, Any] = stage.control("GET", f"people?insured_at={area}")["people"][0]
    return found | {"psn_type": "12"}


def visits_of(stage: Stage, person: dict[str, Any]) -> list[Visit]:
    found = stage.rows(tables.settlement)["settlement"]
    ids = sorted({row.mdtrt_id for row in found if row.psn_no == person["psn_no"]})
    return [Visit(stage.hospital, person, id=each) for each in ids]


def state_of(factory: StoreFactory) -> dict[str, list[Any]]:
    with factory.open(NAME).begin() as work:
        return {table.name: sorted(work.find(table)) for table in tables.metadata.sorted_tables}


# What was there is there


def test_the_books_balance_as_they_did(stage):
    told = stage.control.audit()
    assert told | {"balanced": True, "differences": []} == told
    assert (told["settlements"], told["unknown"]) == (SETTLEMENTS, 2)


def test_what_was_settled_earlier_is_cancelled_reversed_and_answered_again(stage):
    person = person_of(stage, "330100")
    first, *_, last = visits_of(stage, person)
    rows = stage.rows(tables.settlement)["settlement"]
    settled = next(row for row in rows if row.mdtrt_id == first.id)
    assert first.cancel(f"330100{settled.id:018d}").ok
    live = next(row for row in rows if row.mdtrt_id == last.id)
    assert last.reverse(live.msgid, "2207A").ok
    assert stage.control.audit()["differences"] == []


def test_a_batch_previewed_before_is_settled_after(stage):
    person = person_of(stage, "330100")
    visit = visits_of(stage, person)[0]
    answer = visit.settle("400.00", batch="B2")
    # The deductible of the year is used up: 85 % of 400.00.
    assert answer.setlinfo["fund_pay_sumamt"] == Decimal("340.00")
    assert stage.control.audit()["differences"] == []


def test_what_accrued_before_counts_after(stage):
    person = person_of(stage, "330100")
    before = pool_of(stage, person)
    settled = stage.hospital.visit(person).settled("1000.00")
    # 85 % of 1,000.00, nothing taken for the deductible.
    assert (settled["act_pay_dedc"], settled["hifp_pay"]) == (Decimal("0.00"), Decimal("850.00"))
    assert pool_of(stage, person) - before == Decimal("850.00")


def pool_of(stage: Stage, person: dict[str, Any]) -> Decimal:
    """What the pool has paid in all."""
    rows = stage.control("GET", f"people/{person['psn_no']}/accumulators")["accumulators"]
    return next(Decimal(row["amount"]) for row in rows if (row["kind"], row["disease"]) == ("HIFP", ""))


@pytest.fixture
def agency(tmp_path: Path, stage: Stage) -> Iterator[reference_agency.ReferenceAgency]:
    """The agency of 230900 over its books of version 3, heard again after its silence."""
    earlier.write_sqlite(tmp_path / "agency" / f"agency-{CITY}.sqlite", "agency.json")
    opened = reference_agency.open_agency(
        tmp_path / "agency", CITY, policies=PolicyBook.shipped(), edition="national", own_clock=False
    )
    server = quiet_server(reference_agency.create_app(opened))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    stage.control("PUT", f"agencies/{CITY}", {"url": f"http://127.0.0.1:{server.server_address[1]}/", "timeout_s": 5})
    yield opened
    server.shutdown()
    server.server_close()
    thread.join()
    opened.store.close()


def test_an_outbox_and_an_agency_of_earlier_go_on_together(stage, agency):
    # The 2207A of unknown outcome is reversed, the filing is told.
    assert stage.control("POST", "outbox/run", {}) == {"acknowledged": 2, "waiting": 0}
    person = next(
        each for each in stage.control("GET", f"people?insured_at={CITY}")["people"] if each["filings"][1:]
    ) | {"psn_type": "12"}
    visit = stage.hospital.visit(person)
    assert visit.charge(visit.line(1, ANY_PRICE, "1", "100.00")).ok
    # 500.00 of deductible were used up before: 90 % of 100.00.
    assert visit.settle("100.00").setlinfo["hifp_pay"] == Decimal("90.00")
    assert stage.control("POST", f"agencies/{CITY}/day", {"day": "2025-03-10"})["differences"] == []
    assert stage.control.audit()["differences"] == []
    with agency.store.begin() as work:
        assert audit(work).differences == ()


@pytest.mark.parametrize("version", range(1, tables.SCHEMA_VERSION))
def test_every_earlier_version_has_its_steps(tmp_path, version):
    data = 3 if version < 3 else version
    earlier.write_sqlite(tmp_path / f"{NAME}.sqlite", "platform.json", data)
    with closing(sqlite3.connect(tmp_path / f"{NAME}.sqlite")) as made:
        made.execute("UPDATE sandbox SET schema_version = ?", (version,))
        made.commit()
    with closing(open_factory(str(tmp_path))) as factory, factory.open(NAME).begin() as work:
        assert work.get_required(tables.sandbox, id=1).schema_version == tables.SCHEMA_VERSION
        assert (len(work.find(tables.settlement)), audit(work).differences) == (SETTLEMENTS, ())
    assert sorted(upgrade.STEPS) == list(range(2, tables.SCHEMA_VERSION + 1))


def run_sql(place: str, written: str) -> None:
    """Changes the earlier store before it is opened."""
    if place.startswith("postgresql"):
        import psycopg

        with psycopg.connect(place) as made:
            made.execute(f'SET search_path TO "nhsa_sim_{NAME}"')
            made.execute(written)
        return
    with closing(sqlite3.connect(Path(place) / f"{NAME}.sqlite")) as made:
        made.execute(written)
        made.commit()


def lay_again(place: str) -> None:
    """Puts the earlier store where the upgraded one is, whose snapshots stay."""
    if place.startswith("postgresql"):
        run_sql(place, f'DROP SCHEMA "nhsa_sim_{NAME}" CASCADE')
        earlier.write_postgres(place, NAME, "platform.json")
        return
    for file in Path(place).glob(f"{NAME}.sqlite*"):
        file.unlink()
    earlier.write_sqlite(Path(place) / f"{NAME}.sqlite", "platform.json")


def test_an_id_given_before_is_never_given_again(place):
    run_sql(place, "DELETE FROM visit")
    given = max(row[0] for row in earlier.rows_of("platform.json")["visit"][1])
    with closing(open_factory(place)) as factory, factory.open(NAME).begin() as work:
        blank = {c.name: "" for c in tables.visit.columns if c.name != "id" and not c.nullable and c.default is None}
        assert work.add(tables.visit, **blank | {"person_id": 1, "emergency": 0}) == given + 1


# The copy


def test_the_store_as_it_was_is_a_snapshot_that_restores(place):
    with closing(open_factory(place)) as factory:
        before = state_of(factory)
        assert factory.snapshots(NAME) == ["version-3"]
        with factory.open(NAME).begin() as work:
            work.remove(tables.ledger)
        factory.restore(NAME, "version-3")
        assert state_of(factory) == before
        with factory.open(NAME).begin() as work:
            assert audit(work).differences == ()
        factory.delete(NAME)
        assert factory.names() == []


def test_a_snapshot_of_that_name_is_not_written_over(place):
    with closing(open_factory(place)) as factory:
        factory.open(NAME)
    lay_again(place)
    with closing(open_factory(place)) as factory:
        factory.open(NAME)
        assert factory.snapshots(NAME) == ["version-3", "version-3-2"]


def test_the_file_kept_opens_with_the_earlier_program(tmp_path):
    earlier.write_sqlite(tmp_path / f"{NAME}.sqlite", "platform.json")
    with closing(open_factory(str(tmp_path))) as factory:
        factory.open(NAME)
    with closing(sqlite3.connect(tmp_path / NAME / "version-3.snapshot")) as kept:
        for table, (columns, rows) in earlier.rows_of("platform.json").items():
            found = kept.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY rowid").fetchall()
            assert found == [tuple(row) for row in rows]
    assert not list(tmp_path.glob("*.part"))


# When it fails


def raises(_tables: Tables) -> None:
    raise ZeroDivisionError("a defect of a step")


def loses_entries(tables_: Tables) -> None:
    del tables_["ledger"]


def leaves_a_column(tables_: Tables) -> None:
    visits = tables_["visit"]
    tables_["visit"] = lambda: ({k: v for k, v in row.items() if k != "psn_no"} for row in visits())


def leaves_a_table(tables_: Tables) -> None:
    tables_["forgotten"] = tables_["visit"]


def gives_an_id_twice(tables_: Tables) -> None:
    visits = tables_["visit"]
    tables_["visit"] = lambda: ({**row, "id": 1} for row in visits())


@pytest.mark.parametrize("step", [raises, gives_an_id_twice, loses_entries])
def test_a_step_that_fails_leaves_the_store_as_it_was(place, monkeypatch, step):
    right = upgrade.STEPS
    monkeypatch.setattr(upgrade, "STEPS", {**right, 4: (*right[4], step)})
    with closing(open_factory(place)) as factory:
        with pytest.raises(SetupError, match=rf"earlier.* 3 .* {tables.SCHEMA_VERSION}") as told:
            factory.open(NAME)
        assert "原数据保持不变" in told.value.text.zh
        assert factory.snapshots(NAME) == []
    monkeypatch.setattr(upgrade, "STEPS", right)
    with closing(open_factory(place)) as factory, factory.open(NAME).begin() as work:
        assert (len(work.find(tables.settlement)), audit(work).differences) == (SETTLEMENTS, ())


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("step", "named"), [(leaves_a_column, "visit: psn_no"), (leaves_a_table, "forgotten")])
def test_a_step_that_is_missing_is_named_by_its_table(place, monkeypatch, step, named):
    monkeypatch.setattr(upgrade, "STEPS", {**upgrade.STEPS, 4: (*upgrade.STEPS[4], step)})
    with closing(open_factory(place)) as factory, pytest.raises(SetupError, match=named):
        factory.open(NAME)


def test_a_snapshot_that_cannot_be_upgraded_leaves_the_store_as_it_is(place, monkeypatch):
    with closing(open_factory(place)) as factory:
        before = state_of(factory)
        monkeypatch.setattr(upgrade, "STEPS", {**upgrade.STEPS, 4: (raises,)})
        with pytest.raises(SetupError, match="version-3"):
            factory.restore(NAME, "version-3")
        assert state_of(factory) == before


def test_a_store_of_a_newer_program_is_refused_with_the_version_that_it_needs(place):
    run_sql(place, "UPDATE sandbox SET schema_version = 99")
    with closing(open_factory(place)) as factory:
        with pytest.raises(SetupError, match="99"):
            factory.open(NAME)
        assert factory.snapshots(NAME) == []


@pytest.mark.parametrize("dialect", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_several_processes_that_open_it_at_once_upgrade_it_once(place):
    factories = [open_factory(place) for _ in range(3)]
    told: list[Any] = []

    def look(factory: StoreFactory) -> None:
        with factory.open(NAME).begin() as work:
            told.append(len(work.find(tables.settlement)))

    threads = [threading.Thread(target=look, args=(factory,)) for factory in factories]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [SETTLEMENTS] * 3
    assert factories[0].snapshots(NAME) == ["version-3"]
    for factory in factories:
        factory.close()
