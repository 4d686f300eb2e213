"""Calls: verbs, paths, expressions and the names in them, paging."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from hub.mapping.callspec import VERBS, CallSpec, ErrorsSpec, keys_of
from hub.mapping.expressions import READ_NAMES, compile_value
from hub.mapping.grammar import SystemMapping
from hub.mapping.lint.found import Found, Path
from hub.mapping.paths import compile_path
from hub.yamlfile import Document

PAGING = frozenset({"next", "page", "offset", "last", "since"})
"""Names one of which a call with a `size` must mention: else only its first page would ever be read."""

_CURSORED = frozenset({"table", "sql", "get", "post", "op"})
_INPUTS = ("query", "json", "form", "xml", "text", "headers", "args", "row", "rows")
_ALWAYS = frozenset({"conn", "now", "item", "request"})
_FILE = frozenset({"stem", "name", "record"})
_BOUND = re.compile(r"(?<![:\w]):([A-Za-z_]\w*)")
_REF = re.compile(r"""ref\(\s*['"]([^'"]*)['"]""")
_NOWHERE = Document(None)
_WRITING = re.compile(r"^\s*(insert|update|delete|merge|replace|drop|alter|truncate|create)\b", re.I)


def lint_system_calls(mapping: SystemMapping, found: Found) -> None:
    """Lint every call that reads: login, look-ups, streams and their sweeps; and the error table."""
    names = read_names(mapping)
    lint_errors(mapping.errors, ("errors",), found)
    if mapping.auth:
        if mapping.auth.login:
            lint_call(mapping, mapping.auth.login, ("auth", "login"), names, found)
        for part in ("headers", "query", "json_"):
            lint_values(mapping, getattr(mapping.auth, part), ("auth", part.rstrip("_")), names, found)
    for name, call in mapping.refs.items():
        lint_call(mapping, call, ("refs", name), names | {"value"}, found)
        if not call.take:
            found.error(("refs", name), "mapping.ref_takes_nothing", key=True, name=name)
    for name, stream in mapping.streams.items():
        path = ("streams", name, "read")
        lint_call(mapping, stream.read, path, names, found)
        _lint_reading_sql(stream.read, path, found)
        if stream.sweep:
            lint_call(mapping, stream.sweep.call, ("streams", name, "sweep"), names | {"keys"}, found)
        if stream.read.overlap and not stream.read.cursor and stream.read.verb in _CURSORED:
            found.warning((*path, "overlap"), "mapping.overlap_without_cursor", key=True)


def read_names(mapping: SystemMapping) -> frozenset[str]:
    """Return the names that an expression of a reading call may mention."""
    taken = {name for call in every_call(mapping) for name in call.take}
    return _ALWAYS | _FILE | frozenset(READ_NAMES) | taken


def every_call(mapping: SystemMapping) -> Iterator[CallSpec]:
    """Yield all calls of a mapping, nested ones too."""
    if mapping.auth and mapping.auth.login:
        yield from mapping.auth.login.nested()
    for call in mapping.refs.values():
        yield from call.nested()
    for stream in mapping.streams.values():
        yield from stream.read.nested()
        if stream.sweep:
            yield from stream.sweep.call.nested()
    for write in mapping.writes.values():
        for _, call in write.calls():
            yield from call.nested()


def lint_call(
    mapping: SystemMapping, call: CallSpec, path: Path, names: frozenset[str], found: Found
) -> None:
    """Lint one call and what is nested in it."""
    verbs = VERBS.get(mapping.connector)
    if verbs is not None and call.verb not in verbs:
        found.error(
            (*path, call.verb), "mapping.wrong_verb", key=True, verb=call.verb, connector=mapping.connector,
            known=", ".join(sorted(verbs)),
        )  # fmt: skip
    _lint_keys(call, path, found)
    _lint_paths(call, path, found)
    mentioned = _lint_inputs(mapping, call, path, names, found)
    if call.size and call.verb in {"get", "post", "op", "sql"} and not mentioned & PAGING:
        found.error((*path, "size"), "mapping.size_without_paging", key=True, known=", ".join(sorted(PAGING)))
    if call.errors:
        lint_errors(call.errors, (*path, "errors"), found)
    for name, nested in call.nest.items():
        inner = (*path, "nest", name)
        lint_call(mapping, nested, inner, names | {"keys"}, found)
        if not nested.on and not (mentions(nested) & (_FILE | {"item", "keys"})):
            found.error(inner, "mapping.nest_without_on", key=True, name=name)


def _lint_keys(call: CallSpec, path: Path, found: Found) -> None:
    """Note keys that say nothing beside the verb: ignored, they would promise what nobody does."""
    fields = CallSpec.model_fields
    said = {fields[name].alias or name for name in call.model_fields_set} - CallSpec.inner
    for name in sorted(said - keys_of(call.verb)):
        known = ", ".join(sorted(keys_of(call.verb)))
        found.error(
            (*path, name), "mapping.key_without_meaning", key=True, name=name, verb=call.verb, known=known
        )


def _lint_paths(call: CallSpec, path: Path, found: Found) -> None:
    said: list[tuple[Path, str | None]] = [
        ((*path, name), getattr(call, name)) for name in ("records", "next", "total", "ok")
    ]
    said += [((*path, "take", name), one) for name, one in call.take.items()]
    said += [((*path, "cursor", index), one) for index, one in enumerate(call.cursor or ())]
    if isinstance(call.id, str):
        said.append(((*path, "id"), call.id))
    for where, expression in said:
        if expression is not None:
            lint_path(expression, where, found)


def lint_path(expression: str, path: Path, found: Found) -> None:
    """Note a path that does not compile."""
    found.compiled(path, compile_path, expression)


def lint_errors(errors: ErrorsSpec, path: Path, found: Found) -> None:
    """Note paths of an error table that do not compile."""
    for name in ("code", "text"):
        if expression := getattr(errors, name):
            lint_path(expression, (*path, name), found)


def _lint_inputs(
    mapping: SystemMapping, call: CallSpec, path: Path, names: frozenset[str], found: Found
) -> frozenset[str]:
    """Lint what the call sends, and return the names that it mentions."""
    if call.verb in {"table", "sql"}:
        bound = frozenset(_BOUND.findall(f"{call.target} {call.where or ''}"))
        for name in sorted(bound - names):
            found.unknown((*path, call.verb if name in call.target else "where"), name, sorted(names))
        return bound
    mentioned = lint_values(mapping, call.target, (*path, call.verb), names, found)
    for name in (*_INPUTS, "done", "each"):
        field = "json_" if name == "json" else name
        value = getattr(call, field)
        if value is not None:
            mentioned |= lint_values(mapping, value, (*path, name), names, found)
    if call.if_:
        mentioned |= lint_values(mapping, f"={call.if_}", (*path, "if"), names, found)
    return mentioned


def lint_values(
    mapping: SystemMapping, value: Any, path: Path, names: frozenset[str], found: Found
) -> frozenset[str]:
    """Lint every expression in a structure, and return the names that it mentions."""
    if isinstance(value, dict):
        parts = [lint_values(mapping, one, (*path, str(name)), names, found) for name, one in value.items()]
        return frozenset().union(*parts)
    if isinstance(value, list | tuple):
        parts = [lint_values(mapping, one, (*path, index), names, found) for index, one in enumerate(value)]
        return frozenset().union(*parts)
    compiled = found.compiled(path, compile_value, value)
    if compiled is None:
        return frozenset()
    for name in sorted(compiled.names - names):
        found.unknown(path, name, sorted(names))
    for ref in _REF.findall(value) if isinstance(value, str) and compiled.names else ():
        if ref not in mapping.refs:
            found.unknown(path, ref, sorted(mapping.refs))
    return compiled.names


def mentions(call: CallSpec) -> frozenset[str]:
    """Return the names that a call mentions, as far as its expressions compile."""
    silent = Found(document=_NOWHERE)
    nobody = SystemMapping.model_construct(refs={}, connector="")
    return _lint_inputs(nobody, call, (), frozenset(), silent)


def _lint_reading_sql(call: CallSpec, path: Path, found: Found) -> None:
    """Note SQL under `read` that writes."""
    for nested in call.nested():
        if nested.verb == "sql" and (verb := _WRITING.match(nested.target)):
            found.error((*path, "sql"), "mapping.read_writes", verb=verb[1].upper())
