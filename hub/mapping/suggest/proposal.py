"""The whole proposal: how the system is read, what its records mean, and two of them as examples."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hub.mapping.kinds import KINDS
from hub.mapping.suggest import shapes
from hub.mapping.suggest.columns import Column, Table, tables_of
from hub.mapping.suggest.fields import Found, write_document, write_order
from hub.mapping.suggest.guesses import guesses_of, lines_of
from hub.mapping.suggest.lexicon import bare, words
from hub.mapping.suggest.paper import TODO, Paper, scalar
from hub.mapping.suggest.samples import Sample
from hub.mapping.suggest.shown import examples_of, write_examples

ORDER = (
    "order_no", "status", "ordered", "shipped", "produced", "returned", "changed", "happened", "created",
    "part", "company", "customer_no", "customer_name", "customer_po", "salesperson", "plant", "due_first",
    "amount", "currency", "version", "deleted", "cancelled", "on_hold", "waybill", "delivery", "event_id",
    "id",
)  # fmt: skip
"""The roles that a column of orders or events may have."""

OTHER = (
    "number", "payer", "payer_account", "purpose", "balance", "open", "tax", "net", "invoice_no", "on_hand",
    "available", "reserved", "warehouse", "lot", "sku",
)  # fmt: skip
"""Further roles, of what is no order."""

_ORDERS = frozenset({"order", "event"})
_STAMPS = ("changed", "happened", "created", "due_first")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_OWN_NAMES = frozenset({"fbillno", "fdocumentstatus", "csocode", "ccuscode", "cinvcode"})
"""What 用友 and 金蝶 call their fields."""


@dataclass(frozen=True)
class Subject:
    """What a proposal is about: the sample and what was found in it."""

    sample: Sample
    system: str
    connector: str
    yields: str
    tables: Sequence[Table]
    style: str | None
    found: Found


def suggest(
    sample: Sample, system: str, connector: str, *, yields: str | None = None, locale: str = "en"
) -> str:
    """Return a mapping of `system` as YAML, comments in `locale`; `yields` is guessed where it is None."""
    tables = tables_of(sample.records)
    style = shapes.number_style([column for table in tables for column in table.columns])
    kind = yields or _yields(tables, style)
    subject = Subject(sample, system, connector, kind, tables, style, _found(tables, kind, style))
    examples = examples_of(_written(subject, locale, []), sample.records)
    return _written(subject, locale, examples)


def _found(tables: Sequence[Table], yields: str, style: str | None) -> Found:
    header = dict(guesses_of(tables[0], _roles(yields), style))
    for role in {"changed", "version"} if yields == "event" else {"event_id"}:
        header.pop(role, None)
    lines = lines_of(tables[1:], style) if yields in _ORDERS else None
    columns = [header[role].column for role in _STAMPS if role in header]
    stamps = [found for column in columns if (found := shapes.stamps_of(column))]
    return Found(header, lines, stamps[0] if stamps else None)


def _roles(yields: str) -> tuple[str, ...]:
    if yields in _ORDERS:
        return ORDER
    known = {*KINDS[yields].names, *_STAMPS, "id", "deleted"}
    return tuple(role for role in (*ORDER, *OTHER) if role in known)


def _yields(tables: Sequence[Table], style: str | None) -> str:
    """Return what the records are, by what they have."""
    header = guesses_of(tables[0], (*ORDER, *OTHER), style)

    def has(*roles: str, sure: float = 0.6) -> bool:
        return all(role in header and header[role].sure >= sure for role in roles)

    if has("event_id") and has("status", sure=0.3):
        return "event"
    if has("payer") or has("balance", "amount"):
        return "bank_entry"
    if has("order_no") and (has("status", sure=0.3) or has("ordered", sure=0.3) or len(tables) > 1):
        return "order"
    if has("on_hand", sure=0.4) and has("sku", sure=0.4):
        return "stock"
    return "invoice" if has("invoice_no", "amount") else "order"


def _written(subject: Subject, locale: str, examples: list[dict[str, Any]]) -> str:
    paper, found, yields = Paper(locale), subject.found, subject.yields
    paper.note("suggest.head", records=len(subject.sample.records), todo=TODO)
    for name, value in (
        ("system", subject.system), ("connector", subject.connector), ("connection", subject.system),
    ):  # fmt: skip
        paper.line(f"{name}: {scalar(value)}")
    _defaults(paper, subject)
    with paper.under("streams"), paper.under(_stream_name(yields)):
        if yields != "order":
            paper.line(f"yields: {yields}")
        _read(paper, subject)
        if path := _key(found):
            paper.line(f"key: {scalar(path)}")
        for name in ("deleted", "version"):
            if path := found.path(name):
                paper.line(f"{name}: {scalar(path)}", TODO if name == "deleted" else "")
        (write_order if yields in _ORDERS else write_document)(paper, found, yields)
        _rest(paper, subject)
        write_examples(paper, examples)
    return str(paper)


def _stream_name(yields: str) -> str:
    return {"stock": "stock", "bank_entry": "bank_entries"}.get(yields, f"{yields}s")


def _defaults(paper: Paper, subject: Subject) -> None:
    """Write how stamps and numbers are written; the zone is guessed from names and language of the sample."""
    stamps = subject.found.stamps
    if stamps is not None:
        zone = {"zone": _zone(subject, stamps.formats)} if stamps.naive else {}
        told = paper.word("suggest.zone", todo=TODO) if stamps.naive else ""
        paper.line(f"time: {scalar({**zone, 'format': one_or_all(stamps.formats)})}", told)
    if subject.style is not None:
        paper.line(f"numbers: {scalar(subject.style)}")


def one_or_all(formats: Sequence[str]) -> Any:
    """Return one format by itself, several as a list."""
    return formats[0] if len(formats) == 1 else list(formats)


def _zone(subject: Subject, formats: Sequence[str]) -> str:
    columns = [column for table in subject.tables for column in table.columns]
    texts = [text for column in columns for text in (*column.steps, *column.texts[:20])]
    stamped = [found.steps[-1] for role in _STAMPS if (found := subject.found.column(role))]
    if any({"gmt", "utc"} & set(words(name)) for name in stamped):
        return "UTC"
    if any(_CHINESE.search(text) for text in texts) or any(_is_own(column) for column in columns):
        return "Asia/Shanghai"
    return "Europe/Berlin" if any("%d.%m" in one for one in formats) else "UTC"


def _is_own(column: Column) -> bool:
    return bare(column.steps[0]) in _OWN_NAMES


def _key(found: Found) -> str | None:
    """Return the path of what every record has to itself."""
    own = (found.column(role) for role in ("id", "event_id", "number", "order_no"))
    return next((column.path for column in own if column and shapes.is_unique(column)), None)


def _cursor(found: Found) -> dict[str, Any]:
    """Return the cursor of a reading call; stamps that are only a day are read over a day again."""
    stamps = [path for role in ("changed", "happened", "created") if (path := found.path(role))]
    own = _key(found) or found.path("order_no")
    if not stamps or not own:
        return {}
    days = found.stamps is not None and all("%H" not in one for one in found.stamps.formats if "%" in one)
    overlap = {"overlap": "1d"} if days and any("%" in one for one in found.stamps.formats) else {}  # type: ignore[union-attr]  # `days` says that there are stamps
    return {"cursor": [" || ".join(stamps), own], **overlap}


def _read(paper: Paper, subject: Subject) -> None:
    call: dict[str, Any]
    told = subject.sample.call
    if subject.sample.read is not None:
        paper.line(f"read: {scalar(subject.sample.read)}")
        return
    steps = [step for step in (subject.sample.root, told.get("records", "")) if step]
    records = {"records": ".".join(steps)} if steps else {}
    cursor = _cursor(subject.found)
    if subject.connector == "files":
        call = {"file": subject.sample.file or f"{TODO}*", **told}
    elif subject.connector == "sql":
        call = {"table": TODO, **cursor}
    else:
        verb = {"soap": "op", "sap_soap": "bapi"}.get(subject.connector, "get")
        sent = {"query" if verb == "get" else "args": {TODO: "=since"}} if cursor else {}
        target = f"/{TODO}" if verb == "get" else TODO
        call = {verb: target, **sent, **records, **subject.sample.around, **cursor}
    why = "" if subject.connector == "files" else paper.word("suggest.read", todo=TODO)
    paper.line(f"read: {scalar(call)}", why)


def _rest(paper: Paper, subject: Subject) -> None:
    """Name the columns that nothing was made of, so that nobody need look for them."""
    found, tables = subject.found, subject.tables
    used = {guess.column.path for guess in found.header.values()}
    left = [column.path for column in tables[0].columns if column.path not in used and column.filled]
    lists = [table.path for table in tables[1:] if not found.lines or table.path != found.lines[0].path]
    if left or lists:
        paper.note("suggest.not_used", names=", ".join([*left, *(f"{one}[]" for one in lists)][:40]))
