"""Leases: one holder, an end in time, and a fence against the one that comes back from the dead."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta

import pytest
import sqlalchemy as sa

from hub.errors import FenceLost, LeaseBusy
from hub.store import Store, lease, leases
from tests.hub.rows import NOW

TTL = timedelta(minutes=5)


def test_a_held_lease_is_busy_and_a_released_one_free_at_once(store: Store) -> None:
    with lease(store, "merge", "a", NOW, TTL) as first:
        with pytest.raises(LeaseBusy, match=r"merge is being worked on by a .* 2026-03-02 08:05:00Z"):
            lease(store, "merge", "b", NOW, TTL).__enter__()
        with pytest.raises(LeaseBusy):
            lease(store, "merge", "a", NOW, TTL).__enter__()
        with lease(store, "pull:erp", "b", NOW, TTL) as other:
            assert other.fence == 1
    with lease(store, "merge", "b", NOW, TTL) as second:
        assert (first.fence, second.fence) == (1, 2)


def test_it_is_released_when_the_work_fails(store: Store) -> None:
    def fail() -> None:
        with lease(store, "merge", "a", NOW, TTL):
            raise RuntimeError("crash")

    with pytest.raises(RuntimeError):
        fail()
    with lease(store, "merge", "b", NOW, TTL) as held:
        assert held.fence == 2


def test_one_that_was_taken_for_dead_writes_nothing_more(store: Store) -> None:
    with lease(store, "merge", "a", NOW, TTL) as dead:
        with store.write() as conn:
            dead.check(conn)
        with lease(store, "merge", "b", NOW + TTL, TTL) as living:
            assert living.fence == dead.fence + 1
            with store.write() as conn, pytest.raises(FenceLost, match="a lost merge"):
                dead.check(conn)
            with store.write() as conn, pytest.raises(FenceLost):
                dead.renew(conn, NOW + 9 * TTL)
            with store.write() as conn:
                dead.release(conn)
                living.check(conn)


def test_the_late_release_of_a_dead_one_frees_nobody_elses_lease(store: Store) -> None:
    with ExitStack() as late:
        late.enter_context(lease(store, "merge", "a", NOW, TTL))
        with lease(store, "merge", "b", NOW + TTL, TTL):
            late.close()
            with pytest.raises(LeaseBusy, match="by b"):
                lease(store, "merge", "c", NOW + TTL, TTL).__enter__()


def test_renewing_moves_the_end(store: Store) -> None:
    with lease(store, "merge", "a", NOW, TTL) as held:
        with store.write() as conn:
            held.renew(conn, NOW + 3 * TTL)
        with pytest.raises(LeaseBusy, match="08:15:00Z"):
            lease(store, "merge", "b", NOW + 2 * TTL, TTL).__enter__()


def test_nobody_takes_over_between_the_check_and_the_commit(postgres_store: Store) -> None:
    with lease(postgres_store, "merge", "a", NOW, TTL) as held, postgres_store.write() as conn:
        held.check(conn)
        with postgres_store.write() as other, pytest.raises(sa.exc.OperationalError, match="lock timeout"):
            other.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
            leases._take(other, "merge", "b", NOW + TTL, NOW + 2 * TTL)
