"""Words of remittances that say what a payment is, in the languages that banks and payers write."""

from __future__ import annotations

import re
from decimal import Decimal

from reconciler.payments.texts import folded

_RETURNED = re.compile(
    "退汇|退票|退回|退还|返还|被退|退款|冲正|冲销|冲账|抹账|撤销|红字|"
    r"\b(?:RETURN(?:ED)?|RETN|RJCT|REJECT(?:ED|ION)?|UNPAID|BOUNCED|REVERS(?:AL|ED)|RVSL|STORNO|REFUND(?:ED)?|"
    r"RETOURE?|RUECKLASTSCHRIFT|RUCKLASTSCHRIFT|RUECKUEBERWEISUNG|RUCKUBERWEISUNG|RUCKZAHLUNG|RUECKZAHLUNG|"
    r"CHARGEBACK|RECALL(?:ED)?|REJET|RIMBORSO|REMBOURSEMENT)\b"
)
_ON_ACCOUNT = re.compile(
    "预付|预收|预存|定金|订金|履约保证金|投标保证金|押金|暂存|暂收|备用金|借款|贷款|还款|利息|结息|工资|"
    "理财|赎回|转存|退税|税款|补贴|补助|投标|分红|红利|租金|报销|"
    r"\b(?:PRE-?PAYMENT|PREPAID|ADVANCE|DEPOSIT|DOWN ?PAYMENT|ON ACCOUNT|PAYMENT IN ADVANCE|ANZAHLUNG|"
    r"VORKASSE|VORAUSZAHLUNG|ACOMPTE|LOAN|DARLEHEN|INTEREST|ZINSEN|SALARY|WAGES|GEHALT|LOHN|BID BOND|"
    r"SUBSIDY|GRANT|DIVIDEND|RENT|TAX|STEUER)\b"
)
_PART = re.compile(
    "留?质保金|首付|尾款|进度款|分期|部分|余款|一期|二期|三期|第[一二三四五六1-9][期笔次批]|首期|首笔|[1-9]0%|"
    r"\b(?:PART(?:IAL)?|INSTAL?LMENT|BALANCE|TEIL(?:ZAHLUNG)?|RATE|RESTZAHLUNG|SOLDE|"
    r"1ST|2ND|3RD|FIRST|SECOND|THIRD|FINAL)\b|\b[1-9]\s?(?:/|OF)\s?[1-9]\b"
)
_RATE = re.compile(
    r"(?:汇率|折合|牌价|\bRATE|\bKURS|\bFX|\bEX\.?\s?RATE|\bTAUX|@)\D{0,12}?(\d{1,3}[.,]\d{2,6})"
)
_MONTH = re.compile(r"(?<!\d)(?:(20\d\d)\s?[-年/.]\s?)?(0?[1-9]|1[0-2])\s?月")
_MONTH_NAMED = re.compile(
    r"\b(JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)(?:UARY|RUARY|CH|IL|E|Y|UST|TEMBER|OBER|EMBER)?\b"
    r"\.?\s?(20\d\d)?"
)
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def says_returned(text: str) -> bool:
    """Tell whether a text speaks of money that came back, or of an entry that was undone."""
    return bool(_RETURNED.search(folded(text)))


def says_on_account(text: str) -> bool:
    """Tell whether a text speaks of something else than an invoice: an advance, a loan, interest, wages."""
    return bool(_ON_ACCOUNT.search(folded(text)))


def says_part(text: str) -> bool:
    """Tell whether a text speaks of a part of what is owed."""
    return bool(_PART.search(folded(text)))


def rate_in(text: str) -> Decimal | None:
    """Return the exchange rate that a text names, if it names one."""
    found = _RATE.search(folded(text))
    return Decimal(found[1].replace(",", ".")) if found else None


def month_in(text: str) -> tuple[int | None, int] | None:
    """Return year (if it is said) and month that a text names; None if it names none, or several."""
    plain = folded(text)
    said = {(int(year) if year else None, int(month)) for year, month in _MONTH.findall(plain)}
    said |= {
        (int(year) if year else None, _MONTHS.index(name) + 1) for name, year in _MONTH_NAMED.findall(plain)
    }
    return said.pop() if len(said) == 1 else None
