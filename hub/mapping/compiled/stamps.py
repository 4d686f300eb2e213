"""Stamps as lines of a generated function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import NoneType
from typing import Any

from hub.mapping.compiled.moments import DOUBT, Seen, compile_swift
from hub.mapping.compiled.writer import Writer
from hub.mapping.fieldspec import FieldSpec
from hub.mapping.paths import plain
from hub.mapping.times import NOTHING
from hub.mapping.values import Defaults, Sight, compile_moment, either
from hub.model import Says

_EMPTY = frozenset({str, NoneType})


def write_moment(writer: Writer, spec: FieldSpec) -> str:
    """Write the moment and precision that a FIELD gives, None where it gives none; return its name."""
    seen, _ = write_stamp(writer, spec, Says.SEEN)
    return seen


def write_stamp(writer: Writer, spec: FieldSpec, says: Says) -> tuple[str, str]:
    """Write the first alternative of a stamp that gives one; return its name and that of what it says."""
    source = writer.source
    seen, said = source.name("seen"), source.name("says")
    source.line(f"{seen} = {said} = None")
    for one, word in _alternatives(spec, says):
        with source.block(f"if {seen} is None:"):
            _write_one(writer, one, seen)
            source.line(f"{said} = {source.value('word', word)}")
    return seen, said


def _alternatives(spec: FieldSpec, says: Says) -> Iterator[tuple[FieldSpec, Says]]:
    own = spec.says or says
    several = either(spec)
    if not several:
        yield spec, own
    for one in several:
        yield from _alternatives(one, own)


def _write_one(writer: Writer, spec: FieldSpec, seen: str) -> None:
    source, time = writer.source, writer.defaults.time
    thorough = source.value("read", _thorough(spec, writer.defaults))
    call = f"{thorough}({writer.scope.item}, sight)"
    if spec.const is not None or spec.default is not None or spec.offset is not None:
        source.line(f"{seen} = {call}")
        return
    swift = compile_swift(spec.format or time.format, spec.zone or time.zone, spec.empty or time.empty)
    text, other = source.value("stamp", swift.text), source.value("stamp", swift.other)
    if len(spec.from_) == 1 and not spec.joined:
        raw = _raw(writer, spec)
        source.line(f"{seen} = {text}({raw}) if {raw}.__class__ is str else {other}({raw})")
    elif spec.joined and (two := _two(spec)):
        _write_two(writer, text, seen, *two)
    else:
        source.line(f"{seen} = {call}")
        return
    with source.block(f"if {seen} is {source.value('doubt', DOUBT)}:"):
        source.line(f"{seen} = {call}")


def _raw(writer: Writer, spec: FieldSpec) -> str:
    """Write the raw value of a stamp, whatever its path is; return its name."""
    if paths := plain(spec.from_[0]):
        return writer.first(paths)
    get, name = writer.source.value("get", writer.defaults.path(spec.from_[0])), writer.source.name("value")
    writer.source.line(f"{name} = {get}({writer.scope.item})")
    return name


def _two(spec: FieldSpec) -> list[tuple[str, ...]] | None:
    """Return the paths of a date and a time that stand in two fields, None for anything else."""
    parts = [plain(one) for one in spec.from_]
    paths = [part[0] for part in parts if part is not None and len(part) == 1]
    return paths if len(parts) == len(paths) == 2 else None


def _write_two(writer: Writer, text: str, seen: str, day: tuple[str, ...], time: tuple[str, ...]) -> None:
    source = writer.source
    date, clock = writer.scope.clean(day), writer.scope.clean(time)
    doubt, nothing = source.value("doubt", DOUBT), source.value("nothing", NOTHING)
    with source.block(
        f"if {date}.__class__ is str and {clock}.__class__ is str and {date}.strip({nothing}):"
    ):
        source.line(f'{seen} = {text}(f"{{{date}}} {{{clock}}}" if {clock} else {date})')
    with source.block(f"elif {date} or {date}.__class__ not in {source.value('empty', _EMPTY)}:"):
        source.line(f"{seen} = {doubt}")


def _thorough(spec: FieldSpec, defaults: Defaults) -> Callable[[Any, Sight], Seen | None]:
    read = compile_moment(spec, defaults)

    def moment(item: Any, sight: Sight) -> Seen | None:
        found = read(item, sight)
        return None if found is None else (found.at, found.precision)

    return moment
