"""The ledger of matches: postings and their undoing, one after the other, nothing ever changed.

What holds is what was posted and not undone. The same posting twice is one: a run that is repeated, or killed
and begun again, adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from hub.errors import ConfigError
from hub.postings import posting_no
from hub.store import audit, bulk, jsons
from hub.store.tables import matches
from reconciler.payments.money import to_major, to_minor
from sync.out import postings

POST, UNDO = "post", "undo"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something of the money side comes from: its system and its number there."""

    system: str
    number: str

    @property
    def ref(self) -> str:
        """Both in one, as people and the matcher name it."""
        return f"{self.system}/{self.number}"

    @classmethod
    def of(cls, ref: str) -> Place:
        """Return what a reference names; ConfigError if it names no system."""
        system, slash, number = ref.partition("/")
        if not slash or not number:
            raise ConfigError("cash.bad_ref", ref=ref)
        return cls(system, number)


@dataclass(frozen=True, slots=True)
class Line:
    """One posting: cash of an entry (`amount`, in `currency`) that pays off `closes` of a receivable.

    `posting` is the number by which the receivable's system knows it, `version` is of the rules then.
    """

    entry: Place
    receivable: Place
    currency: str
    amount: Decimal
    closes: Decimal
    rule: str
    facts: tuple[str, ...]
    who: str | None = None
    reason: str | None = None
    id: int = 0
    at: datetime | None = None
    posting: str | None = None
    version: str = ""


def standing(conn: sa.Connection, company: str, entry: Place | None = None) -> list[Line]:
    """Return the postings of a company that hold, the oldest first; of one entry, if it is given."""
    m, undone = matches.c, matches.alias("undone")
    asked = sa.select(matches).where(m.kind == POST, m.company == company)
    asked = asked.where(~sa.exists().where(undone.c.undoes == m.id)).order_by(m.id)
    if entry is not None:
        asked = asked.where(m.entry_system == entry.system, m.entry == entry.number)
    return [_line(row._mapping) for row in conn.execute(asked)]


def history(conn: sa.Connection, company: str, entry: Place) -> list[dict[str, Any]]:
    """Return all that was ever posted and undone of an entry, the oldest first."""
    m = matches.c
    here = (m.company == company, m.entry_system == entry.system, m.entry == entry.number)
    return [dict(row._mapping) for row in conn.execute(sa.select(matches).where(*here).order_by(m.id))]


def post(conn: sa.Connection, company: str, lines: Iterable[Line], version: str, now: datetime) -> int:
    """Add postings, and ask the finance systems for them; return how many. What holds already is left out."""
    held = {_key(line) for line in standing(conn, company)}
    fresh = [line for line in lines if _key(line) not in held]
    before = _before(conn, company) if fresh else {}
    rows = [_row(company, POST, line, version, now) for line in fresh]
    for row, line in zip(rows, fresh, strict=True):
        again = before.get(_key(line), 0)
        row["posting"] = posting_no(company, line.entry.ref, line.receivable.ref, again)
    bulk.insert(conn, matches, rows)
    postings.mark(conn, company, [(row["system"], row["posting"]) for row in rows])
    return len(fresh)


def undo(
    conn: sa.Connection, company: str, entry: Place, who: str, reason: str, version: str, now: datetime
) -> list[Line]:
    """Undo all postings of an entry that hold, and return them; ConfigError if there are none."""
    lines = standing(conn, company, entry)
    if not lines:
        raise ConfigError("cash.nothing_posted", entry=entry.ref)
    take_back(conn, company, lines, who, reason, version, now)
    audit.append(conn, who, "payment.undone", {"entry": entry.ref, "reason": reason}, now)
    return lines


def take_back(
    conn: sa.Connection,
    company: str,
    lines: Sequence[Line],
    who: str,
    reason: str,
    version: str,
    now: datetime,
) -> None:
    """Undo postings that hold, and ask the finance systems to take them back."""
    rows = [_row(company, UNDO, line, version, now) for line in lines]
    for row, line in zip(rows, lines, strict=True):
        row |= {"undoes": line.id, "who": who, "reason": reason}
    bulk.insert(conn, matches, rows)
    postings.mark(conn, company, [(line.receivable.system, line.posting) for line in lines])


def undone(conn: sa.Connection, company: str) -> set[Place]:
    """Return the entries of which a posting was ever undone: somebody knows better than the matcher."""
    m = matches.c
    query = sa.select(m.entry_system, m.entry).where(m.company == company, m.kind == UNDO).distinct()
    return {Place(row.entry_system, row.entry) for row in conn.execute(query)}


def undoings(conn: sa.Connection, company: str) -> list[Line]:
    """Return what was ever taken back, as it had been posted; `who` took it back."""
    m = matches.c
    asked = sa.select(matches).where(m.company == company, m.kind == UNDO).order_by(m.id)
    return [_line(row._mapping) for row in conn.execute(asked)]


def _before(conn: sa.Connection, company: str) -> dict[tuple[Place, Place], int]:
    """Return how often each entry was posted to each receivable so far, where that was undone."""
    m = matches.c
    place = (m.entry_system, m.entry, m.system, m.receivable)
    query = sa.select(*place, sa.func.count()).where(m.company == company, m.kind == UNDO).group_by(*place)
    return {(Place(*row[:2]), Place(*row[2:4])): row[4] for row in conn.execute(query)}


def _key(line: Line) -> tuple[Place, Place]:
    return line.entry, line.receivable


def _row(company: str, kind: str, line: Line, version: str, now: datetime) -> dict[str, Any]:
    return {
        "kind": kind,
        "company": company,
        "entry_system": line.entry.system,
        "entry": line.entry.number,
        "system": line.receivable.system,
        "receivable": line.receivable.number,
        "currency": line.currency,
        "amount": line.amount,
        "closes": line.closes,
        "rule": line.rule,
        "version": version,
        "facts": jsons.dumps(list(line.facts)),
        "who": line.who,
        "reason": line.reason,
        "undoes": None,
        "posting": None,
        "at": now,
    }


def _line(row: Any) -> Line:
    return Line(
        entry=Place(row["entry_system"], row["entry"]),
        receivable=Place(row["system"], row["receivable"]),
        currency=row["currency"],
        amount=to_major(to_minor(row["amount"], row["currency"]), row["currency"]),
        closes=row["closes"],
        rule=row["rule"],
        facts=tuple(jsons.loads(row["facts"])),
        who=row["who"],
        reason=row["reason"],
        id=row["id"],
        at=row["at"],
        posting=row["posting"],
        version=row["version"],
    )
