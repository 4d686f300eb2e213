"""Statements of banks and payment platforms, whatever their format: one record an entry."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

from connectors.files.rows import Around, BadLine, Line, Notice, Rows, Torn, Unusable
from connectors.statements.identity import identities
from connectors.statements.model import Entry, Parsed, Remark, Statement
from connectors.statements.parse import is_torn, is_unread, known_profiles, parse
from hub.errors import RecordError
from hub.mapping.grammar import CallSpec
from hub.model import Record

_FIELDS = ("payer_bank", "bank_reference", "end_to_end", "code", "batch", "order_no", "fee", "balance")
"""What formats may know of an entry beside what all do; every record has them, None where it is not said."""


def read_bank(
    file: BinaryIO, call: CallSpec, encoding: str, numbers: str | None, downloads: Path | None = None
) -> Rows:
    """Yield the entries of a statement file; its format, charset and numbers show by themselves.

    `number` is what tells an entry from all others, whichever file brings it (see `statements.identity`),
    `amount` is above zero where money came in, days are ISO dates. The statement around an entry is seen as
    `meta.statement`. In the folder `downloads` are the profiles of tables that people confirmed. A row that
    cannot be read is no record. Raises Torn for a file that ends too early and
    Unusable for any other that has errors: a statement counts as a whole or not at all.
    """
    file.seek(0)
    content = file.read()
    parsed = parse(content, profiles=known_profiles(downloads) if downloads else ())
    if parsed.errors:
        first = parsed.errors[0]
        raise (Torn if is_torn(first) else Unusable)("statements.unusable", first.line, reason=first)
    yield from (Notice(str(remark)) for remark in parsed.warnings)
    yield from _rows(parsed, content)


def _rows(parsed: Parsed, content: bytes) -> Rows:
    lines = content.splitlines() if b"\0" not in content else []
    for statement in parsed.statements:
        yield Around({"statement": _around(parsed, statement)})
        for number, entry in zip(identities(statement), statement.entries, strict=True):
            if is_unread(entry) and entry.note is not None:
                yield _bad(entry, entry.note, lines)
            else:
                yield Line(entry.line, _record(statement, number, entry))


def _around(parsed: Parsed, statement: Statement) -> dict[str, Any]:
    return {
        "format": parsed.form,
        "account": statement.account,
        "currency": statement.currency,
        "opening": statement.opening,
        "closing": statement.closing,
        "first_day": statement.first_day and statement.first_day.isoformat(),
        "last_day": statement.last_day and statement.last_day.isoformat(),
    }


def _record(statement: Statement, number: str, entry: Entry) -> Record:
    return {
        **dict.fromkeys(_FIELDS),
        **entry.details,
        "number": number,
        "account": statement.account,
        "booked_on": entry.booked_on and entry.booked_on.isoformat(),
        "value_date": entry.value_date and entry.value_date.isoformat(),
        "amount": entry.amount,
        "currency": entry.currency,
        "payer_name": entry.payer_name,
        "payer_account": entry.payer_account,
        "remittance_info": entry.remittance_info,
        "reference": entry.reference,
        "reversal": entry.reversal,
        "note": str(entry.note) if entry.note else None,
    }


def _bad(entry: Entry, note: Remark, lines: list[bytes]) -> BadLine:
    """Return a row that cannot be read, as it stands in the file where that is text."""
    known = 0 < entry.line <= len(lines)
    raw = lines[entry.line - 1] if known else entry.remittance_info.encode()
    return BadLine(entry.line, raw, RecordError("statements.unread", reason=note))
