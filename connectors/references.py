"""Master data of the target looked up by business key: `=customer_no | ref('customer')`.

What was found is remembered while the connector lives. What is not there makes the write wait, and says for
what: a customer that finance has still to create is no fault of the order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from hub.errors import ConfigError, Missing
from hub.mapping.expressions import NameMissing
from hub.mapping.filters import LOOKING_UP
from hub.mapping.grammar import CallSpec, SystemMapping
from hub.mapping.paths import is_empty

Take = Callable[[CallSpec, Mapping[str, Any]], Mapping[str, Any]]
"""Sends a look-up (a read, tried again), filled from the names, and returns what its `take` gives."""


class References:
    """The `refs` of one mapping."""

    def __init__(self, mapping: SystemMapping, take: Take) -> None:
        """Take the mapping and what sends its look-ups."""
        self._mapping, self._take = mapping, take
        self._known: dict[tuple[str, str], Any] = {}

    @contextmanager
    def at_hand(self) -> Iterator[None]:
        """Let `ref` in expressions be answered here."""
        token = LOOKING_UP.set(self.find)
        try:
            yield
        finally:
            LOOKING_UP.reset(token)

    def find(self, name: str, value: Any) -> Any:
        """Return what the target calls `value`; NameMissing if it knows no such thing (yet)."""
        if name not in self._mapping.refs:
            known = ", ".join(self._mapping.refs)
            raise ConfigError("writing.unknown_ref", system=self._mapping.system, name=name, known=known)
        place = name, str(value)
        if place not in self._known:
            self._known[place] = self._found(name, value)
        return self._known[place]

    def _found(self, name: str, value: Any) -> Any:
        call = self._mapping.refs[name]
        try:
            took = self._take(call, {"value": value})
        except Missing:
            took = {}
        found = next((one for one in took.values() if not is_empty(one)), None)
        if found is None:
            raise NameMissing(f"{name} {value}", f"ref('{name}')")
        return found
