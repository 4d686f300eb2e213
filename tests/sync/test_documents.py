"""Streams of what is no order: kept as their system says it, with the same gates as orders."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from hub.store import jsons
from hub.store.tables import documents, ledger, quarantine, unlinked
from sync.documents import place_of
from sync.explain import explain
from tests.sync.conftest import Company

BANK = """
system: bank
connector: files
connection: tms
time: {zone: Asia/Shanghai, format: iso}
streams:
  entries:
    yields: bank_entry
    read: {file: "BANK_*.csv"}
    key: id
    fields:
      company: {const: C1}
      number: no
      order_no: [{from: order, strip: "0"}, {link: delivery, from: note}]
      amount: sum
      currency: {const: cny}
      occurred_at: {from: day, format: "%Y-%m-%d"}
      payer: payer
      status: {from: state, codes: {B: booked, P: pending}}
    links: {bank_no: no}
"""

COLUMNS = ("id", "no", "order", "note", "sum", "day", "payer", "state")


@pytest.fixture
def bank(company: Company) -> Company:
    company.mappings["bank"] = BANK
    company.write_mappings()
    return company


def book(company: Company, file: int, *rows: dict[str, str]) -> None:
    usual = {"sum": "12.50", "day": "2026-03-01", "payer": "Ace", "state": "B"}
    lines = [",".join(COLUMNS)]
    for row in rows:
        said = {**usual, "no": f"N{row['id']}", **row}
        lines.append(",".join(said.get(name, "") for name in COLUMNS))
    (company.folder / "drop" / f"BANK_{file}.csv").write_text("\n".join(lines) + "\n", "utf-8")


def kept(company: Company) -> list[dict[str, Any]]:
    return company.rows(documents)


def test_a_document_is_kept_with_its_order_and_what_is_sensitive_is_sealed(bank: Company) -> None:
    book(bank, 1, {"id": "1", "order": "0007"})
    result = bank.sync("bank")["bank"]
    assert not result.errors
    assert (result.counts["records"], result.counts["documents"]) == (1, 1)
    (row,) = kept(bank)
    assert (row["kind"], row["company"], row["number"], row["order_no"]) == ("bank_entry", "C1", "N1", "7")
    assert (row["amount"], row["currency"], row["status"]) == (Decimal("12.5"), "CNY", "booked")
    assert row["occurred_at"] == datetime(2026, 2, 28, 16, tzinfo=UTC)
    assert b"Ace" not in row["fields"]
    assert jsons.loads(bank.store.seal.decrypt(row["fields"], place_of(row))) == {"payer": "Ace"}


def test_what_comes_again_changes_nothing_and_what_changed_is_replaced(bank: Company) -> None:
    book(bank, 1, {"id": "1"}, {"id": "2"})
    bank.sync("bank")
    before = bank.dump()
    bank.later(hours=1)
    book(bank, 2, {"id": "1"}, {"id": "2"})
    result = bank.sync("bank")["bank"]
    assert result.counts["documents"] == 0
    assert bank.dump()[documents.name] == before[documents.name]
    book(bank, 3, {"id": "1", "state": "P", "payer": "Bee"}, {"id": "2"})
    assert bank.sync("bank")["bank"].counts["documents"] == 1
    first, second = kept(bank)
    assert (first["status"], first["changed_at"], second["status"]) == ("pending", bank.now, "booked")
    assert first["first_seen"] < bank.now


def test_a_corrected_number_leaves_no_second_document(bank: Company) -> None:
    book(bank, 1, {"id": "1"})
    bank.sync("bank")
    book(bank, 2, {"id": "1", "no": "N9"})
    bank.sync("bank")
    assert [row["number"] for row in kept(bank)] == ["N9"]


def test_a_bad_document_is_quarantined_and_stops_no_other(bank: Company) -> None:
    book(bank, 1, {"id": "1", "sum": "much"}, {"id": "2"}, {"id": "3"}, {"id": "4"})
    assert not bank.sync("bank")["bank"].errors
    assert [row["number"] for row in kept(bank)] == ["N2", "N3", "N4"]
    (lying,) = bank.rows(quarantine)
    assert (lying["system"], lying["record"], lying["field"]) == ("bank", "1", "amount")
    book(bank, 2, {"id": "1"})
    bank.sync("bank")
    assert bank.rows(quarantine)[0]["solved_at"] == bank.now


def test_a_document_finds_its_order_when_the_link_comes(bank: Company) -> None:
    book(bank, 1, {"id": "1", "note": "D7"})
    bank.sync("bank")
    assert [row["order_no"] for row in kept(bank)] == [None]
    assert len(bank.rows(unlinked)) == 1
    bank.outbound(7)
    bank.sync("wms")
    assert [row["order_no"] for row in kept(bank)] == ["7"]
    assert bank.rows(unlinked) == []


def test_an_order_is_explained_with_its_documents_and_by_their_numbers(bank: Company) -> None:
    bank.outbound(7)
    book(bank, 1, {"id": "1", "order": "7"}, {"id": "2", "order": "8"})
    bank.sync("wms", "bank")
    (life,) = explain(bank.store, "7").lives
    assert [row["number"] for row in life.documents] == ["N1"]
    assert explain(bank.store, "N1").lives[0].key == life.key
    alone = explain(bank.store, "N2")
    assert [row["number"] for one in alone.lives for row in one.documents] == ["N2"]
    assert len(bank.rows(ledger)) == 3
