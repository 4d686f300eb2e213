"""A run over what changed leaves the findings that a run over everything would, whatever happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from shutil import copy
from typing import Any

import pytest
import sqlalchemy as sa

from hub.model import Side
from hub.rules import Rules, Tolerance
from hub.store import Store, open_store, tables
from reconciler.case import Case
from reconciler.result import Result
from reconciler.run import keep_findings, reconcile
from sync import dirt
from tests.conftest import KEY
from tests.reconciler.faults import behind, change, renamed, settled, shifted, unposted, without
from tests.reconciler.world import DAY, HOUR, NOW, agreed, fill, healthy, hub_rules, rewrite

RULES = hub_rules()
SYSTEMS = ("erp", "wms", "tms")
Key = tuple[str, str]


class Twins:
    """Two stores to which the same happens: one is compared by what changed, the other as a whole."""

    def __init__(self, partly: Store, wholly: Store, cases: list[Case]) -> None:
        self.stores = partly, wholly
        self.now = NOW
        self.cases = {(one.order.company, one.order.order_no): one for one in cases}
        for store in self.stores:
            fill(store, cases)

    def put(self, *cases: Case) -> None:
        """Let orders be as these cases tell them from now on (those without a view: gone altogether)."""
        keys = [(one.order.company, one.order.order_no) for one in cases]
        self.cases |= dict(zip(keys, cases, strict=True))
        for store in self.stores:
            rewrite(store, *cases)
            with store.write() as conn:
                dirt.mark(conn, keys)

    def read(self, system: str, **said: Any) -> None:
        """Let the read of one system be other than just now."""
        for store in self.stores:
            with store.write() as conn:
                conn.execute(tables.reads.update().where(tables.reads.c.system == system).values(**said))

    def later(self, **span: int) -> None:
        """Let time pass, with every system read again and the orders merged."""
        self.now += timedelta(**span)
        for system in SYSTEMS:
            self.read(system, complete_at=self.now, newest_at=self.now)
        for store in self.stores:
            with store.write() as conn:
                marks = dirt.marks(conn, dirt.MERGE)
                merged = [self.cases[mark[:2]] for mark in marks]
                dirt.pass_on(conn, marks, agreed(conn, merged, RULES))

    def compare(self) -> Result:
        """Reconcile both, and see that nothing tells one from the other; return the partial result."""
        partly, wholly = (
            reconcile(store, RULES, self.now, full=full)
            for store, full in zip(self.stores, (False, True), strict=True)
        )
        assert wholly.looked_at is None
        assert told(partly) == told(wholly)
        stored = [kept(store) for store in self.stores]
        assert stored[0] == stored[1]
        return partly


def told(result: Result) -> dict[str, Any]:
    """What a result says, less what is to be different."""
    said = {name: getattr(result, name) for name in Result.__dataclass_fields__}
    del said["looked_at"], said["runs"], said["judged"]
    return said


def kept(store: Store) -> dict[str, list[tuple[object, ...]]]:
    f, c, e = tables.findings, tables.causes, tables.finding_events.c
    with store.read() as conn:
        return {
            "findings": [tuple(row) for row in conn.execute(sa.select(f).order_by(f.c.id))],
            "causes": [tuple(row) for row in conn.execute(sa.select(c).order_by(c.c.id))],
            "events": [
                tuple(row)
                for row in conn.execute(
                    sa.select(e.finding, e.what, e.details, e.at).order_by(e.at, e.finding, e.what)
                )
            ],
        }


@contextmanager
def twins(template: Path, folder: Path, cases: list[Case]) -> Iterator[Twins]:
    stores = [open_store(f"sqlite:///{copy(template, folder / name)}", KEY) for name in ("partly", "wholly")]
    try:
        yield Twins(stores[0], stores[1], cases)
    finally:
        for store in stores:
            store.close()


def mended(one: Case) -> Case:
    return one


def lost(one: Case) -> Case:
    return Case(one.order, {})


def cancelled(one: Case) -> Case:
    return change(one, "erp", side=Side.CANCELLED)


def more(one: Case) -> Case:
    return change(one, "wms", shipped=(one.views["wms"].shipped or 0) + 1)


def coded(one: Case) -> Case:
    return change(one, "wms", status=None, lo=0, hi=130, unknown_code="77")


def skewed(one: Case) -> Case:
    return shifted([one], "wms", one.order.company, timedelta(hours=8))[0]


def sample(one: Case) -> Case:
    return Case(replace(one.order, order_type="sample"), one.views)


def swapped(one: Case) -> Case:
    return change(one, "wms", line_digest="f" * 32)


CHANGES: list[Callable[[Case], Case]] = [
    mended, mended, mended, lost, cancelled, more, coded, skewed, skewed, sample, swapped,
    *(lambda one, system=system: without(one, system) for system in SYSTEMS),
    *(lambda one, system=system: behind(one, system) for system in SYSTEMS),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_looking_at_changes_alone_finds_the_same(sqlite_template: Path, tmp_path: Path, seed: int) -> None:
    dice = Random(seed)
    old = settled(seed, 60)
    young = [one for one in (healthy(seed + 100, place) for place in range(200)) if one.views][:60]
    whole = {(one.order.company, one.order.order_no): one for one in [*old, *young]}
    looked_at = []
    with twins(sqlite_template, tmp_path, list(whole.values())) as both:
        both.compare()
        for _ in range(9):
            event = dice.random()
            if event < 0.2:  # a clock that goes wrong, or right again
                both.put(*shifted(whole.values(), "wms", "A", timedelta(hours=dice.choice([0, 8]))))
            elif event < 0.3:
                both.put(*unposted(whole.values(), "B", 60 * DAY))
            elif event < 0.4:
                both.read(dice.choice(SYSTEMS), newest_at=both.now - 90 * DAY)
            for key in dice.sample(sorted(whole), dice.randrange(1, 14)):
                complete = set(SYSTEMS) <= whole[key].views.keys()
                one = dice.choice(CHANGES)(whole[key]) if complete else whole[key]
                both.put(one)
                if dice.random() < 0.2 and "tms" in one.views and len(set(key[1][4:])) > 1:
                    slip = renamed(whole[key], slip=True)
                    both.put(without(one, "tms"), Case(slip.order, {"tms": slip.views["tms"]}))
            looked_at.append(both.compare().looked_at)
            both.later(**dice.choice([{"minutes": 10}, {"hours": 3}, {"hours": 30}]))
    partly = [count for count in looked_at if count is not None]
    assert len(partly) > 4
    assert min(partly) < len(whole)


def test_all_is_looked_at_when_something_else_than_an_order_changed(sqlite_store: Store) -> None:
    fill(sqlite_store, settled(3, 12))

    def looked_at(now: datetime, rules: Rules = RULES, **asked: Any) -> int | None:
        return keep_findings(sqlite_store, rules, now, **asked).looked_at

    assert looked_at(NOW) is None, "the first time"
    assert looked_at(NOW) == 0
    assert looked_at(NOW, full=True) is None
    assert looked_at(NOW + HOUR) == 0
    stricter = RULES.model_copy(update={"tolerance": Tolerance(skew=timedelta(seconds=60))})
    assert looked_at(NOW + HOUR, stricter) is None
    assert looked_at(NOW + HOUR, stricter) == 0
    assert looked_at(NOW + HOUR, stricter, starts={"tms": NOW - DAY}) is None
    assert looked_at(NOW + HOUR, RULES) is None
    assert looked_at(NOW + 8 * DAY, RULES) is None, "once a week"
    assert looked_at(NOW + 7 * DAY, RULES) is None, "further back than the last time"
    with sqlite_store.write() as conn:
        dirt.mark(conn, (), everything=True, consumer=dirt.RECONCILE)
    assert looked_at(NOW + 8 * DAY, RULES) is None


def test_what_is_on_its_way_is_looked_at_until_it_has_come(sqlite_store: Store) -> None:
    (one,) = settled(3, 1)
    left = one.views["wms"].shipped_at
    assert left is not None
    fill(sqlite_store, [without(one, "tms")])
    with sqlite_store.write() as conn:
        conn.execute(tables.reads.update().values(complete_at=left + HOUR, newest_at=left + HOUR))
    first = reconcile(sqlite_store, RULES, left + HOUR)
    assert (first.findings, first.in_flight) == ([], {("tms", "wms"): 1})
    with sqlite_store.write() as conn:
        conn.execute(tables.reads.update().values(complete_at=left + DAY, newest_at=left + DAY))
    second = reconcile(sqlite_store, RULES, left + DAY)
    assert second.looked_at == 1
    assert [(found.kind, found.system) for found in second.findings] == [("missing", "tms")]
    assert reconcile(sqlite_store, RULES, left + DAY).looked_at == 0
