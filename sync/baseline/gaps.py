"""What a first load leaves for people to say: customers, SKUs, units, codes and numbers that nobody knows.

Each topic is one sheet of the workbook that people fill in: what was found where, and columns to fill.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from hub.locale import text
from hub.model import Side, Status
from hub.rules import Rules
from hub.store import jsons, lookup
from hub.store.tables import observations, quarantine, unlinked, views
from sync.quarantine import ANEW
from sync.sheets.book import Sheet, Value, write_book

Row = list[Value]

_LIST = 255
"""So many characters a list of choices may have in a workbook."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One sheet: the columns that say what was `found`, and those to `fill`."""

    name: str
    found: tuple[str, ...]
    fill: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, in their order."""
        return self.found + self.fill


CUSTOMERS = Topic(
    "customers", ("system", "company", "customer_no", "customer_name", "orders", "same_as"), ("keep",)
)
SKUS = Topic("skus", ("system", "code", "orders", "example", "others_say"), ("sku", "from", "to"))
UNITS = Topic("units", ("system", "sku_of_unit", "unit", "records", "example_record"), ("factor",))
CODES = Topic("codes", ("system", "stream", "code", "orders", "example"), ("status",))
ORPHANS = Topic(
    "orphans", ("company", "system", "stream", "record", "kind", "number", "since"), ("order_no",)
)
TOPICS = (CUSTOMERS, SKUS, UNITS, CODES, ORPHANS)


def gaps(conn: sa.Connection, rules: Rules) -> dict[str, list[Row]]:
    """Return the rows of each topic, the most orders first."""
    said = _said(conn)
    zone = ZoneInfo(rules.zone)
    return {
        CUSTOMERS.name: list(_customers(said)),
        SKUS.name: list(_skus(conn, rules, said)),
        UNITS.name: list(_units(conn)),
        CODES.name: list(_codes(conn)),
        ORPHANS.name: list(_orphans(conn, zone)),
    }


def write_gaps(path: Path, rows: Mapping[str, list[Row]], locale: str) -> None:
    """Write the workbook to be filled in; ConfigError as `write_book` does."""
    say = _Say(locale)
    title = say("sheet_read_me")
    read_me = [[say(f"step_{at}")] for at in range(1, 6)]
    sheets = [Sheet(title, [title], read_me, wide=[title], width=100, filters=False)]
    for topic in TOPICS:
        heads = [say(f"column_{name}") for name in topic.columns]
        choices = {say("column_status"): _words(locale)} if topic is CODES else {}
        filled = [[*row, *[None] * len(topic.fill)] for row in rows[topic.name]]
        fill = [say(f"column_{name}") for name in topic.fill]
        sheets.append(Sheet(say(f"sheet_{topic.name}"), heads, filled, fill, choices))
    write_book(path, sheets)


class _Say:
    """Messages of the room `baseline` in one language."""

    def __init__(self, locale: str) -> None:
        self._locale = locale

    def __call__(self, key: str) -> str:
        return text(f"baseline.{key}", self._locale)


def _words(locale: str) -> list[str]:
    """Return what a code may mean, as people say it; the hub's words where these are too long for a list."""
    sides = [str(side.name).lower() for side in Side if side]
    words = [status.word for status in Status] + sides
    keys = [f"findings.status_{status.word}" for status in Status] + [
        f"findings.side_{word}" for word in sides
    ]
    said = [text(key, locale) for key in keys]
    return said if len(",".join(said)) <= _LIST else words


