"""What makes two readings comparable: the version of a stream's read half, and the key of a record."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any

import orjson

from hub.errors import RecordError
from hub.mapping.fieldspec import FieldSpec
from hub.mapping.grammar import StreamMapping, SystemMapping
from hub.mapping.paths import compile_path
from hub.mapping.texts import text_of
from hub.model import Record, Status
from hub.rules import Rules

ENGINE = 1
"""Raised when this package reads the same record differently under the same mapping."""

KEY_LENGTH = 200


def fingerprint(mapping: SystemMapping, spec: StreamMapping, steps: Sequence[Status], rules: Rules) -> str:
    """Return the version of a stream's read half: 16 hex over all that decides how a record is read.

    The ladder of the whole system belongs to it (a status that another stream learns to say narrows the
    ranges of this one), and so do units and SKU codes where the stream uses them.
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
        _catalogue(rules) if any(_measures(one) for one in fields) else None,
    ]  # fmt: skip
    return _digest(said, 8)


def _measures(spec: FieldSpec) -> bool:
    return (
        bool(spec.unit or spec.sku)
        or any(_measures(one) for one in (*spec.any, *spec.as_.values()))
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
    """Return a function to the key of a record: `key`, else that of the cursor, else a digest."""
    path = spec.key or (spec.read.cursor[1] if spec.read.cursor else None)
    get = compile_path(path) if path else None

    def key(record: Record) -> str:
        try:
            text = text_of(get(record)) if get is not None and isinstance(record, dict) else None
        except RecordError:
            text = None
        if text is None:
            return "#" + _digest(record, 16)
        return text if len(text) <= KEY_LENGTH else "#" + _digest(text, 16)

    return key


def _digest(said: Any, size: int) -> str:
    try:
        packed = orjson.dumps(said, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except TypeError:  # what orjson refuses and a source may send: half characters, integers past 64 bits
        packed = json.dumps(said, default=str, sort_keys=True).encode()
    return blake2b(packed, digest_size=size).hexdigest()
