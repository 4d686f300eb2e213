"""OFX 1 (SGML, most tags never closed) and 2 (XML), read by their tags whatever the DTD asks for."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from connectors.statements.charset import last_line, text_of
from connectors.statements.model import Entry, Parsed, Remark, Statement
from connectors.statements.values import ZERO, amount_of, long_day

_TAG = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z][\w.:-]*)[^<>]*?(?P<empty>/?)>")
_CHARSET = re.compile(rb"""CHARSET\s*[:=]\s*["']?([\w-]+)|encoding\s*=\s*["']([\w.-]+)""", re.I)
_ACCOUNTS = frozenset({"STMTRS", "CCSTMTRS", "INVSTMTRS"})
_INNER = frozenset({"PAYEE", "BANKACCTTO", "CCACCTTO", "CURRENCY", "ORIGCURRENCY"})
_OWN = frozenset({"BANKACCTFROM", "CCACCTFROM", "INVACCTFROM"})
_TRADES = re.compile(
    r"(?:BUY|SELL)(?:DEBT|MF|OPT|OTHER|STOCK)$|^(?:REINVEST|INCOME|INVEXPENSE|JRNLFUND|MARGININTEREST)$"
)
"""Movements of securities; what they cost or bring is in no line of the cash account."""

_STATUS = frozenset({"STATUS", "SEVERITY", "CODE", "MESSAGE"})
_SIGNS = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.S)


class _Tag(NamedTuple):
    name: str
    ends: bool
    text: str
    line: int


@dataclass(slots=True)
class _Reading:
    """The tags that are open: the statement, the entry with its values, the aggregate within it."""

    parsed: Parsed = field(default_factory=lambda: Parsed("ofx"))
    statement: Statement | None = None
    entry: dict[str, str] | None = None
    line: int = 0
    within: str = ""
    balance: str = ""
    trades: int = 0
    ended: bool = False
    status: dict[str, str] = field(default_factory=dict)
    asked: bool = False


def read_ofx(content: bytes) -> Parsed:
    """Read the bank, card and investment statements of a file; of the latter the lines of cash.

    An entry counts when its tag is closed, or another one follows: so a torn file has no half entries.
    """
    text = text_of(content, _declared(content))
    reading = _Reading()
    for tag in _tags(text):
        _take(reading, tag)
    parsed = reading.parsed
    if not reading.ended or "OFXHEADER" in text.upper().rpartition("</OFX>")[2]:
        parsed.errors.append(Remark("statements.torn", last_line(text)))
    if reading.trades:
        parsed.warnings.append(Remark("statements.trades", 0, {"count": reading.trades}))
    for statement in parsed.statements:
        for entry in statement.entries:
            entry.currency = entry.currency or statement.currency
    return parsed


def _declared(content: bytes) -> str:
    found = _CHARSET.search(content[:2048])
    name = (found[1] or found[2]).decode() if found else ""
    return f"cp{name}" if re.fullmatch(r"[0-9]{3,4}", name) else "" if name.upper() == "NONE" else name


def _tags(text: str) -> Iterator[_Tag]:
    """Yield every tag with the text behind it, up to the next one."""
    text = _SIGNS.sub(lambda found: html.escape(found[1], quote=False), text)
    line, at = 1, 0
    found = _TAG.search(text)
    while found is not None:
        following = _TAG.search(text, found.end())
        behind = text[found.end() : following.start() if following else len(text)]
        line += text.count("\n", at, found.start())
        at = found.start()
        name = found["name"].rpartition(":")[2].upper()
        whole = following is not None or "\n" in behind
        yield _Tag(name, bool(found["end"]), html.unescape(behind).strip() if whole else "", line)
        if found["empty"]:
            yield _Tag(name, True, "", line)
        found = following


def _take(reading: _Reading, tag: _Tag) -> None:
    if tag.name == "OFX":
        reading.ended = tag.ends
    elif tag.name in _STATUS:
        _refused(reading, tag)
    elif tag.name == "STMTTRN":
        _close(reading)
        if not tag.ends:
            reading.entry, reading.line, reading.within = {}, tag.line, ""
    elif tag.name in _ACCOUNTS | {"BANKTRANLIST", "INVBANKTRAN", "INVTRANLIST"}:
        _close(reading)
        if tag.name in _ACCOUNTS:
            reading.statement = None if tag.ends else _begin(reading)
    elif tag.name in _INNER | _OWN:
        reading.within = "" if tag.ends else tag.name
    elif tag.name in {"LEDGERBAL", "AVAILBAL"}:
        reading.balance = "" if tag.ends else tag.name
    elif _TRADES.search(tag.name):
        reading.trades += not tag.ends
    elif not tag.ends and tag.text:
        _value(reading, tag)


