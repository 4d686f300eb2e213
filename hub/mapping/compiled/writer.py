"""FIELDs as lines of a generated function: codes by what they gave before, texts and stamps in line.

Every method writes what gives the usual value and returns its name, or leaves the item to the thorough way:
by `return None` in the generated text, or by whatever a thorough function raises.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hub.mapping.compiled.memo import MISSING, memo
from hub.mapping.compiled.scope import Scope, Steps
from hub.mapping.compiled.sees import only_path, sees, sees_path
from hub.mapping.compiled.source import Source
from hub.mapping.fieldspec import FieldSpec
from hub.mapping.paths import is_empty
from hub.mapping.texts import is_true, require_storable, stripper, text_of
from hub.mapping.values import Defaults, Sight, compile_text

Read = Callable[[Any, Sight], Any]

UNUSUAL = "return None"


class Writer:
    """Writes the FIELDs of one map, which `scope` takes its values from."""

    def __init__(self, source: Source, scope: Scope, defaults: Defaults) -> None:
        """Write where `source` stands."""
        self.source, self.scope, self.defaults = source, scope, defaults

    def call(self, read: Read, word: str = "read") -> str:
        """Write the call of a thorough function."""
        name = self.source.name("value")
        self.source.line(f"{name} = {self.source.value(word, read)}({self.scope.item}, sight)")
        return name

    def remembered(self, read: Read, paths: Sequence[Steps], beside: str = "") -> str:
        """Write the look-up of what `read` gave for the values at `paths` (and `beside`) before."""
        keys = [self.scope.key(path) for path in paths] + ([beside] if beside else [])
        known, recall = memo(read)
        name, missing = self.source.name("value"), self.source.value("missing", MISSING)
        key = keys[0] if len(keys) == 1 else self.source.name("key")
        if len(keys) != 1:
            self.source.line(f"{key} = ({', '.join(keys)})")
        self.source.line(f"{name} = {self.source.value('known', known)}.get({key}, {missing})")
        with self.source.block(f"if {name} is {missing}:"):
            again = self.source.value("recall", recall)
            self.source.line(f"{name} = {again}({key}, {self.scope.item}, sight)")
        return name

    def value(self, spec: FieldSpec, read: Read) -> str:
        """Write what a FIELD gives, remembered where few plain values decide it."""
        paths = sees(spec)
        return self.call(read) if paths is None else self.remembered(read, paths)

    def flag(self, expression: str | None) -> str:
        """Write whether a flag is set."""
        if expression is None:
            return "False"
        get, paths = self.defaults.path(expression), sees_path(expression)

        def read(item: Any, sight: Sight) -> bool:
            return is_true(get(item))

        return self.call(read) if paths is None else self.remembered(read, paths)

    def first(self, paths: Sequence[Steps]) -> str:
        """Write the value at the first of `paths` that has one, under a name that may be set anew."""
        name = self.source.name("value")
        self.source.line(f"{name} = {self.scope.clean(paths[0])}")
        for path in paths[1:]:
            empty = self.source.value("is_empty", is_empty)
            with self.source.block(f"if not {name} and {empty}({name}):"):
                self.source.line(f"{name} = {self.scope.clean(path)}")
        return name

    def text(self, spec: FieldSpec, read: Read) -> str:
        """Write the text of a FIELD, None where it says nothing."""
        if spec.any:
            return self._first_text(spec)
        paths = only_path(spec)
        if paths is None or spec.const is not None:
            return self.value(spec, read) if spec.codes or not spec.from_ else self.call(read)
        name, one = self.source.name("text"), len(paths) == 1
        self.source.line(f"{name} = {self.scope.raw(paths[0]) if one else self.first(paths)}")
        with self.source.block(f"if {name}.__class__ is str:"):
            if one:
                self.source.line(f"{name} = {self.scope.bare(name)}")
            self.storable(name)
            self.source.line(f"{name} = {self._stripped(name, spec.strip)} or None")
        with self.source.block(f"elif {name} is False:"):
            self.source.line(f"{name} = None")
        with self.source.block(f"elif {name} is not None:"):
            self.source.line(f"{name} = {self.source.value('text_of', text_of)}({name})")
            if spec.strip:
                self.source.line(f"{name} = {name} and {self._stripped(name, spec.strip)} or None")
        if spec.default is not None:
            with self.source.block(f"if {name} is None:"):
                self.source.line(f"{name} = {self.source.value('default', spec.default)}")
        return name

    def _first_text(self, spec: FieldSpec) -> str:
        name = self.source.name("value")
        self.source.line(f"{name} = None")
        for one in spec.any:
            with self.source.block(f"if {name} is None:"):
                self.source.line(f"{name} = {self.text(one, compile_text(one, self.defaults))}")
        return name

    def fitting(self, name: str, width: int) -> None:
        """Write that a text beyond `width` is unusual."""
        with self.source.block(f"if {name} is not None and len({name}) > {width}:"):
            self.source.line(UNUSUAL)

    def storable(self, name: str) -> None:
        """Write the refusal of text that no database keeps."""
        with self.source.block(f'if not {name}.isascii() or "\\0" in {name}:'):
            self.source.line(f"{self.source.value('storable', require_storable)}({name})")

    def _stripped(self, name: str, rules: Sequence[str]) -> str:
        if any(rule.endswith("*") and len(rule) > 1 for rule in rules):
            return f"{self.source.value('strip', stripper(rules))}({name})"
        for rule in rules:
            method = "lstrip" if len(rule) == 1 else "removeprefix"
            name = f"{name}.{method}({self.source.value('strip', rule)})"
        return name
