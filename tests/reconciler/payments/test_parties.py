"""Who pays: by account, name, alias, group, or named in the text."""

from __future__ import annotations

import pytest

from reconciler.payments.model import Customer
from reconciler.payments.parties import Directory, Party
from tests.reconciler.payments.world import (
    BRIGHT,
    CUSTOMERS,
    HONGDA,
    NORDSEE,
    SKY,
    owed,
    paid,
)

ALL = Directory(CUSTOMERS, [])


def party(name: str = "", account: str = "", text: str = "", directory: Directory = ALL) -> Party:
    return directory.party(paid(100, text, name, account))


PAYERS = [
    ("account", "", "6222001100220033", {"K1"}, "account"),
    ("account, in blocks", "", "6222 0011 0022 0033", {"K1"}, "account"),
    ("account of a person", "王小明", "DE02 1203 0000 0000 2020 51", {"K2"}, "account"),
    ("name", HONGDA, "", {"K1"}, "party"),
    ("name, short", "上海宏达电子", "", {"K1"}, "party"),
    ("name and account", HONGDA, "6222001100220033", {"K1"}, "party"),
    ("name, account of a stranger", HONGDA, "1111222233334444", {"K1"}, "party"),
    ("English name", "HONGDA ELECTRONICS CO LTD", "", {"K1"}, "party"),
    ("alias", "宏达厂", "", {"K1"}, "party"),
    ("umlaut as two letters", "NORDSEE MOEBEL GMBH", "", {"K2"}, "party"),
    ("umlaut lost", "Nordsee Mobel", "", {"K2"}, "party"),
    ("parent that is no customer", "蓝天控股集团有限公司", "", {"K3", "K4"}, "party"),
    ("nobody", "", "", set(), "account"),
]


@pytest.mark.parametrize(("name", "account", "payers", "fact"), [row[1:] for row in PAYERS])
def test_payers(name: str, account: str, payers: set[str], fact: str) -> None:
    found = party(name, account)
    assert (set(found.payers), found.fact) == (payers, fact)
    assert not found.contradicted


CUT = ["上海宏达电子有限公", "上海宏达电子有限", "上海宏达电子股份有限"]


@pytest.mark.parametrize("name", CUT)
def test_a_name_whose_legal_form_was_cut(name: str) -> None:
    assert party(name).payers == {"K1"}


def test_a_name_in_a_text_with_the_kind_of_its_place() -> None:
    directory = Directory([Customer("K7", "常州市远大纺织有限公司")], [])
    for text in ("常州市远大纺织有限公司货款", "货款（原常州远大纺织有限公司）"):
        assert party("王小明", text=text, directory=directory).named == {"K7"}


def test_the_parent_of_a_parent_is_of_the_group() -> None:
    names = ("蓝天控股", "蓝天贸易", "蓝天物流")
    directory = Directory(
        [Customer(f"K{at}", name, parent_name=names[at - 1] if at else "") for at, name in enumerate(names)],
        [],
    )
    assert directory.kin(["K2"]) == {"K0", "K1", "K2"}
    assert party("蓝天控股", directory=directory).relatives == {"K1", "K2"}


def test_account_and_name_of_different_customers() -> None:
    found = party(NORDSEE, "6222001100220033")
    assert found.contradicted
    assert found.payers == {"K1", "K2"}


def test_account_and_name_within_a_group_agree() -> None:
    group = [
        Customer("A", "蓝天贸易有限公司", accounts=("62220001",)),
        Customer("B", "蓝天物流有限公司", parent_name="蓝天贸易有限公司"),
    ]
    found = party("蓝天物流有限公司", "62220001", directory=Directory(group, []))
    assert not found.contradicted
    assert found.payers == {"B"}
    assert found.relatives == {"A"}


