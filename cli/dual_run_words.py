"""A dual run as tables for people: the same rows on the screen and in a workbook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cli import context, show
from cli.context import Here
from hub.locale import catalogue

if TYPE_CHECKING:
    from sync.dual_run.days import Day, DualRun, Gate, Kpi
    from sync.dual_run.shadow import Wish
    from sync.dual_run.track import Row, Track

FATES = ("different", "only_by_hand", "never")
"""What is shown wish by wish: what was entered alike needs nobody."""

_DAY = ("day", "born", "entered", "moved", "moved_there", "alike", "different", "never", "only_by_hand")
DAY_HEADS = (*_DAY, "agreement", "rate", "gained")
BOOK_HEADS = (*_DAY, "agreement", "rate", "earlier", "work", "gained")
TRACK_HEADS = ("day", "born", "entered", "moved", "moved_there", "rate")


class Words:
    """The words of one answer, for the system `name`."""

    def __init__(self, here: Here, name: str) -> None:
        """Take the language and the zone from `here`."""
        self.here, self.name = here, name
        self.system = here.words.system(name)

    def say(self, key: str, /, **values: object) -> str:
        """Return an entry of the room `dual_run`."""
        return context.say(f"dual_run.{key}", **values)

    def head(self, name: str) -> str:
        """Return the heading of a column, which may be two lines."""
        return self.say(f"head_{name}", system=self.system)

    def label(self, name: str) -> str:
        """Return the heading of a column on one line."""
        told = self.head(name).replace("-\n", "")
        return told.replace("\n", "" if context.language() == "zh-CN" else " ")

    # days

    def day(self, day: Day, names: tuple[str, ...] = DAY_HEADS) -> list[Any]:
        """Return the row of a day, shares and hours as numbers (None: nothing to tell)."""
        return [self._of_day(day, name) for name in names]

    def _of_day(self, day: Day, name: str) -> Any:
        value = getattr(day, name)
        return hours(value) if isinstance(value, timedelta) else value

    def cells(self, row: list[Any], names: tuple[str, ...] = DAY_HEADS) -> list[Any]:
        """Return a day's row as the screen shows it: what is zero steps back."""
        return [self._cell(value, name) for value, name in zip(row, names, strict=True)]

    def _cell(self, value: Any, name: str) -> Any:
        if name == "day" or value is None:
            return None if value is None else str(value)
        if name in ("agreement", "rate"):
            return share(value)
        if isinstance(value, int):
            bad: show.Look = "warn" if name in FATES else ""
            return show.count(value, bad)
        return show.Cell(f"{value:.1f}", "" if value else "dim")

    # wishes and rows of a track

    def wish(self, wish: Wish) -> list[Any]:
        """Return the row of a wish: order, field, fate, both values, since when, what is beside it."""
        names = (
            sorted(wish.seen) if wish.kind == "create" and wish.fate == "different" else sorted(wish.wanted)
        )
        wanted = self._values({name: wish.wanted.get(name) for name in names})
        seen = self._values(
            {name: wish.seen.get(name) for name in names} if wish.fate != "never" else wish.seen
        )
        if wish.kind == "create" and wish.fate == "never":
            wanted, seen = self.say("order"), ""
        if wish.kind == "create" and wish.fate == "only_by_hand":
            wanted, seen = "", self.say("order")
        return [
            f"{wish.company}/{wish.order_no}",
            self.say(f"fate_{wish.fate}"),
            wanted,
            seen,
            wish.asked_at,
            wish.settled_at,
            self._beside(wish),
        ]

    def _beside(self, wish: Wish) -> str:
        """Return what is to be said beside: why, what stood there before, whether it was mended."""
        told = []
        if wish.was:
            told.append(self.say("stood_there", was=self._values(wish.was)))
        elif wish.why and wish.fate != "never":
            told.append(context.say(wish.why, system=self.system))
        if wish.mended_at is not None:
            told.append(self.say("mended", at=show.when(wish.mended_at, self.here.zone)))
        return self.here.words.joined(told, "list_semicolon")

    def track_row(self, row: Row) -> list[Any]:
        """Return the row of an order on which hub and track differ."""
        place = f"{row.company}/{row.order_no}"
        return [place, self.say(f"fate_{row.fate}"), self._values(row.hub), self._values(row.track)]

    def _values(self, values: Mapping[str, Any]) -> str:
        told = (f"{self.field(name)} {self.value(name, value)}" for name, value in values.items())
        return self.here.words.joined(told)

    def field(self, name: str) -> str:
        """Return the name of a field; what lies beside the chain has its own word."""
        for key in (f"cli.field_{name}", f"findings.side_{name}"):
            if key in catalogue("en"):
                return context.say(key)
        return name

    def value(self, name: str, value: Any) -> str:
        """Return a value of a field as people read it."""
        if name == "status" and value:
            return self.here.words.status(str(value))
        if isinstance(value, bool):
            return self.say("yes" if value else "no")
        return show.plain(value)

    # gate and key figures

    def gate(self, gate: Gate) -> str:
        """Return whether the gate is met, and all that is lacking."""
        if gate.met:
            return self.say("gate_met", day=gate.day, days=gate.days)
        lacking = self.here.words.joined(self._lacking(gate), "list_semicolon")
        return self.say("gate_lacks", lacking=lacking)

    def _lacking(self, gate: Gate) -> Iterator[str]:
        shares = ("agreement", "asked", "rate")
        for key, values in gate.lacking:
            told = {name: share(value) if name in shares else value for name, value in values.items()}
            yield context.say(key, **told)

    def kpi(self, kpi: Kpi) -> list[Any]:
        """Return the row of a key figure; numbers to one place."""
        places = [
            None if value is None else value.quantize(Decimal("0.1")) for value in (kpi.before, kpi.since)
        ]
        return [self.say(f"kpi_{kpi.name}", system=self.system), *places]

    def counts(self, found: DualRun) -> list[list[Any]]:
        """Return the totals line by line, as a workbook's first sheet shows them."""
        total = found.total
        names = ("alike", "different", "never", "only_by_hand")
        rows: list[list[Any]] = [[self.label(name), getattr(total, name)] for name in names]
        waiting = sum(one.fate == "never" for one in found.wishes) - total.never
        rows.append([self.say("waiting"), waiting])
        rows += [[self.label(name), share(getattr(total, name))] for name in ("agreement", "rate")]
        return [*rows, *([self.label(name), hours(getattr(total, name))] for name in ("earlier", "work"))]

    def gained(self, found: DualRun) -> str:
        """Return the hours gained in a sentence."""
        spans = {name: hours(getattr(found.total, name)) for name in ("gained", "earlier", "work")}
        return self.say("gained", **spans)

    def track_counts(self, found: Track) -> list[list[Any]]:
        """Return how many orders of a track agree and differ, line by line."""
        names = ("alike", "different", "lacking", "alone")
        rows: list[list[Any]] = [[self.say(f"track_{name}"), found.count(name)] for name in names]
        return [*rows, [self.label("agreement"), share(found.agreement)]]


def hours(span: timedelta) -> Decimal:
    """Return a length of time in hours, to a tenth."""
    return (Decimal(span // timedelta(seconds=1)) / 3600).quantize(Decimal("0.1"))


def share(value: Decimal | None) -> str:
    """Return a share as per cent, to a tenth, never rounded to what it is not."""
    if value is None:
        return show.NOTHING
    sign = "%" if context.language() == "zh-CN" else " %"
    percent = (value * 100).quantize(Decimal("0.1"))
    if percent == 100 and value < 1:
        return f"> 99.9{sign}"
    return f"< 0.1{sign}" if percent == 0 and value > 0 else f"{percent.normalize():f}{sign}"
