"""Writes: found before they are made, guarded, named right (checked here, carried out by a later version)."""

from __future__ import annotations

import re

from hub.mapping.grammar import CORE, SystemMapping
from hub.mapping.lint.calls import lint_call, lint_path, lint_values, mentions, read_names
from hub.mapping.lint.codes import SIDES, STATUSES, not_sendable
from hub.mapping.lint.found import Found, Path
from hub.mapping.writespec import WriteSpec

_ORDER = frozenset({*CORE, "lines", "order", "was", "view", "id", "version", "key", "item", "extra", "value"})
_OWN = frozenset({"order_no", "id", "key", "part"})
_GUARDS = frozenset({"version", "was"})
_UNBOUNDED = re.compile(r"^\s*(update|delete)\b(?!.*\bwhere\b)", re.I | re.S)


def lint_writes(mapping: SystemMapping, found: Found) -> None:
    """Lint all writes, and the webhook."""
    extras = {name for stream in mapping.streams.values() for name in stream.extras}
    names = read_names(mapping) | _ORDER | extras
    for name, write in mapping.writes.items():
        path = ("writes", name)
        _lint_write(mapping, write, path, found)
        for where, call in write.calls():
            lint_call(mapping, call, (*path, *where), names, found)
            if call.verb == "sql" and _UNBOUNDED.match(call.target):
                found.error((*path, *where, "sql"), "mapping.sql_without_where")
        if write.when:
            lint_values(mapping, f"={write.when}", (*path, "when"), names, found)
        _lint_targets(write, extras, path, found)
    if mapping.webhook:
        _lint_stream(mapping, mapping.webhook.stream, ("webhook", "stream"), found)
        lint_path(mapping.webhook.key, ("webhook", "key"), found)
        lint_values(mapping, f"={mapping.webhook.verify}", ("webhook", "verify"), names, found)


def _lint_write(mapping: SystemMapping, write: WriteSpec, path: Path, found: Found) -> None:
    if write.stream:
        _lint_stream(mapping, write.stream, (*path, "stream"), found)
    if write.confirm and write.confirm.stream:
        _lint_stream(mapping, write.confirm.stream, (*path, "confirm", "stream"), found)
    if write.message:
        return
    if write.find is None:
        found.error(path, "mapping.write_without_find", key=True)
    elif (
        write.create and not any(call.idempotent for call in write.create) and not mentions(write.find) & _OWN
    ):
        found.error((*path, "create"), "mapping.create_not_findable", key=True)
    if write.update is None:
        return
    calls = [call for _, call in write.update.calls()]
    stream = mapping.streams.get(write.stream or "")
    guarded = bool(stream and stream.version) or any(mentions(call) & _GUARDS for call in calls)
    if calls and not guarded:
        found.warning((*path, "update"), "mapping.update_without_guard", key=True)
    status = stream.fields.get("status") if stream else None
    sent = any("status" in mentions(call) for call in [*calls, *write.create])
    words = not_sendable(status) if status is not None and sent else []
    if words:
        place = ("streams", write.stream or "", "fields", "status", "codes")
        found.warning(place, "mapping.not_sendable", key=True, words=", ".join(words))


def _lint_targets(write: WriteSpec, extras: set[str], path: Path, found: Found) -> None:
    """Note fields and statuses of an update that do not exist."""
    if write.update is None:
        return
    fields = [*CORE, "lines", *sorted(extras)]
    for name in write.update.fields:
        if name not in fields:
            found.unknown((*path, "update", name), name, fields, key=True)
    for word in write.update.statuses:
        if word not in (*STATUSES, *SIDES):
            found.unknown((*path, "update", "status", word), word, [*STATUSES, *SIDES], key=True, what="word")


def _lint_stream(mapping: SystemMapping, name: str, path: Path, found: Found) -> None:
    if name not in mapping.streams:
        found.unknown(path, name, list(mapping.streams))
