"""How the bank is asked, and what its refusals become."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.cmb import CmbConnector
from connectors.contract import Health, Since
from connectors.retry import retrying
from hub.config import Connection
from hub.errors import (
    AuthExpired,
    HubError,
    Incomplete,
    RateLimited,
    Rejected,
    SourceError,
    Unavailable,
)
from hub.locale import LOCALES, text
from simulators.bank import BankServer, Keys, Ledger, Vault
from simulators.bank.link import Refused
from tests.connectors.cmb.bank import ACCOUNT, KEYS, OTHER, Bank, Clock, mapping


@pytest.fixture
def bank() -> Iterator[Bank]:
    made = Bank()
    yield made
    made.close()


def error(bank: Bank, **said: Any) -> SourceError:
    with pytest.raises(SourceError) as caught:
        bank.pages(**said)
    return caught.value


def test_ten_seconds_between_two_questions_about_an_account(bank: Bank) -> None:
    for number in range(7):
        bank.book(f"C{number}", "1.00")
    assert sum(len(page.records) for page in bank.pages()) == 7
    assert bank.clock.slept == [10.0, 10.0]
    bank.pages()  # another connector of the same system waits as well
    assert len(bank.clock.slept) == 5


def test_two_accounts_do_not_wait_for_each_other(bank: Bank) -> None:
    bank.ledger.accounts[OTHER] = []
    bank.pages(accounts=[ACCOUNT, OTHER])
    assert bank.clock.slept == []


def test_too_frequent_is_waited_for(bank: Bank) -> None:
    """Somebody else asks about the account as well."""
    bank.link.gap = 15.0
    bank.book("C1", "1.00")
    for number in range(4):
        bank.book(f"D{number}", "1.00")
    assert type(error(bank)) is RateLimited
    assert bank.waits == [10.0, 10.0]


def test_the_gateways_refusal_is_not_tried_again(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors are counted, and the link is locked after some."""
    asked: list[dict[str, str]] = []
    answer = bank.server.answer

    def noting(form: dict[str, str]) -> bytes:
        asked.append(form)
        return answer(form)

    monkeypatch.setattr(bank.server, "answer", noting)
    bank.server.vault = Vault(Keys.made(KEYS.user, seed=2))
    found = error(bank, accounts=[ACCOUNT, OTHER])
    assert type(found) is AuthExpired
    assert found.values["code"] == "DCAT002"
    assert len(asked) == 1


def test_a_user_without_the_link(bank: Bank) -> None:
    bank.server.vault = Vault(Keys("U1", KEYS.company, KEYS.bank, KEYS.cipher))
    found = error(bank)
    assert type(found) is AuthExpired
    assert "您未开通直联业务 [N66010]" in str(found)


