r"""Raw records as they are kept: JSON that gives back exactly what the connector gave.

Plain JSON would turn a driver's Decimal, date or bytes into text, and a replay would then read another
record than the one that came. What JSON does not know is wrapped: {"\u0001decimal": "1.50"}, under a name
that no source can send.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import orjson

from hub.model import Record

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME
_MARK = "\x01"
_MARKED = rb'"\u0001'
_UNWRAP: dict[str, Callable[[str], Any]] = {
    _MARK + "decimal": Decimal,
    _MARK + "datetime": datetime.fromisoformat,
    _MARK + "date": date.fromisoformat,
    _MARK + "time": time.fromisoformat,
    _MARK + "bytes": base64.b64decode,
    _MARK + "int": int,
}


def pack(record: Record) -> bytes:
    """Return `record` as UTF-8 JSON with sorted keys: equal records give equal bytes."""
    try:
        return orjson.dumps(record, _wrap, _OPTIONS)
    except orjson.JSONEncodeError:
        # integers past 64 bits, broken surrogates: rare, so the slow way is good enough
        return orjson.dumps(_plain(record), _wrap, _OPTIONS)


def pack_all(records: Sequence[Record]) -> list[bytes]:
    """Return what `pack` gives for each of `records`."""
    dumps = orjson.dumps
    try:
        return [dumps(record, _wrap, _OPTIONS) for record in records]
    except orjson.JSONEncodeError:
        return [pack(record) for record in records]


def enclose(raw: bytes, meta: Mapping[str, Any]) -> bytes:
    """Return a packed record together with the `meta` that it came with (JSON text holds no line break)."""
    return raw + b"\n" + pack(dict(meta)) if meta else raw


def disclose(raw: bytes) -> tuple[Record, Record]:
    """Return the record and the meta that `enclose` put together."""
    record, _, meta = raw.partition(b"\n")
    return unpack(record), unpack(meta) if meta else {}


def unpack(raw: bytes) -> Record:
    """Return the record that `pack` took; a broken one that never was a record comes back under "raw"."""
    try:
        record = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {"raw": raw.decode("utf-8", "backslashreplace")}
    opened = _open(record) if _MARKED in raw else record
    return opened if isinstance(opened, dict) else {"raw": opened}


def _wrap(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {_MARK + "decimal": str(value)}
    if isinstance(value, datetime):
        return {_MARK + "datetime": value.isoformat()}
    if isinstance(value, date):
        return {_MARK + "date": value.isoformat()}
    if isinstance(value, time):
        return {_MARK + "time": value.isoformat()}
    if isinstance(value, bytes | bytearray | memoryview):
        return {_MARK + "bytes": base64.b64encode(value).decode()}
    raise TypeError(f"{type(value).__name__} cannot be kept as a raw value")


def _plain(value: Any) -> Any:
    """Return `value` without what orjson refuses outright."""
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 63:
        return {_MARK + "int": str(value)}
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def _open(value: Any) -> Any:
    if isinstance(value, list):
        return [_open(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (name, inner), *_ = value.items()
        if name in _UNWRAP and isinstance(inner, str):
            return _UNWRAP[name](inner)
    return {name: _open(inner) for name, inner in value.items()}
