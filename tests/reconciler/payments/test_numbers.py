"""Which documents a remittance cites, in all the ways in which people and scanners write numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.payments.numbers import Register, squeezed
from tests.reconciler.payments.world import owed

INVOICES = [owed(f"INV-{number}", 100) for number in range(1001, 1008)]
OTHERS = [
    owed("SO-2026-0815", 100, order="PO 77/4711"),
    owed("HT2026030017", 100),
    owed("K-81001", 100),
    owed("2026040001", 100),
    owed("ZQ", 100),
    owed("12", 100),
]
REGISTER = Register([*INVOICES, *OTHERS])


def cited(text: str) -> list[str]:
    return [one.number for one in REGISTER.cited(text) if one.items]


def invoices(*numbers: int) -> list[str]:
    return [f"INV{number}" for number in numbers]


ONE = [
    "INV-1001",
    "inv 1001",
    "INV1001",
    "INV_1001",
    "INV.1001",
    "Inv: 1001",
    "INV# 1001",
    "INV - 1001",
    "I N V 1001",
    "ＩＮＶ－１００１",
    "INV–1001",
    "货款INV-1001号",
    "付INV1001货款",
    "Invoice no. INV-1001 of 02.03.2026",
    "PAYMENTINV1001",
    "RF18INV1001",
    "RF18 INV1 001",
    "/ROC/INV-1001//CHGS/OUR",
]


@pytest.mark.parametrize("text", ONE)
def test_one_number(text: str) -> None:
    assert cited(text) == ["INV1001"]
    assert REGISTER.cited(text)[0].how == "document"


LISTS = [
    ("INV-1001, INV-1002", (1001, 1002)),
    ("INV-1001 INV-1003", (1001, 1003)),
    ("INV-1001 and INV-1002", (1001, 1002)),
    ("INV-1001, 1002, and 1004", (1001, 1002, 1004)),
    ("INV-1001, 1002 und 1004", (1001, 1002, 1004)),
    ("INV-1001、1002、1004", (1001, 1002, 1004)),
    ("INV-1001，1002；1004", (1001, 1002, 1004)),
    ("INV-1001和1002", (1001, 1002)),
    ("INV-1001以及1002", (1001, 1002)),
    ("INV-1001/02/04", (1001, 1002, 1004)),
    ("INV-1001, 1002/05", (1001, 1002, 1005)),
    ("INV-1001+1002", (1001, 1002)),
    ("INV-1001 & 1002", (1001, 1002)),
    ("INV-1001 & no. 1002", (1001, 1002)),
    ("INV-1001\n1002", (1001, 1002)),
    ("INV-1001;3", (1001, 1003)),
    ("INV-1001INV-1002", (1001, 1002)),
    ("INV1001INV1002INV1003", (1001, 1002, 1003)),
    ("INV1001UND1002", (1001, 1002)),
    ("INV1001 INV1001", (1001,)),
    ("INV-1001, 1099", (1001,)),
]


@pytest.mark.parametrize(("text", "numbers"), LISTS)
def test_lists(text: str, numbers: tuple[int, ...]) -> None:
    assert cited(text) == invoices(*numbers)


RANGES = ["-", "--", "~", "～", "–", "至", "到", "...", "…", " to ", " bis ", " thru ", " through ", " à "]


@pytest.mark.parametrize("sign", RANGES)
@pytest.mark.parametrize("end", ["INV-1004", "1004", "04"])
def test_ranges(sign: str, end: str) -> None:
    found = REGISTER.cited(f"INV-1001{sign}{end}")
    assert {one.number for one in found} == set(invoices(1001, 1002, 1003, 1004))


NO_RANGES = [
    ("INV-1001 vom 12.03 - INV-1005", (1001, 1005)),
    ("INV-1001 and INV-1005", (1001, 1005)),
    ("INV-1005 - INV-1001", (1005, 1001)),
    ("INV-1001-1099", (1001,)),
]


@pytest.mark.parametrize(("text", "numbers"), NO_RANGES)
def test_what_is_no_range(text: str, numbers: tuple[int, ...]) -> None:
    assert cited(text) == invoices(*numbers)


def test_a_range_is_not_endless() -> None:
    wide = Register([owed(f"INV-{number}", 100) for number in range(1001, 1101)])
    assert len(wide.cited("INV-1001-1061")) == 61
    assert [one.number for one in wide.cited("INV-1001-1062")] == invoices(1001, 1062)


AMISS = ["1NV-1001", "INV-I00I", "INV-l0Ol", "INV-1OO1", "INV-lOO1"]


@pytest.mark.parametrize("text", AMISS)
def test_slips_of_scanners(text: str) -> None:
    [found] = REGISTER.cited(text)
    assert (found.number, found.how) == ("INV1001", "number_read_amiss")


def test_what_is_written_so_counts_before_what_is_mistaken_for_it() -> None:
    register = Register([owed("INV-1000", 1), owed("INV-100O", 2)])
    [found] = register.cited("INV-100O")
    assert ([item.id for item in found.items], found.how) == (["INV-100O"], "document")
    [found] = register.cited("INV-1O00")
    assert len(found.items) == 2


NOTHING = [
    "",
    "货款",
    "2026-03-20 paid with thanks",
    "20260320",
    "tel 13810011002",
    "021-58881001234",
    "serial 000120260320100155",
    "INV-9999",
    "INV-10011",
    "INV-1001A",
    "XINV1001X",
    "881001",  # K-81001 is another thing, whatever a scanner may see in it
    "501017",
    "ZQ 12",
]


@pytest.mark.parametrize("text", NOTHING)
def test_what_is_no_document(text: str) -> None:
    assert cited(text) == []


UNLISTED = [
    ("INV-9999", ["INV9999"]),
    ("invoice inv 9998, thanks", ["INV9998"]),
    ("ＩＮＶ－９９９９", ["INV9999"]),
    ("INV-99O9", ["INV99O9"]),
    ("INVO999", ["INVO999"]),
    ("2026047777", ["2026047777"]),
    ("INV-1001", []),
    ("INV-99999", []),
    ("tel 3026047777", []),
    ("20260320", []),
    ("TRN-9999", []),
]


@pytest.mark.parametrize(("text", "numbers"), UNLISTED)
def test_numbers_that_are_made_like_ours_and_are_nobodys(text: str, numbers: list[str]) -> None:
    assert [one.number for one in REGISTER.cited(text) if one.how == "unlisted"] == numbers


def test_days_and_telephones_are_no_numbers_of_ours_by_their_length() -> None:
    register = Register([owed("20260315", 1), owed("13810011002", 1)])
    assert register.cited("20260316 tel 13810011003") == []
    assert [one.number for one in register.cited("20260315")] == ["20260315"]


def test_a_whole_number_in_a_list_is_no_end_of_another() -> None:
    register = Register([owed("RG2026/71462", 1), owed("2026/71469", 1), owed("RG2026/72026", 1)])
    assert [one.number for one in register.cited("RG2026/71462, 2026/71469")] == ["RG202671462", "202671469"]


def test_a_number_of_digits_only_is_not_read_out_of_letters_that_are_lost() -> None:
    register = Register([owed("SO-1234", 100)])
    assert register.cited("501234") == []
    assert [one.how for one in register.cited("5O1234")] == ["number_read_amiss"]


TAILS = ["0815", "20260815", "815 of 0815", "no 4711", "774711"]


@pytest.mark.parametrize("text", TAILS)
def test_tails_say_little(text: str) -> None:
    [found] = REGISTER.cited(text)
    assert ([item.id for item in found.items], found.how) == (["SO-2026-0815"], "number_cut")


def test_a_list_of_tails() -> None:
    assert [(one.number, one.how) for one in REGISTER.cited("发票1001、1002")] == [
        ("1001", "number_cut"),
        ("1002", "number_cut"),
    ]


def test_order_and_contract_numbers_lead_to_all_that_carry_them() -> None:
    items = [owed(f"R-{at}", 100, order="PO-5001", contract="HT-6001") for at in (1, 2)]
    register = Register(items)
    for text in ("PO-5001", "HT-6001"):
        [found] = register.cited(text)
        assert list(found.items) == items


def test_the_same_number_of_two_customers() -> None:
    register = Register([owed("INV-1001", 100, "K1"), owed("INV-1001", 100, "K2")])
    [found] = register.cited("INV-1001")
    assert {item.customer for item in found.items} == {"K1", "K2"}


@given(
    number=st.integers(1001, 1007),
    before=st.sampled_from(["", "付 ", "Re: ", "货款", "/INV/ ", "no "]),
    blank=st.sampled_from(["", " ", "-", "/", " - ", "．", "_"]),
    after=st.sampled_from(["", " thanks", "号", ".", " 谢谢", " EUR 12,50"]),
)
def test_blanks_and_signs_do_not_matter(number: int, before: str, blank: str, after: str) -> None:
    assert f"INV{number}" in cited(f"{before}INV{blank}{number}{after}")


@given(st.text(max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    for one in REGISTER.cited(text):
        assert one.items
        assert squeezed(one.number) == one.number
