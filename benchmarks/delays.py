"""How long changes take to arrive: processes that are measured, `orders` looked at, delays told."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

LOOK = 0.005
"""Seconds between two looks at `orders`."""


def look(store: Any, changes: int, least: int, until: float) -> dict[str, float]:
    """Return when each changed order was first seen in `orders`: a change sets a quantity of `least` or more.

    It ends with the last of `changes`, or at `until` (seconds of the monotonic clock).
    """
    from hub.store.tables import orders

    query = sa.select(orders.c.order_no).where(orders.c.ordered >= least)
    seen: dict[str, float] = {}
    while len(seen) < changes and time.monotonic() < until:
        with store.read() as conn:
            found = list(conn.execute(query).scalars())
        now = time.time()
        for order in found:
            seen.setdefault(order, now)
        time.sleep(LOOK)
    return seen


@contextmanager
def running(module: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Run a module in a process of its own, spoken to by lines; it ends with the block."""
    with subprocess.Popen(
        [sys.executable, "-m", module, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def told_of(delays: list[float]) -> dict[str, float]:
    """Return median, 95th percentile and the longest of sorted delays, in seconds."""
    p95 = delays[min(len(delays) - 1, -(-len(delays) * 95 // 100) - 1)]
    said = {"p50": statistics.median(delays), "p95": p95, "worst": delays[-1]}
    return {name: round(seconds, 3) for name, seconds in said.items()}
