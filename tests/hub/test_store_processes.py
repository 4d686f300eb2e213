"""Several processes on one store: races have one winner, deaths leave nothing half done."""

from __future__ import annotations

from pathlib import Path
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa

from hub.store import Store, open_store
from hub.store.tables import dirty
from tests.conftest import KEY
from tests.hub import workers
from tests.hub.workers import MANY, begin


def url_of(store: Store) -> str:
    return store.engine.url.render_as_string(hide_password=False)


def test_of_two_processes_one_gets_the_lease_and_the_other_learns_who_has_it(store: Store) -> None:
    racers = [begin(workers.race, url_of(store), name) for name in ("left", "right")]
    for _, pipe in racers:
        pipe.send("go")
    said = [pipe.recv() for _, pipe in racers]
    for process, pipe in racers:
        pipe.send("end")
        process.join(20)
        assert process.exitcode == 0
    winner = said.index(1)
    assert said[1 - winner] == (
        f"pull:erp is being worked on by {('left', 'right')[winner]}"
        " (at the latest until 2026-03-02 08:05:00Z)"
    )


def test_a_writer_killed_in_its_transaction_leaves_whole_pages_and_blocks_nobody(store: Store) -> None:
    process, pipe = begin(workers.write_half, url_of(store))
    assert pipe.recv() == "half"
    process.kill()
    process.join(20)
    with store.write() as conn:
        counted = sa.select(dirty.c.company, sa.func.count()).group_by(dirty.c.company)
        assert conn.execute(counted).all() == [("whole", MANY)]
        conn.execute(dirty.delete())


def test_a_reader_is_not_blocked_by_a_killed_or_living_writer(store: Store) -> None:
    process, pipe = begin(workers.write_half, url_of(store))
    assert pipe.recv() == "half"
    with store.read() as conn:
        assert conn.scalar(sa.select(sa.func.count()).select_from(dirty)) == MANY
    process.kill()
    process.join(20)


def test_writers_that_read_first_lose_no_update_on_sqlite(sqlite_store: Store) -> None:
    with sqlite_store.write() as conn:
        conn.execute(dirty.insert().values(consumer="count", company="*", order_no="*", stamp=0))
    workers_begun = [begin(workers.count, url_of(sqlite_store), 50) for _ in range(2)]
    for _, pipe in workers_begun:
        pipe.send("go")
    assert [pipe.recv() for _, pipe in workers_begun] == ["done", "done"]
    with sqlite_store.read() as conn:
        assert conn.scalar(sa.select(dirty.c.stamp)) == 100


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_two_processes_migrate_an_empty_database_at_once(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = (
        f"sqlite:///{tmp_path / 'new.db'}" if engine == "sqlite" else request.getfixturevalue("postgres_url")
    )
    migrating = [begin(workers.upgrade, url) for _ in range(2)]
    for _, pipe in migrating:
        pipe.send("go")
    assert [pipe.recv() for _, pipe in migrating] == ["done", "done"]
    store = open_store(url, KEY)
    store.require_current()
    store.close()


def test_writers_on_sqlite_take_turns(sqlite_store: Store) -> None:
    """SQLite alone lets the one at work write on and on, while all others look in now and then."""
    turns: list[str] = []
    start = Barrier(3)
    busy = (
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 50000) SELECT sum(n) FROM c"
    )

    def write(name: str) -> None:
        start.wait()
        for _ in range(20):
            with sqlite_store.write() as conn:
                turns.append(name)
                conn.exec_driver_sql(busy)

    writers = [Thread(target=write, args=(name,)) for name in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    done = min(len(turns) - turns[::-1].index(name) for name in "abc")
    assert min(turns[:done].count(name) for name in "abc") >= 10
