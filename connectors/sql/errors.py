"""What a database's errors ask for: try later, log in, or a person."""

from __future__ import annotations

import re

import sqlalchemy as sa

from hub.errors import AuthExpired, Rejected, SourceError, Unavailable
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


def named(error: sa.exc.DBAPIError, system: str, operation: str) -> SourceError:
    """Return the driver's error by the reaction it asks for; its own text is kept, without secrets.

    By SQLSTATE (PostgreSQL, ODBC and most others), SQLite's error name, MySQL's or Oracle's number; where
    there is none, by the kind of error that the driver raised (PEP 249).
    """
    code, kind = _judged(error)
    reason = redact(" ".join(str(error.orig).split()))
    if kind is AuthExpired:
        return AuthExpired("sql.denied", system=system, operation=operation, reason=reason)
    if kind is Unavailable:
        return Unavailable("sql.unavailable", system=system, operation=operation, reason=reason)
    return Rejected("sql.rejected", system=system, operation=operation, code=code, reason=reason)


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
