"""One call: its verb and keys, paths, expressions and the names in them, paging, what is nested."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from hub.mapping.callspec import REACTIONS, VERBS, CallSpec, ErrorsSpec, RowErrors, keys_of
from hub.mapping.expressions import compile_value
from hub.mapping.grammar import SystemMapping
from hub.mapping.lint import names as known
from hub.mapping.lint import sql
from hub.mapping.lint.found import Found, Path
from hub.mapping.paths import compile_path
from hub.yamlfile import Document

INPUTS = ("query", "json", "form", "xml", "text", "headers", "args", "row", "rows")
"""Parts of a call that hold what is sent."""

ANSWERS = ("json", "jsonl", "xml", "csv", "text")
"""What an answer over HTTP may be."""

_PAGED = frozenset({"get", "post", "op", "sql"})
_NOWHERE = Document(None)
_OWN_WORDS = frozenset({"order", "view"})
_OF_READS = known.ALWAYS | known.BOUND | {"item"}
"""What `if` and `each` may mention beside a database call that reads, whatever its text may bind."""


class Where(NamedTuple):
    """Where a call stands: what it may mention (`names`), what its nested calls may, and whether it reads."""

    names: frozenset[str]
    nested: frozenset[str] = frozenset()
    reads: bool = True


def lint_call(mapping: SystemMapping, call: CallSpec, path: Path, where: Where, found: Found) -> None:
    """Lint one call and what is nested in it."""
    verbs = VERBS.get(mapping.connector)
    if verbs is not None and call.verb not in verbs:
        found.error(
            (*path, call.verb), "mapping.wrong_verb", key=True, verb=call.verb, connector=mapping.connector,
            known=", ".join(sorted(verbs)),
        )  # fmt: skip
    _lint_keys(call, path, found)
    _lint_paths(call, path, found)
    names = where.names | (frozenset({"item"}) if call.each is not None else frozenset())
    mentioned = lint_inputs(mapping, call, path, names, found)
    if call.size and call.verb in _PAGED and not mentioned & known.PAGING and not call.next:
        found.error(
            (*path, "size"), "mapping.size_without_paging", key=True, known=", ".join(sorted(known.PAGING))
        )
    if call.format and call.verb in VERBS["rest"] and call.format not in ANSWERS:
        found.unknown((*path, "format"), call.format, ANSWERS, what="word")
    if call.errors:
        lint_errors(call.errors, (*path, "errors"), found)
    if call.verb == "sql":
        _lint_sql(call, (*path, "sql"), where.reads, found)
    for name, nested in call.nest.items():
        inner = (*path, "nest", name)
        allowed = known.nesting(nested.verb, where.nested or where.names) | call.take.keys()
        lint_call(mapping, nested, inner, Where(allowed, allowed), found)
        if not nested.on and not (mentions(nested) & (known.FILE | {"item", "keys", "key"})):
            found.error(inner, "mapping.nest_without_on", key=True, name=name)


def _lint_keys(call: CallSpec, path: Path, found: Found) -> None:
    """Note keys that say nothing beside the verb: ignored, they would promise what nobody does."""
    fields = CallSpec.model_fields
    said = {fields[name].alias or name for name in call.model_fields_set} - CallSpec.inner
    for name in sorted(said - keys_of(call.verb)):
        allowed = ", ".join(sorted(keys_of(call.verb)))
        found.error(
            (*path, name), "mapping.key_without_meaning", key=True, name=name, verb=call.verb, known=allowed
        )


def _lint_paths(call: CallSpec, path: Path, found: Found) -> None:
    said: list[tuple[Path, str | None]] = [
        ((*path, name), getattr(call, name)) for name in ("records", "next", "total", "ok")
    ]
    said += [((*path, "take", name), one) for name, one in call.take.items()]
    said += [((*path, "cursor", index), one) for index, one in enumerate(call.cursor or ())]
    said += [((*path, "unpack", index), one) for index, one in enumerate(call.unpack)]
    ids = call.id.items() if isinstance(call.id, dict) else [("", call.id)]
    said += [((*path, "id", name), one) for name, one in ids]
    for where, expression in said:
        if expression is not None:
            lint_path(expression, where, found)


def lint_path(expression: str, path: Path, found: Found) -> None:
    """Note a path that does not compile."""
    found.compiled(path, compile_path, expression)


def lint_errors(errors: ErrorsSpec | RowErrors, path: Path, found: Found) -> None:
    """Note paths of an error table that do not compile, and patterns that stand under two reactions."""
    for name in ("ok", "code", "text"):
        if expression := getattr(errors, name, None):
            lint_path(expression, (*path, name), found)
    first: dict[str, str] = {}
    for reaction in REACTIONS:
        for index, pattern in enumerate(getattr(errors, reaction)):
            earlier = first.setdefault(pattern, reaction)
            if earlier != reaction:
                found.error(
                    (*path, reaction, index), "mapping.reaction_twice", pattern=pattern, reaction=earlier
                )
    if rows := getattr(errors, "rows", None):
        lint_errors(rows, (*path, "rows"), found)


def lint_inputs(
    mapping: SystemMapping, call: CallSpec, path: Path, names: frozenset[str], found: Found
) -> frozenset[str]:
    """Lint what the call sends, and return the names that it mentions."""
    if call.verb in VERBS["sql"]:
        bound = _lint_bound(mapping, call, path, names, found)
        return bound | _lint_conditions(mapping, call, path, names | _OF_READS, found)
    mentioned = lint_values(mapping, call.target, (*path, call.verb), names, found)
    for name in (*INPUTS, "done"):
        value = getattr(call, "json_" if name == "json" else name)
        if value is not None:
            mentioned |= lint_values(mapping, value, (*path, name), names, found)
    if call.sign:
        mentioned |= lint_values(mapping, call.sign, (*path, "sign"), names | {"request"}, found)
    return mentioned | _lint_conditions(mapping, call, path, names, found)


def _lint_conditions(
    mapping: SystemMapping, call: CallSpec, path: Path, names: frozenset[str], found: Found
) -> frozenset[str]:
    """Lint `each`, which is a list or names one, and `if`, which is an expression."""
    mentioned: frozenset[str] = frozenset()
    if call.each is not None:
        each = f"={call.each}" if isinstance(call.each, str) and not call.each.startswith("=") else call.each
        mentioned |= lint_values(mapping, each, (*path, "each"), names - {"item"}, found)
    if call.if_:
        mentioned |= lint_values(mapping, f"={call.if_}", (*path, "if"), names, found)
    return mentioned


def _lint_bound(
    mapping: SystemMapping, call: CallSpec, path: Path, names: frozenset[str], found: Found
) -> frozenset[str]:
    """Lint the names that a SQL text binds (`:id_own` is `id.own`); expressions have no place in it."""
    mentioned: set[str] = set()
    for part, text in ((call.verb, call.target), ("where", call.where or "")):
        if "{{" in text:
            found.error((*path, part), "mapping.sql_not_bound")
        for name in sorted(sql.bound(text)):
            behind = known.dotted(name, names)
            mentioned |= {name, behind.name} if behind else {name}
            if behind and behind.name in names:
                _lint_part(behind, (*path, part), found)
            elif name not in names:
                _note_unknown(mapping, behind.name if behind else name, (*path, part), names, found)
    return frozenset(mentioned)


def lint_values(
    mapping: SystemMapping, value: Any, path: Path, names: frozenset[str], found: Found
) -> frozenset[str]:
    """Lint every expression in a structure, and return the names that it mentions."""
    if isinstance(value, dict) and set(value) == {"each", "as"}:
        items = value["each"]
        named = f"={items}" if isinstance(items, str) and not items.startswith("=") else items
        outer = lint_values(mapping, named, (*path, "each"), names, found)
        return outer | (lint_values(mapping, value["as"], (*path, "as"), names | {"item"}, found) - {"item"})
    if isinstance(value, dict):
        parts = [lint_values(mapping, one, (*path, str(name)), names, found) for name, one in value.items()]
        return frozenset().union(*parts)
    if isinstance(value, list | tuple):
        parts = [lint_values(mapping, one, (*path, index), names, found) for index, one in enumerate(value)]
        return frozenset().union(*parts)
    compiled = found.compiled(path, compile_value, value)
    if compiled is None or not compiled.names:
        return frozenset()
    for name in sorted(compiled.names - names) if found.said(path) else ():
        _note_unknown(mapping, name, path, names, found)
    _lint_parts(value, path, found)
    for ref in known.looked_up(value):
        if ref not in mapping.refs:
            found.unknown(path, ref, sorted(mapping.refs))
    return compiled.names


def _note_unknown(mapping: SystemMapping, name: str, path: Path, names: frozenset[str], found: Found) -> None:
    """Note a name that is not known here: one that is known elsewhere is no slip of the pen."""
    if name in known.anywhere(mapping):
        found.error(path, "mapping.name_not_here", name=name, known=", ".join(sorted(names)))
    else:
        found.unknown(path, name, sorted(names))


def _lint_parts(value: Any, path: Path, found: Found) -> None:
    """Note what stands behind a name's dot and is not there, and words that the hub does not have."""
    for mention in known.mentions(value):
        _lint_part(mention, path, found)
        words = known.WORDS.get(mention.part, []) if mention.name in _OWN_WORDS else []
        for word in mention.words:
            if words and word not in words:
                found.unknown(path, word, words, what="word")


