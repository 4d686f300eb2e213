"""The text of a BAI2 entry: who paid, where the bank says it behind words of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest

_SENDER = ("DBNM", "ORIG CO NAME", "ORIGINATOR NAME", "ORIG NAME", "ORG NAME", "ORG", "ORIG", "BO1", "B/O",
           "SENDER NAME", "SENDER", "FROM")  # fmt: skip
_RECEIVER = ("CRNM", "BNF NAME", "BENEFICIARY NAME", "BNF", "BENEFICIARY", "BENE", "IND NAME", "TO")
_ACCOUNTS = {True: ("DACT", "SENDER ACC NUM", "ORG ID", "BO"), False: ("CACT", "BNF ID", "ACC NUM")}
_BANKS = {True: ("DBIC", "DABA"), False: ("CBIC", "CABA")}
_OTHERS = (
    "EREF", "CREF", "REMI", "IDNM", "CHKN", "OBI", "PY", "BI", "OB", "OB1", "OB3", "FR", "ENDT", "TRID",
    "RFB", "BBI", "ORG ADDRESS", "ORIG FI ID", "ORG FI ADDRESS", "BNF ADDRESS", "SENDER BNK", "SENDER ID",
    "REC FI", "REC ID", "ORIG ID", "DESC DATE", "CO ENTRY DESCR", "ENTRY DESCR", "SEC", "TRACE#", "TRACE",
    "EED", "IND ID", "TRN", "REMITTANCE INFO", "ENTRY DESCRIPTION", "CLIENT REF ID", "GS ID",
    "CLEARING REF", "SETTLED AMT", "FX RATE", "BANK REF", "REF", "SND BANK", "RCV BANK", "BO3", "ACCOUNT",
    "REASON", "CHECK SERIAL NUMBER",
)  # fmt: skip
"""Words that end what stands behind the one before."""

_ALL = sorted({*_SENDER, *_RECEIVER, *_OTHERS, *sum((*_ACCOUNTS.values(), *_BANKS.values()), ())}, key=len)
_WORD = re.compile(
    rf"(?<![\w/-])(?P<word>{'|'.join(map(re.escape, reversed(_ALL)))})\s?(?::=|[:=])\s*", re.IGNORECASE
)
_ACCOUNT_FIRST = re.compile(r"/(?P<account>[\w-]{4,34})\s+(?P<name>\D.*)", re.S)


@dataclass(frozen=True, slots=True)
class Told:
    """What a text says of the other side."""

    name: str = ""
    account: str = ""
    bank: str = ""
    end_to_end: str = ""


def told_by(text: str, *, incoming: bool) -> Told:
    """Return what the words of a text say: of the sender where money comes in, else of the receiver.

    One such word alone is no proof, unless it is the bank's code for a name: it may be a part of the text.
    """
    marks = list(_WORD.finditer(text))
    values: dict[str, str] = {}
    for mark, after in zip_longest(marks, marks[1:]):
        said = text[mark.end() : after.start() if after else len(text)]
        values.setdefault(mark["word"].upper(), said.strip(" ,;/-"))
    if len(values) < 2 and not {"DBNM", "CRNM"} & values.keys():
        return Told()
    name = _first(values, _SENDER if incoming else _RECEIVER)
    account = _first(values, _ACCOUNTS[incoming])
    if found := _ACCOUNT_FIRST.fullmatch(name and f"/{name}" if name[:1].isdigit() else name):
        name, account = found["name"], found["account"]
    return Told(name, account, _first(values, _BANKS[incoming]), values.get("EREF", ""))


def _first(values: dict[str, str], names: Iterable[str]) -> str:
    return next((values[name] for name in names if values.get(name, "").lower() not in ("", "null")), "")
