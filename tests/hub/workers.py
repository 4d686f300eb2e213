"""What the store's tests let other processes do. They talk through a pipe: nobody waits blindly."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess

from hub.errors import LeaseBusy
from hub.store import bulk, lease, lookup, open_store
from hub.store.tables import dirty
from tests.conftest import KEY

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MANY = 3_000
"""Enough rows for COPY."""

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__, "alembic.command", "psycopg"])


def begin(work: object, *args: object) -> tuple[BaseProcess, Pipe]:
    """Start `work(pipe, *args)` in a process of its own and return it with our end of the pipe."""
    ours, theirs = _processes.Pipe()
    process = _processes.Process(target=work, args=(theirs, *args), daemon=True)  # type: ignore[arg-type]
    process.start()
    theirs.close()
    return process, ours


def race(pipe: Pipe, url: str, holder: str) -> None:
    """Take the lease at the word "go"; say the fence, or who has it; hold it until told to end."""
    store = open_store(url, KEY)
    pipe.recv()
    try:
        with lease(store, "pull:erp", holder, NOW, timedelta(minutes=5)) as held:
            pipe.send(held.fence)
            pipe.recv()
    except LeaseBusy as busy:
        pipe.send(str(busy))
        pipe.recv()
    store.close()


def write_half(pipe: Pipe, url: str) -> None:
    """Commit one page, write the next and say so before its commit; then wait to be killed."""
    store = open_store(url, KEY)
    with store.write() as conn:
        bulk.insert(conn, dirty, marks("whole"))
    with store.write() as conn:
        bulk.insert(conn, dirty, marks("half"))
        pipe.send("half")
        pipe.recv()


def upgrade(pipe: Pipe, url: str) -> None:
    """Migrate at the word "go"."""
    store = open_store(url, KEY)
    pipe.recv()
    store.upgrade()
    store.close()
    pipe.send("done")


def count(pipe: Pipe, url: str, times: int) -> None:
    """Read a number, add one, write it back, many times."""
    store = open_store(url, KEY)
    pipe.recv()
    for _ in range(times):
        with store.write() as conn:
            [row] = lookup.fetch_many(conn, dirty, ("consumer",), [("count",)])
            bulk.upsert(conn, dirty, [{**row._mapping, "stamp": row.stamp + 1}])
    store.close()
    pipe.send("done")


def marks(company: str, stamp: int = 1) -> list[dict[str, object]]:
    """Rows for `dirty`, many enough for COPY."""
    return [
        {"consumer": "merge", "company": company, "order_no": f"{number:06}", "stamp": stamp}
        for number in range(MANY)
    ]
