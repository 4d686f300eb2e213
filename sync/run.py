"""One synchronisation: streams pulled, open orders swept, waiting records placed, merged, changes sent."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial

import sqlalchemy as sa

from connectors.contract import Connector, Window
from connectors.registry import open_connector
from hub.errors import ConfigError, HubError, LeaseBusy
from hub.mapping import SystemMapping
from hub.mapping.connected import connected
from hub.mapping.documents import DocumentReader, reader_of
from hub.redact import redact
from hub.rules import Rules
from hub.store import Store, lookup, runs
from hub.store.leases import Lease, lease
from hub.store.tables import dirty, unlinked
from hub.store.turns import LEASE as LEASE
from hub.store.turns import holder as holder
from hub.store.turns import wall as wall
from sync.calm import calm
from sync.dirt import MERGE
from sync.documents import DocumentInlet
from sync.gone import welcome
from sync.inlet import Inlet
from sync.merge import merge
from sync.out.away import mark_back
from sync.out.due import mark_due
from sync.out.propose import Outgoing
from sync.out.push import Desk, PushResult, push_system
from sync.out.targets import LIVE
from sync.place import Intake
from sync.pull import Progress, StreamResult, note_failure, pull_stream
from sync.replay import replay_waiting
from sync.sweep import Sweep, due


@dataclass(frozen=True)
class Hub:
    """All that a run needs: the store, the rules, the mappings by system, the clock and the environment."""

    store: Store
    rules: Rules
    mappings: Mapping[str, SystemMapping]
    clock: Callable[[], datetime] = wall
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @cached_property
    def out(self) -> Outgoing:
        """The way out: what systems that are live or in shadow should hold."""
        return Outgoing(self.mappings, self.rules)

    def inlet(self, system: str, stream: str) -> Intake:
        """Return the inlet of one stream: of orders and events, or of documents."""
        reader = reader_of(connected(self.mappings[system], self.env), stream, self.rules)
        if isinstance(reader, DocumentReader):
            return DocumentInlet(system, stream, reader, self.rules, self.store.seal)
        return Inlet(system, stream, reader, self.rules, self.store.seal)


_ROUNDS = 4
"""So often changes are sent that come of those before."""


@dataclass(slots=True)
class SyncResult:
    """What came of one system: its streams, or that it was skipped because another worker has it."""

    system: str
    streams: list[StreamResult] = field(default_factory=list)
    skipped: LeaseBusy | None = None
    error: HubError | None = None

    @property
    def counts(self) -> Counter[str]:
        """The sum over all streams."""
        return sum((result.counts for result in self.streams), Counter())

    @property
    def errors(self) -> list[HubError]:
        """Everything that went wrong."""
        return [error for error in [self.error, *(result.error for result in self.streams)] if error]


def sync_systems(hub: Hub, systems: Sequence[str], progress: Progress | None = None) -> list[SyncResult]:
    """Pull `systems` one after the other, then merge once. A system that fails does not stop the others."""
    results = [sync_system(hub, system, progress) for system in systems]
    if any(result.skipped is None for result in results):
        follow_up(hub, progress)
    return results


def follow_up(hub: Hub, progress: Progress | None = None) -> list[PushResult]:
    """Do what follows when something was read: place what waited, merge, and send what is wanted."""
    place_waiting(hub)
    merge_orders(hub, progress)
    return carry_out(hub)


def sync_system(
    hub: Hub, system: str, progress: Progress | None = None, streams: Sequence[str] | None = None
) -> SyncResult:
    """Pull every stream of one system, or those named; a busy lease and errors end in the result."""
    return _alone(hub, system, partial(_pull_all, progress=progress or _quiet, streams=streams))


def sweep_system(hub: Hub, system: str, progress: Progress | None = None) -> SyncResult:
    """Sweep now every stream of one system whose mapping has a `sweep`, whether it is due or not."""
    return _alone(hub, system, partial(_sweep_all, progress=progress or _quiet), "sweep")


def read_window(hub: Hub, system: str, window: Window, progress: Progress | None = None) -> SyncResult:
    """Read again what changed in one system in `window`; no cursor moves, and no sweep is held."""
    return _alone(hub, system, partial(_read_all, window=window, progress=progress or _quiet))


@dataclass(frozen=True, slots=True)
class _Turn:
    """One system's turn: what its streams are read with, and where the outcome goes."""

    hub: Hub
    system: str
    connector: Connector
    held: Lease
    run: runs.Run
    result: SyncResult


def _alone(hub: Hub, system: str, work: Callable[[_Turn], None], kind: str = "pull") -> SyncResult:
    """Do something with one system that nobody else does at the time, as a run of `kind`."""
    result = SyncResult(system)
    try:
        with calm(), lease(hub.store, f"sync:{system}", holder(), wall(), LEASE) as held:
            _as_run(hub, system, held, result, work, kind)
    except LeaseBusy as busy:
        result.skipped = busy
    except HubError as error:
        result.error = error
    return result


def _as_run(
    hub: Hub, system: str, held: Lease, result: SyncResult, work: Callable[[_Turn], None], kind: str
) -> None:
    run = runs.start(kind, system, hub.clock())
    connector = _opened(hub, system, held, run)
    broken: Exception | None = None
    try:
        work(_Turn(hub, system, connector, held, run, result))
    except Exception as fault:
        broken = fault
        raise
    finally:
        connector.close()
        reasons = [*result.errors, *([broken] if broken else [])]
        error = redact("; ".join(str(one) or type(one).__name__ for one in reasons)) or None
        outcome = "failed" if error else "done"
        runs.finish(hub.store, run, hub.clock(), outcome, result.counts, error)


