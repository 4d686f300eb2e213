"""Values that are sent: a constant, ``=expr`` that keeps its type, or text with ``{{ expr }}`` in it.

A lone ``=`` is just that sign, ``==x`` sends the text ``=x``. Expressions run in Jinja's immutable sandbox;
a name that is not there raises NameMissing, which is no fault of the mapping but a state of what is sent;
`if` and `or` may ask for it, and take it for no.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, TemplateError, Undefined, UndefinedError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from hub.errors import MappingError
from hub.mapping.filters import FILTERS

READ_NAMES = (
    "since", "next", "page", "offset", "last", "size", "until", "keys", "key", "serial", "nonce",
)  # fmt: skip
"""Names that a reading call may mention beside `conn`, `now`, `item` and what `take` took."""

_QUOTED_NAME = re.compile(r"'([^']+)' is undefined")


class _NotThere(StrictUndefined):
    """A name that is not there: to use it is an error, to ask for it is not (`since or y`)."""

    __slots__ = ()

    def __bool__(self) -> bool:  # type: ignore[override]  # asking is what this one allows
        return False


class NameMissing(MappingError):
    """An expression needs `name`, which is not there (yet)."""

    def __init__(self, name: str, expression: str) -> None:
        """Take the missing name and the expression that wants it."""
        super().__init__("mapping.name_missing", name=name, expression=expression)
        self.name = name


@dataclass(frozen=True, slots=True)
class Value:
    """A compiled value: the `names` it mentions (first words only) and `render`, which fills it."""

    source: Any
    names: frozenset[str]
    render: Callable[[Mapping[str, Any]], Any]

    @property
    def constant(self) -> bool:
        """Tell whether the value mentions no name."""
        return not self.names


def compile_value(source: Any) -> Value:
    """Compile a leaf, or a structure of dicts and lists with such leaves.

    Raises MappingError ("mapping.bad_expression") for what does not compile.
    """
    if isinstance(source, str):
        return _compile_text(source)
    if isinstance(source, dict):
        return _compile_map(source)
    if isinstance(source, list | tuple):
        parts = [compile_value(one) for one in source]
        return Value(source, _all_names(parts), lambda names: [part.render(names) for part in parts])
    return Value(source, frozenset(), lambda names: source)


def _compile_map(source: dict[Any, Any]) -> Value:
    parts = {key: compile_value(one) for key, one in source.items()}
    return Value(
        source,
        _all_names(parts.values()),
        lambda names: {key: part.render(names) for key, part in parts.items()},
    )


def _all_names(parts: Any) -> frozenset[str]:
    return frozenset().union(*(part.names for part in parts))


@lru_cache(maxsize=4096)
def _compile_text(source: str) -> Value:
    if source.startswith("==") or source == "=":
        plain = source[1:] or source
        return Value(source, frozenset(), lambda names: plain)
    if source.startswith("="):
        return _expression(source, source[1:])
    if "{{" in source or "{%" in source:
        return _template(source)
    return Value(source, frozenset(), lambda names: source)


def _expression(source: str, expression: str) -> Value:
    try:
        found = _names("{{ (" + expression + ") }}")
        compiled = _ENVIRONMENT.compile_expression(expression, undefined_to_none=False)
    except TemplateError as error:
        raise MappingError("mapping.bad_expression", expression=source, reason=str(error)) from error

    def render(names: Mapping[str, Any]) -> Any:
        value = _guarded(source, lambda: compiled(**names))
        if isinstance(value, Undefined):
            raise NameMissing(str(value._undefined_name), source)
        return value

    return Value(source, found, render)


def _template(source: str) -> Value:
    if "{%" in source:
        raise MappingError("mapping.statement_in_text", expression=source)
    try:
        found = _names(source)
        compiled = _ENVIRONMENT.from_string(source)
    except TemplateError as error:
        raise MappingError("mapping.bad_expression", expression=source, reason=str(error)) from error
    return Value(source, found, lambda names: _guarded(source, lambda: compiled.render(**names)))


def _names(template: str) -> frozenset[str]:
    return frozenset(meta.find_undeclared_variables(_ENVIRONMENT.parse(template)))


def _guarded(source: str, work: Callable[[], Any]) -> Any:
    try:
        return work()
    except UndefinedError as error:
        name = _QUOTED_NAME.search(str(error))
        raise NameMissing(name[1] if name else str(error), source) from error
    except (TemplateError, TypeError, ValueError, ArithmeticError, AttributeError, LookupError) as error:
        raise MappingError("mapping.expression_failed", expression=source, reason=str(error)) from error


def _shown(value: Any) -> Any:
    """Return what `{{ value }}` writes: no exponent, no "None", no "True"."""
    if value is None:
        raise UndefinedError("'null' is undefined")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=_NotThere, finalize=_shown, autoescape=False)
    environment.globals.clear()
    environment.filters.update(FILTERS)
    return environment


_ENVIRONMENT = _environment()
