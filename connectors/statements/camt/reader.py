"""Messages of camt.052, 053 and 054 -> statements."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from lxml import etree

from connectors.statements.camt.entry import BOOKED, Frame, entries_of, status_of
from connectors.statements.camt.parties import account_of
from connectors.statements.camt.trees import Tree, first, found, line_of, name, said, trees
from connectors.statements.model import Declared, Entry, Parsed, Remark, Statement
from connectors.statements.values import amount_of, long_day

_FORMS = {"BkToCstmrStmt": "camt.053", "BkToCstmrAcctRpt": "camt.052", "BkToCstmrDbtCdtNtfctn": "camt.054"}
_ACCOUNTS = frozenset({"Stmt", "Rpt", "Ntfctn"})


class _Balance(NamedTuple):
    code: str
    amount: Decimal
    day: date | None
    currency: str | None


def read_camt(content: bytes) -> Parsed:
    """Read every statement of every message in a file. Entries that are not booked are said, not counted."""
    parsed = Parsed("camt")
    for tree in trees(content):
        if (form := _form(tree)) and parsed.form == "camt":
            parsed.form = form
        if tree.root is not None:
            for element in tree.root.iter():
                if name(element) in _ACCOUNTS:
                    parsed.statements.append(_statement(element, tree, parsed))
        parsed.errors += tree.errors
    return parsed


def _form(tree: Tree) -> str | None:
    """Return the message's kind, and its version where the namespace names it: camt.053.001.08."""
    for element in tree.root.iter() if tree.root is not None else ():
        for begin, form in _FORMS.items():
            if name(element).startswith(begin):
                version = re.search(r"camt\.05[234]\.\d{3}\.\d{2}", str(element.tag))
                return version[0] if version else form
    return None


def _statement(element: etree._Element, tree: Tree, parsed: Parsed) -> Statement:
    account = first(element, "Acct")
    statement = Statement(account_of(account) or None, said(account, "Ccy") or None)
    _balances(statement, element)
    period = first(element, "FrToDt")
    for end, names in (("first_day", ("FrDt", "FrDtTm")), ("last_day", ("ToDt", "ToDtTm"))):
        if day := long_day(said(period, *names))[0]:
            setattr(statement, end, day)
    waiting = []
    for entry in found(element, "Ntry"):
        if entry not in tree.whole:
            continue
        if status_of(entry) not in BOOKED:
            waiting.append(entry)
            continue
        statement.entries += entries_of(entry, Frame(statement.account, statement.currency, tree.line))
    statement.currency = statement.currency or next((one.currency for one in statement.entries), None)
    if dated := _dated(statement):
        parsed.warnings.append(Remark("statements.day_taken", dated[0].line, {"count": len(dated)}))
    if waiting:
        line = tree.line + line_of(waiting[0])
        parsed.warnings.append(Remark("statements.not_booked", line, {"count": len(waiting)}))
    else:
        statement.declared = _declared(element)
    return statement


def _dated(statement: Statement) -> list[Entry]:
    """Give entries without a day that of the statement, where it is of a single one; return them."""
    if statement.first_day is None or statement.first_day != statement.last_day:
        return []
    without = [one for one in statement.entries if one.booked_on is None]
    for entry in without:
        entry.booked_on = statement.first_day
        if entry.note is not None and entry.note.key == "statements.no_day":
            entry.note = None
    return without


def _balances(statement: Statement, element: etree._Element) -> None:
    """Take the balances before and after; pages of a day may have interim ones (ITBD) in their place.

    An account may say them in a second currency too: those of the first one, or of the account, count.
    """
    known = [one for one in map(_balance, found(element, "Bal")) if one is not None]
    own = statement.currency or next((one.currency for one in known), None)
    known = [one for one in known if own in {None, one.currency}]
    interim = [one for one in known if one.code == "ITBD"]
    opening = [one for one in known if one.code in {"OPBD", "PRCD"}] or interim[:-1]
    closing = [one for one in known if one.code == "CLBD"] or interim[-1:]
    if opening:
        statement.opening, statement.first_day = opening[0].amount, opening[0].day
    if closing:
        statement.closing, statement.last_day = closing[-1].amount, closing[-1].day
    statement.currency = statement.currency or next((one.currency for one in known), None)


def _balance(balance: etree._Element) -> _Balance | None:
    amount = first(balance, "Amt")
    value = amount_of(amount.text or "", grouped=False) if amount is not None else None
    if amount is None or value is None:
        return None
    return _Balance(
        code=said(balance, "Tp/CdOrPrtry/Cd", "Tp/Cd").upper(),
        amount=-value if said(balance, "CdtDbtInd") == "DBIT" else value,
        day=long_day(said(balance, "Dt/Dt", "Dt/DtTm", "Dt"))[0],
        currency=amount.get("Ccy"),
    )


def _declared(element: etree._Element) -> Declared:
    summary = first(element, "TxsSummry")
    credits, debits = first(summary, "TtlCdtNtries"), first(summary, "TtlDbtNtries")
    return Declared(
        entries=_count(said(summary, "TtlNtries/NbOfNtries")),
        credits=_count(said(credits, "NbOfNtries")),
        credit_sum=amount_of(said(credits, "Sum"), grouped=False),
        debits=_count(said(debits, "NbOfNtries")),
        debit_sum=amount_of(said(debits, "Sum"), grouped=False),
    )


def _count(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None
