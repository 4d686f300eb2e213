"""What a system says of one order: its parts' observations rolled up into one view (design, section 3). Pure.

A `Said` is one observation as it lies in the store; a state stream's newest row replaces what its part said
before, an event stream's rows are ordered by time within their part (ties by rank, then arrival).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from hub.model import MILESTONES, TOP, Added, Precision, Side, Status

_PARTLY = int(Status.PARTLY_SHIPPED)
_SHIPPED = int(Status.SHIPPED)
_LASTING = int(Side.CANCELLED | Side.RETURNED)
_START = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Said:
    """One observation of one part, as far as the roll-up needs it; `event` tells an event stream's row."""

    part: str
    seq: int
    event: bool
    status: int | None
    lo: int
    hi: int
    side: int = 0
    side_known: int = 0
    money: int | None = None
    ordered: Decimal | None = None
    produced: Decimal | None = None
    shipped: Decimal | None = None
    returned: Decimal | None = None
    occurred_at: datetime | None = None
    says: str = "seen"
    precision: int = 0
    unknown_code: str | None = None
    future: bool = False
    is_return: bool = False
    deleted: bool = False
    event_id: str | None = None
    replaces: str | None = None
    adds: int | None = None
    lines: tuple[tuple[str, Decimal], ...] | None = None


@dataclass(slots=True)
class View:
    """The roll-up: the columns of `views` without its key, with lines as (SKU, quantity) sums."""

    status: int | None
    lo: int
    hi: int
    side: int
    side_known: int
    money: int | None
    ordered: Decimal | None
    produced: Decimal | None
    shipped: Decimal | None
    returned: Decimal | None
    occurred_at: datetime | None
    says: str
    precision: int
    unknown_code: str | None
    future: bool
    parts: int
    stamps: dict[Status, datetime]
    lines: tuple[tuple[str, Decimal], ...] | None


def roll_up(history: Iterable[Said]) -> View | None:
    """Return what all observations of one order in one system come to; None if nothing of it is left."""
    history = list(history)
    if _is_plain(history):
        return _as_said(history)
    by_part: dict[str, list[Said]] = {}
    for said in history:
        by_part.setdefault(said.part, []).append(said)
    replaced = _replaced(by_part.values())
    now = [current for rows in by_part.values() if (current := _current(rows, replaced)) is not None]
    if not now:
        return None
    live = _alive([current for current in now if not current[0].is_return])
    parts = [said for said, _ in live]
    returns = [said for said, _ in now if said.is_return]
    status, lo, hi = _chain(parts)
    leader = _leader(parts or returns, status)
    return View(
        status=status,
        lo=lo,
        hi=hi,
        side=_union(said.side for said in parts) | (int(Side.RETURNED) if returns else 0),
        side_known=_union(said.side_known for said, _ in now),
        money=min((said.money for said in parts if said.money is not None), default=None),
        ordered=_sum(said.ordered for said in parts),
        produced=_sum(said.produced for said in parts),
        shipped=_sum(said.shipped for said in parts),
        returned=_sum([*(said.returned for said in parts), *(said.returned for said in returns)]),
        occurred_at=leader.occurred_at,
        says=leader.says,
        precision=leader.precision,
        unknown_code=next((said.unknown_code for said in parts if said.unknown_code is not None), None),
        future=any(said.future for said, _ in now),
        parts=len(now),
        stamps=_milestones([stamps for _, stamps in live], lo),
        lines=_lines(parts),
    )


def _is_plain(history: Sequence[Said]) -> bool:
    """Tell whether one part says how things are, again and again, as in most orders."""
    return bool(history) and all(
        said.part == history[0].part and not (said.event or said.deleted or said.is_return or said.replaces)
        for said in history
    )


def _as_said(history: Sequence[Said]) -> View:
    """Return the view of a plain history: what was said last."""
    rows = sorted(history, key=lambda said: said.seq)
    last = rows[-1]
    return View(
        status=last.status,
        lo=last.lo,
        hi=last.hi,
        side=last.side,
        side_known=last.side_known,
        money=last.money,
        ordered=last.ordered,
        produced=last.produced,
        shipped=last.shipped,
        returned=last.returned,
        occurred_at=last.occurred_at,
        says=last.says,
        precision=last.precision,
        unknown_code=last.unknown_code,
        future=last.future,
        parts=1,
        stamps=_milestones([_stamps(rows)], last.lo),
        lines=_lines([last]),
    )


_Now = tuple[Said, dict[int, datetime]]
"""What a part says now, and the event stamps by rank that it has given."""


def _replaced(parts: Iterable[list[Said]]) -> frozenset[str]:
    """Return the ids of events that a correction replaced, in whatever part it stands, as last worded."""
    if not any(said.replaces for rows in parts for said in rows):
        return frozenset()
    newest = (said for rows in parts for said in _newest_words(rows))
    return frozenset(said.replaces for said in newest if said.replaces and not said.deleted)


def _newest_words(rows: Iterable[Said]) -> Iterable[Said]:
    """Return the newest word of each event of a part."""
    return {said.event_id: said for said in sorted(rows, key=lambda said: said.seq)}.values()


