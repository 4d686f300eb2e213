"""Statements are kept with their entries by whatever reads them: one row each, sealed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.store import Store
from hub.store.tables import statements
from sync.run import sync_system
from sync.statements import Kept, load
from tests.connectors.statements.samples import CAMT, MT940
from tests.reconciler.payments.intake.drawer import SURE, Drawer, mt940

EMPTY = mt940([], ("12", "13"), "13000,00")


@pytest.fixture
def any_drawer(store: Store, tmp_path: Path) -> Drawer:
    return Drawer(tmp_path / "home", store)


def read(drawer: Drawer) -> list[Kept]:
    result = sync_system(drawer.hub, "bank")
    assert not result.errors
    drawer.now += timedelta(minutes=1)
    with drawer.store.read() as conn:
        return load(conn, drawer.store.seal, "HS01")


def test_a_plain_sync_keeps_them(any_drawer: Drawer) -> None:
    any_drawer.drop("a.sta", mt940([SURE], ("10", "11"), "1000,00"))
    any_drawer.drop("b.sta", EMPTY)
    first, second = read(any_drawer)
    assert (first.account, first.currency, first.file) == ("6222000011112222", "CNY", "statements/a.sta")
    assert (first.first_on.day, first.last_on.day, first.named) == (10, 11, True)
    assert (first.opening, first.closing, first.entries, first.sum) == (
        Decimal(1000), Decimal(13000), 1, Decimal(12000),
    )  # fmt: skip
    assert (second.entries, second.opening, second.closing) == (0, Decimal(13000), Decimal(13000))


def test_the_same_one_in_another_file_or_format_is_one_row(any_drawer: Drawer) -> None:
    any_drawer.drop("a.sta", mt940([SURE], ("10", "11"), "1000,00"))
    read(any_drawer)
    any_drawer.drop("again.sta", mt940([SURE], ("10", "11"), "1000,00") + b"\n")
    assert len(read(any_drawer)) == 1
    assert len(read(any_drawer)) == 1


def test_accounts_lie_sealed(any_drawer: Drawer) -> None:
    any_drawer.drop("a.sta", mt940([SURE], ("10", "11"), "1000,00"))
    read(any_drawer)
    with any_drawer.store.read() as conn:
        (row,) = conn.execute(sa.select(statements)).all()
    assert b"6222" not in bytes(row.account) + bytes(row.digest) + bytes(row.account_digest)


def test_samples_of_other_formats_are_kept_too(any_drawer: Drawer) -> None:
    any_drawer.drop("a.xml", CAMT)
    any_drawer.drop("b.sta", MT940)
    found = read(any_drawer)
    assert {one.account for one in found} == {"DE02120300000000202051"}
    assert {(one.opening, one.closing) for one in found} == {
        (Decimal(1000), Decimal("1209.50")), (Decimal(1000), Decimal("1219.50")),
    }  # fmt: skip
