"""Statements themselves, kept beside their entries: which days of which account were read, with balances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from connectors.contract import Page
from hub.errors import RecordError
from hub.mapping.documents import DocumentReader
from hub.model import Document
from hub.store import Seal, bulk
from hub.store.tables import statements
from hub.store.types import to_fixed
from sync.place import Place

_KEY = ("company", "system", "digest")


@dataclass(frozen=True, slots=True)
class Kept:
    """One statement as the store knows it; `named` if it says itself which days it covers."""

    system: str
    account: str
    currency: str
    first_on: date
    last_on: date
    named: bool
    opening: Decimal | None
    closing: Decimal | None
    entries: int
    sum: Decimal
    file: str


def keep(conn: sa.Connection, place: Place, pages: Iterable[Page], read_at: datetime) -> int:
    """Keep the statements that pages bring to an end, in the transaction of these; return how many are new.

    What is known already stays as it is. A statement without any day tells nothing of days, and is none.
    """
    told = [(page.meta, one) for page in pages for one in page.statements]
    rows = [_row(place, meta, one, read_at) for meta, one in told if one["first_day"] and one["last_day"]]
    by_key = {tuple(row[name] for name in _KEY): row for row in reversed(rows)}
    held = {tuple(row) for row in _held(conn, place.system, by_key.keys())}
    fresh = [row for key, row in by_key.items() if key not in held]
    bulk.insert(conn, statements, fresh)
    return len(fresh)


def load(conn: sa.Connection, seal: Seal, company: str) -> list[Kept]:
    """Return the statements of a company, by account and day."""
    s = statements.c
    asked = sa.select(statements).where(s.company.in_((company, "")))
    asked = asked.order_by(s.first_on, s.last_on, s.digest)
    found = [_kept(seal, dict(row._mapping)) for row in conn.execute(asked)]
    return sorted(found, key=lambda one: (one.account, one.currency))


def plain(account: str) -> str:
    """Return an account as all formats write it the same: without gaps, in capitals."""
    return "".join(sign for sign in account if sign.isalnum() or sign in "*@.").upper()


def _held(conn: sa.Connection, system: str, keys: Iterable[tuple[Any, ...]]) -> list[tuple[str, str, bytes]]:
    s = statements.c
    found: list[tuple[str, str, bytes]] = []
    for key in keys:
        here = (s.company == key[0], s.system == system, s.digest == key[2])
        if conn.execute(sa.select(s.digest).where(*here)).first():
            found.append((key[0], system, key[2]))
    return found


def _row(place: Place, meta: Mapping[str, Any], told: Mapping[str, Any], read_at: datetime) -> dict[str, Any]:
    document = _one_of(place, meta, told, read_at)
    company = document.company if document else ""
    account = str((document and document.fields.get("account")) or told["account"])
    currency = str(told["currency"] or (document and document.currency) or "")[:3]
    balances = [_keepable(told["opening"]), _keepable(told["closing"])]
    total = _keepable(told["sum"]) or Decimal(0)
    days = [told["first_day"].isoformat(), told["last_day"].isoformat()]
    said = [plain(account), currency, *days, *map(str, balances), str(told["entries"]), str(total)]
    return {
        "company": company,
        "system": place.system,
        "digest": place.seal.index("statement\x1f" + "\x1f".join(said)),
        "account": place.seal.encrypt(account.encode(), _sealed_at(company, place.system)),
        "account_digest": place.seal.index(plain(account)),
        "currency": currency,
        "first_on": days[0],
        "last_on": days[1],
        "named": bool(told["named"]),
        "opening": balances[0],
        "closing": balances[1],
        "entries": told["entries"],
        "sum": total,
        "file": str(told["file"]),
        "file_digest": str(told["digest"])[:32],
        "read_at": read_at,
    }


def _one_of(
    place: Place, meta: Mapping[str, Any], told: Mapping[str, Any], read_at: datetime
) -> Document | None:
    """Return one of a statement's entries as the mapping reads it: it says whose the statement is."""
    if not isinstance(place.reader, DocumentReader):
        return None
    try:
        return next(iter(place.reader.read(told["record"], meta, read_at).documents), None)
    except RecordError:
        return None


def _keepable(amount: Decimal | None) -> Decimal | None:
    """Return an amount that the store can hold, None for one that it cannot."""
    if amount is None:
        return None
    try:
        to_fixed(amount)
    except ValueError:
        return None
    return amount.normalize() + 0


def _kept(seal: Seal, row: Mapping[str, Any]) -> Kept:
    sealed = seal.decrypt(bytes(row["account"]), _sealed_at(row["company"], row["system"]))
    return Kept(
        system=row["system"],
        account=sealed.decode(),
        currency=row["currency"],
        first_on=date.fromisoformat(row["first_on"]),
        last_on=date.fromisoformat(row["last_on"]),
        named=row["named"],
        opening=row["opening"],
        closing=row["closing"],
        entries=row["entries"],
        sum=row["sum"],
        file=row["file"],
    )


def _sealed_at(company: str, system: str) -> str:
    return f"statements/{company}/{system}"