def _current(rows: list[Said], replaced: frozenset[str]) -> _Now | None:
    """Return what a part says now; None if it was taken away."""
    rows.sort(key=lambda said: said.seq)
    happened = any(said.event for said in rows)
    if happened:
        rows = _in_time(rows, replaced)
    elif rows[-1].deleted:
        return None
    else:
        rows = rows[max((at + 1 for at, said in enumerate(rows) if said.deleted), default=0) :]
    if not rows:
        return None
    return (_fold(rows) if happened else rows[-1]), _stamps(rows)


def _stamps(rows: Sequence[Said]) -> dict[int, datetime]:
    """Return the event stamps that a part has given, by status."""
    return {
        said.status: said.occurred_at
        for said in rows
        if said.status is not None
        and said.occurred_at is not None
        and said.says == "event"
        and said.precision >= Precision.MINUTE
    }


def _in_time(rows: list[Said], replaced: frozenset[str]) -> list[Said]:
    """Return events by time, rank, arrival: of each its newest word, none that a correction replaced.

    What a state stream says of the same part goes among them as one more event.
    """
    alive = [said for said in _newest_words(rows) if said.event_id not in replaced and not said.deleted]
    floor = min((said.occurred_at for said in alive if said.occurred_at is not None), default=None)
    return sorted(alive, key=lambda said: (said.occurred_at or floor or _START, said.lo, said.seq))


def _fold(rows: Sequence[Said]) -> Said:
    """Return the state after events in order: the newest status, of each quantity the newest or the sum."""
    state = rows[0]
    for said in rows[1:]:
        state = _after(state, said)
    return state


def _after(state: Said, said: Said) -> Said:
    merged = replace(
        said,
        ordered=_so_far(said, Added.ORDERED, said.ordered, state.ordered),
        produced=_so_far(said, Added.PRODUCED, said.produced, state.produced),
        shipped=_so_far(said, Added.SHIPPED, said.shipped, state.shipped),
        returned=_so_far(said, Added.RETURNED, said.returned, state.returned),
        money=said.money if said.money is not None else state.money,
        lines=said.lines if said.lines is not None else state.lines,
        side=said.side | (state.side if said.status is None else state.side & _LASTING),
        side_known=said.side_known | state.side_known,
        future=said.future or state.future,
    )
    if said.unknown_code is not None:  # it may be anything from here on: what was reached stays reached
        merged.lo, merged.status = state.lo, state.status
    elif said.status is None:
        merged.status, merged.lo, merged.hi = state.status, state.lo, state.hi
        merged.unknown_code = state.unknown_code
        merged.occurred_at, merged.says, merged.precision = state.occurred_at, state.says, state.precision
    return merged


def _so_far(said: Said, flag: Added, now: Decimal | None, before: Decimal | None) -> Decimal | None:
    """Return a quantity after one more event: its own word, or what it adds to the word before."""
    if now is None or before is None:
        return before if now is None else now
    return before + now if flag & (said.adds or 0) else now


def _alive(parts: list[_Now]) -> list[_Now]:
    """Return the parts that were not cancelled: they alone speak for the order, unless all were cancelled."""
    return [current for current in parts if not current[0].side & Side.CANCELLED] or parts


def _chain(parts: Sequence[Said]) -> tuple[int | None, int, int]:
    """Return status, lo, hi: all alike; all shipped, then the lowest; some shipped; else the lowest."""
    if not parts:
        return None, 0, TOP
    lowest = min(parts, key=lambda said: said.lo)
    if any(said.status is None for said in parts) or all(said.lo == lowest.lo for said in parts):
        return lowest.status, lowest.lo, max(said.hi for said in parts if said.lo == lowest.lo)
    if lowest.lo >= _SHIPPED or all(said.lo < _PARTLY for said in parts):
        return lowest.status, lowest.lo, lowest.hi
    return _PARTLY, _PARTLY, _SHIPPED - 1


def _leader(parts: Sequence[Said], status: int | None) -> Said:
    """Return the part whose stamp stands for the view: the newest of those that say its status."""
    same = [said for said in parts if said.status == status] or list(parts)
    dated = [said for said in same if said.occurred_at is not None]
    return max(dated, key=lambda said: (said.occurred_at, said.part)) if dated else same[0]


def _milestones(stamps: Sequence[dict[int, datetime]], lo: int) -> dict[Status, datetime]:
    """Return the newest event stamp of each milestone that every part has reached and stamped."""
    found: dict[Status, datetime] = {}
    if not any(stamps):
        return found
    for milestone in MILESTONES:
        given = [part[milestone] for part in stamps if milestone in part]
        if given and len(given) == len(stamps) and lo >= milestone:
            found[milestone] = max(given)
    return found


def _lines(parts: Sequence[Said]) -> tuple[tuple[str, Decimal], ...] | None:
    """Return quantity by SKU over all parts, sorted; None unless every part gives its lines."""
    if not parts or any(said.lines is None for said in parts):
        return None
    total: dict[str, Decimal] = {}
    for said in parts:
        for sku, quantity in said.lines or ():
            total[sku] = total.get(sku, Decimal(0)) + quantity
    return tuple(sorted((sku, quantity) for sku, quantity in total.items() if quantity))


def _sum(quantities: Iterable[Decimal | None]) -> Decimal | None:
    said = [quantity for quantity in quantities if quantity is not None]
    return sum(said, Decimal(0)) if said else None


def _union(flags: Iterable[int]) -> int:
    union = 0
    for flag in flags:
        union |= flag
    return union
