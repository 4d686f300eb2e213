"""An item as generated code sees it: each raw value is taken out once, where the item begins."""

from __future__ import annotations

from collections.abc import Callable

from hub.mapping.compiled.memo import PLAIN, stand_in
from hub.mapping.compiled.source import Source
from hub.mapping.fieldspec import TextSpec
from hub.mapping.paths import cleaner

Steps = tuple[str, ...]


class Scope:
    """The names under which the values of one map are known, `item` itself and what lies in it."""

    def __init__(self, source: Source, item: str, text: TextSpec) -> None:
        """Begin where `source` stands now; `item` is the name of the map."""
        self.source, self.item, self._text = source, item, text
        self._clean = cleaner(text.trim, text.unwrap)
        self._above = source.gap()
        self._names: dict[tuple[str, Steps], str] = {}

    def raw(self, path: Steps) -> str:
        """Return the name of the value at `path` as it came, None where it is not there."""
        return self._once(
            "raw", path, lambda: f"{self._get(path[:-1])}({self.source.value('name', path[-1])})"
        )

    def key(self, path: Steps) -> str:
        """Return the name of what stands for the value at `path` in a key of remembered values."""
        raw = self.raw(path)
        plain, other = self.source.value("plain", PLAIN), self.source.value("stand_in", stand_in)
        return self._once("key", path, lambda: f"{raw} if {raw}.__class__ in {plain} else {other}({raw})")

    def clean(self, path: Steps) -> str:
        """Return the name of the value at `path`, text without padding."""
        raw = self.raw(path)
        bare = self.bare(raw)
        if bare == raw:
            return raw
        return self._once("said", path, lambda: f"{bare} if {raw}.__class__ is str else {raw}")

    def bare(self, name: str) -> str:
        """Return what gives the text called `name` without padding."""
        if self._text.unwrap:
            return f"{self.source.value('clean', self._clean)}({name})"
        return f"{name}.strip()" if self._text.trim else name

    def _get(self, path: Steps) -> str:
        """Return the name of the `get` of the map at `path`; of no map, one that finds nothing."""
        if not path:
            return self._once("get", path, lambda: f"{self.item}.get")
        raw, nothing = self.raw(path), self.source.value("nothing", _nothing)
        return self._once("get", path, lambda: f"{raw}.get if isinstance({raw}, dict) else {nothing}")

    def _once(self, word: str, path: Steps, value: Callable[[], str]) -> str:
        name = self._names.get((word, path))
        if name is None:
            text = value()
            self._names[word, path] = name = self.source.name(word)
            self._above(f"{name} = {text}")
        return name


def _nothing(name: str) -> None:
    return None
