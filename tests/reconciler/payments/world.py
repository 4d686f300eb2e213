"""Receivables, bank entries and customers in one line each; money in minor units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import count

from reconciler.payments.matcher import match
from reconciler.payments.model import BankEntry, Customer, Outcome, Receivable

ISSUED, PAID = date(2026, 3, 2), date(2026, 3, 20)

_COUNT = count(1)


def owed(
    number: str,
    amount: int,
    customer: str = "K1",
    *,
    currency: str = "CNY",
    issued: date = ISSUED,
    discount: str | None = None,
    until: date | None = None,
    order: str = "",
    contract: str = "",
) -> Receivable:
    """A receivable whose number is its identity too."""
    return Receivable(
        id=number,
        customer=customer,
        customer_name="",
        currency=currency,
        amount=amount,
        invoice_no=number,
        order_no=order,
        contract_no=contract,
        issued=issued,
        due=issued + timedelta(days=30),
        discount_rate=Decimal(discount) if discount else None,
        discount_until=until,
    )


def paid(
    amount: int,
    text: str = "",
    name: str = "",
    account: str = "",
    *,
    currency: str = "CNY",
    on: date = PAID,
    id: str = "",
) -> BankEntry:
    """A bank entry."""
    return BankEntry(id or f"B{next(_COUNT)}", on, amount, currency, name, account, text)


CUSTOMERS = (
    Customer(
        "K1", "上海宏达电子有限公司", "Hongda Electronics Co., Ltd.", ("6222001100220033",), ("宏达厂",)
    ),
    Customer("K2", "Nordsee Möbel GmbH & Co. KG", "", ("DE02120300000000202051",)),
    Customer("K3", "苏州蓝天贸易有限公司", "Blue Sky Trading", (), (), "蓝天控股集团有限公司"),
    Customer("K4", "无锡蓝天物流有限公司", "", (), (), "蓝天控股集团有限公司"),
    Customer("K5", "Brightwater Tools Ltd", ""),
)
HONGDA, NORDSEE, SKY, SKY_LOGISTICS, BRIGHT = (one.name for one in CUSTOMERS)


def run(
    receivables: Sequence[Receivable], *entries: BankEntry, customers: Iterable[Customer] = CUSTOMERS
) -> list[Outcome]:
    """What the entries came to."""
    return match(receivables, entries, customers)


def postings(outcome: Outcome) -> dict[str, int]:
    """What was posted, by receivable."""
    if not outcome.posted:
        return {}
    return {one.receivable.id: one.amount for one in outcome.posted.postings}
