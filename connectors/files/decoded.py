"""Files that no format describes: the mapping's hook makes records of their bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO

from connectors.files.rows import Line, Rows, Unusable
from hub.errors import RecordError
from hub.mapping.hooks import Decode


def decoded(file: BinaryIO, decode: Decode, meta: Mapping[str, Any]) -> Rows:
    """Yield the records that a hook finds in a file, numbered from 1; it sees the bytes and `meta`."""
    file.seek(0)
    try:
        records = decode(file.read(), meta)
    except RecordError as error:
        raise Unusable("files.not_decoded", reason=error) from error
    for number, record in enumerate(records, 1):
        yield Line(number, record)
