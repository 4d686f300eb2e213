"""Statements of banks and payment platforms, whatever their format: one record an entry."""

from __future__ import annotations

import re
import zipfile
import zlib
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any, BinaryIO

from connectors.files.rows import Around, BadLine, Line, Notice, Rows, Stated, Torn, Unusable
from connectors.statements.identity import identities
from connectors.statements.model import Entry, Parsed, Remark, Statement
from connectors.statements.parse import is_torn, is_unread, known_profiles, parse
from hub.errors import RecordError
from hub.locale import LOCALES, text
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
                yield Line(entry.line, record_of(statement, number, entry))
        yield Stated(_stated(statement))


def _stated(statement: Statement) -> dict[str, Any]:
    """Return what is kept of a statement: what it says of itself, what it sums up, and one of its records.

    The days are those that it names, else those of its entries; the record says whose statement it is.
    """
    days = [entry.booked_on for entry in statement.entries if entry.booked_on]
    own = [one for one in statement.entries if one.currency in (None, statement.currency)]
    first = next((one for one in statement.entries if not is_unread(one)), None)
    last = statement.last_day or max(days, default=None)
    shown = first or Entry(last, Decimal(0), statement.currency, last)
    return {
        "account": statement.account or "",
        "currency": statement.currency or "",
        "opening": statement.opening,
        "closing": statement.closing,
        "first_day": statement.first_day or min(days, default=None),
        "last_day": last,
        "named": statement.first_day is not None and statement.last_day is not None,
        "entries": len(statement.entries),
        "sum": sum((one.amount for one in own), Decimal(0)),
        "record": record_of(statement, "-", shown),
    }


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


def record_of(statement: Statement, number: str, entry: Entry) -> Record:
    """Return an entry as the record that streams see; `number` is what tells it from all others."""
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


def is_ours(file: BinaryIO) -> bool:
    """Tell whether a file is a workbook of proposals that the hub made itself, filled in or not."""
    file.seek(0)
    if file.read(4) != b"PK\x03\x04":
        return False
    try:
        with zipfile.ZipFile(file) as packed:
            book = unescape(packed.read(_BOOK).decode("utf-8", "replace"))
            if not any(f'name="{text(_SHEET, locale)}"' in book for locale in LOCALES):
                return False
            return any(_has_heads(packed, one) for one in packed.infolist() if _CELLS.match(one.filename))
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, OSError, ValueError, RuntimeError):
        return False  # damaged, or locked: to be read as what else it may be


_BOOK, _SHEET, _HEADS = "xl/workbook.xml", "payments.sheet_proposals", "payments.column_digest"
_CELLS = re.compile(r"xl/(sharedStrings|worksheets/[^/]+)\.xml$")
_MOST = 1 << 26


def _has_heads(packed: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Tell whether a part of a workbook holds the head of the column by which the hub knows its rows."""
    with packed.open(part) as source:
        content = unescape(source.read(_MOST).decode("utf-8", "replace"))
    return any(f">{text(_HEADS, locale)}<" in content for locale in LOCALES)


def _bad(entry: Entry, note: Remark, lines: list[bytes]) -> BadLine:
    """Return a row that cannot be read, as it stands in the file where that is text."""
    known = 0 < entry.line <= len(lines)
    raw = lines[entry.line - 1] if known else entry.remittance_info.encode()
    return BadLine(entry.line, raw, RecordError("statements.unread", reason=note))
