"""What people read and decide after matching: a page, a workbook, and that workbook read back."""

from __future__ import annotations

from reconciler.payments.reports.book import write_book
from reconciler.payments.reports.given import AccountDays, Break, Given, Unbilled
from reconciler.payments.reports.html import write_page
from reconciler.payments.reports.lines import digests
from reconciler.payments.reports.reading import Decision, read_decisions

__all__ = [
    "AccountDays", "Break", "Decision", "Given", "Unbilled", "digests", "read_decisions", "write_book",
    "write_page",
]  # fmt: skip
