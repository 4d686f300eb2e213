"""How answers look: tables and sentences for people, JSON for programs, progress while somebody waits.

What was asked for goes to stdout. Progress, warnings and errors go to stderr, so that stdout can be read by a
program or kept in a file. Bars move only on a terminal; elsewhere each stage is a line. rich is imported when
something is shown: it would take a third of the time of `orderhub --help`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from hub.redact import redact

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichProgress
    from rich.text import Text

WIDE = 120
"""Columns where there is no terminal to ask."""

NOTHING = "–"

Look = Literal["", "good", "warn", "bad", "dim", "bold"]
_STYLES: dict[str, str] = {
    "good": "green", "warn": "yellow", "bad": "red", "dim": "dim", "bold": "bold", "": "",
}  # fmt: skip


def console(stderr: bool = False) -> Console:
    """Return a console on stdout or stderr as they are now."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    sized = stream.isatty() or "COLUMNS" in os.environ
    return Console(file=stream, width=None if sized else WIDE, highlight=False)


def styled(text: str, look: Look = "") -> Text:
    """Return text as it is shown: never taken for markup, without secrets and without control characters."""
    from rich.text import Text

    shown = "".join(sign if sign.isprintable() or sign == "\n" else "�" for sign in redact(text))
    return Text(shown, _STYLES[look])


def line(text: str = "", look: Look = "", *, stderr: bool = False) -> None:
    """Print one line, wrapped at words."""
    console(stderr).print(styled(text, look))


def fail(text: str) -> None:
    """Print what went wrong to stderr. It is not wrapped: it may be searched for, or copied."""
    console(stderr=True).print(styled(text, "bad"), soft_wrap=True)


def warn(text: str) -> None:
    """Print a warning to stderr."""
    console(stderr=True).print(styled(text, "warn"), soft_wrap=True)


def print_text(text: str) -> None:
    """Print text as it is, not wrapped: a record, a path, a place in a file."""
    console().print(styled(text), soft_wrap=True)


def print_plain(text: str) -> None:
    """Print text that another program may read, a file say: as it is, without colour, and without secrets."""
    sys.stdout.write(redact(text))


def print_json(value: Any) -> None:
    """Print `value` as JSON: decimals as strings, times in ISO 8601 (UTC), in the order given."""
    sys.stdout.write(redact(json.dumps(value, default=_json_form, ensure_ascii=False, indent=2)) + "\n")


def _json_form(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat() if value.tzinfo else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value) if isinstance(value, Path) else repr(value)


@dataclass(frozen=True, slots=True)
class Cell:
    """A table's cell with a look of its own."""

    text: str
    look: Look = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, whether it holds numbers, whether its values must stay whole (never folded)."""

    heading: str
    number: bool = False
    whole: bool = False


def table(
    columns: Sequence[Column | str],
    rows: Iterable[Sequence[Any]],
    *,
    title: str = "",
    total: Sequence[Any] | None = None,
) -> None:
    """Print a table and an empty line: None as a dash, numbers with separators, `total` under a rule."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    made = Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        header_style="bold",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
    )
    body = [[_shown(value) for value in row] for row in rows]
    last = None if total is None else [_shown(value) for value in total]
    for at, column in enumerate(columns):
        known = column if isinstance(column, Column) else Column(column)
        justify: Literal["left", "right"] = "right" if known.number else "left"
        whole = known.whole or known.number
        cells = [styled(known.heading), *(row[at] for row in (body if last is None else [*body, last]))]
        narrowest = max(part.cell_len for cell in cells for part in cell.split("\n")) if whole else None
        made.add_column(known.heading, justify=justify, no_wrap=whole, min_width=narrowest, overflow="fold")
    for row in body:
        made.add_row(*row)
    if last is not None:
        made.add_section()
        made.add_row(*last, style="bold")
    screen = console()
    screen.print(made, crop=False)  # a value that must stay whole is rather too wide than cut
    screen.print()