def test_relatives_are_those_of_the_same_parent() -> None:
    found = party(SKY)
    assert found.payers == {"K3"}
    assert found.relatives == {"K4"}
    assert found.family == {"K3", "K4"}
    assert party(HONGDA).relatives == set()


def test_a_parent_that_is_a_customer_heads_its_group() -> None:
    group = [
        Customer("A", "蓝天控股有限公司"),
        Customer("B", "蓝天物流有限公司", parent_name="蓝天控股"),
        Customer("C", "蓝天贸易有限公司", parent_name="蓝天控股有限公司"),
    ]
    directory = Directory(group, [])
    assert party("蓝天控股有限公司", directory=directory).relatives == {"B", "C"}
    assert directory.kin(["B"]) == {"A", "B", "C"}


def test_a_stranger() -> None:
    found = party("杭州远大纺织有限公司")
    assert not found.known
    assert not found.alike


def test_a_misspelled_name_is_a_stranger_with_lookalikes() -> None:
    found = party("上海宏达电仔有限公司")
    assert not found.payers
    assert found.alike == {"K1"}


def test_a_twin_in_another_place_is_a_stranger() -> None:
    found = party("北京宏达电子有限公司")
    assert (found.known, found.alike) == (frozenset(), frozenset())


def test_twins_that_only_the_legal_form_tells_apart() -> None:
    twins = Directory([Customer("A", "宏达电子有限公司"), Customer("B", "宏达电子股份有限公司")], [])
    assert party("宏达电子股份有限公司", directory=twins).payers == {"B"}
    assert party("宏达电子", directory=twins).payers == {"A", "B"}


NO_ACCOUNTS = ["-", "/", "无", "N/A", "0", "0000"]


@pytest.mark.parametrize("account", NO_ACCOUNTS)
def test_a_word_for_no_account_is_none(account: str) -> None:
    directory = Directory([Customer("A", "宏达电子有限公司", accounts=(account,))], [])
    assert party("", account, directory=directory).payers == set()


IN_TEXT = [
    ("代上海宏达电子有限公司付货款", {"K1"}),
    ("宏达厂", set()),  # too short to be looked for
    ("o/b Nordsee Möbel GmbH & Co. KG, goods", {"K2"}),
    ("ON BEHALF OF HONGDA ELECTRONICS", {"K1"}),
    ("payment for brightwater tools", {"K5"}),
    ("payment for brightwatertools", {"K5"}),
    ("BRIGHTWATER TOOLSHOP", set()),
    ("苏州蓝天贸易 无锡蓝天物流 货款", {"K3", "K4"}),
    ("货款", set()),
    ("", set()),
]


@pytest.mark.parametrize(("text", "named"), IN_TEXT)
def test_named_in_the_text(text: str, named: set[str]) -> None:
    assert party("王小明", text=text).named == named


def test_a_latin_name_is_no_part_of_other_words() -> None:
    directory = Directory([Customer("A", "Arteast Ltd"), Customer("B", "Ment For Ltd")], [])
    assert party(text="PAYMENT FOR THE ART EASTERN", directory=directory).named == set()
    assert party(text="for ARTEAST", directory=directory).named == {"A"}


def test_of_names_within_names_the_longest_counts() -> None:
    directory = Directory([Customer("A", "宏达电子有限公司"), Customer("B", "宏达电子科技有限公司")], [])
    assert party(text="代宏达电子科技付", directory=directory).named == {"B"}
    assert party(text="代宏达电子付", directory=directory).named == {"A"}


def test_who_is_named_brings_his_relatives() -> None:
    found = party(BRIGHT, text="for 苏州蓝天贸易")
    assert found.payers == {"K5"}
    assert found.named == {"K3"}
    assert found.relatives == {"K4"}


def test_customers_that_only_receivables_know() -> None:
    item = owed("INV-1", 100, "K9")
    item.customer_name = "杭州远大纺织有限公司"
    assert Directory([], [item]).party(paid(100, name="杭州远大纺织")).payers == {"K9"}