@dataclass(slots=True)
class _Said:
    """What observations say beside the core: orders by customer, and by SKU, of each system."""

    customers: dict[tuple[str, str], dict[tuple[str, str], set[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(set))
    )
    skus: dict[str, dict[str, set[tuple[str, str]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(set))
    )


def _said(conn: sa.Connection) -> _Said:
    said, o = _Said(), observations.c
    rows = sa.select(o.company, o.order_no, o.system, o.extras, o.lines).where(
        o.deleted.is_(sa.false()), sa.or_(o.extras.is_not(None), o.lines.is_not(None))
    )
    for row in conn.execute(rows.execution_options(yield_per=2_000)):
        extras = jsons.loads(row.extras) if row.extras else {}
        number, name = (str(extras.get(one) or "") for one in ("customer_no", "customer_name"))
        if number or name:
            said.customers[row.system, row.company][number, name].add(row.order_no)
        for line in jsons.loads(row.lines) if row.lines else ():
            said.skus[row.system][line["sku"]].add((row.company, row.order_no))
    return said


def _customers(said: _Said) -> Iterator[Row]:
    """Yield customers of one system that look like another of it: one name, two numbers, or the other way."""
    for (system, company), known in sorted(said.customers.items()):
        same: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
        for number, name in sorted(known):
            same["name", _folded(name)].append((number, name))
            same["number", number].append((number, name))
        for number, name in sorted(known):
            twins = {*same["name", _folded(name)], *same["number", number]} - {(number, name)}
            twins = {
                one
                for one in twins
                if (name and _folded(one[1]) == _folded(name)) or (number and one[0] == number)
            }
            if twins:
                told = ", ".join(" ".join(one).strip() for one in sorted(twins))
                yield [system, company, number, name, len(known[number, name]), told]


def _folded(name: str) -> str:
    """Return what two ways to write a name have in common."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", name).casefold() if sign.isalnum())


def _skus(conn: sa.Connection, rules: Rules, said: _Said) -> Iterator[Row]:
    """Yield item codes that one system alone uses, where another one tells the lines too."""
    if len(said.skus) < 2:
        return
    catalogue = rules.catalogue
    known = {one.sku for meanings in catalogue.meanings.values() for one in meanings}
    known |= {sku for sku, _ in catalogue.factors}
    for system, skus in sorted(said.skus.items()):
        others: set[str] = set().union(*(set(one) for name, one in said.skus.items() if name != system))
        if system == rules.ownership.lines:
            continue
        for sku, keys in sorted(skus.items(), key=lambda one: (-len(one[1]), one[0])):
            if sku not in known and sku not in others:
                example = min(keys)
                yield [
                    system,
                    sku,
                    len(keys),
                    "/".join(example),
                    ", ".join(_others(conn, example, system, set(skus))),
                ]


def _others(conn: sa.Connection, key: tuple[str, str], system: str, own: set[str]) -> list[str]:
    """Return the SKUs that the other systems say of an order and this one never does."""
    rows = lookup.fetch_many(conn, observations, ("company", "order_no"), [key], ("system", "lines"))
    found = {
        line["sku"] for row in rows if row.system != system and row.lines for line in jsons.loads(row.lines)
    }
    return sorted(found - own)


def _units(conn: sa.Connection) -> Iterator[Row]:
    """Yield units without a conversion, for which records lie in quarantine."""
    q = quarantine.c
    rows = sa.select(q.system, q.record, q["values"]).where(
        q.reason == "mapping.unit_without_conversion", q.solved_at.is_(None)
    )
    found: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for system, record, values in conn.execute(rows):
        told = jsons.loads(values)
        found[system, told.get("sku") or "*", told.get("unit") or ""].add(record)
    for (system, sku, unit), records in sorted(found.items(), key=lambda one: (-len(one[1]), one[0])):
        yield [system, sku, unit, len(records), min(records)]


def _codes(conn: sa.Connection) -> Iterator[Row]:
    """Yield status codes that no mapping knows, where an order stands at one now."""
    v, o = views.c, observations.c
    same = [v[name] == o[name] for name in ("company", "order_no", "system", "unknown_code")]
    rows = (
        sa.select(v.system, o.stream, v.unknown_code, v.company, v.order_no)
        .distinct()
        .join_from(views, observations, sa.and_(*same))
        .where(v.unknown_code.is_not(None))
    )
    found: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for system, stream, code, company, order_no in conn.execute(rows):
        found[system, stream, code].add(f"{company}/{order_no}")
    for key, orders in sorted(found.items(), key=lambda one: (-len(one[1]), one[0])):
        yield [*key, len(orders), min(orders)]


def _orphans(conn: sa.Connection, zone: ZoneInfo) -> Iterator[Row]:
    """Yield records whose order is not known, by the number that they carry."""
    u = unlinked.c
    rows = sa.select(u.company, u.system, u.stream, u.record, u.kind, u.value, u.since)
    for row in conn.execute(rows.where(u.kind != ANEW).order_by(*list(u)[:5])):
        since: datetime = row.since
        yield [*row[:6], since.astimezone(zone)]
