"""JSON in and out without loss: a number with a fraction is a Decimal, never a float, in both directions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NoReturn

import msgspec
import orjson

from connectors.contract import Buffer

_EXACT = msgspec.json.Decoder(float_hook=Decimal)


def read(body: Buffer) -> Any:
    """Return what JSON in UTF-8 says; of a name said twice the last counts. ValueError for what is none.

    Numbers with a fraction or exponent are Decimal, whole numbers exact at any size; NaN and infinity are
    refused. As fast as orjson, which could only make floats of them.
    """
    try:
        return _EXACT.decode(body)
    except msgspec.MsgspecError:  # half a surrogate pair, say, which vendors do send; or no JSON at all
        return json.loads(bytes(body), parse_float=Decimal, parse_constant=_refuse)


def written(value: Any) -> bytes:
    """Return `value` as compact JSON in UTF-8; a Decimal as a plain number with all its digits."""
    try:
        return orjson.dumps(value, _plain, orjson.OPT_NON_STR_KEYS)
    except orjson.JSONEncodeError:
        return orjson.dumps(_with_large(value), _plain, orjson.OPT_NON_STR_KEYS)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value:f}".encode())
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")


def _with_large(value: Any) -> Any:
    """Let whole numbers past 64 bits through, which orjson refuses."""
    if isinstance(value, Mapping):
        return {name: _with_large(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_with_large(one) for one in value]
    large = isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**64
    return orjson.Fragment(str(value).encode()) if large else value
