"""What the store holds of a statement file: an entry is looked up before anyone is told that it is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from connectors.files.drops import records
from connectors.statements.model import Entry, Parsed, Statement
from hub.errors import RecordError
from hub.locale import text
from hub.store import jsons, lookup
from hub.store.tables import documents, ledger, quarantine
from reconciler.payments import continuity
from reconciler.payments.continuity import Gap
from sync.place import Intake
from sync.statements import Kept as Line
from sync.statements import load, plain

_RECORD = ("system", "stream", "record")
_DOCUMENT = ("company", "system", "kind", "number")


@dataclass(slots=True)
class Account:
    """What a file says of one account in one currency, and how much of it the store holds.

    `new` came with this file, `known` was there before; `skipped` the mapping does not mean, `lacking` is in
    the file and, against all expectation, not in the store; `bare` is there, but without a currency or a day.
    """

    account: str
    currency: str
    statements: list[Statement] = field(default_factory=list)
    read: int = 0
    new: int = 0
    known: int = 0
    skipped: int = 0
    lacking: int = 0
    bare: int = 0
    came: Decimal = Decimal(0)
    went: Decimal = Decimal(0)
    days: set[date] = field(default_factory=set)
    gaps: Sequence[Gap] = ()
    follows: bool = False

    @property
    def held(self) -> int:
        """How many entries the store holds."""
        return self.new + self.known


@dataclass(slots=True)
class Kept:
    """What became of a file: its accounts, and the rows (line, reason) of which nothing is kept."""

    accounts: list[Account] = field(default_factory=list)
    rows: list[tuple[int, str]] = field(default_factory=list)

    @property
    def gaps(self) -> bool:
        """Whether days are missing before a statement of the file."""
        return any(one.gaps for one in self.accounts)


@dataclass(slots=True)
class _Row:
    """An entry with the key of its record, None if it has none."""

    entry: Entry
    account: Account
    key: str | None


@dataclass(slots=True)
class Lines:
    """The statements of each company's accounts and where they do not follow on, read once for many files."""

    _known: dict[str, dict[continuity.Account, tuple[list[Line], list[Gap]]]] = field(default_factory=dict)

    def of(
        self, conn: sa.Connection, inlet: Intake, company: str, account: Account
    ) -> tuple[int, list[Gap], bool]:
        """Return how many statements an account has, where they do not follow on, if all name balances."""
        if company not in self._known:
            by_account = continuity.accounts(load(conn, inlet.seal, company))
            self._known[company] = {key: (some, continuity.gaps(some)) for key, some in by_account.items()}
        some, found = self._known[company].get((plain(account.account), account.currency), ([], []))
        return len(some), found, all(one.opening is not None for one in some)


def look_up(
    conn: sa.Connection,
    inlet: Intake,
    parsed: Parsed,
    since: datetime | None,
    before: set[str],
    lines: Lines,
    locale: str,
) -> Kept:
    """Return what the store holds of a file's entries.

    What it holds since the file began to be read (`since`) came with the file, unless it is among `before`:
    keys of files that were read just before it. All keys of this file are added there.
    """
    kept, rows = _rows(inlet, parsed, locale)
    keys = [(inlet.system, inlet.stream, one.key) for one in rows if one.key is not None]
    spoken = {row.record: _places(inlet, row.gave) for row in lookup.fetch_many(conn, ledger, _RECORD, keys)}
    refused = _refused(conn, keys)
    places = {place for some in spoken.values() for place in some}
    columns = (*_DOCUMENT, "first_seen", "currency", "occurred_at")
    found = lookup.fetch_many(conn, documents, _DOCUMENT, places, columns)
    seen = {tuple(row[:4]): row.first_seen for row in found}
    bare = {tuple(row[:4]) for row in found if row.currency is None or row.occurred_at is None}
    for one in rows:
        _count(one, kept, spoken, seen, refused, since, before, locale)
        one.account.bare += any(place in bare for place in spoken.get(one.key or "", ()))
    for company in sorted({place[0] for place in places}) or [""]:
        _days(conn, inlet, company, kept.accounts, lines)
    kept.rows.sort(key=lambda row: row[0])
    return kept


