"""The life of an order in words: rows of the store become entries of one timeline. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from cli import context, show
from cli.changes import Changes
from cli.context import Here
from cli.findings import SHORT_ID
from hub.findings import Finding, State
from hub.locale import catalogue
from hub.model import QUANTITIES, Money, Precision, Side, Status
from hub.store import jsons
from sync.explain import Explained, Life

Row = Mapping[str, Any]

_FORMATS = {
    Precision.SECOND: "%Y-%m-%d %H:%M:%S",
    Precision.MINUTE: "%Y-%m-%d %H:%M",
    Precision.DAY: "%Y-%m-%d",
    Precision.NONE: "%Y-%m-%d %H:%M",
}
_EXTRAS = (
    "order_type", "customer_no", "customer_name", "salesperson", "plant", "amount", "currency", "priority",
)  # fmt: skip
_HUB = "hub"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline: `at` sorts it, the rest is shown."""

    at: datetime
    rank: int
    when: str
    who: str
    what: str
    source: str


class Phrases:
    """Says what rows mean, in the language to answer in and each system's own zone."""

    def __init__(self, here: Here) -> None:
        """Take the hub: its mappings know the zones of their systems."""
        self.here, self.words, self.say = here, here.words, context.say

    # one row

    def order(self, row: Row) -> dict[str, str]:
        """Return what the hub holds of the order, by heading."""
        told = {"cli.field_status": self.standing(row)}
        told |= {f"cli.field_{name}": show.number(row[name]) for name in QUANTITIES if row[name] is not None}
        told |= {f"cli.field_{name}": show.plain(row[name]) for name in _EXTRAS if row[name] is not None}
        told |= {
            f"cli.field_{name}": show.when(row[name], self.here.zone)
            for name in ("due_first", "due_now")
            if row[name]
        }
        if row["lines"]:
            told["cli.field_lines"] = _lines(row["lines"])
        return {self.say(key): value for key, value in told.items()}

    def standing(self, row: Row) -> str:
        """Return status, what stands beside it, and money: "shipped · on hold"."""
        unknown = row.get("unknown_code")
        parts = [self.say("cli.unknown_code", code=unknown) if unknown else self._status(row["status"])]
        parts += self._sides(row["side"])
        if row["money"] is not None:
            parts.append(self.say(f"cli.money_{Money(row['money']).name.lower()}"))
        return " · ".join(part for part in parts if part) or self.say("cli.no_status")

    def stamp(self, row: Row, stream: str | None = None) -> str:
        """Return the row's stamp as exact as it is, in its system's zone."""
        moment = row["occurred_at"]
        if moment is None:
            return show.NOTHING
        zone = self._zone(row["system"], stream)
        form = _FORMATS[Precision(row["precision"])]
        at = moment.astimezone(zone).strftime(form)
        return at if row["precision"] == Precision.DAY else f"{at} {show.offset(moment, zone)}"

    def says(self, row: Row) -> str:
        """Return what the stamp says, and how exactly: "event, to the second"."""
        says = self.say(f"cli.says_{row['says']}")
        precision = row["precision"]
        if not precision:
            return says
        return self.say("cli.says_exactly", says=says, precision=self.say(f"cli.precision_{precision}"))

    def last_word(self, row: Row) -> str:
        """Return the stamp of a view and what it says, and since when the order is gone, if it is."""
        told = f"{self.stamp(row)}\n{self.says(row)}"
        if row["gone_at"] is None:
            return told
        return f"{told}\n{self.say('explain.gone', at=self._at(row['gone_at']))}"

    def link(self, row: Row) -> str:
        """Return who taught a number, since when, and whether it still holds."""
        parts = [row["who"] or self.words.system(row["system"]), show.when(row["since"], self.here.zone)]
        if row["until"]:
            parts.append(self.say("cli.until", until=show.when(row["until"], self.here.zone)))
        return " · ".join(parts)

    # the timeline

    def timeline(self, life: Life) -> list[Entry]:
        """Return facts, what the hub made of them, links and findings in the order of their times."""
        entries = [*self._facts(life), *self._history(life), *self._joined(life), *self._found(life)]
        return sorted(entries, key=lambda entry: (entry.at, entry.rank))

    def _facts(self, life: Life) -> Iterator[Entry]:
        """Yield what the systems said; of a part that spoke before only what is new."""
        before: dict[tuple[str, str], Row] = {}
        for row in sorted(life.observations, key=lambda row: (row["system"], row["part"], row["seq"])):
            place = row["system"], row["part"]
            last = before.get(place)
            before[place] = row
            when = self.stamp(row, row["stream"]) if row["occurred_at"] else self._at(row["read_at"])
            yield Entry(
                at=row["occurred_at"] or row["read_at"],
                rank=row["seq"],
                when=f"{when}\n{self.says(row)}",
                who=self.words.system(row["system"]),
                what=self._fact(row, last),
                source=self._source(row),
            )

    def _fact(self, row: Row, last: Row | None) -> str:
        if row["deleted"]:
            return self.say("cli.taken_away")
        status = self.standing(row)
        if row["code"] and not row["unknown_code"]:
            status += f" [{row['code']}]"
        quantities = [
            f"{self.say(f'cli.field_{name}')} {show.number(row[name])}"
            for name in QUANTITIES
            if row[name] is not None and (last is None or last[name] != row[name])
        ]
        told = [" · ".join([status, *quantities])]
        if row["is_return"]:
            told.append(self.say("cli.is_return"))
        if row["future"]:
            told.append(self.say("cli.is_future", raw=row["raw_time"] or ""))
        if row["lines"] and (last is None or last["lines"] != row["lines"]):
            told.append(_lines(row["lines"]))
        return "\n".join(told)

    def _source(self, row: Row) -> str:
        place = f"{row['stream']} {row['record']}"
        if row["part"] and row["part"] not in row["record"]:
            place += f" · {self.say('cli.part', part=row['part'])}"
        read = self.say(
            "cli.read_by", at=self._at(row["read_at"]), run=row["run"], mapping=row["mapping"][:8]
        )
        return f"{place}\n{read}"

    def _history(self, life: Life) -> Iterator[Entry]:
        for row in life.history:
            said = self._known(f"cli.rule_{row['rule'].replace(' ', '_')}", row["rule"])
            by = f"{self.words.system(row['system'])}: {said}" if row["system"] else said
            field = self._known(f"cli.field_{row['field']}", row["field"])
            change = f"{self._value(row['field'], row['old'])} → {self._value(row['field'], row['new'])}"
            yield Entry(
                at=row["at"],
                rank=1_000_000 + row["id"],
                when=self._at(row["at"]),
                who=self.say("cli.the_hub"),
                what=f"{field}: {change}",
                source=f"{by}\n{self.say('cli.run', run=row['run'])}"
                + (f" · {row['who']}" if row["who"] else ""),
            )

    def _joined(self, life: Life) -> Iterator[Entry]:
        """Yield the joins that people made; numbers that records taught are listed apart."""
        for row in life.links:
            if not row["who"]:
                continue
            for moment, key in ((row["since"], "cli.was_joined"), (row["until"], "cli.was_separated")):
                if moment is not None:
                    what = self.say(key, number=row["value"])
                    yield Entry(
                        moment, 2_000_000, self._at(moment), self.say("cli.the_hub"), what, row["who"]
                    )

    def _found(self, life: Life) -> Iterator[Entry]:
        for one in findings_of(life):
            kind = self.words.kind(one.kind)
            for moment, key in ((one.first_seen, "cli.was_found"), (one.closed_at, "cli.was_closed")):
                if moment is not None:
                    what = self.say(key, kind=kind, system=self.words.system(one.system))
                    yield Entry(
                        moment, 3_000_000, self._at(moment), self.say("cli.the_hub"), what, one.id[:SHORT_ID]
                    )

    # values

    def _known(self, key: str, otherwise: str) -> str:
        return self.say(key) if key in catalogue("en") else otherwise

    def _status(self, rank: int | None) -> str:
        return "" if rank is None else self.words.status(Status(rank).word)

    def _sides(self, sides: int) -> list[str]:
        return [self.words.word(f"side_{str(side.name).lower()}") for side in Side if side and side & sides]

    def _value(self, field: str, text: str | None) -> str:
        """Return a value of the history, which is kept as text, as people read it."""
        if text is None:
            return show.NOTHING
        if field == "status":
            return self._status(int(text))
        if field == "side":
            return " · ".join(self._sides(int(text))) or show.NOTHING
        if field == "money":
            return self.say(f"cli.money_{Money(int(text)).name.lower()}")
        if field in (*QUANTITIES, "amount"):
            return show.number(Decimal(text))
        if field.startswith("due_"):
            return self._at(datetime.fromisoformat(text))
        return _lines(text) if field == "lines" else text

    def _at(self, moment: datetime) -> str:
        return show.when(moment, self.here.zone, seconds=True)

    def _zone(self, system: str, stream: str | None) -> tzinfo:
        """Return the zone that a system tells its times in; the hub's where its mapping names none."""
        mapping = self.here.systems.get(system)
        if mapping is None:
            return self.here.zone
        own = mapping.streams[stream].time if stream in mapping.streams else None
        name = (own.zone if own else None) or mapping.time.zone
        return ZoneInfo(name) if name else self.here.zone


