"""A store with receivables and receipts put straight into it, and the cashbook over it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hub.model import Side, Status
from hub.rules import Payments, parse_rules
from hub.store import Store, bulk, jsons
from hub.store.tables import documents
from hub.yamlfile import load
from reconciler.payments.booking import Booked, Cashbook
from reconciler.payments.ledger import Line, standing
from sync.documents import place_of

COMPANY = "HS01"
ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 6, 30)
ACE = "苏州华信机械有限公司"
LEFT = datetime(2026, 6, 20, 23, tzinfo=UTC)
"""When orders were shipped: the 21st in Shanghai."""


def payments_of(section: str) -> Payments:
    """Return the section `payments` of a hub.yaml, given as a flow mapping without its braces."""
    return parse_rules(load(f"payments: {{{section}}}")).payments


@dataclass
class Desk:
    """`payments` is that section of hub.yaml; everybody's day is `today`."""

    store: Store
    payments: Payments = Payments()
    today: date = TODAY

    @property
    def now(self) -> datetime:
        return datetime.combine(self.today, time(12), ZONE).astimezone(UTC)

    @property
    def cashbook(self) -> Cashbook:
        return Cashbook(self.store, ZONE, self.payments)

    def owes(
        self,
        number: str,
        amount: str,
        *,
        customer: str = "K1",
        name: str = ACE,
        late: int = 10,
        issued: date | None = None,
        order_no: str | None = None,
        kind: str = "receivable",
        **fields: Any,
    ) -> None:
        """Let the finance system hold a document that is `late` days overdue (below zero: not yet)."""
        due = self.today - timedelta(days=late)
        said = {"customer_no": customer, "customer_name": name, "invoice_no": f"FP{number}"} | fields
        issued = issued or due - timedelta(days=30)
        self._put("finance", kind, number, amount, said, issued, due, order_no)

    def pays(self, number: str, amount: str, text: str = "货款", payer: str = ACE, *, ago: int = 1) -> None:
        """Let the bank tell of a receipt some days ago."""
        said = {"payer": payer, "purpose": text}
        self._put("bank", "bank_entry", number, amount, said, self.today - timedelta(days=ago), None, None)

    def _put(
        self,
        system: str,
        kind: str,
        number: str,
        amount: str,
        said: dict[str, Any],
        on: date,
        due: date | None,
        order_no: str | None,
    ) -> None:
        row: dict[str, Any] = {
            "company": COMPANY, "system": system, "kind": kind, "number": number, "stream": kind,
            "record": number, "order_no": order_no, "status": None, "amount": Decimal(amount),
            "currency": "CNY", "quantities": None, "occurred_at": _at(on), "due_at": due and _at(due),
            "deleted": False, "mapping": "x", "first_seen": self.now, "changed_at": self.now, "run": 1,
        }  # fmt: skip
        row["fields"] = self.store.seal.encrypt(jsons.dumps(said).encode(), place_of(row))
        with self.store.write() as conn:
            bulk.upsert(conn, documents, [row])

    def forgets(self, number: str) -> None:
        """Let the finance system show a document no more."""
        with self.store.write() as conn:
            conn.execute(documents.update().where(documents.c.number == number).values(deleted=True))

    def match(self, *, dry: bool = False) -> Booked:
        (booked,) = self.cashbook.run(self.now, dry=dry)
        return booked

    def confirm(self, entry: str, *receivables: str, who: str = "Wang") -> None:
        pays = dict.fromkeys(receivables)
        self.cashbook.confirm(COMPANY, entry, pays, who, "he called", self.now)

    def undo(self, entry: str, who: str = "Wang") -> None:
        self.cashbook.undo(COMPANY, entry, who, "wrong invoice", self.now)

    def lines(self) -> list[Line]:
        with self.store.read() as conn:
            return standing(conn, COMPANY)

    def posted(self) -> dict[str, dict[str, Decimal]]:
        """Return the cash of each entry by the receivable that it pays."""
        found: dict[str, dict[str, Decimal]] = {}
        for line in self.lines():
            found.setdefault(line.entry.number, {})[line.receivable.number] = line.amount
        return found


def _at(day: date) -> datetime:
    return datetime.combine(day, time(9), ZONE).astimezone(UTC)


def order(order_no: str, status: Status = Status.SHIPPED, **told: Any) -> dict[str, Any]:
    """Return a row of `orders`."""
    return {
        "company": COMPANY,
        "order_no": order_no,
        "status": status,
        "side": Side.NONE,
        "money": None,
        "occurred_at": datetime(2026, 6, 25, tzinfo=UTC),
        "order_type": "regular",
        "customer_no": "K1",
        "customer_name": "Ace",
        "amount": Decimal("120.50"),
        "currency": "CNY",
        "first_seen": LEFT,
        "changed_at": LEFT,
        "run": 1,
    } | told


def link(kind: str, value: str, order_no: str, until: datetime | None = None) -> dict[str, Any]:
    """Return a row of `links`."""
    return {
        "kind": kind,
        "value": value,
        "company": COMPANY,
        "order_no": order_no,
        "system": "tms",
        "relation": "same",
        "who": None,
        "since": LEFT,
        "until": until,
    }
