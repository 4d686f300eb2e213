"""The usual case of a stream as one generated function, from an item to its Fact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from hub.mapping.compiled.beside import write_extra, write_links
from hub.mapping.compiled.lists import ZERO, Lists
from hub.mapping.compiled.scope import Scope
from hub.mapping.compiled.sees import sees
from hub.mapping.compiled.source import Source
from hub.mapping.compiled.stamps import write_stamp
from hub.mapping.compiled.writer import UNUSUAL, Read, Writer
from hub.mapping.fieldspec import FieldSpec
from hub.mapping.fingerprint import measures
from hub.mapping.grammar import StreamMapping
from hub.mapping.thorough import LINKED, NO_TIME, WIDTHS, Thorough
from hub.mapping.values import Defaults, Sight, compile_text
from hub.model import QUANTITIES, TOP, Added, Fact, Link, Precision, Says

HEAD = "fact(item, sight, today, latest)"

Usual = Callable[[Any, Sight, date, datetime], Fact | None]
"""From an item, the day of reading and the latest stamp believed to a Fact; None if the item is unusual."""

SKIPPED = Fact("", None)
"""The record is no order (compare by identity)."""


class Unusual(Exception):  # noqa: N818  # no error: the item is left to the thorough way
    """An item has something that is not read the usual way."""


def compile_usual(spec: StreamMapping, defaults: Defaults, thorough: Thorough) -> Usual:
    """Return the function that reads the usual items of a stream as `thorough` does.

    It returns None or raises Unusual or RecordError for every other; what it put into `sight.warnings` is
    then of no account.
    """
    source = write_usual(spec, defaults, thorough)
    return source.compiled(HEAD, f"{defaults.system} {spec.yields}")


def write_usual(spec: StreamMapping, defaults: Defaults, thorough: Thorough) -> Source:
    """Return the text of that function, with the values that it needs."""
    source = Source()
    source.line("sight.day = today")
    writer = Writer(source, Scope(source, "item", defaults.text), defaults)
    if spec.skip is not None and spec.each is None:
        with source.block(f"if {writer.flag(spec.skip)}:"):
            source.line(f"return {source.value('skipped', SKIPPED)}")
    kept = {name: one for name, one in spec.fields.items() if not one.keep}
    measured = any(measures(one) for one in (*kept.values(), *spec.extras.values()))
    said = {"side_known": source.value("side", thorough.side_known), "deleted": writer.flag(spec.deleted)}
    said |= _stamp(writer, kept.get("occurred_at"), thorough, measured=measured)
    said |= _names(writer, kept, thorough)
    said |= _status(writer, kept, thorough, said["deleted"])
    said |= _quantities(writer, spec, thorough, said["deleted"])
    said |= _beside(writer, spec, thorough, said.get("lines", ""))
    with source.block("if sight.warnings:"):
        source.line(UNUSUAL)
    source.line(f"return {source.value('Fact', Fact)}({', '.join(_arguments(source, said))})")
    return source


def _arguments(source: Source, said: dict[str, str]) -> list[str]:
    """Return what every field of a Fact is, in their order."""
    return [
        said.get(one.name) or ("{}" if one.default is MISSING else source.value("usual", one.default))
        for one in fields(Fact)
    ]


def _stamp(writer: Writer, spec: FieldSpec | None, thorough: Thorough, *, measured: bool) -> dict[str, str]:
    """Write the stamp; one of the future is unusual, and one that says no time has no precision."""
    if spec is None:
        return {}
    source, none = writer.source, writer.source.value("precision", Precision.NONE)
    seen, says = write_stamp(writer, spec, thorough.says)
    at, precision = source.name("at"), source.name("precision")
    with source.block(f"if {seen} is None:"):
        source.line(f"{at}, {precision}, {says} = None, {none}, {source.value('word', Says.SEEN)}")
    with source.block("else:"):
        source.line(f"{at}, {precision} = {seen}")
        with source.block(f"if {at} > latest:"):
            source.line(UNUSUAL)
        with source.block(f"if {says} in {source.value('no_time', NO_TIME)}:"):
            source.line(f"{precision} = {none}")
        if measured:
            source.line(f"sight.day = {at}.date()")
    return {"occurred_at": at, "precision": precision, "says": says}


def _names(writer: Writer, kept: dict[str, FieldSpec], thorough: Thorough) -> dict[str, str]:
    source = writer.source
    said = {"company": source.value("company", thorough.company)}
    for name, read in thorough.texts.items():
        said[name] = writer.text(kept[name], read)
        writer.fitting(said[name], WIDTHS[name])
    with source.block(f"if not {said['company']}:"):
        source.line(UNUSUAL)
    if "part" in said:
        said["part"] += ' or ""'
    return said | _reference(writer, kept["order_no"], thorough.order_no)


def _reference(writer: Writer, spec: FieldSpec, read: Read) -> dict[str, str]:
    """Write the order number, or the link that must be known before it is."""
    source = writer.source
    name, kind = source.name("number"), source.name("kind")
    source.line(f"{name} = {kind} = None")
    for one in spec.any or (spec,):
        with source.block(f"if {name} is None:"):
            source.line(f"{name} = {writer.text(one, compile_text(one, writer.defaults))}")
            source.line(f"{kind} = {source.value('kind', one.link) if one.link else None}")
    with source.block(f"if {name} is None or len({name}) > {min(LINKED, WIDTHS['order_no'])}:"):
        source.line(UNUSUAL)
    if not any(one.link for one in spec.any or (spec,)):
        return {"order_no": name}
    link, made = source.value("Link", Link), source.value("made", tuple.__new__)
    return {
        "order_no": f"{name} if {kind} is None else None",
        "waits_for": f"None if {kind} is None else {made}({link}, ({kind}, {name}))",
    }


def _status(writer: Writer, kept: dict[str, FieldSpec], thorough: Thorough, deleted: str) -> dict[str, str]:
    source, said = writer.source, {}
    if thorough.status is not None:
        found = writer.value(kept["status"], thorough.status)
        if thorough.needs_status:
            with source.block(f"if {found} is None and not {deleted}:"):
                source.line(UNUSUAL)
        names = ("status", "lo", "hi", "code", "unknown_code")
        said = {name: source.name(name) for name in names}
        open_ = source.value("open", (None, 0, TOP, None, False))
        source.line(f"{', '.join(said.values())} = {found} or {open_}")
    if "side" in kept:
        said["side"] = writer.value(kept["side"], thorough.side)
    if thorough.money is not None:
        said["money"] = writer.value(kept["money"], thorough.money)
    return said


def _quantities(writer: Writer, spec: StreamMapping, thorough: Thorough, deleted: str) -> dict[str, str]:
    """Write quantities and lines; a quantity out of its limits is unusual, as is an order without any."""
    source, lists, said = writer.source, Lists(writer), {}
    summed = {name: lists.sum(spec.fields[name]) for name in thorough.quantities}
    if thorough.lines is not None:
        said["lines"] = lists.lines(spec.extras["lines"]) or ""
    lists.write()
    returned = writer.flag(spec.returns)
    least, most = _limits(source, thorough.rules.limits.quantity, returned)
    for name, read in thorough.quantities.items():
        paths = sees(spec.fields[name])
        if paths is not None and spec.returns is None:
            said[name] = writer.remembered(_checked(read, thorough.rules.limits.quantity), paths)
            continue
        said[name] = summed[name] or writer.value(spec.fields[name], read)
        with source.block(f"if {said[name]} is not None and not {least} <= {said[name]} <= {most}:"):
            source.line(UNUSUAL)
    if thorough.needs_quantity:
        nothing = " and ".join(f"{said[name]} is None" for name in thorough.quantities)
        with source.block(f"if {nothing} and not {deleted}:"):
            source.line(UNUSUAL)
    return said | _taken_back(source, said, returned)


def _checked(read: Read, limit: Decimal) -> Read:
    """Return `read` with what is negative or beyond the limit left to the thorough way."""

    def checked(item: Any, sight: Sight) -> Any:
        quantity = read(item, sight)
        if quantity is not None and not ZERO <= quantity <= limit:
            raise Unusual
        return quantity

    return checked


def _limits(source: Source, limit: Decimal, returned: str) -> tuple[str, str]:
    """Write between what a quantity lies: what takes back is signed."""
    zero, most = source.value("zero", ZERO), source.value("limit", limit)
    if returned == "False":
        return zero, most
    least = source.name("least")
    source.line(f"{least} = {source.value('least', -limit)} if {returned} else {zero}")
    return least, most


def _taken_back(source: Source, said: dict[str, str], returned: str) -> dict[str, str]:
    """Write what a document that takes back says: what came back, and nothing else."""
    if returned == "False":
        return {}
    signed = [said[name] for name in ("returned", "shipped", "ordered") if name in said]
    now = {name: source.name(name) for name in QUANTITIES if name in said or name == "returned"}
    for name, new in now.items():
        source.line(f"{new} = {said.get(name)}")
    with source.block(f"if {returned}:"):
        back = source.name("back")
        source.line(f"{back} = None")
        for one in reversed(signed):
            source.line(f"{back} = {back} if {one} is None else {one}")
        source.line(f"{' = '.join(now.values())} = None")
        source.line(f"{now['returned']} = None if {back} is None else abs({back})")
    return {**now, "is_return": returned}


def _beside(writer: Writer, spec: StreamMapping, thorough: Thorough, lines: str) -> dict[str, str]:
    """Write the extras, lines that are not so simple, and links."""
    source, said = writer.source, {}
    if thorough.extras:
        said["extras"] = source.name("extras")
        source.line(f"{said['extras']} = {{}}")
        for name, read in thorough.extras.items():
            value = write_extra(writer, name, spec.extras[name], read)
            with source.block(f"if {value} is not None:"):
                source.line(f"{said['extras']}[{source.value('name', name)}] = {value}")
    if thorough.lines is not None and not lines:
        said["lines"] = writer.call(thorough.lines)
    if thorough.links:
        said["links"] = write_links(writer, spec.links, thorough.links)
    if thorough.adds:
        adds, back = source.value("adds", thorough.adds), source.value("adds", Added.RETURNED)
        said["adds"] = adds if spec.returns is None else f"{back} if {writer.flag(spec.returns)} else {adds}"
    return said
