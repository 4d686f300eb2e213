"""What a call sends, filled from the names that a read knows.

Beside constants and expressions a structure may hold `{each: LIST, as: STRUCTURE}`, which makes a list (its
items are called `item`), `{tojson: STRUCTURE}`, which makes a JSON text, and `{if: =NAME, as: STRUCTURE}`,
which is there only where the name is known. What mentions a name that is not known now is left out, unless
the expression does without it (`since or '0'`, `x if since else y`, a `default`); a condition that is a list
within a list is left out as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.calls import jsons
from hub.mapping.expressions import NameMissing, compile_value
from hub.mapping.paths import compile_path, is_empty

GONE = object()
"""What a value is filled with that mentions a name which is None now: it is left out, absent, not empty."""

_CHOOSING = re.compile(r"\|\s*(?:d|default)\s*\(|\b(?:if|or|defined)\b")

Render = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Filling:
    """A compiled structure: the `names` it mentions, and `render`, which gives GONE for what is absent.

    `needs` are those names that it cannot do without: nothing chooses another value where they are not known.
    """

    names: frozenset[str]
    render: Render
    needs: frozenset[str] = frozenset()


def mentioned(said: Any) -> frozenset[str]:
    """Return the names that a structure mentions: what is mentioned is what is used."""
    return compiled(said).names if said else frozenset()


def fill(said: Mapping[str, Any] | None, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return a map with its expressions replaced by values.

    What mentions a name that is None now (no `since` at the first read, no `next` on the first page) is left
    out: absent, not empty.
    """
    filled = compiled(dict(said)).render(names) if said else {}
    return filled if isinstance(filled, dict) else {}


def compiled(said: Any) -> Filling:
    """Compile a structure of maps and lists; MappingError for an expression that is none."""
    if isinstance(said, Mapping):
        if set(said) == {"each", "as"}:
            return _each(said["each"], compiled(said["as"]))
        if set(said) == {"if", "as"}:
            return _if(compiled(said["if"]), compiled(said["as"]))
        if set(said) == {"tojson"}:
            return _tojson(compiled(said["tojson"]))
        return _map({name: compiled(one) for name, one in said.items()})
    if isinstance(said, list | tuple):
        return _list([_member(one) for one in said])
    return _leaf(said)


def _member(said: Any) -> Filling:
    """Compile what stands in a list: a condition that is a list (`[at, ">=", =since]`) is left out whole."""
    if not isinstance(said, list | tuple):
        return compiled(said)
    parts = [_member(one) for one in said]
    needed = [
        part for part, one in zip(parts, said, strict=True) if not isinstance(one, list | tuple | Mapping)
    ]
    whole = _list(parts)

    def render(names: Mapping[str, Any]) -> Any:
        return GONE if any(part.render(names) is GONE for part in needed) else whole.render(names)

    return Filling(whole.names, render, whole.needs)


def _leaf(said: Any) -> Filling:
    value = compile_value(said)
    if value.constant:
        constant = value.render({})
        return Filling(frozenset(), lambda names: constant)

    chooses = _CHOOSING.search(said) is not None

    def render(names: Mapping[str, Any]) -> Any:
        if all(names.get(name, ...) is not None for name in value.names):
            return value.render(names)
        if not chooses:
            return GONE
        try:
            return value.render({name: one for name, one in names.items() if one is not None})
        except NameMissing as missing:
            if names.get(missing.name, ...) is None:
                return GONE
            raise

    return Filling(value.names, render, frozenset() if chooses else value.names)


def _map(parts: Mapping[str, Filling]) -> Filling:
    def render(names: Mapping[str, Any]) -> dict[str, Any]:
        filled = {name: part.render(names) for name, part in parts.items()}
        return {name: one for name, one in filled.items() if one is not GONE}

    return Filling(_all(parts.values()), render, _needed(parts.values()))


def _list(parts: list[Filling]) -> Filling:
    def render(names: Mapping[str, Any]) -> list[Any]:
        return [one for one in (part.render(names) for part in parts) if one is not GONE]

    return Filling(_all(parts), render, _needed(parts))


def _each(items: Any, inner: Filling) -> Filling:
    """Make one of `inner` for each item of a list: an expression (`=keys`) or the name of one."""
    if isinstance(items, str) and not items.startswith("="):
        first, get = frozenset({items.partition(".")[0]}), compile_path(items)
        outer = Filling(first, lambda names: get(dict(names)), first)
    else:
        outer = compiled(items)

    def render(names: Mapping[str, Any]) -> Any:
        found = outer.render(names)
        if found is None or found is GONE:
            return GONE
        made = [inner.render({**names, "item": item}) for item in found]
        return [one for one in made if one is not GONE]

    return Filling(outer.names | (inner.names - {"item"}), render, outer.needs | (inner.needs - {"item"}))


def _if(condition: Filling, inner: Filling) -> Filling:
    """Take `inner` only where a condition holds; one that mentions what is not known does not."""

    def render(names: Mapping[str, Any]) -> Any:
        try:
            met = condition.render(names)
        except NameMissing:
            return GONE
        return GONE if met is GONE or is_empty(met) else inner.render(names)

    return Filling(condition.names | inner.names, render)


def _tojson(inner: Filling) -> Filling:
    def render(names: Mapping[str, Any]) -> Any:
        filled = inner.render(names)
        return GONE if filled is GONE else jsons.written(filled).decode()

    return Filling(inner.names, render, inner.needs)


def _all(parts: Any) -> frozenset[str]:
    return frozenset().union(*(part.names for part in parts))


def _needed(parts: Any) -> frozenset[str]:
    return frozenset().union(*(part.needs for part in parts))