def _pull_all(turn: _Turn, progress: Progress, streams: Sequence[str] | None) -> None:
    hub = turn.hub
    for stream in streams or hub.mappings[turn.system].streams:
        inlet = hub.inlet(turn.system, stream)
        pulled = _pulled(turn, inlet, progress)
        if pulled.error is None and _sweep_is_due(hub, inlet):
            _sweep(turn, inlet, progress)


def _sweep_all(turn: _Turn, progress: Progress) -> None:
    for stream, spec in turn.hub.mappings[turn.system].streams.items():
        if spec.sweep is not None:
            _sweep(turn, turn.hub.inlet(turn.system, stream), progress)


def _read_all(turn: _Turn, window: Window, progress: Progress) -> None:
    if "window" not in turn.connector.capabilities.asks:
        kind = turn.hub.mappings[turn.system].connector
        raise ConfigError("sync.no_window", system=turn.system, kind=kind)
    for stream in turn.hub.mappings[turn.system].streams:
        _pulled(turn, turn.hub.inlet(turn.system, stream), progress, window)


def _pulled(turn: _Turn, inlet: Intake, progress: Progress, ask: Window | None = None) -> StreamResult:
    """Read one stream: what is new, or a window of time."""
    watch = partial(welcome, inlet)
    pulled = pull_stream(
        turn.hub.store, turn.connector, inlet, turn.held, turn.run, turn.hub.clock, progress, ask, watch
    )
    turn.result.streams.append(pulled)
    return pulled


def _opened(hub: Hub, system: str, held: Lease, run: runs.Run) -> Connector:
    """Open the connector; what stands in its way (a missing connection, say) is noted for `status`."""
    try:
        return open_connector(hub.mappings[system], hub.env, hub.clock)
    except HubError as error:
        with hub.store.write() as conn:
            held.check(conn)
            for stream in hub.mappings[system].streams:
                note_failure(conn, system, stream, error, hub.clock())
        runs.finish(hub.store, run, hub.clock(), "failed", error=redact(str(error)))
        raise


def _sweep_is_due(hub: Hub, inlet: Intake) -> bool:
    """Tell whether the mapping asks to look at a stream again, and the time has come."""
    spec = hub.mappings[inlet.system].streams[inlet.stream]
    if spec.sweep is None:
        return False
    with hub.store.read() as conn:
        return due(conn, inlet, spec.sweep.every, hub.clock())


def _sweep(turn: _Turn, inlet: Intake, progress: Progress) -> None:
    hub = turn.hub
    spec = hub.mappings[inlet.system].streams[inlet.stream]
    sweep = Sweep(hub.store, hub.rules, turn.connector, inlet, turn.held, turn.run, hub.clock, progress)
    turn.result.streams.append(sweep.take(spec))


def place_waiting(hub: Hub) -> Counter[str]:
    """Take in records that waited for a link which is known now; skip where another worker does it."""
    counts: Counter[str] = Counter()
    if not _lies(hub, unlinked):
        return counts
    with suppress(LeaseBusy), lease(hub.store, "place", holder(), wall(), LEASE) as held:
        counts += replay_waiting(hub.store, hub.inlet, hub.mappings, held, hub.clock)
    return counts


def merge_orders(hub: Hub, progress: Progress | None = None) -> Counter[str]:
    """Merge what is marked; skip where another worker does it."""
    counts: Counter[str] = Counter()
    if hub.out.targets:
        mark_due(hub.store, hub.out)
        mark_back(hub.store, hub.out.modes)
    if not _lies(hub, dirty, consumer=MERGE):
        return counts
    with calm(), suppress(LeaseBusy), lease(hub.store, "merge", holder(), wall(), LEASE) as held:
        run = runs.start("merge", None, hub.clock())
        counts += merge(hub.store, hub.rules, held, run, hub.clock, progress or _quiet, after=hub.out.propose)
        runs.finish(hub.store, run, hub.clock(), counts=counts)
    return counts


def carry_out(hub: Hub, systems: Sequence[str] | None = None) -> list[PushResult]:
    """Send what is ready to the live systems (or to those named), and merge what comes of it.

    What a write shows may ask for another one at once (an order that was found there and differs): a few
    rounds, then the next run goes on.
    """
    live = sorted({target.system for target in hub.out.targets if target.mode == LIVE})
    results = {system: PushResult(system) for system in live if systems is None or system in systems}
    desk = Desk(hub.store, hub.out, hub.inlet, dict(hub.env), hub.clock)
    for _ in range(_ROUNDS if results else 0):
        moved = False
        for system in results:
            sent = push_system(desk, system)
            moved = moved or sent.moved
            sent.counts += results[system].counts
            results[system] = sent
            merge_orders(hub)
        if not moved:
            break
    return list(results.values())


def _lies(hub: Hub, table: sa.Table, **fixed: str) -> bool:
    """Tell whether there is anything to do: to look costs a poll that finds nothing less than a lease."""
    with hub.store.read() as conn:
        return lookup.exists(conn, table, **fixed)


def _quiet(_stream: str, _done: int, _expected: int | None) -> None:
    """Show nothing."""
