"""Words of remittances that say what a payment is, in the languages that banks and payers write."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from itertools import chain

from reconciler.payments.money import as_number
from reconciler.payments.texts import folded

_RETURNED = re.compile(
    "退汇|退票|退回|退还|返还|被退|退款|冲正|冲销|冲账|抹账|撤销|红字|"
    r"\b(?:RETURN(?:ED)?|RETN|RJCT|REJECT(?:ED|ION)?|UNPAID|BOUNCED|REVERS(?:AL|ED)|RVSL|STORNO|REFUND(?:ED)?|"
    r"RETOURE?|RUECKLASTSCHRIFT|RUCKLASTSCHRIFT|RUECKUEBERWEISUNG|RUCKUBERWEISUNG|RUCKZAHLUNG|RUECKZAHLUNG|"
    r"CHARGEBACK|RECALL(?:ED)?|REJET|RIMBORSO|REMBOURSEMENT)\b"
)
_ON_ACCOUNT = re.compile(
    "预付|预收|预存|定金|订金|(?<!质量)保证金|押金|暂存|暂收|备用金|借款|贷款|还款|利息|结息|工资|"
    "理财|赎回|转存|退税|税款|补贴|补助|投标|分红|红利|租金|报销|返利|返点|赔款|赔偿|理赔|违约金|罚款|"
    r"\b(?:PRE-?PAYMENT|PREPAID|ADVANCE|DEPOSIT|DOWN ?PAYMENT|ON ACCOUNT|PAYMENT IN ADVANCE|ANZAHLUNG|"
    r"VORKASSE|VORAUSZAHLUNG|ACOMPTE|LOAN|DARLEHEN|INTEREST|ZINSEN|SALARY|WAGES|GEHALT|LOHN|"
    r"(?:BID|TENDER|PERFORMANCE) BOND|\w*KAUTION|SICHERHEITSLEISTUNG|REBATE|COMPENSATION|INDEMNITY|"
    r"PENALTY|ENTSCHADIGUNG|SCHADENERSATZ|VERTRAGSSTRAFE|SUBSIDY|GRANT|DIVIDEND|RENT|TAX|"
    r"STEUER)\b"
)
_PART = re.compile(
    "留?质保金|首付|尾款|进度款|分期|部分|余款|一期|二期|三期|第[一二三四五六1-9][期笔次批]|首期|首笔|[1-9]0%|"
    r"\b(?:PART(?:IAL)?|INSTAL?LMENT|BALANCE|TEIL(?:ZAHLUNG)?|RATE|RESTZAHLUNG|SOLDE|"
    r"1ST|2ND|3RD|FIRST|SECOND|THIRD|FINAL)\b|\b[1-9]\s?(?:/|OF)\s?[1-9]\b"
)
_RATE = re.compile(
    r"(?:汇率|折合|牌价|\bRATE|\bKURS|\bFX|\bEX\.?\s?RATE|\bTAUX|@)\D{0,12}?(\d{1,3}[.,]\d{2,6})"
)
_NAMES = {
    "CNY": "CNY|RMB|人民币", "USD": r"USD|US\$|美元|美金", "EUR": "EUR|€|欧元", "JPY": "JPY|日元",
    "GBP": "GBP|£|英镑", "HKD": r"HKD|HK\$|港币|港元",
}  # fmt: skip
_SUM = re.compile(r"(?<![\d.,])\d[\d.,]*[.,]\d\d(?![\d.,]*\d)")
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


def sums_in(text: str) -> list[Decimal]:
    """Return the amounts that a text names with their cents, in its order."""
    return [number for one in _SUM.findall(folded(text)) if (number := as_number(one)) is not None]


def amounts_in(text: str, currency: str) -> set[Decimal]:
    """Return the amounts that a text names in a currency: EUR 1,300.00, or 1.300,00 EUR."""
    plain = folded(text)
    found = chain.from_iterable(sign.findall(plain) for sign in _in(currency))
    return {number for one in found if (number := as_number(one)) is not None}


@cache
def _in(currency: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what finds amounts in a currency, which stands before or after them."""
    name = _NAMES.get(currency, re.escape(currency))
    number = r"(\d[\d.,]*)(?<![.,])"
    return re.compile(rf"(?:{name})\s?{number}"), re.compile(rf"(?<![\d.,]){number}\s?(?:{name})")


def month_in(text: str) -> tuple[int | None, int] | None:
    """Return year (if it is said) and month that a text names; None if it names none, or several."""
    plain = folded(text)
    said = {(int(year) if year else None, int(month)) for year, month in _MONTH.findall(plain)}
    said |= {
        (int(year) if year else None, _MONTHS.index(name) + 1) for name, year in _MONTH_NAMED.findall(plain)
    }
    return said.pop() if len(said) == 1 else None