def findings_of(life: Life) -> list[Finding]:
    """Return the findings of an order with details and state in their own types."""
    return [finding_of(row) for row in life.findings]


def finding_of(row: Row) -> Finding:
    """Return a row of `findings` with details and state in their own types."""
    return Finding(**{**row, "state": State(row["state"]), "details": jsons.loads(row["details"])})


def machine(here: Here, found: Explained) -> dict[str, Any]:
    """Return everything for a program: rows as stored, ranks and flags as words, JSON columns opened."""
    changes = Changes(here)
    return {
        "number": found.number,
        "read_as": found.read_as,
        "orders": [
            {
                "company": life.key.company,
                "order_no": life.key.order_no,
                "order": life.order and _plain(life.order),
                **{
                    name: [_plain(row) for row in getattr(life, name)]
                    for name in ("views", "observations", "history", "links", "findings", "documents")
                },
                "changes": [changes.machine(row) for row in life.changes],
            }
            for life in found.lives
        ],
        "documents": [_plain(row) for row in found.documents],
        "postings": [
            {
                **_plain(row),
                "undone": row["undone"] and _plain(row["undone"]),
                "changes": [changes.machine({"approvals": [], "steps": [], **one}) for one in row["changes"]],
            }
            for row in found.postings
        ],
        "named_in": [_plain(row) for row in found.named_in],
        "waiting": [_plain(row) for row in found.waiting],
        "quarantined": [_plain(row) for row in found.quarantined],
    }


def _plain(row: Row) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, bytes):
            continue  # digests and sealed records say nothing to anybody
        plain[name] = _OPEN[name](value) if value is not None and name in _OPEN else value
    return plain


_OPEN = {
    "status": lambda rank: Status(rank).word,
    "money": lambda rank: Money(rank).name.lower(),
    "side": lambda sides: [str(side.name).lower() for side in Side if side and side & sides],
    "side_known": lambda sides: [str(side.name).lower() for side in Side if side and side & sides],
    "precision": lambda rank: Precision(rank).name.lower(),
    **dict.fromkeys(("lines", "extras", "details", "values", "meta"), jsons.loads),
}


def _lines(text: str) -> str:
    """Return order lines (JSON) as "SKU quantity" behind one another."""
    return ", ".join(f"{line['sku']} {show.number(Decimal(line['quantity']))}" for line in jsons.loads(text))