def test_what_is_said_of_one_account_does_not_stop_the_others(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same words from behind the gateway are about an account."""
    answer = type(bank.link).answer

    def other(link: Any, head: dict[str, str], body: Any) -> Any:
        if body["TRANSQUERYBYBREAKPOINT_X1"][0]["cardNbr"] == OTHER:
            raise Refused("NCB0002", "该户口未开通查询")
        return answer(link, head, body)

    monkeypatch.setattr(type(bank.link), "answer", other)
    bank.book("C1", "1.00")
    fetched = bank.open(mapping(accounts=[OTHER, ACCOUNT])).fetch("entries", Since({}))
    assert [len(next(fetched).records) for _ in range(2)] == [0, 1]
    with pytest.raises(Rejected, match="未开通"):
        next(fetched)


@pytest.mark.parametrize("minutes", [-75, 61, 600])
def test_a_clock_that_is_wrong_is_said(bank: Bank, minutes: int) -> None:
    ahead = Clock(bank.clock.now + timedelta(minutes=minutes))
    made = CmbConnector(mapping(), bank.connection(), ahead, retrying(lambda _: None), sleep=ahead.sleep)
    with pytest.raises(Rejected) as caught:
        list(made.fetch("entries", Since({})))
    made.close()
    assert caught.value.key == "cmb.clock_skew"
    for locale in LOCALES:
        assert f"{minutes:+d}" in caught.value.say(locale)


def test_an_answer_that_somebody_else_signed_is_not_used(bank: Bank) -> None:
    bank.book("C1", "1.00")
    bank.server.fail("forged")
    found = error(bank)
    assert (type(found), found.key) == (Unavailable, "cmb.bad_signature")


@pytest.mark.parametrize(("way", "key"), [("cut", "cmb.cut_off"), ("html", "cmb.no_answer")])
def test_answers_that_cannot_be_used(bank: Bank, way: str, key: str) -> None:
    bank.server.fail(way)
    found = error(bank)
    assert found.key == key
    assert isinstance(found, Incomplete) == (way == "cut")


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_a_body_cut_anywhere_is_incomplete(bank: Bank, cut: int, monkeypatch: pytest.MonkeyPatch) -> None:
    bank.book("C1", "1.00")
    answer = bank.server.answer
    monkeypatch.setattr(bank.server, "answer", lambda form: answer(form)[:-cut])
    assert type(error(bank)) is Incomplete


@pytest.mark.parametrize("response", [{}, {"head": {}}, {"head": [], "body": []}])
def test_an_answer_without_a_result_is_refused(
    bank: Bank, response: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = bank.server.vault.seal
    monkeypatch.setattr(bank.server.vault, "seal", lambda _, now, **more: seal(response, now))
    assert type(error(bank)) is Rejected


def test_the_mappings_own_table_goes_before_the_words(bank: Bank) -> None:
    bank.server.fail("refused")
    assert type(error(bank)) is Rejected
    assert type(error(bank, errors={"limited": ["NCB9999 *"]})) is RateLimited


def test_each_question_has_a_number_of_its_own(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    heads: list[dict[str, str]] = []
    answer = type(bank.link).answer

    def noting(link: Any, head: dict[str, str], body: Any) -> Any:
        heads.append(head)
        return answer(link, head, body)

    monkeypatch.setattr(type(bank.link), "answer", noting)
    for number in range(7):
        bank.book(f"C{number}", "1.00")
    bank.pages()
    found = [head["reqid"] for head in heads]
    assert len(set(found)) == 3
    assert all(re.fullmatch(r"202603201207\d{5}[0-9a-f]{32}", one) for one in found)


def test_a_window_of_rest_is_kept(bank: Bank) -> None:
    found = error(bank, limits={"pause": ["12:00-12:30"]}, time={"zone": "Asia/Shanghai"})
    assert (type(found), bank.link.asked) == (RateLimited, [])


def test_check_says_the_balances(bank: Bank) -> None:
    bank.book("C1", "12.50")
    bank.ledger.accounts[OTHER] = []
    health = bank.open(mapping(accounts=[ACCOUNT, {"number": OTHER, "branch": "75"}])).check()
    assert health.ok
    assert health.values == {"system": "source", "accounts": 2, "balances": "…0101 10012.50; …0202 10000.00"}
    assert all("10012.50" in text(health.key, locale, **health.values) for locale in LOCALES)


def test_check_names_an_account_that_is_refused(bank: Bank) -> None:
    health = bank.open(mapping(accounts=[ACCOUNT, OTHER])).check()
    assert not health.ok
    assert (health.values["code"], health.values["record"]) == ("NCB5033", OTHER)


def test_check_asks_for_thirty_accounts_at_a_time(bank: Bank) -> None:
    bank.link.ledger = Ledger({f"{number}": [] for number in range(65)})
    health = bank.open(mapping(accounts=list(bank.link.ledger.accounts))).check()
    assert health.values["accounts"] == 65
    assert [len(body["ntqadinfx"]) for _, body in bank.link.asked] == [30, 30, 5]


def secrets_in(said: str) -> list[str]:
    return [one for one in (KEYS.private, KEYS.cipher, f"{KEYS.company:x}", f"{KEYS.company}") if one in said]


@pytest.mark.parametrize("way", ["gateway", "forged", "cut", "refused", "gone", "http_429", ""])
def test_no_key_in_errors_and_logs(bank: Bank, way: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    bank.server.fail(way)
    connector = bank.open(mapping())
    shown = [repr(connector), repr(connector._caller._envelope), repr(bank.connection())]
    health: Health = connector.check()
    shown.append(repr(health))
    try:
        list(connector.fetch("entries", Since({})))
    except HubError as found:
        shown += [repr(found.values), "".join(traceback.format_exception(found))]
    assert health.ok == (way == "")
    assert secrets_in("\n".join([*shown, caplog.text])) == []


def test_the_bank_refuses_what_the_company_did_not_sign(bank: Bank) -> None:
    """The practice bank looks: else nothing above would prove a signature."""
    server: BankServer = bank.server
    assert server.answer({"UID": KEYS.user, "ALG": "SM", "DATA": "AAAA"}).startswith(b"CDCServer:DCAT002")
    assert server.answer({"UID": "else", "ALG": "SM"}).startswith(b"CDCServer:DCAT009")
    other = Keys(KEYS.user, KEYS.company + 1, KEYS.bank, KEYS.cipher)
    made = bank.open(mapping(), _keyed(bank, other))
    assert made.check().values["code"] == "DCAT003"


def _keyed(bank: Bank, keys: Keys) -> Connection:
    return replace(bank.connection(), password=keys.private)