def keys_of(inlet: Intake, parsed: Parsed) -> set[str]:
    """Return the keys of a file's entries."""
    return {one.key for one in _rows(inlet, parsed, "en")[1] if one.key is not None}


def _rows(inlet: Intake, parsed: Parsed, locale: str) -> tuple[Kept, list[_Row]]:
    accounts: dict[tuple[str, str], Account] = {}
    kept, rows = Kept(), []
    for statement in parsed.statements:
        _of(accounts, statement, statement.currency or _currency(statement)).statements.append(statement)
    for statement, entry, record in records(parsed):
        account = _of(accounts, statement, entry.currency or statement.currency or "")
        if record is None:
            note = entry.note
            assert note is not None
            kept.rows.append((entry.line, text(note.key, locale, line=note.line, **note.values)))
            continue
        account.read += 1
        account.came += max(entry.amount, Decimal(0))
        account.went -= min(entry.amount, Decimal(0))
        if entry.booked_on is not None:
            account.days.add(entry.booked_on)
        try:
            rows.append(_Row(entry, account, inlet.reader.key(record)))
        except RecordError as error:
            kept.rows.append((entry.line, error.say(locale)))
    kept.accounts = list(accounts.values())
    return kept, rows


def _of(accounts: dict[tuple[str, str], Account], statement: Statement, currency: str) -> Account:
    name = statement.account or ""
    return accounts.setdefault((plain(name), currency), Account(name, currency))


def _currency(statement: Statement) -> str:
    return next((one.currency for one in statement.entries if one.currency), "")


def _places(inlet: Intake, gave: str | None) -> list[tuple[str, str, str, str]]:
    """Return the documents that a record gave, as the store names them."""
    found = []
    for company, _, part in jsons.loads(gave) or ():
        kind, _, number = str(part).partition("/")
        found.append((str(company), inlet.system, kind, number))
    return found


def _refused(conn: sa.Connection, keys: Iterable[tuple[str, str, str]]) -> dict[str, tuple[str, Any]]:
    """Return why records lie in quarantine, by their keys."""
    rows = lookup.fetch_many(
        conn, quarantine, _RECORD, set(keys), ("record", "reason", "values", "solved_at")
    )
    return {row.record: (row.reason, jsons.loads(row.values)) for row in rows if row.solved_at is None}


def _count(
    one: _Row,
    kept: Kept,
    spoken: Mapping[str, Sequence[tuple[str, str, str, str]]],
    seen: Mapping[tuple[Any, ...], datetime],
    refused: Mapping[str, tuple[str, Any]],
    since: datetime | None,
    before: set[str],
    locale: str,
) -> None:
    """Count an entry as what the store says of it."""
    key = one.key or ""
    if key in refused:
        reason, values = refused[key]
        kept.rows.append((one.entry.line, text(reason, locale, **(values or {}))))
        return
    places = spoken.get(key)
    if places is None or not all(place in seen for place in places):
        one.account.lacking += 1
    elif not places:
        one.account.skipped += 1
    elif since is not None and key not in before and all(seen[place] >= since for place in places):
        one.account.new += 1
    else:
        one.account.known += 1
    before.add(key)


def _days(
    conn: sa.Connection, inlet: Intake, company: str, accounts: Iterable[Account], lines: Lines
) -> None:
    """Note which days are missing just before the statements of a file."""
    for one in accounts:
        first = min(one.days, default=None)
        begins = {(each.first_day or first, each.opening) for each in one.statements}
        count, found, told = lines.of(conn, inlet, company, one)
        one.gaps = [*one.gaps, *(gap for gap in found if (gap.before, gap.said) in begins)]
        one.follows = count > 1 and not found and told
