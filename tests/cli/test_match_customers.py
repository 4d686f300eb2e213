"""`orderhub match` and agreements: how customers stand, what is cleared apart, rules that are rehearsed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest

from hub.config import Settings
from hub.store import bulk, open_store
from hub.store.tables import links, orders
from tests.cli.home import Home, home_in
from tests.reconciler.payments.desk import Desk, link, order


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "mappings" / "systems").mkdir(parents=True)
    hub = "locale: en\nzone: Asia/Shanghai\npayments: {grades: {A: {overdue_days: 0}}}\n"
    (tmp_path / "mappings" / "hub.yaml").write_text(hub, "utf-8")
    here = home_in(tmp_path)
    assert here.run("db", "upgrade").exit_code == 0
    return here


@pytest.fixture
def desk(home: Home) -> Iterator[Desk]:
    settings = Settings.load(home.env)
    store = open_store(settings.store_url, settings.key)
    yield Desk(store, today=datetime.now(UTC).date())
    store.close()


def test_standings_are_listed_once_money_was_matched(home: Home, desk: Desk) -> None:
    desk.owes("R1", "12000.00", late=41)
    desk.owes("R2", "300.00", late=2, customer="K2", name="Ace Ltd")
    assert "orderhub match" in home.run("match", "standings").output
    home.json("match")
    first, second = home.json("match", "standings")
    assert (first["customer"], first["overdue"], first["grade"]) == ("K1", "12000.00", "C")
    assert first["overdue_days"] in (40, 41, 42)  # the hub's day is that of its zone
    assert "CNY 12,000.00 of it is overdue" in first["note"]
    assert (second["customer"], second["grade"]) == ("K2", "B"), "hub.yaml is stricter than usual"
    shown = home.run("match", "standings").output
    assert "12,000.00 CNY" in shown
    assert "Ace Ltd" in shown


def test_one_customer_is_told_in_words_and_an_unknown_one_is_named(home: Home, desk: Desk) -> None:
    desk.owes("R1", "12000.00", late=41)
    home.json("match")
    said = home.run("match", "standings", "--customer", "K1").output
    assert "Grade C as of" in said
    done = home.run("match", "standings", "--customer", "K9")
    assert done.exit_code != 0
    assert "K9" in done.output


def agree(home: Home, policy: str) -> None:
    hub = f"locale: en\nzone: Asia/Shanghai\npayments: {{policies: {{customers: {{K1: {policy}}}}}}}\n"
    (home.path / "mappings" / "hub.yaml").write_text(hub, "utf-8")


def test_what_is_cleared_by_agreement_is_told_apart(home: Home, desk: Desk) -> None:
    agree(home, "oldest_first")
    desk.owes("R1", "500.17", late=40)
    desk.owes("R2", "300.11", late=10)
    desk.pays("B1", "450.00")
    desk.pays("B2", "300.11", "FPR2")
    (told,) = home.json("match", "--dry-run")
    assert (told["counts"]["posted"], told["counts"]["agreed"], told["entries"]) == (1, 1, 2)
    assert told["sums"]["agreed"] == {"CNY": "450.00"}
    said = home.run("match").output
    assert "50.0 % of the 2 receipts" in said
    assert "1 more were cleared by agreement" in said


def test_rules_are_rehearsed_on_what_was_matched(home: Home, desk: Desk) -> None:
    agree(home, "oldest_first")
    desk.owes("R1", "500.17", late=40)
    desk.pays("B1", "450.00")
    home.json("match")
    assert "would change nothing of 1 entries" in home.run("match", "rehearse").output
    agree(home, "by_document")
    (told,) = home.json("match", "rehearse")
    assert (told["counts"]["gone"], told["sums"]["gone"]) == (1, {"CNY": "450.00"})
    assert told["changes"][0]["before"][0]["rule"] == "policy_oldest_first"
    assert told["changes"][0]["before"][0]["version"] == told["version"]
    shown = home.run("match", "rehearse").output
    assert "would only be proposed" in shown
    assert home.run("match", "rehearse", "--since", "tomorrow").exit_code == 2
    assert home.json("match", "rehearse", "--since", "2099-01-01")[0]["changes"] == []


def test_rules_that_contradict_a_person_end_with_an_error(home: Home, desk: Desk) -> None:
    agree(home, "by_document")
    desk.owes("R1", "500.17", late=40)
    desk.owes("R2", "300.11", late=10)
    desk.pays("B1", "100.00")
    pays = ("--pays", "finance/R2", "--reason", "he called", "--who", "Wang")
    home.json("match", "confirm", "bank/B1", *pays)
    agree(home, "oldest_first")
    done = home.run("match", "rehearse")
    assert done.exit_code == 1
    assert "contradict people in 1 cases" in done.output
    (told,) = home.json("match", "rehearse", code=1)
    assert told["changes"][0]["what"] == "against_person"


def test_the_report_follows_a_payment_to_its_shipment_and_names_what_nobody_billed(
    home: Home, desk: Desk
) -> None:
    desk.owes("R0", "80.00", late=10)
    desk.pays("B0", "80.00", "FPR0", ago=5)
    home.json("match")
    desk.owes("R1", "120.50", order_no="SO1")
    desk.pays("B1", "120.50", "FPR1")
    with desk.store.write() as conn:
        bulk.insert(conn, links, [link("waybill", "SF1001", "SO1")])
        bulk.insert(conn, orders, [order("SO1"), order("SO2")])
    page, sheet = home.path / "report.html", home.path / "report.xlsx"
    assert home.run("match", "--report", str(page), "--sheet", str(sheet)).exit_code == 0
    said = page.read_text("utf-8")
    assert "SF1001" in said
    assert "Shipped, not invoiced" in said
    book = openpyxl.load_workbook(sheet)
    assert [row[0].value for row in book["Not invoiced"].iter_rows(min_row=2)] == ["SO2"]
    heads, customer = book["Customers"].iter_rows(values_only=True)
    days = dict(zip(heads, customer, strict=True))["Average days to pay"]
    assert days == 37.0, "35 and 39: what was matched by an earlier run counts too"
