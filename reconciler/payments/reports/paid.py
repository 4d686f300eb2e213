"""What each posting closed: the cash that came, and what of the receivable was settled beyond it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from reconciler.payments.model import BankEntry, Explanation, Receivable
from reconciler.payments.reports.given import Given

FEE, DISCOUNT = "fee", "discount"


@dataclass(frozen=True, slots=True)
class Paid:
    """One posting: `cash` in minor units of the entry's currency, `settled` in those of the receivable's.

    Where a receivable was settled for less cash than was open, `kept` is the difference and `why` says whose
    it is: the bank's (a fee) or the customer's (a discount).
    """

    entry: BankEntry
    said: Explanation
    receivable: Receivable
    cash: int
    settled: int
    kept: int = 0
    why: str = ""

    @property
    def abroad(self) -> bool:
        """Tell whether the receivable is in another currency than the cash."""
        return self.entry.currency != self.receivable.currency


def paid(given: Given) -> list[Paid]:
    """Return all postings, in the order of the outcomes."""
    parts: dict[str, int] = defaultdict(int)
    posted = [
        (one.entry, one.posted, posting, one.closed)
        for one in given.outcomes
        if one.posted
        for posting in one.posted.postings
    ]
    for entry, said, posting, _ in posted:
        if not _closes(entry, said, posting.receivable):
            parts[posting.receivable.id] += posting.amount
    found: list[Paid] = []
    for entry, said, posting, closed in posted:
        item, cash = posting.receivable, posting.amount
        if not _closes(entry, said, item):
            found.append(Paid(entry, said, item, cash, cash))
            continue
        before = given.before.get(item.id, item.amount)
        settled = closed.get(item.id, before - item.open - parts[item.id])
        kept = settled - cash if item.currency == entry.currency else 0
        found.append(Paid(entry, said, item, cash, settled, kept, _why(said.rule) if kept else ""))
    return found


def _closes(entry: BankEntry, said: Explanation, item: Receivable) -> bool:
    """Tell whether a posting settles all that is open, whatever came."""
    return item.currency != entry.currency or bool(_why(said.rule))


def _why(rule: str) -> str:
    return next((why for why in (FEE, DISCOUNT) if rule.endswith(f"_{why}")), "")
