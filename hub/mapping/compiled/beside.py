"""What is known of an order beside its core, as lines of a generated function: extras and links."""

from __future__ import annotations

from collections.abc import Mapping

from hub.mapping.compiled.sees import only_path
from hub.mapping.compiled.stamps import write_moment
from hub.mapping.compiled.writer import Read, Writer
from hub.mapping.extras import TIMES, WIDTHS, jsonable
from hub.mapping.fieldspec import FieldSpec
from hub.mapping.paths import only
from hub.mapping.thorough import LINKED
from hub.model import Link


def write_extra(writer: Writer, name: str, spec: FieldSpec, read: Read) -> str:
    """Write the value of an extra, None where it says nothing; return its name."""
    if name in WIDTHS:
        text = writer.text(spec, read)
        writer.fitting(text, WIDTHS[name])
        return text
    if name in TIMES:
        return _moment(writer, spec)
    if name in {"order_type", "amount"} or spec.each:
        return writer.value(spec, read)
    if spec.format or spec.zone:
        return _moment(writer, spec)
    if spec.sum or spec.count or spec.scale or spec.numbers or spec.unit or spec.round is not None:
        return writer.value(spec, read)
    if spec.any or spec.codes or spec.strip or spec.joined or spec.const is not None:
        return writer.text(spec, read)
    return _bare(writer, spec, read)


def _moment(writer: Writer, spec: FieldSpec) -> str:
    seen = write_moment(writer, spec)
    name = writer.source.name("at")
    writer.source.line(f"{name} = None if {seen} is None else {seen}[0]")
    return name


def _bare(writer: Writer, spec: FieldSpec, read: Read) -> str:
    """Write the value as it is, if the store can keep it."""
    paths = only_path(spec)
    if paths is None:
        return writer.call(read)
    source, limit = writer.source, writer.defaults.rules.limits.text
    name, kept = writer.first(paths), source.value("jsonable", jsonable)
    with source.block(f"if {name}.__class__ is str:"):
        with source.block(f'if len({name}) > {limit} or "\\0" in {name} or not {name}.isascii():'):
            source.line(f"{name} = {kept}({name}, {limit})")
        source.line(f"{name} = {name} or None")
    with source.block(f"elif {name} is not None and {name}.__class__ is not int:"):
        source.line(f"{name} = {kept}({name}, {limit})")
    if spec.default is not None:
        with source.block(f"if {name} is None:"):
            source.line(f"{name} = {source.value('default', spec.default)}")
    return name


def write_links(writer: Writer, specs: Mapping[str, FieldSpec], reads: Mapping[str, Read]) -> str:
    """Write the links of all kinds, each number once; return the name of their tuple."""
    source, links = writer.source, writer.source.name("links")
    source.line(f"{links} = {{}}")
    for kind, read in reads.items():
        spec = specs[kind]
        path = only(spec.from_[0]) if only_path(spec) and spec.const is None else None
        if path is None or spec.default is not None:
            _each_number(writer, links, kind, writer.call(read))
            continue
        with source.block(f"if {writer.scope.clean(path)}.__class__ is not list:"):
            _number(writer, links, kind, writer.text(spec, read))
        with source.block("else:"):
            _each_number(writer, links, kind, writer.call(read))
    source.line(f"{links} = tuple({links})")
    return links


def _each_number(writer: Writer, links: str, kind: str, numbers: str) -> None:
    one = writer.source.name("number")
    with writer.source.block(f"for {one} in {numbers}:"):
        _number(writer, links, kind, one)


def _number(writer: Writer, links: str, kind: str, number: str) -> None:
    """Write that a number is one of the links; one that is too long is unusual."""
    source = writer.source
    writer.fitting(number, LINKED)
    made, link = source.value("made", tuple.__new__), source.value("Link", Link)
    with source.block(f"if {number} is not None:"):
        source.line(f"{links}[{made}({link}, ({source.value('kind', kind)}, {number}))] = None")
