"""The class of a table's rows says what its columns hold."""

from typing import NamedTuple, get_type_hints

import pytest
from sqlalchemy import Column, Integer, String, select

from simulator.store import tables
from simulator.store.statements import Statement
from simulator.store.typed_tables import TableOf, table_of

TABLES = tables.metadata.sorted_tables


class Pair(NamedTuple):
    """Two columns."""

    number: int
    name: str


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_fields_have_the_names_the_order_and_the_types_of_the_columns(table):
    assert isinstance(table, TableOf)
    expected = {
        column.name: column.type.python_type | None if column.nullable else column.type.python_type
        for column in table.columns
    }
    hints = get_type_hints(table.row)
    assert hints == expected
    assert table.row._fields == tuple(expected)


def test_a_table_of_other_columns_than_its_rows_is_never_made():
    columns = Column("name", String), Column("number", Integer)
    with pytest.raises(TypeError, match=r"Pair.*never_made"):
        table_of(Pair, "never_made", *columns)
    tables.metadata.remove(tables.metadata.tables["never_made"])


def test_a_statement_whose_columns_are_not_those_of_its_rows_is_never_made():
    with pytest.raises(TypeError, match="Pair"):
        Statement(select(tables.person.c.name, tables.person.c.id.label("number")), Pair)
    with pytest.raises(TypeError):
        Statement(select(tables.person.c.name))


def test_what_is_read_is_of_the_class_of_its_table(a_store):
    with a_store.begin() as work:
        work.add(tables.policy, area="230900", name="n", body="b")
        assert [type(row) for row in work.find(tables.policy)] == [tables.policy.row]
        assert work.get(tables.policy, area="110000") is None
