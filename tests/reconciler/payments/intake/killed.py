"""Rounds that are killed between two steps: run as a process of its own, for it forks.

A step is a transaction of the store, or a touch of the folder. Before every step of a whole round a child
that makes the same round dies; the next round must end as if nothing had been.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from connectors.files.places.local import LocalPlace
from hub.store import Store, open_store
from hub.store.tables import audit, documents, matches, statements
from tests.reconciler.payments.intake.drawer import SURE, TWO_ARE_POSSIBLE, UNKNOWN, Drawer, mt940

KEY = bytes(range(32))
KILLED = 9
Step = Callable[[], None]


def hook(step: Step) -> None:
    """Let `step` be told of every step from here on."""
    write = Store.write

    @contextmanager
    def watched(store: Store) -> Iterator[sa.Connection]:
        step()
        with write(store) as conn:
            yield conn

    Store.write = watched  # type: ignore[assignment,method-assign]
    for name in ("write", "replace", "delete"):
        setattr(LocalPlace, name, _told(getattr(LocalPlace, name), step))


def _told(touch: Callable[..., None], step: Step) -> Callable[..., None]:
    def told(*args: Any) -> None:
        step()
        touch(*args)

    return told


def prepared(home: Path) -> None:
    """Lay out a home: receivables and a statement are matched; a sheet and two files lie there unread."""
    with opened(home) as drawer:
        drawer.store.upgrade()
        drawer.read_ledger()
        drawer.drop("a.sta", mt940([SURE, TWO_ARE_POSSIBLE], ("10", "12"), "1000,00"))
        drawer.round()
        drawer.sheet("决定.xlsx", R3=("接受", "王芳"), R2=("拒绝", "王芳"))
        drawer.drop("b.sta", mt940([UNKNOWN], ("13", "13"), "13700,00"))
        drawer.drop("坏.pdf", b"%PDF")


@contextmanager
def opened(home: Path) -> Iterator[Drawer]:
    home.mkdir(parents=True, exist_ok=True)
    store = open_store(f"sqlite:///{home / 'hub.db'}", KEY)
    try:
        yield Drawer(home / "home", store)
    finally:
        store.close()


def told(home: Path) -> dict[str, Any]:
    """Return all that counts: rows of the store, the names in the folder, what each answer begins with."""
    with opened(home) as drawer, drawer.store.read() as conn:
        tables = (documents, matches, statements, audit)
        rows = {one.name: conn.scalar(sa.select(sa.func.count()).select_from(one)) for one in tables}
        files = {
            one.name: one.read_text("utf-8-sig").splitlines()[0] if one.suffix == ".txt" else ""
            for one in sorted(drawer.folder.iterdir())
            if not one.name.startswith(".")
        }
        return {"rows": rows, "files": files, "posted": drawer.posted()}


def steps_of(home: Path, dies_at: int | None) -> int:
    """Make one round in a child that dies at a step; return its exit code, or how many steps there are."""
    if (child := os.fork()) == 0:
        count = 0

        def step() -> None:
            nonlocal count
            count += 1
            if count == dies_at:
                os._exit(KILLED)

        with opened(home) as drawer:
            hook(step)
            drawer.now += timedelta(minutes=10)
            drawer.round()
            step()
        os._exit(0 if dies_at is not None else min(count, 250))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(folder: Path) -> None:
    """Kill at each step in turn, and print what differs from a round that was not killed."""
    prepared(folder / "ready")
    shutil.copytree(folder / "ready", folder / "whole")
    steps = steps_of(folder / "whole", None)
    expected, differing = told(folder / "whole"), {}
    for at in range(1, steps + 1):
        home = folder / "killed"
        shutil.copytree(folder / "ready", home)
        code = steps_of(home, at)
        steps_of(home, None)
        found = told(home)
        if code != KILLED or found != expected:
            differing[at] = [code, found]
        shutil.rmtree(home)
    print(json.dumps({"steps": steps, "expected": expected, "differing": differing}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
