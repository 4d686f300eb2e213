"""Text that the database, or its driver, cannot decode: taken as the bytes that are stored, and sent back so.

Old databases hold text in a charset that they do not know of: GBK in a `latin1` column of MySQL, in a
SQL_ASCII database of PostgreSQL, in an SQLite file. A driver that decodes would lose it, or the whole page.
Such text travels as `StoredText`; records show it decoded (`values.text_of`), cursors and keys go back byte
for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class StoredText(bytes):
    """Text as its database stores it."""

    __slots__ = ()


def stored(raw: bytes) -> str | StoredText:
    """Return ASCII as text, all else as it is stored."""
    return raw.decode() if raw.isascii() else StoredText(raw)


def sqlite_factory(declared: bool) -> Callable[[bytes], str | StoredText]:
    """Return SQLite's text factory: UTF-8 is text, unless the mapping declares charsets of its own."""
    return stored if declared else _utf8


def _utf8(raw: bytes) -> str | StoredText:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return StoredText(raw)


MYSQL_AS_STORED = "SET character_set_results = NULL"
"""Makes MySQL send text without converting it."""


def mysql_arguments(declared: bool) -> dict[str, Any]:
    """Return PyMySQL's connect arguments: BIT as a number and, with declared charsets, text as stored."""
    from pymysql.constants import FIELD_TYPE
    from pymysql.converters import conversions

    reading: dict[Any, Any] = {**conversions, FIELD_TYPE.BIT: lambda raw: int.from_bytes(raw, "big")}
    if not declared:
        return {"conv": reading}
    for kind in (FIELD_TYPE.VAR_STRING, FIELD_TYPE.VARCHAR, FIELD_TYPE.STRING, FIELD_TYPE.BLOB):
        reading[kind] = stored
    for kind in (FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL):
        reading[kind] = lambda raw: Decimal(raw.decode())  # nothing is decoded for us now
    return {"conv": reading, "use_unicode": False}


def prepare_postgres(dbapi: Any) -> bool:
    """Read the text of a SQL_ASCII database, as it is stored; tell whether it is one."""
    if dbapi.info.parameter_status("server_encoding") != "SQL_ASCII":
        return False
    from psycopg.adapt import Loader

    class Stored(Loader):
        def load(self, data: Any) -> str | StoredText:
            return stored(bytes(data))

    for kind in ("text", "varchar", "bpchar", "name"):
        dbapi.adapters.register_loader(kind, Stored)
    return True


def encoded(text: str, encodings: Iterable[str]) -> list[StoredText]:
    """Return the forms in which a text may be stored, by charset; a charset that lacks a sign gives none."""
    forms: dict[StoredText, None] = {}
    for encoding in encodings:
        with suppress(UnicodeEncodeError):
            forms[StoredText(text.encode(encoding))] = None
    return list(forms)


_FORMS = {
    "postgresql": "convert_from({}, 'SQL_ASCII')",
    "mysql": "CONVERT({} USING latin1)",
    "mariadb": "CONVERT({} USING latin1)",
}


def as_text(parameter: str, dialect: str) -> str:
    """Return the SQL that takes a parameter of bytes as text of the database's own."""
    return _FORMS.get(dialect, "CAST({} AS TEXT)").format(parameter)


class AsStored(FunctionElement[str]):
    """A parameter of bytes that is compared as text."""

    name = "as_stored"
    inherit_cache = True


@compiles(AsStored)
def _as_text(element: AsStored, compiler: Any, **kw: Any) -> str:
    return as_text(compiler.process(element.clauses, **kw), compiler.dialect.name)


def parameter(value: StoredText) -> sa.ColumnElement[Any]:
    """Return stored text as a parameter."""
    return AsStored(sa.bindparam(None, bytes(value), type_=sa.LargeBinary(), unique=True))
