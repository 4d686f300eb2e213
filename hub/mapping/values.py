"""FIELDs compiled to functions: record in, one typed value out, None where the source does not say it.

Every compiled function takes the record (with `meta` and `up` in it where the stream mentions them) and a
`Sight`, which carries what one fact needs on the way: the day for dated codes, and warnings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple, TypeVar

from hub.errors import RecordError
from hub.mapping.clocks import joining
from hub.mapping.codes import matcher
from hub.mapping.fieldspec import FieldSpec, TextSpec, TimeSpec
from hub.mapping.numbers import compile_number
from hub.mapping.paths import Getter, alternatives, compile_path
from hub.mapping.texts import stripper, text_of
from hub.mapping.times import Moment, compile_time, is_no_time
from hub.mapping.zones import stated_zone
from hub.model import Link, Says
from hub.rules import Rules

T = TypeVar("T")


@dataclass(slots=True)
class Sight:
    """What the fields of one fact share while it is read."""

    day: date | None = None
    warnings: list[str] = field(default_factory=list)


class Stamp(NamedTuple):
    """A moment, what it says, and how to get at the raw text that it was read from."""

    moment: Moment
    says: Says
    raw: Callable[[], str]


Texting = Callable[[Any, Sight], str | None]
Timing = Callable[[Any, Sight], Moment | None]
Stamping = Callable[[Any, Sight], Stamp | None]


@dataclass(frozen=True)
class Defaults:
    """What holds for every field of a stream unless the field says otherwise."""

    system: str
    time: TimeSpec
    numbers: str | None
    text: TextSpec
    rules: Rules

    def path(self, expression: str) -> Getter:
        """Return the getter of a path, trimming as the mapping says."""
        return compile_path(expression, trim=self.text.trim, unwrap=self.text.unwrap)


def raw(spec: FieldSpec, defaults: Defaults) -> Getter:
    """Return a function from the record to the raw value of a `const` or a `from`."""
    if spec.const is not None:
        return lambda record: spec.const
    if not spec.from_:
        return lambda record: None
    if not spec.joined:
        return defaults.path(spec.from_[0])
    getters = [defaults.path(one) for one in spec.from_]

    def joined(record: Any) -> str | None:
        parts = [text_of(get(record)) for get in getters]
        return None if all(part is None for part in parts) else " ".join(part or "-" for part in parts)

    return joined


def beside(spec: FieldSpec, defaults: Defaults) -> Getter:
    """Return a function to the unit or currency that stands beside a number in the same field."""
    get, parse = raw(spec, defaults), compile_number(spec.numbers or defaults.numbers, unit=True)
    return lambda record: parse(get(record))[1]


def first_of(functions: Sequence[Callable[[Any, Sight], T | None]]) -> Callable[[Any, Sight], T | None]:
    """Return the alternatives as one function: the first that gives a value wins."""

    def first(record: Any, sight: Sight) -> T | None:
        for function in functions:
            value = function(record, sight)
            if value is not None:
                return value
        return None

    return first


def compile_text(spec: FieldSpec, defaults: Defaults) -> Texting:
    """Return a function to text: stripped, and translated by `codes` where there are any.

    With `unit: true` it is the unit (or currency) beside a number. False is no text but none, as Odoo has it;
    only a code table knows what else it may mean.
    A code that the table does not have raises RecordError("mapping.code_unknown").
    """
    if spec.any:
        return first_of([compile_text(one, defaults) for one in spec.any])
    get = beside(spec, defaults) if spec.unit is True else raw(spec, defaults)
    strip, default = stripper(spec.strip), spec.default
    # null in the table: this code says nothing
    table = {code: words[0] if words else "" for code, words in spec.codes.items()}
    match = matcher(table) if table else None

    def read(record: Any, sight: Sight) -> str | None:
        value = get(record)
        text = None if value is False and match is None else text_of(value)
        if text is not None and strip is not None:
            text = strip(text) or None
        if match is not None and (text is not None or default is None):
            meaning = match(text or "")
            if meaning is None and text is not None:
                raise RecordError("mapping.code_unknown", code=text)
            text = meaning or None
        return default if text is None else text

    return read


def compile_reference(spec: FieldSpec, defaults: Defaults) -> Callable[[Any, Sight], str | Link | None]:
    """Return a function to an order number, or to the link that must be known before the number is."""
    if spec.any:
        return first_of([compile_reference(one, defaults) for one in spec.any])
    read = compile_text(spec, defaults)
    if spec.link is None:
        return read
    kind = spec.link

    def waiting(record: Any, sight: Sight) -> Link | None:
        value = read(record, sight)
        return None if value is None else Link(kind, value)

    return waiting


def compile_links(spec: FieldSpec, defaults: Defaults) -> Callable[[Any, Sight], Sequence[str]]:
    """Return a function to the numbers of one kind: none, one, or a list of them."""
    strip = stripper(spec.strip)
    if spec.any or spec.joined or spec.codes or spec.const is not None:
        read = compile_text(spec, defaults)

        def one(record: Any, sight: Sight) -> Sequence[str]:
            value = read(record, sight)
            return () if value is None else (value,)

        return one
    get = raw(spec, defaults)

    def several(record: Any, sight: Sight) -> Sequence[str]:
        value = get(record)
        items = value if isinstance(value, list) else (value,)
        texts = [text_of(item) for item in items if item is not False]
        return [kept for text in texts if text and (kept := strip(text) if strip else text)]

    return several


def compile_moment(spec: FieldSpec, defaults: Defaults) -> Timing:
    """Return a function to a Moment. Several paths are date and time (and offset), if they are there."""
    if spec.any:
        return first_of([compile_moment(one, defaults) for one in spec.any])
    formats, zone = spec.format or defaults.time.format, spec.zone or defaults.time.zone
    empty = spec.empty or defaults.time.empty
    parse, get, default = compile_time(formats, zone, empty), stamp_path(spec, defaults), spec.default
    offset = defaults.path(spec.offset) if spec.offset else None

    def read(record: Any, sight: Sight) -> Moment | None:
        stated = text_of(offset(record)) if offset is not None else None
        here = parse if stated is None else compile_time(formats, stated_zone(stated), empty)
        moment = here(get(record))
        if moment is None and default is not None:
            moment = here(default)
        if moment is not None and moment.warning:
            sight.warnings.append(moment.warning)
        return moment

    return read


def compile_stamp(spec: FieldSpec, defaults: Defaults, says: Says) -> Stamping:
    """Return a function to the stamp of a fact; `says` is what it says where the FIELD does not tell."""
    if several := either(spec):
        return first_of([compile_stamp(one, defaults, spec.says or says) for one in several])
    read, get, own = compile_moment(spec, defaults), stamp_path(spec, defaults), spec.says or says

    def stamp(record: Any, sight: Sight) -> Stamp | None:
        moment = read(record, sight)
        return None if moment is None else Stamp(moment, own, lambda: str(get(record)))

    return stamp


def either(spec: FieldSpec) -> tuple[FieldSpec, ...]:
    """Return the alternatives of a stamp, of which the first that is a time counts; none if it is one.

    `a || b` is two of them: a date of zeros is text that is there, and yet no time.
    """
    if spec.any or spec.joined or spec.offset is not None or spec.default is not None or not spec.from_:
        return spec.any
    parts = list(alternatives(spec.from_[0]))
    return tuple(spec.model_copy(update={"from_": (one.strip(),)}) for one in parts) if parts[1:] else ()


def stamp_path(spec: FieldSpec, defaults: Defaults) -> Getter:
    """Return the getter of a raw stamp, which may stand in several fields."""
    if not spec.joined:
        return raw(spec, defaults)
    getters = [defaults.path(one) for one in spec.from_]
    return _date_and_time(getters, joining(spec.format or defaults.time.format))


def _date_and_time(getters: list[Getter], join: Callable[[Any, Sequence[Any]], Any]) -> Getter:
    def joined(record: Any) -> Any:
        parts = [get(record) for get in getters]
        if is_no_time(parts[0]):
            return None
        return parts[0] if len(parts) == 1 else join(parts[0], parts[1:])

    return joined


def in_field(name: str, function: Callable[[Any, Sight], T]) -> Callable[[Any, Sight], T]:
    """Return `function` with the hub's name of the field put into its RecordErrors."""

    def named(record: Any, sight: Sight) -> T:
        try:
            return function(record, sight)
        except RecordError as error:
            error.field = error.field or name
            error.values["field"] = error.field
            raise

    return named
