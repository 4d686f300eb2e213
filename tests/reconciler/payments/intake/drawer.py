"""A drawer: a folder into which a cashier drops statements and filled-in workbooks, and the hub behind it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import sqlalchemy as sa

from hub.locale import text
from hub.mapping.survey import survey
from hub.rules import load_rules
from hub.store import Store
from hub.store.tables import documents
from reconciler.payments.intake import Answered, Desk, Round, folders, look
from reconciler.payments.reports import Given, write_book
from sync.run import Hub

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
LEDGER = """
system: finance
connector: files
connection: finance
time: {zone: Asia/Shanghai, format: iso}
streams:
  receivables:
    yields: receivable
    read: {file: receivables.csv}
    key: id
    fields:
      company: {const: HS01}
      number: id
      amount: amount
      currency: {const: CNY}
      customer_no: customer
      customer_name: name
      invoice_no: invoice
      occurred_at: issued
      due_at: due
    examples:
      - record: {id: R1, amount: "100.00", customer: K1, name: Ace, invoice: FP1, issued: "2026-02-01",
                 due: "2026-03-01"}
        gives: {number: R1, amount: 100.00}
"""
BANK = (Path(__file__).parents[4] / "docs/examples/bank.yaml").read_text("utf-8")
RECEIVABLES = """id,amount,customer,name,invoice,issued,due
R1,12000.00,K1,苏州华信机械有限公司,FP20260001,2026-02-01,2026-03-01
R2,700.00,K3,广州大洋贸易有限公司,FP20260004,2026-02-01,2026-03-01
R3,700.00,K3,广州大洋贸易有限公司,FP20260005,2026-02-01,2026-03-01
R4,8000.50,K4,北京启明电子股份有限公司,FP20260006,2026-02-01,2026-03-01
"""

ACCOUNT = "6222000011112222"
Entry = tuple[str, str, str, str]
"""Day in February, amount, payer, text."""

SURE: Entry = ("11", "12000,00", "苏州华信机械有限公司", "货款 FP20260001")
TWO_ARE_POSSIBLE: Entry = ("12", "700,00", "广州大洋贸易有限公司", "货款")
UNKNOWN: Entry = ("12", "8000,50", "李四", "货款")


def mt940(entries: Sequence[Entry], days: tuple[str, str], opening: str, account: str = ACCOUNT) -> bytes:
    """Return a statement over some days of February; its closing balance is right."""
    closing = _cents(opening) + sum(_cents(amount) for _, amount, _, _ in entries)
    lines = [":20:S", f":25:{account}", ":28C:1/1", f":60F:C2602{days[0]}CNY{opening}"]
    for day, amount, payer, said in entries:
        lines.append(f":61:2602{day}02{day}C{amount}NTRFNONREF//B{day}{_cents(amount)}")
        lines.append(f":86:/BENM//NAME/{payer}/REMI/{said}/")
    lines += [f":62F:C2602{days[1]}CNY{closing // 100},{closing % 100:02}", "-", ""]
    return "\n".join(lines).encode()


def _cents(amount: str) -> int:
    return int(amount.replace(",", ""))


@dataclass
class Drawer:
    """The folder, the hub's clock, and what a round is."""

    home: Path
    store: Store
    locale: str = "zh-CN"
    now: datetime = NOW
    heard: list[Answered] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Lay out the hub's folder, if it does not lie there yet."""
        systems = self.home / "mappings" / "systems"
        if not systems.exists():
            systems.mkdir(parents=True)
            (self.home / "mappings" / "hub.yaml").write_text("zone: Asia/Shanghai\ncompany: HS01\n", "utf-8")
            (systems / "bank.yaml").write_text(BANK, "utf-8")
            (systems / "finance.yaml").write_text(LEDGER, "utf-8")
            self.folder.mkdir(parents=True)
            (self.home / "ledger").mkdir()
            (self.home / "ledger" / "receivables.csv").write_text(RECEIVABLES, "utf-8")

    @property
    def folder(self) -> Path:
        """Where people drop things."""
        return self.home / "bank" / "statements"

    @property
    def env(self) -> dict[str, str]:
        """How the systems are reached."""
        places = {"BANK": self.home / "bank", "FINANCE": self.home / "ledger"}
        return {
            f"AIRFLOW_CONN_{name}": json.dumps({"conn_type": "fs", "extra": {"path": str(path)}})
            for name, path in places.items()
        }

    @property
    def hub(self) -> Hub:
        """The hub, as its files say it now."""
        right, wrong = survey(self.home)
        assert not wrong
        return Hub(self.store, load_rules(self.home), right, lambda: self.now, self.env)

    @property
    def desk(self) -> Desk:
        """What a round works with."""
        return Desk(self.hub, self.locale)

    def drop(self, name: str, content: bytes, age: timedelta = timedelta(minutes=1)) -> Path:
        """Put a file into the folder, written some time ago."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        at = (self.now - age).timestamp()
        os.utime(path, (at, at))
        return path

    def round(self) -> Round:
        """Look once; the clock goes on by a minute."""
        found = look(self.desk, folders(self.hub), self.heard.append)
        self.now += timedelta(minutes=1)
        return found

    def answer(self, name: str) -> str:
        """Return the one answer beside a file, as a person reads it."""
        (path,) = [one for one in self.folder.rglob("*") if one.name in self.names(name)]
        content = path.read_bytes()
        assert content.startswith(b"\xef\xbb\xbf")
        return content.decode("utf-8-sig").replace("\r\n", "\n")

    def names(self, name: str) -> dict[str, str]:
        """Return the names that an answer to a file may have, and what they say."""
        return {
            name + text(f"intake.ending_{kind}", locale): kind
            for kind in ("read", "problem")
            for locale in ("en", "zh-CN")
        }

    def kind(self, name: str) -> str:
        """Return what the one answer beside a file says by its name: read or problem."""
        known = self.names(name)
        (found,) = [known[one.name] for one in self.folder.rglob("*") if one.name in known]
        return found

    def entries(self) -> int:
        """Return how many bank entries the store holds."""
        with self.store.read() as conn:
            asked = sa.select(sa.func.count()).where(documents.c.kind == "bank_entry")
            return int(conn.scalar(asked) or 0)

    def read_ledger(self) -> None:
        """Read the receivables."""
        from sync.run import sync_system

        assert not sync_system(self.hub, "finance").errors

    def sheet(self, name: str, **decisions: tuple[str, str]) -> Path:
        """Drop the workbook of proposals, with a (word, who) for each candidate that pays a receivable."""
        (booked,) = self.desk.book.run(self.now)
        path = self.home / "proposals.xlsx"
        write_book(path, Given(booked.outcomes, booked.receivables, self.now.date(), self.locale))
        book = openpyxl.load_workbook(path)
        rows = book[text("payments.sheet_proposals", self.locale)]
        heads = [cell.value for cell in rows[1]]
        columns = [heads.index(text(f"payments.column_{one}", self.locale)) for one in ("decision", "who")]
        for row in rows.iter_rows(min_row=2):
            for receivable, said in decisions.items():
                if f"finance/{receivable}" in [cell.value for cell in row]:
                    for at, value in zip(columns, said, strict=True):
                        row[at].value = value or None
        book.save(path)
        return self.drop(name, path.read_bytes())

    def posted(self) -> dict[str, str | None]:
        """Return what is posted, by receivable, and who decided it."""
        from reconciler.payments import ledger

        with self.store.read() as conn:
            return {line.receivable.number: line.who for line in ledger.standing(conn, "HS01")}