def pairs(values: Mapping[str, Any]) -> None:
    """Print names with their values, one a line."""
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in values.items():
        grid.add_row(name, _shown(value))
    console().print(grid)


def count(value: int, look: Look = "") -> Cell:
    """Return a count as a cell: in its `look` if there is any, else stepping back."""
    return Cell(number(value), look if value else "dim")


def _shown(value: Any) -> Text:
    return styled(value.text, value.look) if isinstance(value, Cell) else styled(plain(value))


def plain(value: Any) -> str:
    """Return a value as people read it."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool | str):
        return str(value)
    return number(value) if isinstance(value, int | Decimal) else str(value)


def number(value: int | Decimal | None) -> str:
    """Return a number with thousands separators and without an exponent or useless zeros."""
    if value is None:
        return NOTHING
    text = f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(amount: Decimal, currency: str) -> str:
    """Return an amount with thousands separators, all decimals of its currency, and the currency."""
    from reconciler.payments.money import decimals

    return f"{amount:,.{decimals(currency)}f} {currency}"


def when(moment: datetime | None, zone: tzinfo, *, seconds: bool = False) -> str:
    """Return a moment in `zone`."""
    if moment is None:
        return NOTHING
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def day(moment: datetime, zone: tzinfo) -> str:
    """Return the day of a moment in `zone`."""
    return f"{moment.astimezone(zone):%Y-%m-%d}"


def offset(moment: datetime, zone: tzinfo) -> str:
    """Return the offset of `zone` at that moment: "+08:00"."""
    text = moment.astimezone(zone).strftime("%z")
    return f"{text[:3]}:{text[3:5]}"


Report = Callable[[str, int, int | None], None]
"""Told how far a stage is: its name, how many are done, how many there are in all (None if unknown)."""


class Bars:
    """Progress of several stages: a bar each where `live` is given, else a line each through `said`."""

    def __init__(self, live: RichProgress | None, said: Callable[[str], None]) -> None:
        """Take the moving bars, or None, and what says a line."""
        self._live, self._said = live, said
        self._tasks: dict[str, Any] = {}
        self._held: tuple[str, str] | None = None

    def of(self, name: str) -> Report:
        """Return what a run of `name` (a system) reports to; its stages are called "name stage"."""

        def report(stage: str, done: int, expected: int | None) -> None:
            self._report(f"{name} {stage}".strip(), done, expected)

        return report

    def _report(self, stage: str, done: int, expected: int | None) -> None:
        if self._live is None:
            self._line(stage, f"{stage}: {done:,}" + (f" / {expected:,}" if expected else ""))
            return
        if stage not in self._tasks:
            self.end()
            self._tasks[stage] = self._live.add_task(stage, total=expected)
        self._live.update(self._tasks[stage], completed=done, total=expected)

    def end(self) -> None:
        """Bring what has begun to its end: bars stand full, the last line is said."""
        if self._live is not None:
            for task in self._live.tasks:
                self._live.update(task.id, total=task.completed or 1, completed=task.completed or 1)
        if self._held is not None:
            self._said(self._held[1])
            self._held = None

    def _line(self, stage: str, text: str) -> None:
        """Hold the newest line of a stage; it is said when the next stage begins."""
        if self._held is not None and self._held[0] != stage:
            self._said(self._held[1])
        self._held = stage, text


@contextmanager
def bars() -> Iterator[Bars]:
    """Show progress on stderr: bars on a terminal, plain lines elsewhere."""
    screen = console(stderr=True)
    if not screen.is_terminal:
        lines = Bars(None, lambda text: line(text, "dim", stderr=True))
        yield lines
        lines.end()
        return
    with _progress(screen) as live:
        moving = Bars(live, lambda _text: None)
        yield moving
        moving.end()


def _progress(screen: Console) -> RichProgress:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    return Progress(
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=screen,
    )
