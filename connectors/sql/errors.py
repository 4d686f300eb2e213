"""What a database's errors ask for: try later, log in, or a person; and what a write's errors tell of it."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa

from connectors.calls import reactions
from hub.errors import (
    AuthExpired,
    Exists,
    OutcomeUnknown,
    RecordLocked,
    Rejected,
    SourceError,
    Unavailable,
)
from hub.mapping.callspec import ErrorTable
from hub.redact import redact

_LATER_SQLSTATE = ("08", "40", "53", "55", "57", "58", "HYT0")
"""Connection, deadlock, resources, lock, shutdown; time-outs of ODBC."""

_LATER_SQLITE = ("BUSY", "LOCKED", "CANTOPEN", "IOERR", "NOTADB", "CORRUPT", "INTERRUPT", "NOMEM", "PROTOCOL")
_DENIED = re.compile(
    r'authentication failed|not permitted to log in|role ".*" does not exist|no pg_hba\.conf entry', re.I
)
"""How PostgreSQL refuses a login: psycopg gives no SQLSTATE then."""

_DENIED_MYSQL = {1044, 1045, 1698}
_SQLSTATE = re.compile(r"[0-9A-Z]{5}")
_DENIED_ORACLE = re.compile(r"ORA-(01005|01017|01045|28000|28001)\b")
_LATER_ORACLE = re.compile(
    r"ORA-(00018|00020|00028|00054|00060|01012|01033|01034|01089|03113|03114|03135|04068|12\d{3})\b"
    r"|DPY-(1001|4011|4024|6\d{3})\b"
)
"""Oracle's own numbers, and those of its driver in thin mode (no connection, connection lost, time-out)."""

_LATER_MYSQL = {1040, 1053, 1205, 1213, 2002, 2003, 2006, 2013, 2055, 3024}


_LOCKED = frozenset(
    {"40001", "40P01", "55P03", "1020", "1205", "1213", "3572"}
    | {"ORA-00054", "ORA-00060", "ORA-04020", "ORA-08177", "ORA-30006"}
    | {"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_BUSY_SNAPSHOT", "SQLITE_BUSY_RECOVERY"}
)
"""Deadlock, serialisation failure, a lock waited for in vain: rolled back, and the system is well."""

_DOUBLE = frozenset(
    {"23505", "1062", "1586", "ORA-00001", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}
)
_NATIVE = re.compile(r"\((\d+)\)")
"""SQL Server's own number, behind its text."""

_LOCKED_SERVER, _DOUBLE_SERVER = {"1205", "1222"}, {"2601", "2627"}
_UNCLEAR = frozenset({"08007", "40003", "1053", "1927"})
"""The server itself does not know what became of the transaction, or goes away in the midst of it."""


def of_statement(
    error: sa.exc.DBAPIError, *tables: ErrorTable | None, system: str, operation: str, record: str
) -> SourceError:
    """Return the error of a statement that writes: nothing of its transaction was done, or will be.

    What the database says by code and text may have a reaction of its own in the mapping's tables; a
    connection that broke before the commit was sent is none: the server rolls back.
    """
    (code, kind), reason = _judged_write(error), _own_words(error)
    about = {"system": system, "operation": operation, "record": record}
    if not error.connection_invalidated and (name := reactions.reaction(code, reason, *tables)):
        return reactions.error(name, code, reason, system=system, operation=operation, record=record)
    if _is(error, code, _LOCKED, _LOCKED_SERVER):
        return RecordLocked("sql.locked", **about, code=code, reason=reason)
    if _is(error, code, _DOUBLE, _DOUBLE_SERVER):
        return Exists("sql.exists", **about, code=code, reason=reason)
    if kind is Rejected and code not in _UNCLEAR:
        return Rejected("sql.not_written", **about, code=code, reason=reason)
    if kind is AuthExpired:
        return AuthExpired("sql.denied", **about, reason=reason)
    return Unavailable("sql.unavailable", **about, reason=reason)


def of_commit(
    error: sa.exc.DBAPIError, *tables: ErrorTable | None, system: str, operation: str, record: str
) -> SourceError:
    """Return the error of a commit: a no of the database is one, but what breaks the line leaves it open."""
    code, kind = _judged_write(error)
    told = not error.connection_invalidated and code not in _UNCLEAR
    if told and (kind is Rejected or _is(error, code, _LOCKED, _LOCKED_SERVER)):
        return of_statement(error, *tables, system=system, operation=operation, record=record)
    return OutcomeUnknown(
        "sql.commit_unknown", system=system, operation=operation, record=record, reason=_own_words(error)
    )


