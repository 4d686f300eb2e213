"""From what a system says to the error that asks for the right reaction (mapping language, section 2.5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from connectors.calls import jsons
from connectors.contract import BadRecord
from hub.errors import (
    AuthExpired,
    Exists,
    Missing,
    OutcomeUnknown,
    RateLimited,
    RecordError,
    RecordLocked,
    Rejected,
    SourceError,
    Stale,
    Unavailable,
)
from hub.mapping.callspec import REACTIONS, ErrorsSpec, ErrorTable, RowErrors
from hub.mapping.paths import compile_path, is_empty
from hub.model import Record

Look = Callable[[str], Any]
"""Gives what an answer has at a path."""

_SHOWN = 200

_ERRORS: dict[str, type[SourceError]] = {
    "auth": AuthExpired,
    "limited": RateLimited,
    "retry": Unavailable,
    "locked": RecordLocked,
    "stale": Stale,
    "exists": Exists,
    "missing": Missing,
    "rejected": Rejected,
    "unknown": OutcomeUnknown,
}


def reaction(code: str, text: str, *tables: ErrorTable | None) -> str | None:
    """Return the reaction whose glob matches "code text" first: the call's own table before the system's."""
    said = f"{code} {text}".strip()
    for table in tables:
        for name in REACTIONS if table else ():
            if any(fnmatchcase(said, glob) for glob in getattr(table, name)):
                return name
    return None


def error(
    name: str,
    code: str,
    text: str,
    *,
    system: str,
    operation: str,
    record: str = "",
    wait: float | None = None,
) -> SourceError:
    """Return the error of a reaction in the system's own words; `wait` are the seconds that it asks for."""
    kind = _ERRORS[name]
    place = {"system": system, "operation": operation, "record": record}
    if kind is Rejected:
        return Rejected("calls.rejected", code=code, reason=text, **place)
    if kind is RateLimited:
        return RateLimited("calls.said_limited", retry_after=wait, code=code, reason=text, **place)
    return kind(f"calls.said_{name}", code=code, reason=text, **place)


def of_answer(
    look: Look, ok: str | None, *tables: ErrorsSpec | None, system: str, operation: str
) -> SourceError | None:
    """Return the error of an answer that came without a fault, or None if it says yes.

    A code is an error if a glob of the table matches it; where `ok` is given it must hold besides, and what
    is not ok and matches nothing is rejected. Where no table finds a reason, the answer's begin is shown.
    """
    code, text = said(look, *tables)
    name = reaction(code, text, *tables) if code or text else None
    if name is None and ok is not None and is_empty(look(ok)):
        name = "rejected"
        if not code and not text:
            code, text = f"ok: {ok}", shown(look("@"))
    return None if name is None else error(name, code, text, system=system, operation=operation)


def shown(data: Any) -> str:
    """Return how data begins, on one line: the reason stands somewhere in it."""
    text = data if isinstance(data, str) else jsons.written(data).decode() if data else ""
    return " ".join(text.split())[:_SHOWN]


def said(look: Look, *tables: ErrorTable | None) -> tuple[str, str]:
    """Return error code and text at the paths of the first table that finds any."""
    for table in tables:
        if table is None:
            continue
        code, text = (_text(look(path)) if path else "" for path in (table.code, table.text))
        if code or text:
            return code, text
    return "", ""


def sift(
    records: Sequence[Record], rows: RowErrors | None, key: Callable[[Record], str]
) -> tuple[Sequence[Record], list[BadRecord]]:
    """Part the records of a batch from those that say an error of their own; `key` tells a record's key.

    A row that the table calls `missing` is left out: it was asked for and is not there. Any other error makes
    the row a BadRecord, kept whole with the source's own words.
    """
    if rows is None:
        return records, []
    good: list[Record] = []
    bad: list[BadRecord] = []
    for record in records:
        name, code, text = _of_row(record, rows)
        if name is None:
            good.append(record)
        elif name != "missing":
            reason = RecordError("calls.row_refused", code=code, reason=text)
            bad.append(BadRecord(jsons.written(record), reason, key(record)))
    return good, bad


def of_rows(records: Sequence[Record], rows: RowErrors, *, system: str, operation: str) -> SourceError | None:
    """Return the error of the first record that says one, None where all say yes."""
    for record in records:
        name, code, text = _of_row(record, rows)
        if name is not None:
            return error(name, code, text, system=system, operation=operation)
    return None


def _of_row(record: Record, rows: RowErrors) -> tuple[str | None, str, str]:
    code, text = said(lambda path: compile_path(path)(record), rows)
    name = reaction(code, text, rows) if code or text else None
    if name is None and rows.ok is not None and is_empty(compile_path(rows.ok)(record)):
        name = "rejected"
    return name, code, text


def paths(tables: Sequence[ErrorsSpec | None]) -> bool:
    """Tell whether any table says where an error stands: else nothing of an answer need be looked at."""
    return any(table is not None and (table.code or table.text) for table in tables)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(filter(None, map(_text, value)))
    return "" if value is None or isinstance(value, dict) else str(value).strip()
