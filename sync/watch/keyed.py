"""Records that a call named, read by their keys: through the same gates as those that are pulled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from connectors.contract import Connector, Keys
from hub.errors import ConfigError, HubError
from hub.redact import redact
from hub.store import runs
from hub.store.leases import Lease
from hub.store.turns import stay
from sync.batch import Batch
from sync.gone import welcome
from sync.place import Intake
from sync.pull import Progress, pull_stream
from sync.run import Hub

_NO_KEYS = "calls.no_keys"


def read_keys(
    hub: Hub,
    connector: Connector,
    stream: str,
    keys: Sequence[str],
    system: str,
    held: Lease,
    progress: Progress,
) -> Counter[str]:
    """Read records again, or pull their stream where it cannot be asked for single ones (or has no `keys`).

    Returns the counts of what was taken in. Raises HubError; moves no cursor but that of a pull.
    """
    inlet, run = hub.inlet(system, stream), runs.start("wake", system, hub.clock())
    counts: Counter[str] = Counter()
    error: str | None = None
    try:
        counts += _Reading(hub, connector, inlet, held, run, progress).read(keys)
    except HubError as fault:
        error = redact(str(fault))
        raise
    finally:
        outcome = "failed" if error else "done"
        runs.finish(hub.store, run, hub.clock(), outcome, counts, error)
    return counts


@dataclass(frozen=True, slots=True)
class _Reading:
    """What reading single records needs."""

    hub: Hub
    connector: Connector
    inlet: Intake
    held: Lease
    run: runs.Run
    progress: Progress

    def read(self, keys: Sequence[str]) -> Counter[str]:
        """Take records in by their keys, else their whole stream."""
        if keys and "keys" in self.connector.capabilities.asks:
            try:
                return self._asked(keys)
            except ConfigError as error:
                if error.key != _NO_KEYS:
                    raise
        return self._pulled()

    def _asked(self, keys: Sequence[str]) -> Counter[str]:
        counts: Counter[str] = Counter()
        for page in self.connector.fetch(self.inlet.stream, Keys(list(keys))):
            with self.hub.store.write() as conn:
                stay(self.held, conn)
                batch = Batch.of_pages([page])
                taken = self.inlet.take(conn, batch, read_at=self.hub.clock(), run=self.run, bad=page.bad)
                shown = self.inlet.reader.keys_of(batch.records)
                taken.counts["back"] += welcome(self.inlet, conn, partial(list, shown), self.run)
            counts += taken.counts
            self.progress(self.inlet.stream, counts["records"], len(keys))
        return counts

    def _pulled(self) -> Counter[str]:
        pulled = pull_stream(
            self.hub.store,
            self.connector,
            self.inlet,
            self.held,
            self.run,
            self.hub.clock,
            self.progress,
            watch=partial(welcome, self.inlet),
        )
        if pulled.error is not None:
            raise pulled.error
        return pulled.counts
