"""The table that users migrate."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from tests.static.command_line import ROOT
from typed_signals.durable._table import outbox_table


def ddl(dialect: sa.Dialect) -> list[str]:
    table = outbox_table(sa.MetaData(), "typed_signals_outbox")
    indexes = sorted(table.indexes, key=lambda index: index.name or "")
    statements = [CreateTable(table), *map(CreateIndex, indexes)]
    compiled = "; ".join(str(each.compile(dialect=dialect)) for each in statements)
    return plain(compiled)


def plain(text: str) -> list[str]:
    """Statements without the spaces that do not matter."""
    text = re.sub(r"\s+", " ", text).replace("( ", "(").replace(" )", ")")
    return [each.strip() for each in text.split(";") if each.strip()]


def test_documentation_has_the_table_as_it_is():
    page = (ROOT / "docs" / "durable.md").read_text()
    [shown] = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    assert plain(shown) == ddl(postgresql.dialect())


@pytest.mark.parametrize("dialect", [sqlite.dialect(), mysql.dialect()], ids=lambda d: d.name)
def test_names_and_keys_are_compared_exactly(dialect: sa.Dialect):
    [table, *_] = ddl(dialect)
    exact = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin" in table
    assert exact == (dialect.name == "mysql")
