"""What a statement's `:names` are filled with: the words of a write, as the database takes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from connectors.calls import jsons
from connectors.sql.charsets import StoredText, as_text
from connectors.sql.tables import parameter
from hub.errors import Rejected
from hub.mapping.expressions import NameMissing
from hub.mapping.grammar import TimeSpec
from hub.mapping.zones import zone_of

DOTTED = ("id", "order", "was", "view", "extra", "conn", "item")
"""Names with parts: `id.own` is bound as `:id_own`."""

_LARGEST = 2**63
_CHOOSING = re.compile(r"\b(?:coalesce|ifnull|isnull|nvl)\s*\(\s*:\w+\s*,", re.IGNORECASE)
"""What does without its name: `COALESCE(:remark, '')`, as `remark or ''` does in a body."""
_MYSQL = ("mysql", "mariadb")


@dataclass(frozen=True, slots=True)
class Spoken:
    """How values go into one database: its dialect, the mapping's time, the charset that texts are stored in.

    `charset` is None where the database, or its driver, encodes texts by itself.
    """

    dialect: str
    time: TimeSpec
    charset: str | None = None

    def value(self, value: Any) -> Any:
        """Return a value as the driver takes it.

        A moment goes in the mapping's zone: without offset, where it declares one. SQLite, which knows no
        exact fractions, takes them as text. A list or a map goes as JSON. UnicodeEncodeError for a text that
        the charset cannot hold.
        """
        if isinstance(value, datetime):
            return self._moment(value)
        if isinstance(value, Mapping | list | tuple):
            return self._text(jsons.written(value).decode())
        if isinstance(value, str):
            return self._text(value)
        if self.dialect != "sqlite":
            return value
        if isinstance(value, date):
            return value.isoformat()
        return _of_sqlite(value) if isinstance(value, int | Decimal) else value

    def _moment(self, moment: datetime) -> Any:
        if moment.tzinfo is None:
            local = moment
        elif self.dialect == "postgresql":  # a column without zone takes the wall clock, one with it both
            return moment.astimezone(zone_of(self.time.zone) if self.time.zone else UTC).isoformat()
        elif self.time.zone is None and self.dialect == "sqlite":
            local = moment
        else:
            zone = zone_of(self.time.zone) if self.time.zone else UTC
            local = moment.astimezone(zone).replace(tzinfo=None)
        return local.isoformat(" ") if self.dialect == "sqlite" else local

    def _text(self, text: str) -> Any:
        return text if self.charset is None or text.isascii() else StoredText(text.encode(self.charset))


def bound(text: str) -> frozenset[str]:
    """Return the names that a statement binds."""
    return frozenset(sa.text(text).compile().params)


def needed(text: str, whole: frozenset[str]) -> frozenset[str]:
    """Return the first words of the names that a statement cannot do without; `whole` have none.

    That of `:id_own` is `id`.
    """
    return frozenset(name if name in whole else _split(name)[0] for name in _required(text))


def statement(
    text: str, names: Mapping[str, Any], spoken: Spoken, *, compares: bool, about: Mapping[str, str]
) -> sa.TextClause:
    """Return a statement with its names bound; NameMissing for one that is not known and that it needs.

    `compares` tells that it only compares: stored text is then told to be text, which MySQL must not be told
    where it stores it. `about` are system, operation and record for the error of a text that has no place in
    the target's charset.
    """
    values: dict[str, Any] = {}
    required = _required(text)
    for name in bound(text):
        try:
            values[name] = spoken.value(value_of(name, names))
        except NameMissing:
            if name in required:
                raise
            values[name] = None
        except UnicodeEncodeError as error:
            raise unencodable(error, name, about) from error
    for name, value in values.items():
        if isinstance(value, StoredText) and (compares or spoken.dialect not in _MYSQL):
            text = re.sub(rf"(?<!:):{name}\b", as_text(f":{name}", spoken.dialect), text)
    untyped = parameter(None).type
    return sa.text(text).bindparams(
        *(sa.bindparam(name, _raw(value), type_=untyped) for name, value in values.items())
    )


def value_of(name: str, names: Mapping[str, Any]) -> Any:
    """Return what `:name` stands for: a part of the item, a name, or a part of a name (`:id_own`).

    NameMissing for what is not known; a part that is known to be nothing is NULL.
    """
    item = names.get("item")
    if isinstance(item, Mapping) and name in item:
        return item[name]
    if names.get(name) is not None:
        return names[name]
    first, rest = _split(name)
    parts = names.get(first) if rest else None
    if isinstance(parts, Mapping) and rest in parts:
        return parts[rest]
    raise NameMissing(f"{first}.{rest}" if rest else name, f":{name}")


def unencodable(error: UnicodeEncodeError, name: str, about: Mapping[str, str]) -> Rejected:
    """Return what is said of a text (that of `:name`, if known) that the target's charset cannot hold."""
    sign = str(error.object)[error.start : error.start + 1]
    return Rejected(
        "sql.unencodable", code=error.encoding, reason=f":{name} {sign}" if name else sign, **about
    )


def _required(text: str) -> frozenset[str]:
    """Return the names that a statement binds and does not choose another value for."""
    return bound(_CHOOSING.sub("(", text))


def _split(name: str) -> tuple[str, str]:
    """Part a bound name from what stands behind its dot: `id_own` is `own` of `id`."""
    first, _, rest = name.partition("_")
    return (first, rest) if rest and first in DOTTED and name not in _WHOLE else (name, "")


_WHOLE = frozenset({"order_no"})


def _of_sqlite(value: int | Decimal) -> int | str:
    whole = value == int(value)
    return int(value) if whole and -_LARGEST <= value < _LARGEST else f"{value:f}"


def _raw(value: Any) -> Any:
    return bytes(value) if isinstance(value, StoredText) else value


def first_word(text: str) -> str:
    """Return the word by which a statement begins, in small letters, comments before it left out."""
    bare = re.sub(r"^(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/|\()+", "", text, flags=re.S)
    return re.split(r"\W", bare, maxsplit=1)[0].lower()
