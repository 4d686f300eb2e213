"""One system: what is new, a sweep, or a window of time; then what follows of it, as `orderhub sync` does."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from connectors.contract import Window
from hub.errors import ConfigError
from hub.store.tables import outbox
from hub.store.turns import wall
from sync import run
from sync.out.outbox import HELD
from sync.run import Hub, SyncResult
from sync.tasks.opening import Clock, Env, opened

Counts = dict[str, int]


def sync_system(system: str, env: Env | None = None, clock: Clock = wall) -> Counts:
    """Read what is new in one system, merge and send; return its counts.

    They tell also how many changes are `held` for a person, and "busy": 1 if another worker has it. The
    first error of the run is raised after everything that could be read was kept; so is one of writing to
    this system. To how many others nothing could be written is counted as `unsent`: their own tasks fail.
    """
    with opened(env, clock) as hub:
        return _followed(hub, run.sync_system(_known(hub, system), system))


def sweep_system(system: str, env: Env | None = None, clock: Clock = wall) -> Counts:
    """Sweep one system now, due or not; otherwise as `sync_system`."""
    with opened(env, clock) as hub:
        return _followed(hub, run.sweep_system(_known(hub, system), system))


def sync_window(
    system: str, start: str, end: str | None = None, env: Env | None = None, clock: Clock = wall
) -> Counts:
    """Read again what changed in one system from `start` until `end` (ISO 8601 with offset; None: now).

    Otherwise as `sync_system`, but no cursor moves: what is new is read as if this had not been. ConfigError
    if the times are no window.
    """
    begin, until = _moment(start), clock() if end is None else _moment(end)
    if begin >= until:
        raise ConfigError("sync.bad_window", start=begin.isoformat(), end=until.isoformat())
    with opened(env, clock) as hub:
        return _followed(hub, run.read_window(_known(hub, system), system, Window(begin, until)))


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ConfigError("sync.no_moment", text=text)
    return moment.astimezone(UTC)


def _known(hub: Hub, system: str) -> Hub:
    """Return the hub if it has a right mapping of the system; ConfigError otherwise."""
    if system not in hub.mappings:
        raise ConfigError("sync.no_mapping", system=system)
    return hub


def _followed(hub: Hub, result: SyncResult) -> Counts:
    """Do what follows of a read, then tell what came of it."""
    if result.skipped is not None:
        return {"busy": 1}
    sent = run.follow_up(hub)
    for error in [*result.errors, *(one.error for one in sent if one.system == result.system and one.error)]:
        raise error
    unsent = sum(one.error is not None for one in sent)
    return {**result.counts, "held": held(hub), **({"unsent": unsent} if unsent else {})}


def held(hub: Hub) -> int:
    """Return how many changes wait for a person."""
    with hub.store.read() as conn:
        count = sa.select(sa.func.count()).select_from(outbox).where(outbox.c.state == HELD)
        return conn.scalar(count) or 0
