"""What makes two readings comparable: the version of a stream's read half, and the key of a record."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from typing import Any

import orjson

from hub.errors import RecordError
from hub.mapping import hooks, paths
from hub.mapping.fieldspec import FieldSpec
from hub.mapping.grammar import StreamMapping, SystemMapping
from hub.mapping.paths import compile_path
from hub.mapping.texts import text_of
from hub.model import Record, Status
from hub.rules import Rules

ENGINE = 2
"""Raised when this package reads the same record differently under the same mapping."""

KEY_LENGTH = 200
_SIGNS = re.compile(r"[\\|]")


def fingerprint(mapping: SystemMapping, spec: StreamMapping, steps: Sequence[Status], rules: Rules) -> str:
    """Return the version of a stream's read half: 16 hex over all that decides how a record is read.

    The ladder of the whole system belongs to it (a status that another stream learns to say narrows the
    ranges of this one), and so do units and SKU codes where the stream uses them, and the hook's source.
    """
    half = spec.model_dump(mode="json", exclude={"examples", "sweep", "read"}, exclude_defaults=True)
    fields = [*spec.fields.values(), *spec.extras.values()]
    time, text = (
        part.model_dump(mode="json", exclude_defaults=True) for part in (mapping.time, mapping.text)
    )
    ranks = [int(step) for step in steps]
    company = None if "company" in spec.fields else rules.company
    said = [
        ENGINE, mapping.system, half, time, mapping.numbers, text, ranks, company, spec.read.cursor,
        _catalogue(rules) if any(measures(one) for one in fields) else None,
    ]  # fmt: skip
    return _digest([*said, hooks.load(mapping).digest] if mapping.hook else said, 8)


def measures(spec: FieldSpec) -> bool:
    """Tell whether a FIELD may look into the company's units and SKUs."""
    return (
        bool(spec.unit or spec.sku)
        or any(measures(one) for one in (*spec.any, *spec.as_.values()))
        or bool(spec.each)
    )


def _catalogue(rules: Rules) -> str:
    catalogue = rules.catalogue
    factors = sorted((*key, f"{factor.normalize():f}") for key, factor in catalogue.factors.items())
    meanings = sorted(
        (*key, one.sku, str(one.start), str(one.end))
        for key, known in catalogue.meanings.items()
        for one in known
    )
    return _digest([factors, meanings], 8)


def record_key(spec: StreamMapping) -> Callable[[Record], str]:
    """Return a function to the key of a record: `key`, else that of the cursor, else a digest.

    Events are each a record of their own: where a stream names both key and `event_id` the two together are
    the key, so that two events under one number (of a delivery, say) never stand for one another.
    """
    path = _key_path(spec)
    get = compile_path(path) if path else None
    event = _event_path(spec)
    get_event = compile_path(event) if event is not None and event != path else None

    def key(record: Record) -> str:
        text = _text(get, record)
        if text is None:
            return "#" + _digest(record, 16)
        named = _text(get_event, record)
        text = text if named is None else f"{text}|{named}"
        return text if len(text) <= KEY_LENGTH else "#" + _digest(text, 16)

    return key


def _event_path(spec: StreamMapping) -> str | None:
    """Return the path of an event's id where a record is one event and the id stands in it as it is."""
    named = spec.fields.get("event_id")
    if spec.yields != "event" or spec.each is not None or named is None or len(named.from_) != 1:
        return None
    return named.from_[0]


def _text(get: Callable[[Any], Any] | None, record: Any) -> str | None:
    """Return the text that `get` finds in `record`, None if it finds none; of several all, told apart."""
    if get is None or not isinstance(record, dict):
        return None
    try:
        value = get(record)
        if not isinstance(value, list):
            return text_of(value)
        parts = [text_of(one) for one in value]
    except RecordError:
        return None
    return "|".join(_SIGNS.sub(r"\\\g<0>", part or "") for part in parts) if any(parts) else None


def record_keys(spec: StreamMapping) -> Callable[[Iterable[Record]], list[str]]:
    """Return a function to the keys of many records; faster than one by one where the key is a plain name."""
    key, path = record_key(spec), _key_path(spec)
    name = paths.only(path) if path else None
    if name is None or len(name) > 1 or _event_path(spec) not in (None, path):
        return lambda records: [key(record) for record in records]
    field = name[0]

    def keys(records: Iterable[Record]) -> list[str]:
        found = []
        for record in records:
            value = record.get(field) if record.__class__ is dict else None
            if value.__class__ is int:
                found.append(str(value))
                continue
            text = value.strip() if value.__class__ is str else ""
            usual = text and len(text) <= KEY_LENGTH and text.isascii() and "\0" not in text
            found.append(text if usual else key(record))
        return found

    return keys


def _key_path(spec: StreamMapping) -> str | None:
    return spec.key or (spec.read.cursor[1] if spec.read.cursor else None)


def _digest(said: Any, size: int) -> str:
    try:
        packed = orjson.dumps(said, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except TypeError:  # what orjson refuses and a source may send: half characters, integers past 64 bits
        packed = json.dumps(said, default=str, sort_keys=True).encode()
    return blake2b(packed, digest_size=size).hexdigest()