def _refused(reading: _Reading, tag: _Tag) -> None:
    """Take what a bank answers to the question for a statement; an answer of ERROR brings none."""
    if tag.name == "STATUS":
        if tag.ends and reading.status.get("SEVERITY", "").upper() == "ERROR":
            values = {"code": reading.status.get("CODE", "?"), "message": reading.status.get("MESSAGE", "-")}
            reading.parsed.errors.append(Remark("statements.refused", tag.line, values))
        reading.asked, reading.status = not tag.ends, {}
    elif reading.asked and not tag.ends:
        reading.status[tag.name] = tag.text


def _begin(reading: _Reading) -> Statement:
    reading.parsed.statements.append(Statement(None))
    return reading.parsed.statements[-1]


def _value(reading: _Reading, tag: _Tag) -> None:
    """Take one value, for the entry that is open, else for the statement."""
    if reading.entry is not None:
        name = f"{reading.within}.{tag.name}" if reading.within in _INNER else tag.name
        reading.entry.setdefault(name, tag.text)
        return
    statement = reading.statement
    if statement is None:
        return
    match tag.name:
        case "CURDEF":
            statement.currency = tag.text.upper()[:3]
        case "ACCTID" if reading.within in _OWN or statement.account is None:
            statement.account = tag.text
        case "DTSTART":
            statement.first_day = long_day(tag.text)[0]
        case "DTEND":
            statement.last_day = long_day(tag.text)[0]
        case "BALAMT" if reading.balance == "LEDGERBAL":
            statement.closing = amount_of(tag.text, grouped=False)


def _close(reading: _Reading) -> None:
    """Make an entry of the values that were read since its tag was opened."""
    values, reading.entry, reading.within = reading.entry, None, ""
    if values is None:
        return
    statement = reading.statement or (reading.parsed.statements or [_begin(reading)])[-1]
    statement.entries.append(_entry(values, reading.line))


def _entry(values: dict[str, str], line: int) -> Entry:
    amount = amount_of(values.get("TRNAMT", ""), grouped=False)
    booked, note = _day(values, line)
    if amount is None:
        row = values.get("TRNAMT", "") or values.get("FITID", "")
        note = Remark("statements.unreadable_amount", line, {"amount": row})
    name = values.get("NAME") or values.get("PAYEE.NAME", "")
    return Entry(
        booked_on=booked,
        amount=ZERO if amount is None else amount,
        currency=values.get("CURRENCY.CURSYM", "").upper() or None,
        value_date=long_day(values.get("DTAVAIL") or values.get("VALUEDATE", ""))[0],
        reference=values.get("FITID") or _number(values),
        payer_name=name,
        payer_account=values.get("BANKACCTTO.ACCTID") or values.get("CCACCTTO.ACCTID", ""),
        remittance_info=values.get("MEMO", ""),
        reversal=values.get("CORRECTACTION", "").upper() == "DELETE",
        note=note,
        line=line,
        details=_details(values),
    )


def _day(values: dict[str, str], line: int) -> tuple[date | None, Remark | None]:
    said = values.get("DTPOSTED") or values.get("DTUSER") or values.get("DTAVAIL", "")
    booked, real = long_day(said)
    if booked is None:
        return None, Remark("statements.no_day", line, {"row": said or values.get("FITID", "")})
    return booked, None if real else Remark("statements.no_such_day", line, {"row": said})


def _number(values: dict[str, str]) -> str:
    """Return the number that is not the bank's own; zeros stand for none."""
    said = [values.get(name, "") for name in ("REFNUM", "CHECKNUM", "CHKNUM")]
    return next((one for one in said if one.strip("0 ")), "")


def _details(values: dict[str, str]) -> dict[str, Any]:
    found = {
        "bank_reference": values.get("FITID"),
        "customer_reference": _number(values),
        "payer_bank": values.get("BANKACCTTO.BANKID"),
        "code": values.get("TRNTYPE", "").upper(),
    }
    return {name: value for name, value in found.items() if value}
