"""Writes: found before they are made, guarded, named right, and read back as they were sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hub.mapping import ladder
from hub.mapping.callspec import VERBS, CallSpec
from hub.mapping.grammar import CORE, SystemMapping
from hub.mapping.kinds import CLEARING
from hub.mapping.lint import names
from hub.mapping.lint.calls import Where, beside, lint_call, lint_path, lint_values, mentions
from hub.mapping.lint.codes import lint_sent, not_sendable
from hub.mapping.lint.found import Found, Path
from hub.mapping.lint.system import login_took, takes
from hub.mapping.reader import defaults_of
from hub.mapping.statuses import compile_side
from hub.mapping.wording import Wording, read_back
from hub.mapping.writespec import WriteSpec
from hub.model import Side
from hub.rules import Rules

_OWN = frozenset({"order_no", "posting", "id", "key", "part"})
_GUARDS = frozenset({"version", "was"})
_BY_ITSELF = VERBS["rest"] | {"bapi"}


def lint_writes(mapping: SystemMapping, found: Found) -> None:
    """Lint all writes."""
    for name, write in mapping.writes.items():
        path = ("writes", name)
        posting = _clears(mapping, write)
        _lint_write(mapping, write, path, found)
        for where, call, took, known in _in_order(mapping, write):
            allowed = names.writing(mapping, call.verb, took, known=known, posting=posting)
            if call.each is not None:  # what a line's answer gave, the next line may use
                allowed |= call.take.keys()
            if call.each is not None and call.verb in VERBS["sql"]:
                allowed |= names.items(mapping, call)
            lint_call(
                mapping, call, (*path, *where), Where(allowed, allowed, reads=where[0] == "find"), found
            )
        if write.when:
            allowed = names.writing(mapping, "", login_took(mapping), known=True)
            lint_values(mapping, f"={write.when}", (*path, "when"), allowed, found)
        _lint_targets(mapping, write, path, found)
        _lint_readable(mapping, write, found)
        _lint_read_back(mapping, write, path, found)


def _in_order(
    mapping: SystemMapping, write: WriteSpec
) -> Iterator[tuple[tuple[str | int, ...], CallSpec, frozenset[str], bool]]:
    """Yield each call of a write with what was taken before it, and whether the order is known by then."""
    took = login_took(mapping)
    for where, call in write.calls():
        earlier = [one for place, one in write.calls() if _before(place, where)]
        yield where, call, took | takes(earlier), where[0] in {"update", "confirm", "reverse"}


def _before(one: tuple[str | int, ...], other: tuple[str | int, ...]) -> bool:
    """Tell whether the call at `one` was made before that at `other`: find, the steps of a list, confirm."""
    if one[0] == "find":
        return other[0] != "find"
    if other[0] == "confirm":
        return one[0] in {"create", "update", "reverse"}
    return one[:-1] == other[:-1] and isinstance(one[-1], int) and one[-1] < int(other[-1])


def _lint_write(mapping: SystemMapping, write: WriteSpec, path: Path, found: Found) -> None:
    if write.stream:
        lint_stream_name(mapping, write.stream, (*path, "stream"), found)
    if write.confirm and write.confirm.stream:
        lint_stream_name(mapping, write.confirm.stream, (*path, "confirm", "stream"), found)
    if write.confirm and write.confirm.until:
        lint_path(write.confirm.until, (*path, "confirm", "until"), found)
    _lint_reverse(mapping, write, path, found)
    if write.message:
        return
    if write.find is None:
        found.error(path, "mapping.write_without_find", key=True)
    elif (
        write.create and not any(call.idempotent for call in write.create) and not mentions(write.find) & _OWN
    ):
        found.error((*path, "create"), "mapping.create_not_findable", key=True)
    if write.update is not None:
        _lint_guard(mapping, write, path, found)


def _clears(mapping: SystemMapping, write: WriteSpec) -> bool:
    """Tell whether a write is about postings: its stream shows clearings."""
    stream = mapping.streams.get(write.stream or "")
    return stream is not None and stream.yields == CLEARING


def _lint_reverse(mapping: SystemMapping, write: WriteSpec, path: Path, found: Found) -> None:
    """Note what is said of taking back where nothing is posted, and what a posting cannot have."""
    if not _clears(mapping, write):
        if write.reverse:
            found.error((*path, "reverse"), "mapping.reverse_without_clearing", key=True)
        return
    if write.update is not None:
        found.error((*path, "update"), "mapping.posting_with_update", key=True)
    if write.create and not write.reverse:
        found.warning((*path, "create"), "mapping.posting_without_reverse", key=True)
    stream = mapping.streams[write.stream or ""]
    if "posting" not in stream.fields:
        place = ("streams", str(write.stream), "fields")
        found.error(place, "mapping.clearing_without_posting", key=True)
    if stream.deleted is None:
        found.warning(("streams", str(write.stream)), "mapping.clearing_without_deleted", key=True)


def _lint_guard(mapping: SystemMapping, write: WriteSpec, path: Path, found: Found) -> None:
    """Note an update that would overwrite what somebody else changed in between.

    A `version` of the stream guards where the connector makes updates conditional by itself (If-Match over
    HTTP, a second look at the document that a BAPI has locked).
    """
    calls = [call for _, call in write.update.calls()] if write.update else []
    stream = mapping.streams.get(write.stream or "")
    by_itself = bool(stream and stream.version) and all(call.verb in _BY_ITSELF for call in calls)
    if calls and not by_itself and not all(mentions(call) & _GUARDS for call in calls):
        found.warning((*path, "update"), "mapping.update_without_guard", key=True)


def _lint_readable(mapping: SystemMapping, write: WriteSpec, found: Found) -> None:
    """Note statuses that no code can be sent for, or whose code would be read back as another status."""
    name = _stream_of(mapping, write)
    status = mapping.streams[name].fields.get("status") if name else None
    calls = [call for where, call in write.calls() if where[0] in {"create", "update"}]
    if name is None or status is None or not any("status" in mentions(call) for call in calls):
        return
    if words := not_sendable(status):
        place = ("streams", name, "fields", "status", "codes")
        found.warning(place, "mapping.not_sendable", key=True, words=", ".join(words))
    lint_sent(mapping, name, found)


def _lint_read_back(mapping: SystemMapping, write: WriteSpec, path: Path, found: Found) -> None:
    """Note what an update changes and the stream never says: only what was last sent is compared then."""
    name = _stream_of(mapping, write)
    if name is None or write.update is None:
        return
    says, never = Wording(mapping, name, Rules()).says(), _never_said(mapping, name)
    for field in write.update.fields:
        if field not in says and field in _changeable(mapping):
            found.warning(
                (*path, "update", field), "mapping.field_never_read", key=True, name=field, stream=name
            )
    whole = frozenset[str]().union(*map(beside, write.update.whole))
    for word in [*write.update.statuses, *sorted(whole - write.update.statuses.keys())]:
        if word in never:
            place = (*path, "update", "status", word) if word in write.update.statuses else (*path, "update")
            found.warning(place, "mapping.word_never_read", key=True, word=word, stream=name)


def _stream_of(mapping: SystemMapping, write: WriteSpec) -> str | None:
    """Return the stream that reads a write back; none where the mapping lacks the one that it names."""
    lacking = write.stream is not None and write.stream not in mapping.streams
    return None if lacking else read_back(mapping, write.stream)


def _never_said(mapping: SystemMapping, name: str) -> set[str]:
    """Return the words of statuses and of what lies beside them that the stream `name` never says."""
    stream = mapping.streams[name]
    side = stream.fields.get("side")
    known = compile_side(side, defaults_of(mapping, stream, Rules()))[1] if side else Side.NONE
    said = {status.word for status in ladder.sayable(stream)} | {"none"}
    said |= {str(one.name).lower() for one in Side if one & known}
    return {*names.WORDS["status"], *names.WORDS["side"]} - said


def _changeable(mapping: SystemMapping) -> list[str]:
    """Return the fields that an update may name."""
    extras = {name for stream in mapping.streams.values() for name in stream.extras}
    return [*CORE, "lines", *sorted(extras)]


def _lint_targets(mapping: SystemMapping, write: WriteSpec, path: Path, found: Found) -> None:
    """Note fields and statuses of an update that do not exist."""
    if write.update is None:
        return
    fields = _changeable(mapping)
    for name in write.update.fields:
        if name not in fields:
            found.unknown((*path, "update", name), name, fields, key=True)
    words = [*names.WORDS["status"], *names.WORDS["side"]]
    whole = _said_by(write.update.whole)
    for word in write.update.statuses:
        if word not in words:
            found.unknown((*path, "update", "status", word), word, words, key=True, what="word")
        if word in whole:
            found.error((*path, "update", "status", word), "mapping.word_said_twice", key=True, word=word)


def _said_by(calls: Sequence[CallSpec]) -> set[str]:
    """Return the words of statuses and of what lies beside them that calls for all fields say."""
    said: set[str] = set()
    for call in calls:
        said |= beside(call) | ({*names.WORDS["status"]} if "status" in mentions(call) else set())
    return said


def lint_stream_name(mapping: SystemMapping, name: str, path: Path, found: Found) -> None:
    """Note a stream that the mapping does not have."""
    if name not in mapping.streams:
        found.unknown(path, name, list(mapping.streams))
