"""The one place where connectors are made, found by the entry-point group `orderhub.connectors`.

A kind is a factory ``Kind(mapping: SystemMapping, connection: Connection, clock: Callable[[], datetime])``
that gives a `Connector`; a company ships its own by declaring an entry point in that group.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol

from connectors.contract import Capabilities, Connector
from hub.config import Connection, connection
from hub.errors import ConfigError
from hub.mapping.grammar import SystemMapping

GROUP = "orderhub.connectors"

Clock = Callable[[], datetime]


class Kind(Protocol):
    """A connector kind: what the entry point names."""

    capabilities: Capabilities

    def __call__(self, mapping: SystemMapping, connection: Connection, clock: Clock) -> Connector:
        """Make a connector; opens nothing yet."""
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """An installed kind; `error` says why it cannot be loaded, where it cannot."""

    name: str
    capabilities: Capabilities | None
    source: str
    error: str = ""


def open_connector(
    mapping: SystemMapping, env: Mapping[str, str] = os.environ, clock: Clock = lambda: datetime.now(UTC)
) -> Connector:
    """Return the connector of a mapping, its secrets taken from `env` (`AIRFLOW_CONN_*`).

    Raises ConfigError if the kind is not installed or the connection is not set.
    """
    kind = load_kind(mapping.connector)
    return kind(mapping, connection(mapping.connection or mapping.system, env), clock)


def load_kind(name: str) -> Kind:
    """Return the factory of a kind; ConfigError with the nearest known name if there is none."""
    found = _installed()
    if name not in found:
        near = difflib.get_close_matches(name, found, n=1)
        key = "connectors.unknown_kind_near" if near else "connectors.unknown_kind"
        raise ConfigError(key, kind=name, near="".join(near), known=", ".join(sorted(found)))
    try:
        loaded: Kind = found[name].load()
    except (ImportError, AttributeError) as error:
        source = _source(found[name])
        raise ConfigError("connectors.broken_kind", kind=name, source=source, reason=error) from error
    return loaded


def kinds() -> list[Known]:
    """Return all installed kinds by name, with what they can do; a broken one is listed, not raised."""
    return [_known(entry) for _, entry in sorted(_installed().items())]


def _known(entry: EntryPoint) -> Known:
    try:
        return Known(entry.name, load_kind(entry.name).capabilities, _source(entry))
    except ConfigError as error:
        return Known(entry.name, None, _source(entry), str(error))


def _installed() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def _source(entry: EntryPoint) -> str:
    """Return the distribution that ships the kind, or the module where that is not known."""
    return entry.dist.name if entry.dist else entry.value
