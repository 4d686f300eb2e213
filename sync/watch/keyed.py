"""Records that a call named, read by their keys: through the same gates as those that are pulled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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
        counts += _read(hub, connector, inlet, keys, held, run, progress)
    except HubError as fault:
        error = redact(str(fault))
        raise
    finally:
        outcome = "failed" if error else "done"
        runs.finish(hub.store, run, hub.clock(), outcome, counts, error)
    return counts


def _read(
    hub: Hub,
    connector: Connector,
    inlet: Intake,
    keys: Sequence[str],
    held: Lease,
    run: runs.Run,
    progress: Progress,
) -> Counter[str]:
    if keys and "keys" in connector.capabilities.asks:
        try:
            return _asked(hub, connector, inlet, keys, held, run, progress)
        except ConfigError as error:
            if error.key != _NO_KEYS:
                raise
    return _pulled(hub, connector, inlet, held, run, progress)


def _asked(
    hub: Hub,
    connector: Connector,
    inlet: Intake,
    keys: Sequence[str],
    held: Lease,
    run: runs.Run,
    progress: Progress,
) -> Counter[str]:
    counts: Counter[str] = Counter()
    for page in connector.fetch(inlet.stream, Keys(list(keys))):
        with hub.store.write() as conn:
            stay(held, conn)
            batch = Batch.of_pages([page])
            taken = inlet.take(conn, batch, read_at=hub.clock(), run=run, bad=page.bad)
            shown = inlet.reader.keys_of(batch.records)
            taken.counts["back"] += welcome(inlet, conn, partial(list, shown), run)
        counts += taken.counts
        progress(inlet.stream, counts["records"], len(keys))
    return counts


def _pulled(
    hub: Hub, connector: Connector, inlet: Intake, held: Lease, run: runs.Run, progress: Progress
) -> Counter[str]:
    pulled = pull_stream(
        hub.store, connector, inlet, held, run, hub.clock, progress, watch=partial(welcome, inlet)
    )
    if pulled.error is not None:
        raise pulled.error
    return pulled.counts
