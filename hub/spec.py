"""What the models of mapping files and of hub.yaml share: strict keys, kinds of values, placed errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from hub.model import Status
from hub.problems import Problem, unknown
from hub.yamlfile import Document

_DURATION = re.compile(r"(\d+)\s*(ms|s|m|h|d)")
_SIZE = re.compile(r"(\d+)\s*([kKmM]?[bB])?")
_SIZES = {"": 1, "b": 1, "kb": 1_000, "mb": 1_000_000}
_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Spec(BaseModel):
    """A part of a file that people write: frozen; a key it does not know is named with the nearest known one.

    Keys that begin with ``x-`` are ignored: YAML anchors live there.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, arbitrary_types_allowed=True
    )

    inner: ClassVar[frozenset[str]] = frozenset()
    """Fields that short forms are made long into: nobody writes them."""

    @classmethod
    def names(cls) -> list[str]:
        """Return the keys as people write them."""
        return [field.alias or name for name, field in cls.model_fields.items() if name not in cls.inner]

    @model_validator(mode="wrap")
    @classmethod
    def _near_names(cls, value: Any, handler: Callable[[Any], Any]) -> Any:
        if isinstance(value, dict):
            value = {name: said for name, said in value.items() if not str(name).startswith("x-")}
        try:
            return handler(value)
        except ValidationError as error:
            raise ValidationError.from_exception_data(
                cls.__name__, [cls._named(one) for one in error.errors()]
            ) from None

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
    return PydanticCustomError(key, key.replace("{", "("), values or {})


def problems(error: ValidationError, document: Document, prefix: tuple[str | int, ...] = ()) -> list[Problem]:
    """Return pydantic's errors as problems with line and column of `document`."""
    return [_problem(one, document, prefix) for one in error.errors(include_url=False)]


_KEYS = {
    "string_type": "mapping.want_text",
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
    path: tuple[str | int, ...] = (*prefix, *one["loc"])
    values: dict[str, Any] = dict(one.get("ctx", {}))
    if path and path[-1] == "[key]":
        return document.problem(path[:-1], one["type"], key=True, **values)
    if "." in one["type"]:
        return document.problem(
            path, one["type"], key=one["type"].startswith("mapping.unknown_name"), **values
        )
    if one["type"] == "missing":
        return document.problem(path[:-1], "mapping.missing_name", name=path[-1])
    if one["type"] in {"literal_error", "enum"} and isinstance(one["input"], str):
        known = re.findall(r"'([^']*)'", str(values.get("expected", "")))
        key, found = unknown(one["input"], known, "word")
        return Problem(document.file, *document.where(path), "error", key, found)
    key = _KEYS.get(one["type"], "mapping.wrong_value")
    return document.problem(path, key, found=shown(one["input"]), reason=one["msg"])


def shown(value: object) -> str:
    """Return `value` short enough for a message."""
    text = "null" if value is None else str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def as_text(value: Any) -> Any:
    """Return a scalar as the text that was written (`1` → "1"): a company may look like a number."""
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


def word_of(value: object, words: Iterable[str]) -> None:
    """Refuse a word that is not one of `words`, naming the nearest one."""
    known = list(words)
    if value not in known:
        raise custom(*unknown(shown(value), known, "word"))


def status(value: Any) -> Any:
    """Return the Status of a word of the vocabulary."""
    if isinstance(value, Status):
        return value
    word_of(value, [one.word for one in Status])
    return Status.of(value)


def share(value: Any) -> Any:
    """Return "20%" as Decimal 0.2; a number from 0 to 1 is taken as it is."""
    text = str(value).strip()
    try:
        number = Decimal(text.removesuffix("%").strip()) / (100 if text.endswith("%") else 1)
    except InvalidOperation:
        number = Decimal(-1)
    if isinstance(value, bool) or not 0 <= number <= 1:
        raise custom("mapping.want_share", {"found": shown(value)})
    return number


def zone(value: Any) -> Any:
    """Refuse a time zone that nobody knows ("Asia/Shanghai", "UTC")."""
    try:
        ZoneInfo(str(value))
    except (KeyError, ValueError, OSError):
        raise custom("mapping.unknown_zone", {"name": shown(value)}) from None
    return value


def size(value: Any) -> Any:
    """Return "64kB" as 64000 (bytes)."""
    found = _SIZE.fullmatch(str(value).strip())
    if found is None or isinstance(value, bool):
        raise custom("mapping.want_size", {"found": shown(value)})
    return int(found[1]) * _SIZES[(found[2] or "").casefold()]


def one_of(words: Iterable[str]) -> AfterValidator:
    """Return a validator that takes only `words`, naming the nearest one."""
    known = list(words)

    def check(value: str) -> str:
        word_of(value, known)
        return value

    return AfterValidator(check)


Text = Annotated[str, BeforeValidator(as_text)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(as_tuple)]
Share = Annotated[Decimal, BeforeValidator(share)]
Size = Annotated[int, BeforeValidator(size)]
Duration = Annotated[timedelta, BeforeValidator(duration)]
