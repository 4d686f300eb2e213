"""Whether a table has the columns that a mapping wants of it: found out by a check, not at night."""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.sql.database import Database
from hub.mapping.grammar import CallSpec, StreamMapping

_FIRST = re.compile(r"\s*(?:\"([^\"]+)\"|([^\W\d]\w*))\s*(?=$|[.\[])")
_OURS = frozenset({"meta", "up"})


def require_columns(database: Database, name: str, stream: StreamMapping) -> None:
    """Raise ConfigError, naming the nearest column, for one that stream `name` wants and its table lacks.

    Looked at are plain names: those of the fields, of what they see as a whole record, and of `nest`.
    """
    call = stream.read
    if call.verb != "table":
        return
    table = database.table(name, call.target)
    for wanted in _wanted(stream):
        if wanted not in call.nest and wanted not in _OURS:
            table.column(wanted)
    _require_nested(database, name, call)


def _require_nested(database: Database, name: str, call: CallSpec) -> None:
    for inner in call.nest.values():
        if inner.verb == "table":
            table = database.table(name, inner.target)
            for column in (*inner.on, *inner.columns):
                table.column(column)
            _require_nested(database, name, inner)


def _wanted(stream: StreamMapping) -> Iterator[str]:
    """Yield the columns that the stream's fields read from the record itself."""
    if stream.each is None:
        for one in (*stream.fields.values(), *stream.extras.values(), *stream.links.values()):
            for path in one.paths():
                if not one.as_:
                    yield from _columns_of(path)
    for said in (stream.skip, stream.version, stream.key):
        yield from _columns_of(said or "")


def _columns_of(path: str) -> Iterator[str]:
    """Yield the names that `a || b.c` begins its paths with; of anything more, none."""
    for part in path.split("||"):
        found = _FIRST.match(part)
        if found:
            yield found[1] or found[2]
