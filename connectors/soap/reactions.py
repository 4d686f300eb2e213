"""From what a system says to the error that asks for the right reaction (mapping language, section 2.5)."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from connectors.soap.stream import Fault
from hub.errors import (
    AuthExpired,
    Exists,
    Missing,
    OutcomeUnknown,
    RateLimited,
    RecordLocked,
    Rejected,
    SourceError,
    Stale,
    Unavailable,
)
from hub.mapping.callspec import REACTIONS, ErrorsSpec
from hub.mapping.paths import compile_path

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


def reaction(code: str, text: str, *tables: ErrorsSpec | None) -> str | None:
    """Return the reaction whose glob matches "code text" first: the call's own table before the system's."""
    said = f"{code} {text}".strip()
    for table in tables:
        for name in REACTIONS if table else ():
            if any(fnmatchcase(said, glob) for glob in getattr(table, name)):
                return name
    return None


def error(name: str, code: str, text: str, *, system: str, operation: str, record: str = "") -> SourceError:
    """Return the error of a reaction, carrying the system's own code and text."""
    kind = _ERRORS[name]
    place = {"system": system, "operation": operation, "record": record}
    if kind is Rejected:
        return Rejected("soap.rejected", code=code, reason=text, **place)
    return kind(f"soap.said_{name}", code=code, reason=text, **place)


def of_fault(fault: Fault, *tables: ErrorsSpec | None, system: str, operation: str) -> SourceError:
    """Return the error of a SOAP fault: by table, else rejected if it blames the client, else as a 5xx.

    The table's `code` and `text` paths see `faultcode`, `faultstring` and `detail`.
    """
    seen = {"faultcode": fault.code, "faultstring": fault.text, "detail": fault.detail}
    code, text = said(seen, *tables)
    code, text = code or fault.code, text or fault.text
    name = reaction(code, text, *tables) or ("rejected" if fault.by_client else "retry")
    return error(name, code, text, system=system, operation=operation)


def of_answer(
    answer: dict[str, Any], ok: str | None, *tables: ErrorsSpec | None, system: str, operation: str
) -> SourceError | None:
    """Return the error of an answer that came without a fault, or None if it says yes.

    A code is an error if a glob of the table matches it; where `ok` is given it must hold besides, and what
    is not ok and matches nothing is rejected.
    """
    code, text = said(answer, *tables)
    name = reaction(code, text, *tables) if code or text else None
    if name is None and ok is not None and compile_path(ok)(answer) in (None, False, "", [], {}):
        name = "rejected"
    return None if name is None else error(name, code, text, system=system, operation=operation)


def said(answer: dict[str, Any], *tables: ErrorsSpec | None) -> tuple[str, str]:
    """Return error code and text at the paths of the first table that finds any."""
    for table in tables:
        if table is None:
            continue
        code, text = (_text(compile_path(path)(answer)) if path else "" for path in (table.code, table.text))
        if code or text:
            return code, text
    return "", ""


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(filter(None, map(_text, value)))
    return "" if value is None or isinstance(value, dict) else str(value).strip()
