"""Streams: which fields they have, and what each FIELD says."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hub.mapping.extras import LINE, TIMES, TYPED
from hub.mapping.fieldspec import FieldSpec
from hub.mapping.formats import ABSOLUTE, parser_of
from hub.mapping.grammar import CORE, EVENT, StreamMapping, SystemMapping
from hub.mapping.kinds import KINDS
from hub.mapping.lint.calls import lint_path
from hub.mapping.lint.codes import lint_codes
from hub.mapping.lint.examples import lint_examples
from hub.mapping.lint.found import Found, Path
from hub.mapping.lint.names import PARTS, of_connection
from hub.mapping.measures import plain_number
from hub.mapping.numbers import style_of
from hub.mapping.zones import zone_of
from hub.model import QUANTITIES
from hub.problems import nearest

_OFFSETS = frozenset({"iso", "odata", *ABSOLUTE})
"""Formats that name a moment, or may do so: whether an ISO stamp has an offset shows only in the record."""

_NUMBERS = frozenset({*QUANTITIES, "amount", "lines.quantity"})
_STAMPS = frozenset({"occurred_at", *TIMES})
_SHARED = ("host", "port", "schema", "extra")
"""What a fact may take from the connection: what is secret there must not become part of an order."""

_KIND = 32
_COMPARING = ("status", "side", "money")
_LETTERS = re.compile("%.")


def lint_streams(mapping: SystemMapping, found: Found) -> None:
    """Lint all streams, and the defaults that they share."""
    _lint_time(mapping.time.zone, mapping.time.format, ("time",), found)
    if mapping.numbers:
        found.compiled(("numbers",), style_of, mapping.numbers)
    for name, stream in mapping.streams.items():
        path = ("streams", name)
        _lint_own(stream, path, found)
        if stream.is_order:
            _lint_names(stream, path, found)
        else:
            _lint_document(stream, path, found)
        for group in ("fields", "extras", "links"):
            for field, spec in getattr(stream, group).items():
                _lint_field(mapping, stream, field, spec, (*path, group, field), found)
        lint_examples(stream, path, found)


def _lint_own(stream: StreamMapping, path: Path, found: Found) -> None:
    for name in ("key", "skip", "each", "deleted", "version", "returns"):
        if expression := getattr(stream, name):
            lint_path(expression, (*path, name), found)
    if stream.time:
        _lint_time(stream.time.zone, stream.time.format, (*path, "time"), found)
    if stream.numbers:
        found.compiled((*path, "numbers"), style_of, stream.numbers)


def _lint_names(stream: StreamMapping, path: Path, found: Found) -> None:
    """Note fields that are unknown, and core fields that are neither read nor declared `keep`."""
    known = CORE if stream.yields == "order" else (*CORE, *EVENT)
    for name in stream.fields:
        if name not in known:
            found.unknown((*path, "fields", name), name, known, key=True)
    for name in ("order_no", "status") if stream.yields == "order" else ("order_no",):
        if name not in stream.fields:
            found.error((*path, "fields"), "mapping.core_field_missing", key=True, name=name)
    if stream.yields == "order" and not stream.fields.keys() & set(QUANTITIES):
        found.error((*path, "fields"), "mapping.core_field_missing", key=True, name=" | ".join(QUANTITIES))
    if "occurred_at" not in stream.fields:
        found.warning((*path, "fields"), "mapping.no_stamp", key=True)
    for name in ("order_no", "company", "part"):
        if name in stream.fields and stream.fields[name].keep:
            found.error((*path, "fields", name), "mapping.cannot_keep", name=name)
    if stream.yields == "event" and "event_id" not in stream.fields and not _has_key(stream):
        found.warning(("streams", path[1]), "mapping.event_without_key", key=True)
    _lint_beside(stream, path, found)


def _has_key(stream: StreamMapping) -> bool:
    return stream.key is not None or stream.read.cursor is not None


def _lint_document(stream: StreamMapping, path: Path, found: Found) -> None:
    """Note fields that a document of this kind does not have, and those that it needs and lacks."""
    kind = KINDS[stream.yields]
    for name, spec in stream.fields.items():
        if name not in kind.names:
            found.unknown((*path, "fields", name), name, kind.names, key=True)
        if spec.keep:
            found.error((*path, "fields", name), "mapping.cannot_keep", name=name)
    needs = kind.needs if kind.number else ("number", *kind.needs)
    for name in dict.fromkeys(needs):
        if name not in stream.fields:
            found.error((*path, "fields"), "mapping.core_field_missing", key=True, name=name)
    _lint_beside(stream, path, found)


def _lint_beside(stream: StreamMapping, path: Path, found: Found) -> None:
    """Note extras whose names look like slips, and kinds of link that are too long to keep."""
    known = TYPED if stream.is_order else KINDS[stream.yields].names
    for name in stream.extras:
        if name not in known and (near := nearest(name, known)) and name.casefold() != near:
            found.warning((*path, "extras", name), "mapping.extra_near", key=True, name=name, nearest=near)
    for kind in stream.links:
        if len(kind) > _KIND:
            found.error((*path, "links", kind), "mapping.kind_too_long", key=True, name=kind, limit=_KIND)


def _lint_field(
    mapping: SystemMapping, stream: StreamMapping, name: str, spec: FieldSpec, path: Path, found: Found
) -> None:
    """Lint one FIELD and what is in it."""
    for where, one in _inner(spec, path):
        if of_connection(one):
            _lint_connected(one.from_[0], (*where, "from"), found)
        for part, expression in () if of_connection(one) else _own_paths(one):
            lint_path(expression, (*where, *part), found)
        if one.numbers:
            found.compiled((*where, "numbers"), style_of, one.numbers)
        _lint_time(one.zone, one.format, where, found)
        _lint_naive(mapping, stream, name, one, where, found)
        if one.minus is not None and name not in _amounts(stream):
            found.error((*where, "minus"), "mapping.minus_elsewhere", key=True)
        if isinstance(one.minus, str):
            lint_path(one.minus, (*where, "minus"), found)
        if one.link and name != "order_no":
            found.error((*where, "link"), "mapping.link_outside_order_no", key=True)
        if one.compare and name not in _COMPARING:
            found.error((*where, "compare"), "mapping.compare_elsewhere", key=True)
        if one.adds and (name not in QUANTITIES or stream.yields != "event"):
            found.error((*where, "adds"), "mapping.adds_elsewhere", key=True)
        for inner, said in one.as_.items():
            _lint_field(mapping, stream, f"{name}.{inner}", said, (*where, "as", inner), found)
    kind = KINDS.get(stream.yields)
    if name in (_NUMBERS if kind is None else {"amount", *kind.quantities, *kind.amounts}):
        _lint_constants(spec, path, found)
    if name == "lines" and path[2] == "extras":
        _lint_lines(spec, path, found)
    lint_codes(stream, name, spec, path, found)


def _amounts(stream: StreamMapping) -> tuple[str, ...]:
    """Return the fields of a stream that are amounts of documents."""
    kind = KINDS.get(stream.yields)
    return ("amount", *kind.amounts) if kind else ()


def _lint_connected(said: str, path: Path, found: Found) -> None:
    """Note what a FIELD cannot take from the connection: what is not there, and what is secret."""
    part = said.removeprefix("=conn.").partition(".")[0]
    if part in PARTS["conn"] and part not in _SHARED:
        found.error(path, "mapping.secret_as_field", name=said, known=", ".join(_SHARED))
    elif part not in _SHARED:
        found.unknown(path, part, _SHARED)


def _lint_constants(spec: FieldSpec, path: Path, found: Found) -> None:
    """Note a `const` or `default` of a quantity that is no plain number."""
    for part, said in (("const", spec.const), ("default", spec.default)):
        found.compiled((*path, part), plain_number, said)
    for index, one in enumerate(spec.any):
        _lint_constants(one, (*path, index), found)


def _inner(spec: FieldSpec, path: Path) -> Iterator[tuple[Path, FieldSpec]]:
    """Yield a FIELD and its alternatives, its unit and its SKU, each with its path."""
    yield path, spec
    for index, one in enumerate(spec.any):
        yield from _inner(one, (*path, index))
    for index, one in enumerate(spec.compare):
        yield from _inner(one, (*path, "compare", index))
    for name in ("unit", "sku"):
        if isinstance(one := getattr(spec, name), FieldSpec):
            yield from _inner(one, (*path, name))


def _own_paths(spec: FieldSpec) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for index, expression in enumerate(spec.from_):
        yield (("from", index) if spec.joined else ("from",)), expression
    for name in ("sum", "count", "each", "offset"):
        if expression := getattr(spec, name):
            yield (name,), expression


def _lint_time(zone: str | None, formats: tuple[str, ...], path: Path, found: Found) -> None:
    if zone:
        found.compiled((*path, "zone"), zone_of, zone)
    for index, one in enumerate(formats):
        found.compiled((*path, "format", index), parser_of, one)


def _lint_naive(
    mapping: SystemMapping, stream: StreamMapping, name: str, spec: FieldSpec, path: Path, found: Found
) -> None:
    """Note a format that is wall-clock time where no zone is declared anywhere."""
    kind = KINDS.get(stream.yields)
    stamps = _STAMPS if kind is None else {"occurred_at", "due_at", *kind.times}
    if not (name in stamps or spec.format) or spec.keep or spec.offset or of_connection(spec):
        return
    time = stream.time or mapping.time
    zone = spec.zone or time.zone or mapping.time.zone
    for index, one in enumerate(spec.format or time.format or mapping.time.format):
        if zone is None and one not in _OFFSETS and not {"%z", "%Z"} & set(_LETTERS.findall(one)):
            place = (*path, "format", index) if spec.format else path
            found.error(place, "mapping.naive_format", format=one)


def _lint_lines(spec: FieldSpec, path: Path, found: Found) -> None:
    if not spec.each:
        found.error(path, "mapping.lines_need_each")
        return
    for name in spec.as_:
        if name not in LINE:
            found.unknown((*path, "as", name), name, LINE, key=True)
    for name in ("sku", "quantity"):
        if name not in spec.as_:
            found.error((*path, "as"), "mapping.missing_name", name=name)


def learned(mapping: SystemMapping) -> set[str]:
    """Return the kinds of link that the streams of a mapping learn."""
    return {kind for stream in mapping.streams.values() for kind in stream.links}


def wanted(mapping: SystemMapping) -> Iterator[tuple[Path, str]]:
    """Yield (path, kind) of every link that a stream waits for."""
    for name, stream in mapping.streams.items():
        spec = stream.fields.get("order_no")
        for where, one in _inner(spec, ("streams", name, "fields", "order_no")) if spec else ():
            if one.link:
                yield (*where, "link"), one.link
