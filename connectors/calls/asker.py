"""What a connector of calls adds: an `Asker` sends one call, a `Reply` is its complete answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from connectors.calls.gates import Seen
from hub.mapping.grammar import CallSpec
from hub.model import Record

NOTHING: Mapping[str, Any] = {"since": None, "until": None, "keys": None, "key": None}
"""What a call may mention and does not always know: what mentions it is left out then."""


class Reply(Protocol):
    """One complete answer that said yes."""

    @property
    def same(self) -> bool:
        """Tell whether it came as `seen` described: nothing of it was parsed and nothing can be looked at."""
        ...

    @property
    def meta(self) -> Mapping[str, Any]:
        """What records see of it as `meta` (the response's headers)."""
        ...

    @property
    def warnings(self) -> Sequence[str]:
        """What somebody should know of an answer that can be used all the same."""
        ...

    def look(self, path: str) -> Any:
        """Return what the answer has at a path: of `next`, `total`, `take`."""
        ...

    def pages(self, size: int) -> Iterator[Sequence[Record]]:
        """Yield the records, at most `size` at a time; one empty list if there are none."""
        ...

    def seen(self) -> Seen | None:
        """Return what tells this answer from another, None if it cannot be told."""
        ...


class Asker(Protocol):
    """Sends one call: what a connector adds to `Reading`. Errors of the answer are raised here."""

    def mentions(self, call: CallSpec) -> frozenset[str]:
        """Return the names that a call mentions."""
        ...

    def ask(
        self, call: CallSpec, names: Mapping[str, Any], seen: Seen | None = None, *, unread: bool = False
    ) -> Reply:
        """Send a call, its expressions filled from `names`; `seen` is what came to it at the last read.

        With `unread` its records may come as bytes: most of them will be known.
        """
        ...
