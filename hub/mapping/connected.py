"""What a mapping takes from its connection: `company: =conn.extra.company` (one file, several accounts).

The value is put in place of the FIELD before anything is compiled, so that it belongs to the version of what
is read like every other constant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hub.config import Connection, connection
from hub.errors import MappingError
from hub.mapping.fieldspec import FieldSpec
from hub.mapping.grammar import StreamMapping, SystemMapping

_SIGN = "=conn."
_GROUPS = ("fields", "extras", "links")

Value = Callable[[str], str]


def connected(mapping: SystemMapping, env: Mapping[str, str]) -> SystemMapping:
    """Return `mapping` with what its FIELDs take from the connection (`AIRFLOW_CONN_*` of `env`).

    The connection is not looked at where no FIELD asks for it. Raises ConfigError if it is not set, and
    MappingError for a value that it does not have.
    """
    if not any(_asks(one) for stream in mapping.streams.values() for one in _fields(stream)):
        return mapping
    known = words(connection(mapping.connection or mapping.system, env))
    return with_values(mapping, known)


def words(conn: Connection) -> dict[str, Any]:
    """Return what a FIELD may take from a connection: nothing that is secret by itself."""
    return {"host": conn.host, "port": conn.port, "schema": conn.schema, "extra": dict(conn.extra)}


def with_values(mapping: SystemMapping, known: Mapping[str, Any]) -> SystemMapping:
    """Return `mapping` with its FIELDs filled from `known` (host, port, schema, extra)."""

    def value(path: str) -> str:
        found: Any = known
        for step in path.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
        if found is None or found == "" or isinstance(found, Mapping | list):
            raise MappingError("mapping.no_connection_value", file=mapping.path.name, name=f"conn.{path}")
        return str(found)

    return _filled(mapping, value)


def with_names(mapping: SystemMapping) -> SystemMapping:
    """Return `mapping` with the name of each value in its place, where there is no connection to ask."""
    return _filled(mapping, lambda path: f"conn.{path}")


def _filled(mapping: SystemMapping, value: Value) -> SystemMapping:
    return mapping.model_copy(
        update={"streams": {name: _stream(one, value) for name, one in mapping.streams.items()}}
    )


def _stream(stream: StreamMapping, value: Value) -> StreamMapping:
    if not any(_asks(one) for one in _fields(stream)):
        return stream
    filled = {
        group: {name: _field(one, value) for name, one in getattr(stream, group).items()} for group in _GROUPS
    }
    return stream.model_copy(update=filled)


def _field(spec: FieldSpec, value: Value) -> FieldSpec:
    """Return a FIELD whose values from the connection are constants; `codes` and `strip` work on them too."""
    parts: dict[str, Any] = {"any": tuple(_field(one, value) for one in spec.any)} if spec.any else {}
    if any(one.startswith(_SIGN) for one in spec.from_):
        parts |= {"from_": (), "const": value(spec.from_[0].removeprefix(_SIGN))}
    return spec.model_copy(update=parts) if parts else spec


def _asks(spec: FieldSpec) -> bool:
    return any(one.startswith(_SIGN) for one in spec.from_) or any(_asks(one) for one in spec.any)


def _fields(stream: StreamMapping) -> Iterator[FieldSpec]:
    return (one for group in _GROUPS for one in getattr(stream, group).values())
