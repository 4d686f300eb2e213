"""The page: it stands alone, says everything in both languages, and leads from payment to order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.locale import LOCALES
from reconciler.payments.model import KINDS, Outcome
from reconciler.payments.reports import Given, write_page
from reconciler.payments.reports.page import build
from reconciler.payments.reports.words import Words
from tests.reconciler.payments.reports.house import DAY, a_month, accounts, came

PAYMENTS = Path(__file__).parents[4] / "reconciler" / "payments"


def page(path: Path, given: Given) -> str:
    write_page(path / "page.html", given)
    return (path / "page.html").read_text("utf-8")


@pytest.mark.parametrize("locale", LOCALES)
def test_it_stands_alone_and_runs_nothing(tmp_path: Path, locale: str) -> None:
    said = page(tmp_path, a_month(locale, accounts=accounts()))
    assert not re.search(r"(src|href)=.(https?:)?//|@import|url\(", said)
    assert "<script" not in said
    assert "&lt;script&gt;" in said


@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_is_there(tmp_path: Path, locale: str) -> None:
    said = page(tmp_path, a_month(locale, accounts=accounts()))
    assert not re.search(
        r"\b(payments|match)\.[a-z]\w*|\{\w+\}", re.sub(r"<style>.*?</style>", "", said, flags=re.S)
    )


def test_the_headline() -> None:
    told = build(a_month())
    assert told["head"]["headline"] == "5 of 8 receipts (62.50 %) were matched without a person."
    assert told["head"]["sub"] == "By money: EUR 86.59 %."
    assert [one["value"] for one in told["tiles"]] == ["8", "5", "2", "1", "3", "–"]


def test_nothing_came(tmp_path: Path) -> None:
    assert "No receipts came in." in page(tmp_path, Given([], [], DAY))


def test_candidates_stand_beside_their_entry() -> None:
    [first, second] = build(a_month())["proposals"]["rows"]
    assert [row["entry"]["id"] for row in (first, second)] == ["B7", "B6"]  # the larger one first
    [one, other] = second["candidates"]
    assert (one["rank"], other["rank"]) == (1, 2)
    assert one["facts"] == ["the sum fits"]
    assert one["doubts"] == ["several receivables, or sets of them, have this sum"]
    [line] = one["lines"]
    assert (line["invoice"], line["order"], line["overdue"], line["whole"]) == (
        "SI-7", "SO-7", "45 days late", True,
    )  # fmt: skip
    assert first["candidates"][0]["doubts"] == ["only one fact speaks for it"]
    assert first["candidates"][1]["rest"] == "EUR 60.00 stays on account"


def test_what_is_on_account_may_pay_what_is_not_posted_yet() -> None:
    [row] = build(a_month())["on_account"]["rows"]
    assert (row["rest"], [one["invoice"] for one in row["candidates"]]) == ("EUR 25.00", ["SI-6"])


def test_from_payment_to_invoice_to_order_to_shipment(tmp_path: Path) -> None:
    said = page(tmp_path, a_month(shipments={"SO-1": ["DN-77", "DN-78"]}))
    payment = re.search(r'<tr id="(p\d+)"><td class="order">B1<', said)
    assert payment
    row = said[payment.start() : said.index("</tr>", payment.start())]
    invoice = re.search(r'<a href="#(d\d+)">SI-1</a>', row)
    order = re.search(r'<a href="#(o\d+)">SO-1</a>', row)
    assert invoice
    assert order
    target = said[said.index(f'<tr id="{invoice[1]}">') :]
    target = target[: target.index("</tr>")]
    assert f'id="{order[1]}"' in target
    assert "DN-77, DN-78" in target
    assert f'<a href="#{payment[1]}">B1</a>' in target


def test_every_link_leads_somewhere(tmp_path: Path) -> None:
    said = page(tmp_path, a_month(accounts=accounts()))
    assert set(re.findall(r'href="#([^"]+)"', said)) <= set(re.findall(r'\bid="([^"]+)"', said))
    assert len(re.findall(r'\bid="([^"]+)"', said)) == len(set(re.findall(r'\bid="([^"]+)"', said)))


def test_statements() -> None:
    told = build(a_month(accounts=accounts()))["accounts"]
    whole, torn = told["rows"]
    assert (told["good"], told["said"][:19]) == (False, "2 accounts, 3 gaps:")
    assert whole["faults"] == []
    assert torn["faults"] == [
        "opening balance and entries do not make the closing balance",
        "days without a statement: 2026-06-01",
        "2026-06-01: opens with 6.00, the statement before closed with 5.00",
    ]
    assert build(a_month(accounts=accounts()[:1]))["accounts"]["good"]
    assert "not checked" in build(a_month())["accounts"]["said"]


def test_long_lists_say_what_they_leave_out() -> None:
    many = [Outcome(came(at, 100), "unidentified") for at in range(50)]
    told = build(Given(many, [], DAY))["unidentified"]
    assert (len(told["rows"]), told["capped"]) == (40, "40 of 50 are shown; the workbook holds all.")


def test_a_payment_that_is_not_shown_is_not_linked() -> None:
    given = a_month()
    duplicate = build(given)["aside"][1]["rows"][0]
    assert duplicate["about"] == "B1"
    assert duplicate["anchor"]
    alone = Given([one for one in given.outcomes if one.standing == "duplicate"], [], DAY)
    assert build(alone)["aside"][1]["rows"][0]["anchor"] == ""


@pytest.mark.parametrize("locale", LOCALES)
def test_every_rule_and_fact_of_the_matcher_has_a_word(locale: str) -> None:
    code = "".join(path.read_text("utf-8") for path in PAYMENTS.glob("by_*.py"))
    code += (PAYMENTS / "proposing.py").read_text("utf-8")
    rules = set(re.findall(r'"((?:document|party)_\w+|oldest_first|candidate)"', code)) - {"party_in_text"}
    words = Words(locale)
    assert not [rule for rule in {*rules, "document", "party"} if words.rule_named(rule) == rule]
    facts = {*KINDS, "rate", "period", "nearly_sum"}
    assert not [fact for fact in facts if words.known(f"fact_{fact}", fact) == fact]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        write_page(tmp_path / "nowhere" / "page.html", a_month())
