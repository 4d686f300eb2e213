"""Whether a document is still as it was read, told before a change of it is stored.

SAP has no version that CHANGE would compare. But CHANGE locks the document until COMMIT: so it is sent first,
then the document is read again, as everybody sees it, and only where the `version` of the stream is still
the one that was read COMMIT follows. Nobody can come in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from connectors.sap_soap.details import Details
from connectors.sap_soap.orders import padded
from hub.errors import HubError, Missing, Stale
from hub.mapping.grammar import CallSpec, SystemMapping
from hub.mapping.paths import Getter, compile_path
from hub.mapping.texts import text_of
from hub.mapping.wording import read_back

Place = tuple[str, str]
"""SAP client and padded number of a document."""


class Guard:
    """Looks at documents again. What was changed here has a new version, which is remembered."""

    def __init__(self, mapping: SystemMapping, details: Details) -> None:
        """Take the calls whose streams name a version."""
        self._system, self._details = mapping.system, details
        self._paths = _paths(mapping)
        self._moved: dict[Place, tuple[str, str]] = {}

    def needs(self, call: CallSpec) -> frozenset[str]:
        """Return what must be known before a guarded call is sent."""
        return frozenset({"version"} if id(call) in self._paths else ())

    def require_unchanged(
        self, call: CallSpec, client: str, number: str, names: Mapping[str, Any]
    ) -> tuple[Place, str] | None:
        """Raise Stale for a document that is no longer as it was read, Missing for one that is gone.

        Returns what `learn` is to be told once the change is stored; None where the call is not guarded.
        """
        path = self._paths.get(id(call))
        if path is None or not number:
            return None
        place, read = (client, padded(number)), str(names["version"])
        old, new = self._moved.get(place, (read, read))
        now = self._version(place, path)
        about = {"system": self._system, "operation": call.target}
        if now is None:
            raise Missing("sap.gone", code="/".join(place), **about)
        if now != (new if old == read else read):
            raise Stale("sap.stale", code="/".join(place), **about)
        return place, read

    def learn(self, call: CallSpec, place: Place, read: str) -> None:
        """Remember the version that our own change gave: the next step of it still knows the old one."""
        with suppress(HubError):  # then it counts as changed, and is decided again
            now = self._version(place, self._paths[id(call)])
            if now is not None:
                self._moved[place] = read, now

    def _version(self, place: Place, path: Getter) -> str | None:
        """Return the version of a document, "" if it cannot be told, None if it is not there."""
        page = self._details.page(place[0], [place[1]])
        if not page.records:
            return "" if page.bad else None
        return text_of(path(page.records[0])) or ""


def _paths(mapping: SystemMapping) -> dict[int, Getter]:
    """Return the path of the version of each call that updates, by the call itself."""
    paths: dict[int, Getter] = {}
    for write in mapping.writes.values():
        name = read_back(mapping, write.stream)
        version = mapping.streams[name].version if name else None
        if version and write.update:
            paths |= {id(call): compile_path(version) for _, call in write.update.calls()}
    return paths
