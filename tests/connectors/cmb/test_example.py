"""The mapping that the docs show, from the practice bank's wire to documents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.contract import Since
from hub import yamlfile
from hub.mapping import load_system, run_examples
from hub.mapping.documents import DocumentReader
from hub.mapping.loading import read_system
from hub.rules import Rules
from tests.connectors.cmb.bank import NOON, Bank

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "cmb.yaml"


@pytest.fixture
def bank() -> Iterator[Bank]:
    made = Bank()
    yield made
    made.close()


def test_the_example_is_right() -> None:
    mapping, problems = read_system(yamlfile.load(EXAMPLE.read_text("utf-8"), EXAMPLE.name))
    assert [one.say() for one in problems] == []
    assert mapping is not None
    assert [one for one in run_examples(mapping) if not one.ok] == []


def test_the_example_makes_documents(bank: Bank) -> None:
    bank.book("C1", "250.00", text="货款 SO-1001", payer="海盛机械", payer_account="6225")
    bank.book("C2", "-40.01", "2026-03-03 14:03:37")
    mapping = load_system(EXAMPLE)
    reader = DocumentReader(mapping, "entries", Rules())
    found = [
        one
        for page in bank.open(mapping).fetch("entries", Since({}))
        for record in page.records
        for one in reader.read(record, page.meta, NOON).documents
    ]
    assert [(one.kind, one.company, one.amount, one.currency, one.status) for one in found] == [
        ("bank_entry", "HS01", Decimal("250.00"), "CNY", "posted"),
        ("bank_entry", "HS01", Decimal("-40.01"), "CNY", "posted"),
    ]
    assert found[1].occurred_at == datetime(2026, 3, 3, 6, 3, 37, tzinfo=UTC)
    assert found[0].fields["purpose"] == "货款 SO-1001"
    assert (found[0].fields["payer"], found[0].fields["payer_account"]) == ("海盛机械", "6225")
    assert found[0].number != found[1].number