def _is(error: sa.exc.DBAPIError, code: str, known: frozenset[str], server: set[str]) -> bool:
    """Tell whether an error is among those known by code, or by SQL Server's own number."""
    if error.connection_invalidated:
        return False
    if code in known:
        return True
    odbc = isinstance(next(iter(getattr(error.orig, "args", ())), None), str) and _SQLSTATE.fullmatch(code)
    return bool(odbc and server & set(_NATIVE.findall(str(error.orig))))


def _judged_write(error: sa.exc.DBAPIError) -> tuple[str, type[SourceError]]:
    """Return code and kind; of MySQL by its own number, since its SQLSTATE tells less."""
    code, kind = _judged(error)
    number = next(iter(getattr(error.orig, "args", ())), None)
    if isinstance(number, int) and number > 0:
        code = str(number)
        kind = Unavailable if number in _LATER_MYSQL else kind
    return code, kind


def _own_words(error: sa.exc.DBAPIError) -> str:
    """Return what the database says itself, without secrets and without what its driver puts around it."""
    words: tuple[Any, ...] = getattr(error.orig, "args", ())
    if diagnosis := getattr(error.orig, "diag", None):  # PostgreSQL's
        words = (diagnosis.message_primary, diagnosis.message_detail)
    elif len(words) == 2 and isinstance(words[0], int):  # MySQL's: number and text
        words = words[1:]
    return redact(" ".join(" ".join(str(word) for word in words if word).split())) or _said(error)


def _said(error: sa.exc.DBAPIError) -> str:
    return redact(" ".join(str(error.orig).split()))


def named(error: sa.exc.DBAPIError, system: str, operation: str) -> SourceError:
    """Return the driver's error by the reaction it asks for; its own text is kept, without secrets.

    By SQLSTATE (PostgreSQL, ODBC and most others), SQLite's error name, MySQL's or Oracle's number; where
    there is none, by the kind of error that the driver raised (PEP 249).
    """
    code, kind = _judged(error)
    about = {"system": system, "operation": operation, "reason": _said(error)}
    if kind is AuthExpired:
        return AuthExpired("sql.denied", **about)
    if kind is Unavailable:
        return Unavailable("sql.unavailable", **about)
    return Rejected("sql.rejected", code=code, **about)


def _judged(error: sa.exc.DBAPIError) -> tuple[str, type[SourceError]]:
    driver = error.orig
    sqlite = getattr(driver, "sqlite_errorname", None)
    sqlstate = getattr(driver, "sqlstate", None) or getattr(driver, "pgcode", None)
    number = next(iter(getattr(driver, "args", ())), None)
    if error.connection_invalidated:
        return "", Unavailable
    if sqlite:
        return sqlite, Unavailable if sqlite.removeprefix("SQLITE_").startswith(_LATER_SQLITE) else Rejected
    if sqlstate:
        return sqlstate, _by_sqlstate(sqlstate)
    if isinstance(number, str) and _SQLSTATE.fullmatch(number):  # ODBC
        return number, _by_sqlstate(number)
    if oracle := re.search(r"\b(?:ORA|DPY)-\d+", str(driver)):
        return oracle[0], _by_oracle(str(driver))
    if isinstance(number, int) and number > 0:
        return str(number), AuthExpired if number in _DENIED_MYSQL else _or_rejected(number in _LATER_MYSQL)
    if _DENIED.search(str(driver)):
        return "", AuthExpired
    return "", _or_rejected(isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError))


def _by_sqlstate(sqlstate: str) -> type[SourceError]:
    return AuthExpired if sqlstate.startswith("28") else _or_rejected(sqlstate.startswith(_LATER_SQLSTATE))


def _by_oracle(said: str) -> type[SourceError]:
    return AuthExpired if _DENIED_ORACLE.search(said) else _or_rejected(bool(_LATER_ORACLE.search(said)))


def _or_rejected(later: bool) -> type[SourceError]:
    return Unavailable if later else Rejected
