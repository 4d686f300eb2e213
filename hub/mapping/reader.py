"""A stream's mapping compiled once: records in the system's words become facts in the hub's.

Pure: the same record, surroundings and time of reading give the same facts. Nothing of an order is guessed:
a core value that is wrong or beyond the limits is a RecordError, and the record goes to quarantine whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from hub.errors import MappingError, RecordError
from hub.mapping import hooks, ladder, paths
from hub.mapping.compiled import SKIPPED, Unusual, compile_usual
from hub.mapping.extras import listed, within
from hub.mapping.fieldspec import FieldSpec
from hub.mapping.fingerprint import fingerprint, record_key, record_keys
from hub.mapping.grammar import StreamMapping, SystemMapping
from hub.mapping.support import require_readable
from hub.mapping.texts import fitting, is_true, text_of
from hub.mapping.thorough import WIDTHS, Thorough
from hub.mapping.values import Defaults, Sight
from hub.model import Fact, Record, Status
from hub.rules import Rules

__all__ = ["WIDTHS", "Reader", "Reading", "all_paths", "defaults_of", "fitting", "mentions_surroundings"]


@dataclass(slots=True)
class Reading:
    """What one record came to: its facts; `skipped` if the mapping says that it is no order (yet).

    `version` is the source's own version of the record (ETag, revision), where the mapping names one.
    """

    facts: list[Fact] = field(default_factory=list)
    skipped: bool = False
    version: str | None = None


class Reader:
    """Reads the records of one stream of one system.

    `kind` is "order" or "event"; `sayable` the statuses the stream can say; `keeps` the core fields that it
    does not know and that stand as last said; `version` (16 hex) changes when the same record would be read
    differently.
    """

    def __init__(self, mapping: SystemMapping, stream: str, rules: Rules) -> None:
        """Compile `stream`; MappingError if it says something that this version cannot do."""
        require_readable(mapping, stream)
        spec = mapping.streams[stream]
        if not spec.is_order:
            raise MappingError("mapping.no_order_stream", file=mapping.path.name, yields=spec.yields)
        steps = ladder.ladder(mapping)
        self.system, self.stream = mapping.system, stream
        self.kind = spec.yields
        self.sayable = ladder.sayable(spec)
        self.keeps = tuple(name for name, one in spec.fields.items() if one.keep)
        self.version = fingerprint(mapping, spec, steps, rules)
        self.key: Callable[[Record], str] = record_key(spec)
        self._keys = record_keys(spec)
        self._hook = hooks.load(mapping).record
        self._compile(spec, defaults_of(mapping, spec, rules), steps)

    def _compile(self, spec: StreamMapping, defaults: Defaults, steps: tuple[Status, ...]) -> None:
        self._scoped = mentions_surroundings(spec)
        self._skip, self._version, self._each = (
            defaults.path(path) if path else None for path in (spec.skip, spec.version, spec.each)
        )
        self._future = defaults.rules.future
        self._thorough = Thorough(spec, defaults, steps, scoped=self._scoped)
        self._usual = compile_usual(spec, defaults, self._thorough)
        self._simple = not (self._hook or self._scoped or spec.version or spec.each)

    def read(self, record: Record, meta: Mapping[str, Any], read_at: datetime) -> Reading:
        """Return what `record` says, read at `read_at` (aware UTC) with `meta` around it.

        Raises RecordError whose key is the reason for quarantine.
        """
        (found,) = self.read_all((record,), meta, read_at)
        if isinstance(found, RecordError):
            raise found
        return found

    def read_all(
        self, records: Iterable[Record], meta: Mapping[str, Any], read_at: datetime
    ) -> list[Reading | RecordError]:
        """Return for every record of a page what it says, or why it goes to quarantine, in their order.

        The same as `read` record by record, and cheaper: this is the way in for whole pages.
        """
        page = _Page(read_at, read_at.date(), read_at + self._future, Sight())
        usual, (_, today, latest, sight) = self._usual, page
        found: list[Reading | RecordError] = []
        for record in records:
            try:
                if self._simple and record.__class__ is dict:
                    fact = usual(record, sight, today, latest)
                    if fact is not None:
                        found.append(Reading([fact]) if fact is not SKIPPED else Reading([], True))
                        continue
            except (RecordError, Unusual):
                pass  # read once more, thoroughly
            sight.warnings.clear()
            try:
                found.append(self._read(record, meta, page))
            except RecordError as error:
                found.append(error)
        return found

    def keys_of(self, records: Iterable[Record]) -> list[str]:
        """Return the keys of a page of records, as `key` does for one."""
        return self._keys(records)

    def _read(self, record: Record, meta: Mapping[str, Any], page: _Page) -> Reading:
        if not isinstance(record, dict):
            raise RecordError("mapping.not_a_record", found=type(record).__name__)
        if self._hook is not None:
            made = self._hook(record)
            if made is None:
                return Reading([], True)
            record = made
        seen = {**record, "meta": meta} if self._scoped else record
        version = text_of(self._version(seen)) if self._version else None
        if self._skip is not None and is_true(self._skip(seen)):
            return Reading([], True, version)
        if self._each is None:
            return Reading([self._fact(seen, page)], False, version)
        items = listed(self._each(seen) or [])
        return Reading([self._fact(within(item, seen, self._scoped), page) for item in items], False, version)

    def _fact(self, item: Any, page: _Page) -> Fact:
        """Return the fact of one item: the usual way if it can be, else thoroughly."""
        try:
            fact = None if self._simple else self._usual(item, page.sight, page.today, page.latest)
        except (RecordError, Unusual):
            fact = None
        page.sight.warnings.clear()
        return self._thorough.fact(item, page.read_at) if fact is None else fact


class _Page(NamedTuple):
    """What the items of a page share: when it was read, the latest stamp believed, what is met on the way."""

    read_at: datetime
    today: date
    latest: datetime
    sight: Sight


def defaults_of(mapping: SystemMapping, spec: StreamMapping, rules: Rules) -> Defaults:
    """Return what holds for the fields of a stream: its own word, else the system's."""
    time = mapping.time
    if spec.time is not None:
        time = time.model_copy(update={name: getattr(spec.time, name) for name in spec.time.model_fields_set})
    return Defaults(mapping.system, time, spec.numbers or mapping.numbers, spec.text or mapping.text, rules)


def mentions_surroundings(spec: StreamMapping) -> bool:
    """Tell whether any path of the stream begins with `meta` or `up`."""
    said = [one for one in (spec.skip, spec.each, spec.deleted, spec.returns, spec.version) if one]
    fields = [*spec.fields.values(), *spec.extras.values(), *spec.links.values()]
    said += [path for one in fields for path in all_paths(one)]
    return any(paths.roots(path) for path in said)


def all_paths(spec: FieldSpec) -> list[str]:
    """Return every path in a FIELD, those that see its items included."""
    return [*spec.paths(), *(path for inner in spec.as_.values() for path in all_paths(inner))]
