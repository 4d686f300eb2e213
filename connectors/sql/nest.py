"""Child tables: the lines of all heads of a page, fetched together by key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa

from connectors.sql.database import Database, Row, rows_of
from connectors.sql.scan import IN_ONE_QUESTION
from connectors.sql.tables import Table, among, bound, listing, pages, unquoted
from hub.errors import ConfigError
from hub.mapping.grammar import CallSpec


def add_children(
    database: Database, stream: str, rows: Sequence[Row], nest: Mapping[str, CallSpec], key: str | None
) -> None:
    """Put into each row, under the name of each nested call, the list of its child rows, empty if none.

    `on` names the child's column and the parent's; a parent without a column of that name is known
    by its `key`. Children may have children of their own.
    """
    for name, call in nest.items():
        if not call.on:
            raise ConfigError("sql.nest_without_on", stream=stream, name=name)
        table = database.table(stream, call.target) if call.verb == "table" else None
        parents = _parents(rows, call.on, key, stream)
        children: dict[tuple[str, ...], list[Row]] = defaultdict(list)
        columns = tuple(map(unquoted, call.on))
        for child in _children(database, stream, table, call, list(dict.fromkeys(parents.values()))):
            children[_alike([child[column] for column in columns])].append(child)
        below = [child for found in children.values() for child in found]
        add_children(database, stream, below, call.nest, call.cursor[1] if call.cursor else None)
        for at, values in parents.items():
            rows[at][name] = children.get(_alike(values), [])
        for at in set(range(len(rows))) - set(parents):
            rows[at][name] = []


def _parents(
    rows: Sequence[Row], on: Mapping[str, str], key: str | None, stream: str
) -> dict[int, tuple[Any, ...]]:
    """Return, by position, the values by which rows find their children; a row that lacks one has none."""
    found = {}
    for at, row in enumerate(rows):
        names = [name if name in row else key and unquoted(key) for name in map(unquoted, on.values())]
        if any(name not in row for name in names):
            wanted, known = ", ".join(on.values()), ", ".join(row)
            raise ConfigError("sql.no_column", table=stream, column=wanted, near=known)
        values = tuple(row[str(name)] for name in names)
        if None not in values:
            found[at] = values
    return found


def _children(
    database: Database, stream: str, table: Table | None, call: CallSpec, wanted: Sequence[tuple[Any, ...]]
) -> Iterator[Row]:
    step = IN_ONE_QUESTION // len(call.on)
    for at in range(0, len(wanted), step):
        some = wanted[at : at + step]
        found = _by_text(call, some) if table is None else _by_table(table, call, some)
        yield from database.read(stream, partial(rows_of, statement=found))


def _by_table(table: Table, call: CallSpec, wanted: Sequence[tuple[Any, ...]]) -> sa.Select[Any]:
    columns = [table.column(name) for name in call.on]
    if len(columns) == 1:
        chosen = among(columns[0], [values[0] for values in wanted])
    else:
        chosen = sa.or_(
            *(
                sa.and_(*(column == bound(value) for column, value in zip(columns, values, strict=True)))
                for values in wanted
            )
        )
    order = [table.column(name) for name in table.primary if name not in call.on]
    where = [sa.text(f"({call.where})")] if call.where else []
    selected = [*call.columns, *(name for name in call.on if call.columns and name not in call.columns)]
    return pages(table, selected, (chosen, *where), ()).order_by(*columns, *order)


def _by_text(call: CallSpec, wanted: Sequence[tuple[Any, ...]]) -> sa.TextClause:
    keys: sa.BindParameter[Any] = sa.bindparam("keys", [values[0] for values in wanted], expanding=True)
    return sa.text(listing(call.target)).bindparams(keys)


def _alike(values: Sequence[Any]) -> tuple[str, ...]:
    """Return values as they compare across two tables: 5 and "5", padded and not, are the same."""
    return tuple([str(value).rstrip() for value in values])
