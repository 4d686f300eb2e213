"""What spreadsheets hold: every finding as a row of plain values, the same for XLSX and CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from reconciler.case import EVERY
from reconciler.reports.page import condition, holder, said_by
from reconciler.reports.words import Words
from reconciler.result import Finding, Result
from reconciler.totals import HUB

Value = str | int | Decimal | datetime | None

_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe(value: str) -> str:
    """Return `value` as text that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(_RISKY) else value


def finding_heads(words: Words) -> list[str]:
    """Return the heads of the findings' columns."""
    names = ("id", "kind", "company", "order", "odd", "field", "reason", "said", "cause")
    more = ("correct_in", "owner", "at_risk", "currency", "state", "since", "due", "next_step")
    return [words.say(name) for name in (*names, *more)]


def finding_rows(result: Result, words: Words) -> Iterator[list[Value]]:
    """Yield one row a finding, in the order of `finding_heads`."""
    return _rows(result, result.findings, words)


def accepted_rows(result: Result, words: Words) -> Iterator[list[Value]]:
    """Yield one row an accepted difference, in the order of `finding_heads`."""
    return _rows(result, result.accepted, words)


def _rows(result: Result, findings: Iterable[Finding], words: Words) -> Iterator[list[Value]]:
    causes = {cause.id: words.cause(cause) for cause in result.causes}
    for one in findings:
        yield [
            one.id,
            words.kind(one.kind),
            "" if one.company == EVERY else one.company,
            "" if one.whole_system else one.order_no,
            words.system(one.system),
            one.field,
            words.reason(one),
            _said(one, words),
            causes.get(one.cause or "", ""),
            words.system(one.correct_in),
            one.owner or "",
            one.at_risk,
            one.currency or "",
            words.word(f"state_{one.state}"),
            one.first_seen,
            one.due_at,
            words.fix(one),
        ]


def _said(one: Finding, words: Words) -> str:
    said = said_by(one, words)
    told = (f"{words.system(name)} {said[name].replace(chr(10), ' · ')}" for name in sorted(said))
    return words.joined(told, "list_semicolon")


def cause_heads(words: Words) -> list[str]:
    """Return the heads of the causes' columns."""
    names = ("cause", "company", "correct_in", "orders", "new", "closed", "at_risk", "currency")
    return [words.say(name) for name in (*names, "owner", "next_step", "since")]


def cause_rows(result: Result, words: Words) -> Iterator[list[Value]]:
    """Yield one row a cause and currency."""
    for cause in result.causes:
        amounts: dict[str, Decimal | None] = {**cause.at_risk} or {"": None}
        for currency, amount in sorted(amounts.items()):
            yield [
                words.cause(cause),
                "" if cause.company == EVERY else cause.company,
                words.system(cause.correct_in),
                cause.orders,
                cause.new,
                cause.closed,
                amount,
                currency,
                cause.owner or "",
                words.next_step(cause),
                cause.first_seen,
            ]


def system_heads(words: Words) -> list[str]:
    """Return the heads of the systems' columns."""
    return [
        words.say(name) for name in ("system", "data_as_of", "held", "compared", "not_compared", "condition")
    ]


def system_rows(result: Result, words: Words) -> Iterator[list[Value]]:
    """Yield one row a system."""
    for state in result.systems:
        yield [
            words.system(state.system),
            state.until,
            state.held,
            state.compared,
            state.not_compared,
            words.joined(part for part in (condition(state, words), state.error) if part),
        ]


def total_heads(words: Words) -> list[str]:
    """Return the heads of the control totals' columns."""
    names = ("company", "group", "system", "orders", "ordered", "shipped", "condition")
    return [words.say(name) for name in names]


def total_rows(result: Result, words: Words) -> Iterator[list[Value]]:
    """Yield one row a company, status group and holder."""
    for total in result.totals:
        verdict = words.say("equal" if total.equal else "apart")
        for name in sorted(total.sums, key=lambda name: (name != HUB, name)):
            one = total.sums[name]
            group = words.say(f"group_{total.group}")
            yield [
                total.company, group, holder(name, words), one.orders, one.ordered, one.shipped, verdict,
            ]  # fmt: skip


def late_heads(words: Words) -> list[str]:
    """Return the heads of the columns of orders at risk."""
    names = ("company", "order", "customer", "due", "status", "why", "amount", "currency")
    return [words.say(name) for name in names]


def late_rows(result: Result, words: Words) -> Iterator[list[Value]]:
    """Yield one row an order at risk."""
    for one in result.late.orders:
        status = words.status(one.status) if one.status else words.say("group_unknown")
        why = words.say(f"why_{one.why}")
        order: list[Value] = [one.company, one.order_no, one.customer or "", one.due, status]
        yield [*order, why, one.amount, one.currency or ""]


def lines(values: Iterable[Value], words: Words) -> list[str]:
    """Return `values` as the text of a CSV line: plain numbers, local times, no formula."""
    return [_plain(value, words) for value in values]


def _plain(value: Value, words: Words) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return words.exact(value)
    if isinstance(value, str):
        return safe(value)
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
