"""The lines of candidates, as people see them on the sheet, and the digest that says they are unchanged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from reconciler.payments.model import Explanation, Outcome, Posting
from reconciler.payments.money import to_major

SIGNED = ("bank_id", "value_date", "received", "currency", "rank", "receivable_id", "open", "owed_in", "pays")
"""The columns that a decision rests on: nobody may change them by hand."""


class Line(NamedTuple):
    """One receivable that a candidate would pay: what `SIGNED` names, as text."""

    bank_id: str
    value_date: str
    received: str
    currency: str
    rank: str
    receivable_id: str
    open: str
    owed_in: str
    pays: str

    @property
    def signed(self) -> str:
        """All of it in one text."""
        return json.dumps(self, ensure_ascii=False)


def ranked(outcome: Outcome) -> Iterator[tuple[int, Explanation, list[Posting]]]:
    """Yield the candidates of an entry: rank, explanation, and what they would pay beyond what is posted."""
    done = list(outcome.posted.postings) if outcome.posted else []
    for rank, candidate in enumerate(outcome.proposals, 1):
        yield rank, candidate, [one for one in candidate.postings if one not in done]


def lines(outcome: Outcome, rank: int, postings: Sequence[Posting]) -> list[Line]:
    """Return the lines of one candidate."""
    entry = outcome.entry
    return [
        Line(
            entry.id,
            entry.value_date.isoformat(),
            str(to_major(entry.amount, entry.currency)),
            entry.currency,
            str(rank),
            one.receivable.id,
            str(to_major(one.receivable.open, one.receivable.currency)),
            one.receivable.currency,
            str(to_major(one.amount, entry.currency)),
        )
        for one in postings
    ]


def digest(found: Iterable[Line]) -> str:
    """Return what changes with any line of a candidate, and with what is open when it is made."""
    return digest_of(line.signed for line in found)


def digest_of(signed: Iterable[str]) -> str:
    """Return the digest of lines that are texts already, in any order."""
    return hashlib.sha256("\n".join(sorted(signed)).encode()).hexdigest()[:24]


def digests(outcomes: Iterable[Outcome]) -> dict[tuple[str, int], str]:
    """Return the digest of every candidate as it stands now, by entry and rank: what decisions must carry."""
    return {
        (outcome.entry.id, rank): digest(lines(outcome, rank, postings))
        for outcome in outcomes
        for rank, _, postings in ranked(outcome)
    }
