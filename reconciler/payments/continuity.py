"""Do the statements of an account follow on each other: which days are missing, which balances do not meet.

A statement follows on if it begins with the balance that the one before it ended with. Then days between the
two, on which the bank booked nothing, lack nothing. Where balances are not told, only working days between
statements that name their days are missing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from hub.store import Seal, jsons
from hub.store.tables import documents
from reconciler.payments.money import decimals, to_minor
from reconciler.payments.reports.given import AccountDays, Break
from sync.documents import place_of
from sync.statements import Kept, load, plain

BANK_ENTRY, PROVISIONAL = "bank_entry", "provisional"
_DAY = timedelta(days=1)
_WEEKEND = 5
_LONGEST = 4000
"""So many missing days are named, at most: a date that is wrong by a century shall not fill the store."""

Account = tuple[str, str]
"""An account as `plain` writes it, and its currency."""


@dataclass(slots=True)
class Gap:
    """Where a statement does not follow on: the days that are missing before it, and the balances around."""

    days: list[date]
    before: date
    expected: Decimal | None
    said: Decimal | None


@dataclass(slots=True)
class _Booked:
    """What the store holds of an account's entries, by day."""

    days: list[tuple[date, Decimal]] = field(default_factory=list)


def of_accounts(
    conn: sa.Connection, seal: Seal, company: str, zones: Mapping[str, ZoneInfo], zone: ZoneInfo
) -> list[AccountDays]:
    """Return what the statements of a company's accounts cover, against the entries that the store holds.

    Days are those of the zone of the system that entries come from (`zones`), else of `zone`.
    """
    by_account = accounts(load(conn, seal, company))
    booked = _booked(conn, seal, company, zones, zone) if by_account else {}
    return [_account(some, booked.get(account, _Booked())) for account, some in sorted(by_account.items())]


def accounts(statements: Iterable[Kept]) -> dict[Account, list[Kept]]:
    """Return statements by their account, by day; those that name none say nothing of any."""
    found: dict[Account, list[Kept]] = defaultdict(list)
    for one in statements:
        if account := plain(one.account):
            found[account, one.currency].append(one)
    for some in found.values():
        some.sort(key=lambda one: (one.first_on, one.last_on))
    return found


def gaps(statements: Sequence[Kept]) -> list[Gap]:
    """Return where the statements of one account do not follow on each other, by day."""
    chain, found = _Chain(statements), []
    seen: set[tuple[date, Decimal | None]] = set()
    reached: date | None = None
    for begin, some in groupby(chain.ordered, key=lambda one: one.first_on):
        every = list(some)
        if reached is None or reached < begin:  # else it lies within another, or overlaps it
            for one in every:
                if (begin, one.opening) not in seen:
                    seen.add((begin, one.opening))
                    gap = chain.before(one)
                    found += [gap] if gap is not None else []
        reached = max(filter(None, (reached, *(one.last_on for one in every))))
    return found


class _Chain:
    """The statements of one account by the days on which they begin and end."""

    def __init__(self, statements: Iterable[Kept]) -> None:
        self.ordered = sorted(statements, key=lambda one: (one.first_on, one.last_on))
        self._ending: dict[date, list[Kept]] = defaultdict(list)
        self._within: dict[date, list[Kept]] = defaultdict(list)
        for one in self.ordered:
            self._ending[one.last_on].append(one)
            if one.first_on == one.last_on:
                self._within[one.first_on].append(one)
        self._ends = sorted(self._ending)

    def before(self, one: Kept) -> Gap | None:
        """Return what lacks before a statement; None if nothing does, or nothing can be told."""
        at = bisect_left(self._ends, one.first_on)
        if not at:
            return None
        nearest = self._ends[at - 1]
        last, same_day = self._ending[nearest], self._within[one.first_on]
        known = {other.closing for other in (*last, *same_day) if other is not one} - {None}
        if one.opening is None or not known:
            return _unsaid(one, last, nearest)
        if one.opening in known:
            return None
        return Gap(list(_between(nearest, one.first_on)), one.first_on, _final(last), one.opening)


def _unsaid(one: Kept, last: Sequence[Kept], nearest: date) -> Gap | None:
    """Return the working days between statements that name their days and no balances."""
    if not one.named or not any(other.named for other in last):
        return None
    days = [day for day in _between(nearest, one.first_on) if day.weekday() < _WEEKEND]
    return Gap(days, one.first_on, None, one.opening) if days else None


def _between(last: date, first: date) -> Iterator[date]:
    day = last + _DAY
    for _ in range(_LONGEST):
        if day >= first:
            return
        yield day
        day += _DAY


def _account(some: Sequence[Kept], booked: _Booked) -> AccountDays:
    account, currency = some[0].account, some[0].currency
    first, last = some[0].first_on, max(one.last_on for one in some)
    sums = [amount for day, amount in booked.days if first <= day <= last]
    found = gaps(some)
    opening = _initial([one for one in some if one.first_on == first])
    closing = _final([one for one in some if one.last_on == last])

    return AccountDays(
        account=account,
        currency=currency,
        first_day=first,
        last_day=last,
        opening=_minor(opening, currency),
        closing=_minor(closing, currency),
        sum=_minor(sum(sums, Decimal(0)), currency) or 0,
        entries=len(sums),
        missing=[day for gap in found for day in gap.days],
        breaks=[
            Break(gap.before, expected, said)
            for gap in found
            if not gap.days
            and (expected := _minor(gap.expected, currency)) is not None
            and (said := _minor(gap.said, currency)) is not None
        ],
    )


def _minor(amount: Decimal | None, currency: str) -> int | None:
    """Return an amount in minor units; None where it is not known."""
    if amount is None:
        return None
    return to_minor(amount.quantize(Decimal(1).scaleb(-decimals(currency))), currency)


def _initial(some: Sequence[Kept]) -> Decimal | None:
    """Return the balance with which a day begins: of several statements the first one's."""
    closings = {one.closing for one in some}
    openings = [one.opening for one in some if one.opening is not None]
    return next((one for one in openings if one not in closings), openings[0] if openings else None)


def _final(some: Sequence[Kept]) -> Decimal | None:
    """Return the balance with which a day ends: of several statements the last one's."""
    openings = {one.opening for one in some}
    closings = [one.closing for one in some if one.closing is not None]
    return next((one for one in closings if one not in openings), closings[-1] if closings else None)


def _booked(
    conn: sa.Connection, seal: Seal, company: str, zones: Mapping[str, ZoneInfo], zone: ZoneInfo
) -> dict[Account, _Booked]:
    """Return what is booked on each account, by day: all entries that are final."""
    d, found = documents.c, defaultdict[Account, _Booked](_Booked)
    asked = sa.select(documents).where(
        d.company == company, d.kind == BANK_ENTRY, d.deleted.is_(False), d.amount.is_not(None)
    )
    for row in (dict(one._mapping) for one in conn.execute(asked)):
        account = plain(str(_fields(seal, row).get("account") or ""))
        if account and row["status"] != PROVISIONAL and row["occurred_at"] is not None:
            day = _day(row["occurred_at"], zones.get(row["system"], zone))
            found[account, row["currency"] or ""].days.append((day, row["amount"]))
    return found


def _fields(seal: Seal, row: Mapping[str, Any]) -> dict[str, Any]:
    if row["fields"] is None:
        return {}
    found: dict[str, Any] = jsons.loads(seal.decrypt(bytes(row["fields"]), place_of(row)))
    return found


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()
