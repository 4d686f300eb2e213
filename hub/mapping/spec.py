"""What the models of mapping files and of hub.yaml share: strict keys, kinds of values, errors with a place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from hub.problems import Problem, unknown
from hub.yamlfile import Document


_DURATION = re.compile(r"(\d+)\s*(ms|s|m|h|d)")
_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Spec(BaseModel):
    """A part of a file that people write: frozen, and a key it does not know is named with the nearest known one."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, arbitrary_types_allowed=True)

    @classmethod
    def names(cls) -> list[str]:
        """Return the keys as people write them."""
        return [field.alias or name for name, field in cls.model_fields.items() if not field.exclude]

    @model_validator(mode="wrap")
    @classmethod
    def _near_names(cls, value: Any, handler: Callable[[Any], Any]) -> Any:
        try:
            return handler(value)
        except ValidationError as error:
            raise ValidationError.from_exception_data(cls.__name__, [cls._named(one) for one in error.errors()]) from None

    @classmethod
    def _named(cls, one: ErrorDetails) -> InitErrorDetails:
        kind: str | PydanticCustomError = one["type"]
        context = one.get("ctx", {})
        if one["type"] == "extra_forbidden" and len(one["loc"]) == 1:
            kind = custom(*unknown(str(one["loc"][0]), cls.names()))
        elif "." in one["type"]:  # one of ours already
            kind = custom(one["type"], context)
        return {"type": kind, "loc": one["loc"], "input": one["input"], "ctx": context}


def custom(key: str, values: dict[str, Any] | None = None) -> PydanticCustomError:
    """Return a validation error whose type is the message `key` of the catalogue."""
    return PydanticCustomError(key, key.replace("{", "("), values or {})  # type: ignore[arg-type]  # wants a literal


def problems(error: ValidationError, document: Document, prefix: tuple[str | int, ...] = ()) -> list[Problem]:
    """Return pydantic's errors as problems with line and column of `document`."""
    return [_problem(one, document, prefix) for one in error.errors(include_url=False)]


_KEYS = {
    "missing": "mapping.missing_name",
    "extra_forbidden": "mapping.unknown_name",
    "string_type": "mapping.want_text",
    "literal_error": "mapping.want_one_of",
    "int_type": "mapping.want_whole",
    "int_parsing": "mapping.want_whole",
    "greater_than": "mapping.want_positive",
    "bool_type": "mapping.want_bool",
    "bool_parsing": "mapping.want_bool",
    "decimal_type": "mapping.want_number",
    "decimal_parsing": "mapping.want_number",
    "date_from_datetime_parsing": "mapping.want_date",
    "date_parsing": "mapping.want_date",
    "date_type": "mapping.want_date",
    "model_type": "mapping.want_map",
    "model_attributes_type": "mapping.want_map",
    "dict_type": "mapping.want_map",
    "list_type": "mapping.want_list",
    "tuple_type": "mapping.want_list",
}


def _problem(one: ErrorDetails, document: Document, prefix: tuple[str | int, ...]) -> Problem:
    path = (*prefix, *(step for step in one["loc"]))
    values: dict[str, Any] = dict(one.get("ctx", {}))
    if one["type"] == "literal_error":
        known = re.findall(r"'([^']*)'", str(values.get("expected", "")))
        if isinstance(one["input"], str):
            key, found = unknown(one["input"], known, "word")
            return document.problem(path, key, **found)
    if one["type"] == "missing":
        return document.problem(path[:-1], "mapping.missing_name", name=path[-1])
    key = one["type"] if "." in one["type"] else _KEYS.get(one["type"], "mapping.wrong_value")
    values = {"found": shown(one["input"]), "reason": one["msg"], **values}
    return document.problem(path, key, key=key.startswith("mapping.unknown_name"), **values)


def shown(value: object) -> str:
    """Return `value` short enough for a message."""
    text = "null" if value is None else str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def as_text(value: Any) -> Any:
    """Return a scalar as the text that was written (`1` → "1"): a company or a constant may look like a number."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | Decimal) else value


def as_tuple(value: Any) -> Any:
    """Return one or several as several."""
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def duration(value: Any) -> Any:
    """Return a timedelta of "180s", "5m", "8h", "1d" or "1h 30m"; anything else is an error."""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip()
    parts = _DURATION.findall(text)
    if isinstance(value, bool) or not parts or _DURATION.sub("", text).strip():
        raise custom("mapping.want_duration", {"found": shown(value)})
    return sum((timedelta(**{_UNITS[unit]: int(count)}) for count, unit in parts), timedelta())


def one_of(words: Iterable[str]) -> AfterValidator:
    """Return a validator that takes only `words`, naming the nearest one."""
    known = list(words)

    def check(value: str) -> str:
        if value not in known:
            raise custom(*unknown(value, known, "word"))
        return value

    return AfterValidator(check)


Text = Annotated[str, BeforeValidator(as_text)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(as_tuple)]
Duration = Annotated[timedelta, BeforeValidator(duration)]


