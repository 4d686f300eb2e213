"""How the entries of an account are read: page by page, from where the last read ended.

Sources (contract, 11.2): at most 200 rows a page; while ctnFlag is Y the next page is asked for with
queryAcctNbr and Y1 of the last; the last Y1 alone, queryAcctNbr empty, asks for what came since. Sweeps of
the current day are hidden and stand as one sum at its end: only the set of a day that is over is final. 13
months back, no more.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from connectors.cmb.caller import Caller
from connectors.cmb.options import Account
from connectors.cmb.rows import Row, disagreement, records, refusal, rows_of
from connectors.contract import Page
from hub.errors import Incomplete, Rejected, Unavailable
from hub.locale import text
from hub.mapping.callspec import ErrorsSpec

FUNCODE = "trsQryByBreakPoint"
MONTHS = 13

_PART = "TRANSQUERYBYBREAKPOINT"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far an account was read: days asked for, the bank's continuation (Y1), and what page comes next.

    `next` is empty where the days were read to the end: Y1 then asks for what was added to them since.
    """

    first: date
    last: date
    y1: list[Row] = field(default_factory=list)
    next: str = ""

    @classmethod
    def of(cls, kept: Any) -> Mark | None:
        """Return what a slot says; None for what is none of ours."""
        try:
            first, last = (date.fromisoformat(kept[name]) for name in ("first", "last"))
            return cls(first, last, [dict(one) for one in kept["y1"]], str(kept["next"]))
        except (TypeError, ValueError, KeyError):
            return None

    def kept(self) -> dict[str, Any]:
        """Return the slot."""
        days = {"first": self.first.isoformat(), "last": self.last.isoformat()}
        return {**days, "y1": self.y1, "next": self.next}


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads accounts through a caller; `intraday` reads the current day as well, provisionally."""

    system: str
    caller: Caller
    intraday: bool
    errors: ErrorsSpec | None

    def since(self, account: Account, kept: Any, start: date | None) -> Iterator[Page]:
        """Yield what is new since the slot `kept`, and move it.

        The last day that was read is read again in full once a later one can be: it may not have been over,
        and its sweeps not summed.
        """
        mark, last = Mark.of(kept), self._last()
        mark = None if mark is not None and mark.last < self._earliest() else mark
        if mark is not None and mark.next:
            mark = yield from self._turn(account, mark, moves=True)
            if mark.last == last:
                return
        if mark is not None and mark.last == last:
            yield from self._turn(account, mark, moves=True)
            return
        first = mark.last if mark else start
        yield from self._between(account, first, last, moves=True)

    def between(self, account: Account, first: date | None, last: date | None) -> Iterator[Page]:
        """Yield all of some days, both ends included; None is as far as the bank goes."""
        latest = self._last()
        yield from self._between(account, first, min(last or latest, latest), moves=False)

    def _between(self, account: Account, first: date | None, last: date, *, moves: bool) -> Iterator[Page]:
        earliest = self._earliest()
        if first is not None and first < earliest:
            said = text("cmb.too_far", system=self.system, day=first, earliest=earliest, account=account.slot)
            yield Page([], warnings=[said])
        begin = max(first or earliest, earliest)
        if begin <= last:
            yield from self._turn(account, Mark(begin, last), moves=moves)

    def _turn(self, account: Account, mark: Mark, *, moves: bool) -> Generator[Page, None, Mark]:
        """Yield the pages from a mark on, and return the mark behind the last.

        An answer with neither sums nor entries moves nothing: what it left out is asked for again.
        """
        while True:
            body = self._ask(account, mark)
            if not mark.next and not any(body.get(f"{_PART}_{name}") for name in ("Z1", "Z2")):
                said = text("cmb.nothing_said", system=self.system, account=account.slot)
                yield Page([], warnings=[said])
                return mark
            declared, rows = self._agreed(account, body)
            more = declared["ctnFlag"] == "Y"
            following = str(declared.get("queryAcctNbr") or "") if more else ""
            y1 = rows_of(body, f"{_PART}_Y1") or mark.y1
            if more and (not following or (following, y1) == (mark.next, mark.y1)):
                raise Unavailable("cmb.in_circles", **self._place(account))
            mark = Mark(mark.first, mark.last, y1, following)
            good, bad = records(rows, account, self.caller.now().date())
            yield Page(good, state={account.slot: mark.kept()} if moves else {}, bad=bad)
            if not more:
                return mark

    def _ask(self, account: Account, mark: Mark) -> Mapping[str, Any]:
        x1 = {
            "cardNbr": account.number,
            "beginDate": f"{max(mark.first, self._earliest()):%Y%m%d}",
            "endDate": f"{mark.last:%Y%m%d}",
            "transactionSequence": "1",
            "currencyCode": account.currency or "",
            "queryAcctNbr": mark.next,
        }
        asked = {f"{_PART}_X1": [x1], **({f"{_PART}_Y1": mark.y1} if mark.y1 else {})}
        return self.caller.ask(FUNCODE, asked, account.number, self.errors)

    def _agreed(self, account: Account, body: Mapping[str, Any]) -> tuple[Row, list[Row]]:
        """Return the row of Z1 and the rows that it counts and sums; Incomplete for a page that differs."""
        heads, rows = rows_of(body, f"{_PART}_Z1"), rows_of(body, f"{_PART}_Z2")
        for code, reason in filter(None, map(refusal, heads)):
            raise Rejected("calls.rejected", code=code, reason=reason, **self._place(account))
        if len(heads) != 1 or heads[0].get("ctnFlag") not in ("Y", "N"):
            raise Incomplete("cmb.no_sums", **self._place(account))
        found = disagreement(heads[0], rows)
        if found:
            raise Incomplete("cmb.sums_differ", found=found, **self._place(account))
        return heads[0], rows

    def _last(self) -> date:
        today = self.caller.now().date()
        return today if self.intraday else today - _DAY

    def _earliest(self) -> date:
        return _months_before(self.caller.now().date(), MONTHS)

    def _place(self, account: Account) -> dict[str, str]:
        return {"system": self.system, "operation": FUNCODE, "record": account.slot}


def _months_before(day: date, months: int) -> date:
    """Return the same day `months` earlier, or the last of that month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    while True:
        try:
            return date(year, month + 1, day.day)
        except ValueError:
            day -= _DAY
