"""What each key means, in one line: for editors, through the schema, and for docs/mapping.md."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from hub import yamlfile
from hub.mapping.callspec import CallSpec, ErrorsSpec, KindSpec, RowErrors, TrailerSpec
from hub.mapping.fieldspec import FieldSpec, TextSpec, TimeSpec
from hub.mapping.grammar import (
    AuthSpec,
    Example,
    Handshake,
    Limits,
    OAuth2,
    StreamMapping,
    SweepSpec,
    SystemMapping,
    Wsdl,
)
from hub.mapping.writespec import ConfirmSpec, Webhook, WriteSpec
from hub.spec import Spec

PARTS: dict[str, type[Spec]] = {
    "mapping": SystemMapping,
    "stream": StreamMapping,
    "field": FieldSpec,
    "call": CallSpec,
    "time": TimeSpec,
    "text": TextSpec,
    "sweep": SweepSpec,
    "example": Example,
    "errors": ErrorsSpec,
    "auth": AuthSpec,
    "oauth2": OAuth2,
    "csrf": Handshake,
    "limits": Limits,
    "wsdl": Wsdl,
    "trailer": TrailerSpec,
    "kind": KindSpec,
    "write": WriteSpec,
    "confirm": ConfirmSpec,
    "webhook": Webhook,
}
"""The parts of a mapping file by the name that their meanings stand under."""

_SAME: dict[type[Spec], str] = {RowErrors: "errors"}


def meanings(part: str) -> dict[str, str]:
    """Return the meaning of each key of a part, of each name, format or core field."""
    return _all()[part]


def meanings_of(model: type[Spec]) -> dict[str, str]:
    """Return the meaning of each key of a model, empty for a model without."""
    part = _SAME.get(model) or next((name for name, one in PARTS.items() if one is model), None)
    return meanings(part) if part else {}


@cache
def _all() -> dict[str, dict[str, str]]:
    data = yamlfile.load(Path(__file__).with_suffix(".yaml")).data
    return {part: {str(name): str(said) for name, said in keys.items()} for part, keys in data.items()}
