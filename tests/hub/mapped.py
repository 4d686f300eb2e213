"""Mappings made from text, and records read through them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from hub import yamlfile
from hub.errors import RecordError
from hub.mapping import Reader, parse_system
from hub.mapping.loading import read_system
from hub.model import Fact
from hub.problems import MappingErrors, Problem
from hub.rules import Rules

READ_AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
DEPOT = Path(__file__).with_name("depot.yaml")

FIELDS = """\
company: {const: C1}
order_no: no
status: {from: state, codes: {A: confirmed, B: allocated, C: shipped}}
ordered: qty
occurred_at: {from: at, says: event}
"""
RECORD = {"no": "SO1", "state": "A", "qty": "5", "at": "2026-03-01 08:00:00"}


def system(fields: str = FIELDS, stream: str = "", top: str = "time: {zone: Asia/Shanghai}") -> str:
    """Return a mapping of one sql stream `orders` with these fields, more of the stream, and more on top."""
    parts = [
        "system: shop",
        "connector: sql",
        dedent(top).strip(),
        "streams:",
        "  orders:",
        "    read: {table: orders, cursor: [changed, id]}",
        indent(dedent(stream).strip(), "    "),
        "    fields:",
        indent(dedent(fields).strip(), "      "),
    ]
    return "\n".join(part for part in parts if part.strip()) + "\n"


def field(name: str, value: str) -> str:
    """Return the usual fields with `name` set to `value` (YAML)."""
    kept = [line for line in FIELDS.splitlines() if not line.startswith(f"{name}:")]
    return "\n".join([*kept, f"{name}: {value}"])


def reader(text: str, rules: Rules | None = None) -> Reader:
    return Reader(parse_system(text), "orders", rules or Rules())


def facts(text: str, record: Mapping[str, Any], rules: Rules | None = None, **meta: Any) -> list[Fact]:
    return reader(text, rules).read(dict(record), meta, READ_AT).facts


def fact(text: str, record: Mapping[str, Any] | None = None, rules: Rules | None = None, **meta: Any) -> Fact:
    """Return the one fact of a record, the usual one where none is given."""
    (one,) = facts(text, RECORD if record is None else record, rules, **meta)
    return one


def refused(text: str, record: Mapping[str, Any], rules: Rules | None = None) -> RecordError:
    """Return why a record goes to quarantine."""
    with pytest.raises(RecordError) as caught:
        facts(text, record, rules)
    assert caught.value.say("en") != caught.value.key
    assert caught.value.say("zh-CN") != caught.value.key
    return caught.value


def problems(text: str) -> list[Problem]:
    """Return all that is wrong or doubtful in a mapping."""
    try:
        return read_system(yamlfile.load(text, "shop.yaml"))[1]
    except MappingErrors as errors:
        return errors.problems


def place(text: str, marked: str) -> tuple[int, int]:
    """Return line and column (from 1) of the first occurrence of `marked` in `text`."""
    before = text[: text.index(marked)]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
