"""Statements run as their compiled text give the same rows as through SQLAlchemy Core, on both databases."""

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Select, create_engine

from simulator.core.settings import Settings
from simulator.server.app import create_app
from simulator.store import tables
from simulator.store.statements import (
    Statement,
    delete_by,
    gives_ids,
    insert_into,
    insert_many,
    select_by,
    update_by,
)
from simulator.store.unit_of_work import UnitOfWork
from tests.support.hospital import Control, Hospital, Visit
from tests.support.stage import MORNING

PARAMETERS: dict[str, Any] = {
    "shown": "{certno}",
    "person_id": 1,
    "insutype": "310",
    "year": 2025,
    "area": "2309",
    "count": 50,
    "keep_bytes": 1 << 20,
    "psn_no": "{psn_no}",
    "mdtrt_id": "{mdtrt_id}",
    "rule": "contract.",
    "begins": "2025-03-10 00:00:00",
    "ends": "2025-03-10 23:59:59",
    "now": 4e9,
    "free": 4e9,
    "msgid": "{msgid}",
    "sandbox_id": 1,
    "step": 1,
    "up_to": 3,
    "row": 1,
}
"""Values under which statements find something; any other parameter gets the nothing of its type."""


def named() -> dict[str, Statement]:
    """Every statement that a module of ours keeps under a name."""
    found = {}
    for module_name, module in sorted(sys.modules.items()):
        if module_name.startswith("simulator."):
            for name, value in vars(module).items():
                if isinstance(value, Statement):
                    found[f"{module_name}.{name}"] = value
    return found


@pytest.fixture(scope="module")
def lived_in(dialect, where) -> Iterator[tuple[Any, Engine, dict[str, str]]]:
    """A store in which a day was lived, an engine beside it, and words from it."""
    app = create_app(Settings(store=where, outbox_every_s=0))
    words = a_day(app.test_client())
    store = app.extensions["platform"].sandboxes.get("default").store
    if dialect == "postgresql":
        address = where.replace("postgresql://", "postgresql+psycopg://")
        engine = create_engine(address, connect_args={"options": "-csearch_path=nhsa_sim_default"})
    else:
        engine = create_engine(f"sqlite:///{where}/default.sqlite")
    yield store, engine, words
    engine.dispose()
    app.extensions["platform"].close()


@pytest.fixture
def both(lived_in) -> Iterator[tuple[Any, Connection, dict[str, str]]]:
    store, engine, words = lived_in
    # The two ways run one after the other; neither may wait for the other's locks.
    with engine.connect() as connection:
        yield store, connection, words
        connection.rollback()


def a_day(client) -> dict[str, str]:
    """A settlement, its cancellation, a refusal, a held-back message: something in most tables."""
    control, hospital = Control(client), Hospital(client)
    control.now(MORNING)
    person = control.person(
        registrations=[{"disease": "M07800", "from": "2025-01-01"}],
        filings=[{"place": "110000", "group": "resettled_retiree", "from": "2025-01-01", "channel": "app"}],
        identities=[{"kind": "low_income", "from": "2025-01-01"}],
    )
    hospital.identify(person)
    visit: Visit = hospital.visit(person)
    settled = visit.settled("1000.00")
    visit.cancel(settled["setl_id"])
    hospital.send("2207A", {"data": {}})
    control("POST", "faults", {"at": "hospital", "infno": "2201", "what": "late"})
    visit.register()
    held = control("GET", "messages?infno=2201&raw=1")["messages"][-1]["msgid"]
    control("PUT", "agencies/330100", {"url": "http://127.0.0.1:9/"})
    control("POST", "tasks", {"role": "hospital", "act": "look"})
    return {"certno": person["certno"], "psn_no": person["psn_no"], "mdtrt_id": visit.id, "msgid": held}


def given(statement: Statement, dialect: str, words: dict[str, str]) -> dict[str, Any]:
    literals = statement.compiled(dialect)[1]
    binds = {name: bind for bind, name in statement.element.compile().bind_names.items()}
    found = {}
    for name in set(binds) - set(literals):
        kind = {int: int, float: float}.get(getattr(binds[name].type, "python_type", str), str)
        value = PARAMETERS.get(name, kind())
        found[name] = value.format(**words) if isinstance(value, str) else value
    return found


