"""What tells entries apart, over files that overlap, are torn, or come in another format."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from connectors.statements.identity import identities
from connectors.statements.model import Entry, Statement
from connectors.statements.parse import parse
from tests.connectors.statements.samples import CAMT, MT940, MT942


def entry(amount: str = "10.00", reference: str = "", text: str = "INV 1", day: int = 1) -> Entry:
    details = {"bank_reference": reference} if reference else {}
    booked = date(2026, 2, day)
    return Entry(booked, Decimal(amount), "EUR", booked, reference, remittance_info=text, details=details)


def of(*entries: Entry, account: str = "A") -> list[str]:
    return identities(Statement(account, entries=list(entries)))


def test_equal_payments_of_a_day_are_legal() -> None:
    first, second, third = of(entry(), entry(), entry(text="INV 2"))
    assert len({first, second, third}) == 3
    assert second == f"{first}-2"


def test_a_reference_that_a_bank_uses_again_never_hides_an_entry() -> None:
    payment, fee = entry("100.00", "R"), entry("-1.00", "R", "FEE")
    returned = entry("-100.00", "R", day=2)
    assert len(set(of(payment, fee, returned))) == 3
    assert of(payment) + of(fee) + of(returned) == of(payment, fee, returned)


def test_a_text_that_formats_cut_differently_does_not_count_beside_a_reference() -> None:
    assert of(entry(reference="R", text="A B")) == of(entry(reference="R", text="A B C"))
    assert of(entry("10.0", text="inv  1")) == of(entry("10.00", text="INV 1"))


def test_accounts_are_apart() -> None:
    assert of(entry(), account="A") != of(entry(), account="B")
    assert of(entry(), account="DE02 1203") == of(entry(), account="de021203")


def test_formats_agree_where_the_bank_numbers_its_entries() -> None:
    [mt940], [mt942], [camt] = (parse(content).statements for content in (MT940, MT942, CAMT))
    assert identities(mt940)[:2] == identities(camt)
    assert len(identities(mt942)) == 1


entry_lists = st.lists(
    st.builds(
        entry,
        st.sampled_from(["1.00", "-1.00", "2.00"]),
        st.sampled_from(["", "R1", "R2"]),
        st.sampled_from(["INV 1", "INV 2"]),
        st.integers(1, 3),
    ),
    max_size=30,
)


@given(entry_lists)
def test_no_two_are_the_same(found: list[Entry]) -> None:
    assert len(set(of(*found))) == len(found)


@given(entry_lists, st.integers(0, 30))
def test_what_comes_later_changes_nothing(found: list[Entry], end: int) -> None:
    assert of(*found[:end]) == of(*found)[:end]


@given(entry_lists)
def test_statements_that_share_days_share_identities(found: list[Entry]) -> None:
    days = {day: [one for one in found if one.booked_on == date(2026, 2, day)] for day in (1, 2, 3)}
    early, late = of(*days[1], *days[2]), of(*days[2], *days[3])
    assert len(set(early + late)) == len(found)
