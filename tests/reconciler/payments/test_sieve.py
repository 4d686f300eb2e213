"""What pays nothing: money that came back, went out or came twice."""

from __future__ import annotations

from datetime import timedelta

from reconciler.payments.model import BankEntry
from reconciler.payments.sieve import BACK, SILENT, TWICE, Sieve
from tests.reconciler.payments.world import BRIGHT, HONGDA, NORDSEE, PAID, paid

DAY = timedelta(days=1)


def out(*entries: BankEntry) -> dict[str, tuple[str, str | None]]:
    return {id: (one.standing, one.about) for id, one in Sieve(entries).out.items()}


def test_what_went_out() -> None:
    assert out(paid(-100, "材料款", BRIGHT, id="a"), paid(100, id="b")) == {"a": ("outgoing", None)}


def test_nothing_is_outgoing_too() -> None:
    assert out(paid(0, id="a")) == {"a": ("outgoing", None)}


def test_a_receipt_that_was_sent_back() -> None:
    came = paid(100, "INV-1", HONGDA, id="came")
    back = paid(-100, "退汇", HONGDA, on=PAID + DAY, id="back")
    assert out(came, back) == {"came": ("returned", "back"), "back": ("returned", "came")}


def test_by_the_account_alone() -> None:
    came = paid(100, account="6222 0011", id="came")
    back = paid(-100, account="62220011", id="back")
    assert set(out(came, back)) == {"came", "back"}


def test_a_return_without_a_name() -> None:
    came, back = paid(100, "INV-1001", HONGDA, id="came"), paid(-100, "RETURNED INV-1001", id="back")
    assert out(came, back)["came"] == ("returned", "back")


def test_a_return_without_a_name_finds_its_number() -> None:
    came = paid(100, "INV-1001", HONGDA, id="came")
    other = paid(100, "INV-1002", NORDSEE, id="other")
    back = paid(-100, "RETURNED INV-1001", id="back")
    assert out(came, other, back) == {"came": ("returned", "back"), "back": ("returned", "came")}


def test_a_return_that_may_be_of_two_leaves_both_to_people() -> None:
    one, other = paid(100, "货款", HONGDA, id="one"), paid(100, "货款", NORDSEE, id="other")
    back = paid(-100, "退汇", id="back")
    found = out(one, other, back)
    assert (found["one"], found["other"]) == (("unidentified", "back"), ("unidentified", "back"))
    assert found["back"][0] == "returned"


def test_money_to_someone_else_is_no_return() -> None:
    came, went = paid(100, "货款", HONGDA, id="came"), paid(-100, "货款", NORDSEE, id="went")
    assert out(came, went) == {"went": ("outgoing", None)}


def test_other_sums_and_currencies_are_no_return() -> None:
    came = paid(100, "货款", HONGDA)
    less = paid(-99, "退汇", HONGDA, id="less")
    dear = paid(-100, "退汇", HONGDA, currency="USD", id="dear")
    assert {what for what, _ in out(came, less, dear).values()} == {"outgoing"}


def test_our_own_payment_that_came_back() -> None:
    went = paid(-100, "材料款", BRIGHT, id="went")
    back = paid(100, "退汇", BRIGHT, on=PAID + DAY, id="back")
    assert out(went, back) == {"went": ("returned", "back"), "back": ("returned", "went")}


def test_a_receipt_from_whom_we_pay_is_no_return_unless_it_says_so() -> None:
    went, came = paid(-100, "材料款", BRIGHT, id="went"), paid(100, "INV-1", BRIGHT, on=PAID + DAY, id="came")
    assert "came" not in out(went, came)


def test_paid_again_after_the_return() -> None:
    came = paid(100, "INV-1", HONGDA, id="came")
    back = paid(-100, "退汇", HONGDA, on=PAID + DAY, id="back")
    again = paid(100, "退汇重付 INV-1", HONGDA, on=PAID + 2 * DAY, id="again")
    assert "again" not in out(came, back, again)


def test_a_return_takes_the_nearest() -> None:
    first = paid(100, "货款", HONGDA, id="first")
    second = paid(100, "货款", HONGDA, on=PAID + 5 * DAY, id="second")
    back = paid(-100, "退汇", HONGDA, on=PAID + 6 * DAY, id="back")
    assert out(first, second, back)["second"] == ("returned", "back")


def test_a_bank_that_lists_the_newest_first() -> None:
    came, back = paid(100, "INV-1", HONGDA, id="came"), paid(-100, "退汇", HONGDA, id="back")
    assert out(back, came) == out(came, back)


def test_after_a_long_time_it_is_no_return() -> None:
    came = paid(100, "货款", HONGDA, id="came")
    back = paid(-100, "退汇", HONGDA, on=PAID + BACK, id="back")
    late = paid(-100, "退汇", HONGDA, on=PAID + BACK + DAY, id="late")
    assert out(came, back)["came"] == ("returned", "back")
    assert out(came, late) == {"late": ("outgoing", None)}


def test_what_came_twice_is_said() -> None:
    first = paid(100, "3月货款", HONGDA, id="first")
    again = paid(100, "3月货款", HONGDA, on=PAID + TWICE, id="again")
    late = paid(100, "3月货款", HONGDA, on=PAID + 2 * TWICE + DAY, id="late")
    assert Sieve([first, again, late]).twins == {"again": "first"}


def test_another_text_sum_or_payer_is_no_second() -> None:
    first = paid(100, "3月货款", HONGDA)
    others = [paid(100, "4月货款", HONGDA), paid(101, "3月货款", HONGDA), paid(100, "3月货款", NORDSEE)]
    assert Sieve([first, *others]).twins == {}


def test_what_was_sent_back_has_no_second() -> None:
    came, back = paid(100, "INV-1", HONGDA), paid(-100, "退汇", HONGDA)
    again = paid(100, "INV-1", HONGDA, on=PAID + DAY)
    assert Sieve([came, back, again]).twins == {}


def test_what_goes_out_and_says_nothing_undoes_only_the_one_receipt_it_can_mean() -> None:
    came, other = paid(100, "INV-1", HONGDA, id="came"), paid(100, "INV-2", HONGDA, on=PAID + DAY, id="other")
    bought = paid(-100, "材料款", HONGDA, on=PAID + 2 * DAY, id="bought")
    assert out(came, other, bought) == {"bought": ("outgoing", None)}
    assert set(out(came, bought)) == {"came", "bought"}
    late = paid(-100, "材料款", HONGDA, on=PAID + SILENT + DAY, id="late")
    assert out(came, late) == {"late": ("outgoing", None)}