@pytest.mark.parametrize("name", sorted(named()))
def test_a_named_statement_gives_the_same_rows_both_ways(dialect, both, name):
    store, connection, words = both
    statement = named()[name]
    parameters = given(statement, dialect, words)

    def act(work):
        if statement.make is None:
            return work.run(statement, **parameters)
        return [tuple(row) for row in work.all(statement, **parameters)]

    text_way = undone(store, act)
    result = connection.execute(statement.element, parameters)
    core_way = result.rowcount if statement.make is None else [tuple(row) for row in result]
    assert plain(text_way) == plain(core_way)


class Undo(Exception):
    """Ends a unit of work that is to leave nothing."""


def undone(store: Any, act: Callable[[UnitOfWork], Any]) -> Any:
    """What `act` finds in a unit of work that leaves nothing."""
    found = []
    with suppress(Undo), store.begin() as work:
        found.append(act(work))
        raise Undo
    return found[0]


def plain(rows: Any) -> Any:
    if not isinstance(rows, list):
        return rows
    return [tuple(bytes(value) if isinstance(value, memoryview) else value for value in row) for row in rows]


@pytest.mark.parametrize("table", tables.metadata.sorted_tables, ids=lambda table: table.name)
def test_each_table_is_read_changed_and_emptied_alike_both_ways(dialect, both, table):
    store, connection, _ = both
    key = next(iter(table.primary_key.columns)).name
    everything, locked = select_by(table, order=key), select_by(table, key, lock=True)
    with store.begin() as work:
        rows = work.all(everything)
    assert plain([tuple(row) for row in rows]) == plain([tuple(row) for row in connection.execute(everything.element)])
    for row in rows[:2]:
        value = getattr(row, key)
        with store.begin() as work:
            found = [tuple(each) for each in work.all(locked, **{key: value})]
        assert plain(found) == plain([tuple(each) for each in connection.execute(locked.element, {key: value})])
        connection.rollback()
    connection.rollback()
    column = next(each.name for each in table.columns if each.name != key)
    change, remove = update_by(table, (key,), column), delete_by(table, key)
    wanted = {f"by_{key}": getattr(rows[0], key) if rows else _some(table.c[key]), column: _some(table.c[column])}
    text_way = undone(store, lambda work: (work.run(change, **wanted), work.run(remove, **{key: wanted[f"by_{key}"]})))
    core_way = (
        connection.execute(change.element, wanted).rowcount,
        connection.execute(remove.element, {key: wanted[f"by_{key}"]}).rowcount,
    )
    assert text_way == core_way


@pytest.mark.parametrize("table", tables.metadata.sorted_tables, ids=lambda table: table.name)
def test_each_table_takes_a_row_alike_both_ways(dialect, both, table):
    store, connection, _ = both
    one, many = insert_into(table) if gives_ids(table) else insert_many(table), insert_many(table)
    names = set(many.element.compile().params)
    row = {name: _some(table.c[name]) for name in names}

    def add(work):
        work.add(table, **row)
        return [tuple(getattr(each, name) for name in sorted(names)) for each in work.find(table, **row)]

    text_way = undone(store, add)
    result = connection.execute(one.element, row)
    assert (one.make is None) == (not result.returns_rows)
    conditions = [table.c[name] == value for name, value in row.items()]
    core_rows: Select[Any] = table.select().where(*conditions)
    core_way = [tuple(getattr(each, name) for name in sorted(names)) for each in connection.execute(core_rows)]
    assert plain(text_way) == plain(core_way)
    assert len(text_way) == 1


def _some(column: Any) -> Any:
    """A value that no row has."""
    kind = column.type.python_type
    if kind is str:
        return "zz"[: column.type.length or 2]
    return {int: 7_777_777, float: 7.75, bytes: b"\x00\xff"}[kind]
