"""`mapping schema`: the grammar as JSON Schema, for editors that complete and check while one types.

Made from the models, so that it cannot fall behind them; then the short forms that people write are let in
(a path for a FIELD, `table: T` for a CALL, one for a list of one).
"""

from __future__ import annotations

from typing import Any

from hub.mapping.callspec import CallSpec, all_verbs
from hub.mapping.grammar import CORE, EVENT, OPTIONS, SystemMapping
from hub.mapping.kinds import KINDS
from hub.mapping.meanings import meanings, meanings_of
from hub.mapping.writespec import ConfirmSpec
from hub.spec import Spec

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_SCALAR = ["string", "number", "boolean"]
_SHORT: dict[str, list[str]] = {
    "AuthSpec": ["string", "array"],
    "FieldSpec": ["string", "number", "array"],
    "Wsdl": ["string"],
}
"""What may stand instead of the map that a model is."""

_DURATION = r"^\s*(\d+\s*(ms|s|m|h|d)\s*)+$"
_PAIR = {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a mapping file."""
    schema: dict[str, Any] = SystemMapping.model_json_schema(by_alias=True)
    parts: dict[str, Any] = schema.pop("$defs")
    parts[SystemMapping.__name__] = schema
    for model in _subclasses(Spec):
        if model.__name__ in parts and model.__module__.startswith("hub.mapping"):
            _as_written(parts[model.__name__], model)
    _name_calls(parts)
    _name_fields(parts["StreamMapping"]["properties"])
    codes = parts["FieldSpec"]["properties"]["codes"]
    codes["additionalProperties"] = {"anyOf": [codes["additionalProperties"], {"type": "null"}]}
    top = parts.pop(SystemMapping.__name__)
    top["properties"] |= {key: {} for declared in OPTIONS.values() for key in sorted(declared)}
    parts = {name: _loosened(part) for name, part in parts.items()}
    return {"$schema": DIALECT, **_loosened(top), "title": "OrderHub mapping", "$defs": parts}


def _subclasses(model: type[Spec]) -> list[type[Spec]]:
    return [one for child in model.__subclasses__() for one in (child, *_subclasses(child))]


def _as_written(part: dict[str, Any], model: type[Spec]) -> None:
    """Take out what nobody writes, and let `x-…` keys stand anywhere."""
    for name in model.inner:
        part["properties"].pop(name, None)
    part["patternProperties"] = {"^x-": {}}
    for name, said in meanings_of(model).items():
        if name in part["properties"]:
            part["properties"][name] = _described(part["properties"][name], said)


def _described(node: dict[str, Any], said: str) -> dict[str, Any]:
    """Return a schema with what it means; beside a reference other keys may stand since 2019."""
    return {**node, "description": said}


def _name_calls(parts: dict[str, Any]) -> None:
    """Let a call be written with its verb as a key, and where parts of a call may stand."""
    call = parts[CallSpec.__name__]["properties"]
    call |= {verb: {"type": _SCALAR} for verb in sorted(all_verbs())}
    call |= {
        "cursor": _PAIR,
        "on": {"type": ["string", "array", "object"]},
        "take": {"type": ["string", "object"]},
    }
    parts[ConfirmSpec.__name__]["properties"] |= call
    sweep = parts["SweepSpec"]
    sweep["properties"] = {**call, "every": sweep["properties"]["every"]}
    sweep["required"] = ["every"]
    parts["UpdateSpec"] = {
        "type": ["object", "array"],
        "description": "A CALL (with buttons under `status`), or calls by field and by status.",
    }


def _name_fields(properties: dict[str, Any]) -> None:
    """Name the core fields, so that an editor offers them, and those of what is no order."""
    field, said = properties["fields"]["additionalProperties"], meanings("fields")
    others = [name for kind in KINDS.values() for name in kind.names if name not in said]
    named = {name: _described(field, said[name]) for name in (*CORE, *EVENT)}
    properties["fields"]["properties"] = {**dict.fromkeys(others, field), **named}


_NAMED = ("properties", "$defs", "patternProperties")
"""Maps whose keys are names, not words of the schema: a property may well be called `default`."""


def _loosened(node: Any) -> Any:
    """Return a schema that takes numbers for texts, one for several, null for unsaid, and short forms."""
    if isinstance(node, list):
        return [_loosened(one) for one in node]
    if not isinstance(node, dict):
        return node
    said = {"description": node["description"]} if "description" in node else {}
    short = _SHORT.get(str(node.get("$ref", "")).rpartition("/")[2])
    if short:
        return {**said, "anyOf": [{"type": short}, {"$ref": node["$ref"]}]}
    if node.get("format") == "duration":
        return {**said, "type": "string", "pattern": _DURATION}
    if node.get("type") == "string" and not node.keys() & {"enum", "const", "pattern", "format"}:
        return {**node, "type": _SCALAR}
    made = {name: _inner(name, one) for name, one in node.items() if name != "default"}
    if made.get("type") == "array" and "minItems" not in made:
        made.pop("description", None)
        return {**said, "anyOf": [made, made.get("items", {})]}
    return made


def _inner(name: str, node: Any) -> Any:
    if name in _NAMED and isinstance(node, dict):
        return {one: _loosened(inner) for one, inner in node.items()}
    return _loosened(node)