def _lint_part(mention: known.Mention, path: Path, found: Found) -> None:
    """Note a part that a name does not have, where that is known."""
    parts = known.PARTS.get(mention.name)
    if parts is not None and mention.part not in parts:
        found.unknown(path, mention.part, parts)


def mentions(call: CallSpec) -> frozenset[str]:
    """Return the names that a call mentions, as far as its expressions compile."""
    silent = Found(document=_NOWHERE)
    nobody = SystemMapping.model_construct(refs={}, connector="", streams={}, writes={}, auth=None)
    return lint_inputs(nobody, call, (), frozenset(), silent)


def beside(call: CallSpec) -> frozenset[str]:
    """Return what a call says of what lies beside the chain: `cancelled`, `on_hold`, or both by `side`."""
    if call.verb in VERBS["sql"]:
        parts = {name.removeprefix("order_") for name in sql.bound(call.target)}
    else:
        said = call.model_dump(exclude_none=True, exclude_defaults=True)
        parts = {one.part for text in _texts(said) for one in known.mentions(text) if one.name == "order"}
        parts |= mentions(call) & {"side"}
    return known.ASKED if "side" in parts else known.ASKED & parts


def _texts(said: Any) -> Iterator[str]:
    """Yield every text in a structure."""
    if isinstance(said, str):
        yield said
    elif isinstance(said, dict | list | tuple):
        for one in said.values() if isinstance(said, dict) else said:
            yield from _texts(one)


def _lint_sql(call: CallSpec, path: Path, reads: bool, found: Found) -> None:
    """Note SQL that writes where it should read, and SQL that writes all rows."""
    for one in sql.writings(call.target):
        if reads:
            found.error(path, "mapping.read_writes", verb=one.verb.upper())
        elif not one.bounded:
            found.error(path, "mapping.sql_without_where", verb=one.verb.upper())
