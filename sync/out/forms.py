"""In what form a system holds what was written to it: what both agreed on, what was sent and came back. Pure.

The first read-back that can be the target's own way to hold what was sent (rounded, cut off) is kept as the
accepted form: the same wish against the same answer writes nothing. What cannot be that is sent once more; a
target that gives the same answer twice has given its form.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from hub.store import jsons
from sync.out.values import Told

Pair = list[Told]
"""What was wanted, and what was seen."""


@dataclass(slots=True)
class Form:
    """One order in one system, as far as one write goes; by field.

    `agreed` is when both last said the same, `parked` a difference that stands (an accepted form, one that
    people accepted or that stood when the system went live), `doubt` an answer that came once. `sent` counts
    until it has settled. `made` tells that the order was created there, or found; `reversed` that a posting
    was taken back.
    """

    made: bool = False
    reversed: bool = False
    agreed: dict[str, Pair] = field(default_factory=dict)
    parked: dict[str, Pair] = field(default_factory=dict)
    doubt: dict[str, Pair] = field(default_factory=dict)
    sent: dict[str, Told] = field(default_factory=dict)
    settles_at: datetime | None = None

    @classmethod
    def of(cls, held: str | None, settles_at: datetime | None = None) -> Form:
        """Return a form as the store keeps it."""
        return cls(**(jsons.loads(held) or {}), settles_at=settles_at)

    @property
    def put_on_hold(self) -> bool:
        """Whether it was the hub that put the order on hold there."""
        return bool(self.sent.get("on_hold") or self.agreed.get("on_hold", [None])[0])

    def held(self) -> str:
        """Return the form as the store keeps it, without its time."""
        kept = {name: said for name, said in asdict(self).items() if name != "settles_at" and said}
        return jsons.dumps(kept)

    def agree(self, name: str, wanted: Told, seen: Told) -> None:
        """Note that both say the same of a field."""
        self.agreed[name] = [wanted, seen]
        self.parked.pop(name, None)
        self.doubt.pop(name, None)

    def park(self, name: str, wanted: Told, seen: Told) -> None:
        """Note a difference that stands while both sides stay as they are."""
        self.parked[name] = [wanted, seen]
        self.agreed[name] = [wanted, seen]
        self.doubt.pop(name, None)

    def settle(self, name: str, seen: Told, *, still_wanted: bool) -> None:
        """Take the read-back of a field that was sent, and is not what is wanted (any more, or still not)."""
        sent = self.sent.get(name)
        if not still_wanted:
            self.agreed[name] = [sent, seen]
        elif alike(sent, seen) or self.doubt.get(name) == [sent, seen]:
            self.park(name, sent, seen)
        else:
            self.doubt[name] = [sent, seen]
            self.agreed[name] = [sent, seen]

    def changed_on_both_sides(self, name: str, wanted: Told, seen: Told) -> bool:
        """Tell whether wish and view both moved since they last agreed."""
        before = self.agreed.get(name)
        return before is not None and wanted != before[0] and seen != before[1]


def alike(sent: Told, seen: Told) -> bool:
    """Tell whether `seen` may be the target's own way to hold `sent`: a number rounded, a text cut off."""
    if not isinstance(sent, str) or not isinstance(seen, str):
        return False
    try:
        return _rounded(Decimal(sent), Decimal(seen))
    except InvalidOperation:
        one, other = " ".join(sent.split()).casefold(), " ".join(seen.split()).casefold()
        return bool(other) and one.startswith(other)


def _rounded(sent: Decimal, seen: Decimal) -> bool:
    """Tell whether `seen` is `sent` with fewer decimals: less than one of its last place away."""
    if not sent.is_finite() or not seen.is_finite():
        return False
    places: Any = seen.normalize().as_tuple().exponent
    had: Any = sent.normalize().as_tuple().exponent
    return had < min(places, 0) and abs(sent - seen) < Decimal(1).scaleb(min(places, 0))
