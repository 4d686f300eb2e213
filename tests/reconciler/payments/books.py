"""The ERP's books with a hub over them, and a bank that drops statements into a folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from hub.mapping.survey import survey
from hub.rules import load_rules
from hub.store import Store
from hub.store.tables import outbox
from reconciler.payments.booking import Booked, Cashbook
from reconciler.payments.ledger import Line, Place, standing
from simulators.trading.erp import Erp
from simulators.trading.erp_server import LOGIN, PASSWORD, ErpServer
from simulators.trading.finance import Finance
from simulators.trading.trading import HOME
from sync.out.adopt import adopt
from sync.run import Hub, sync_systems

START = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
COMPANY = "HS01"
HUB = "locale: en\ncompany: HS01\ncurrency: CNY\nzone: Asia/Shanghai\n"

BANK = """
system: bank
connector: files
connection: bank
contact: finance-desk
time: {zone: Asia/Shanghai, format: "%Y-%m-%d"}
streams:
  entries:
    yields: bank_entry
    read: {file: "*.csv"}
    key: id
    fields:
      {number: id, amount: amount, currency: {const: CNY}, occurred_at: day, payer: payer, purpose: text}
"""


@dataclass
class Books:
    """Everybody's time is `now`; `change` edits the mapping of the books before the hub reads it."""

    folder: Path
    store: Store
    rules: str = ""
    change: Callable[[str], str] = field(default=lambda text: text)
    now: datetime = START

    def __post_init__(self) -> None:
        systems = self.folder / "home" / "mappings" / "systems"
        systems.mkdir(parents=True)
        (systems.parent / "hub.yaml").write_text(HUB + self.rules, "utf-8")
        shipped = (HOME / "mappings" / "systems" / "finance.yaml").read_text("utf-8")
        (systems / "finance.yaml").write_text(self.change(shipped), "utf-8")
        (systems / "bank.yaml").write_text(BANK, "utf-8")
        (self.folder / "bank").mkdir()
        self.erp = Erp(self.folder / "erp.db", lambda: self.now, lambda seconds: None)
        self.finance = Finance(self.folder / "finance.db", lambda: self.now, lambda seconds: None)
        self.server = ErpServer(self.erp, lambda: self.now, finance=self.finance)
        self.server.__enter__()

    def close(self) -> None:
        self.server.__exit__()
        self.erp.desk.close()
        self.finance.desk.close()

    def hub(self) -> Hub:
        mappings, wrong = survey(self.folder / "home")
        assert not wrong, [str(error) for error in wrong]
        web = {
            "conn_type": "http",
            "host": "127.0.0.1",
            "port": self.server.port,
            "login": LOGIN,
            "password": PASSWORD,
        }
        local = {"conn_type": "fs", "extra": {"path": str(self.folder / "bank")}}
        env = {"AIRFLOW_CONN_ERP": json.dumps(web), "AIRFLOW_CONN_BANK": json.dumps(local)}
        return Hub(self.store, load_rules(self.folder / "home"), mappings, lambda: self.now, env)

    def adopt(self) -> None:
        adopt(self.store, self.hub().out, "finance", "tester", self.now)

    def sync(self, times: int = 1) -> None:
        """Run the hub as its schedule does, a minute apart."""
        for _ in range(times):
            self.now += timedelta(minutes=1)
            results = sync_systems(self.hub(), ["finance", "bank"])
            assert not [error for result in results for error in result.errors]

    def bill(self, amount: str, invoice: str) -> str:
        return self.finance.bill("C1", "上海华信贸易有限公司", amount, invoice, due="2026-03-31")

    def receive(self, number: str, amount: str, text: str) -> None:
        """Let the bank tell of a receipt."""
        row = f"{number},{amount},2026-03-02,上海华信贸易有限公司,{text}\n"
        (self.folder / "bank" / f"{number}.csv").write_text("id,amount,day,payer,text\n" + row, "utf-8")

    @property
    def cashbook(self) -> Cashbook:
        return Cashbook(self.store, ZoneInfo("Asia/Shanghai"))

    def match(self) -> Booked:
        (booked,) = self.cashbook.run(self.now)
        return booked

    def undo(self, entry: str) -> list[Line]:
        return self.cashbook.undo(COMPANY, entry, "anna", "wrong invoice", self.now)

    def lines(self) -> list[Line]:
        with self.store.read() as conn:
            return standing(conn, COMPANY)

    def open(self, number: str) -> Decimal:
        """Return what the hub thinks is open of a receivable."""
        (booked,) = self.cashbook.run(self.now, dry=True)
        mine = next(item for item in booked.receivables if item.id == Place("finance", number).ref)
        return Decimal(mine.open) / 100

    def changes(self, **wanted: Any) -> list[dict[str, Any]]:
        asked = sa.select(outbox).order_by(outbox.c.id)
        for name, value in wanted.items():
            asked = asked.where(outbox.c[name] == value)
        with self.store.read() as conn:
            return [dict(row._mapping) for row in conn.execute(asked)]

    def clearings(self) -> list[dict[str, Any]]:
        """Return what the books hold of clearings."""
        return [{"number": one.number, "ref": one.ref, **one.body} for one in self.finance.all("clearing")]
