"""What a demo shows: stages as they pass, then orders, findings, causes and the score."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from cli.demo_run import DemoRun, Step, World
from cli.demo_two_way import TwoWay
from hub.locale import catalogue, text
from reconciler.reports.words import Words
from simulators.score import Entry

_SHOWN = 10
ZONE = "Asia/Shanghai"
"""Where the simulated factory stands."""


class Screen:
    """The terminal of a demo; `silent` shows nothing but errors."""

    def __init__(self, locale: str, *, silent: bool = False) -> None:
        """Take the language; progress goes to standard error, results to standard output."""
        self.locale = locale
        self.out = Console(quiet=silent, highlight=False)
        self.progress = Console(stderr=True, quiet=silent, highlight=False)

    def say(self, key: str, **values: object) -> str:
        """Return a message of the demo, with what could be taken for markup escaped."""
        return escape(text(f"demo.{key}", self.locale, **values))

    def begin(self, world: World) -> None:
        """Say what is about to happen."""
        self.out.print(f"[bold]{self.say('title', orders=f'{world.orders:,}', seed=world.seed)}[/]")

    @contextmanager
    def stages(self) -> Iterator[Step]:
        """Show stages as bars on a terminal, as one line each elsewhere."""
        if not sys.stderr.isatty():
            yield self._lines()
            return
        columns = (
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self.progress) as bars:
            yield self._bars(bars)

    def _bars(self, bars: Progress) -> Step:
        tasks: dict[str, Any] = {}

        def step(stage: str, done: int, total: int | None) -> None:
            if stage not in tasks:
                for task in tasks.values():
                    bars.update(task, total=bars.tasks[task].completed, completed=bars.tasks[task].completed)
                tasks[stage] = bars.add_task(self._stage(stage), total=total)
            bars.update(tasks[stage], completed=done, total=total)

        return step

    def _lines(self) -> Step:
        seen: set[str] = set()

        def step(stage: str, _done: int, _total: int | None) -> None:
            if stage not in seen:
                seen.add(stage)
                self.progress.print(f"  {self._stage(stage)} …")

        return step

    def _stage(self, stage: str) -> str:
        known = f"demo.stage_{stage}" in catalogue("en")
        return self.say(f"stage_{stage}") if known else self.say("stage_pull", stream=stage)

    def show(self, run: DemoRun) -> None:
        """Show what came of it."""
        for one in run.synced:
            for error in one.errors:
                self.progress.print(f"[red]{self.say('failed')}[/] {escape(error.say(self.locale))}")
        self.out.print(self._systems(run))
        self.out.print(self._findings(run))
        if run.result.causes:
            self.out.print(self._causes(run))
        orders = run.result.orders
        agreeing = orders - run.result.differing
        self.out.print(self.say("agree", agreeing=f"{agreeing:,}", orders=f"{orders:,}"))
        if run.again:
            key = "changed" if run.written else "again"
            self.out.print(self.say(key, written=run.written, findings=len(run.result.findings)))
        self._score(run)
        if run.two_way is not None:
            self._two_way(run.two_way)
        self.out.print(self.say("report", path=run.reports["html"]), soft_wrap=True)
        self.out.print(self.say("seconds", seconds=f"{run.seconds:.1f}"))

    def _systems(self, run: DemoRun) -> Table:
        table = Table(title=self.say("systems"), title_justify="left", min_width=40)
        table.add_column(self.say("system"))
        table.add_column(self.say("orders"), justify="right")
        table.add_column(self.say("until"))
        zone = run.world.now.tzinfo
        for state in run.result.systems:
            until = state.until.astimezone(zone).strftime("%Y-%m-%d %H:%M") if state.until else "–"
            table.add_row(state.system, f"{state.held:,}", until)
        return table

    def _findings(self, run: DemoRun) -> Table:
        table = Table(title=self.say("findings"), title_justify="left", min_width=40)
        table.add_column(self.say("kind"))
        table.add_column(self.say("count"), justify="right")
        for kind, count in sorted(run.result.counts.items()):
            table.add_row(escape(text(f"findings.kind_{kind}", self.locale)), f"{count:,}")
        return table

    def _causes(self, run: DemoRun) -> Table:
        words = Words(self.locale, ZONE)
        table = Table(title=self.say("causes"), title_justify="left", min_width=40)
        table.add_column(self.say("cause"))
        table.add_column(self.say("system"))
        table.add_column(self.say("orders"), justify="right")
        for cause in run.result.causes:
            table.add_row(escape(words.cause(cause)), cause.system, f"{cause.orders:,}")
        return table

    def _two_way(self, day: TwoWay) -> None:
        """Show the second act: what the hub wrote, and what became of what went wrong."""
        self.out.print(f"\n[bold]{self.say('day', orders=day.orders)}[/]")
        table = Table(min_width=40)
        table.add_column(self.say("system"))
        table.add_column(self.say("written"), justify="right")
        for system, count in day.written.items():
            table.add_row(system, f"{count:,}")
        self.out.print(table)
        self.out.print(self.say("day_agree", agreeing=day.agreeing - bool(day.conflict), orders=day.orders))
        self.out.print(self.say("day_held", held=day.held))
        self.out.print(self.say("day_lost", lost=day.lost_answers, doubled=day.doubled))
        self.out.print(self.say("day_right" if day.set_right else "day_wrong"))
        if day.conflict:
            self.out.print(self.say("day_conflict", **day.conflict))
        line = self.say("day_quiet", writes=day.idle_writes)
        self.out.print(f"[bold {'green' if day.good else 'red'}]{line}[/]")

    def _score(self, run: DemoRun) -> None:
        verdict = run.verdict
        good = not verdict.lost and not verdict.false
        line = self.say("score", seeded=verdict.seeded, found=verdict.found, false=len(verdict.false))
        self.out.print(f"[bold {'green' if good else 'red'}]{line}[/]")
        for key, entries in (("lost", verdict.lost), ("false", verdict.false)):
            if entries:
                self.out.print(f"[red]{self.say(key)}[/]")
                for entry in entries[:_SHOWN]:
                    self.out.print(f"  {escape(_words(entry))}")


def _words(entry: Entry) -> str:
    return f"{entry.kind} {entry.company}/{entry.order_no} {entry.system}"


def as_json(run: DemoRun) -> str:
    """Return the summary as JSON text."""
    return json.dumps(run.summary(), indent=2, ensure_ascii=False)
