"""Field 86, what an entry is for: the structures of the banks, or free text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from connectors.statements.mt940.line61 import IBAN, NONE
from connectors.statements.mt940.sepa import keyed


@dataclass(slots=True)
class Details:
    """What field 86 says of an entry; `text` is the remittance information."""

    text: str = ""
    name: str = ""
    account: str = ""
    bank: str = ""
    end_to_end: str = ""
    ultimate: str = ""
    code: str = ""
    returned: bool = False


_NUMBERED = re.compile(r"\s*(?P<code>[0-9]{0,3})\s?(?P<sign>[?~^<>@#!|&+§])(?P<first>[0-9]{2})")
_WORDS = (
    "TRTP|TYPE|TRCD|CNTP|EREF|PREF|IREF|MARF|CSID|IBAN|BIC|NAME|ADDR|REMI|BENM|ORDP|RTRN|RREF|ISDT|PURP|ULTC|"
    "ULTD|ULTB|SVCL|EXCH|CHGS|OCMT|OAMT|BUSP|ACCW|ID|CRED|OREF|CREF|PT|PY|BN|BN1|BI|BO|BO1|BO2|BO3|OB|OB1|OB3|"
    "FT|RE|CTC|CLTREF|BOOK|INFO|PBA|SUM|PDT|OTHR|SWIFT|RO|CHGF|OCMT|BAI|ACNO"
)
_WORD = re.compile(rf"/({_WORDS})(?=/)")
_LABELS = {
    "text": ("TYT", "TYTUŁ", "TYTUL", "OMSCHRIJVING", "MITTEILUNGEN"),
    "name": ("OD", "DLA", "NADAWCA", "ODBIORCA", "NAAM", "NAME", "AUFTRAGGEBER"),
    "account": ("Z RACH", "NA RACH", "RACHUNEK", "IBAN", "REK"),
    "bank": ("BIC",),
    "end_to_end": ("KENMERK", "EREF"),
    "": ("TNR", "MACHTIGING", "INCASSANT", "BETALINGSKENM", "VOLGNR", "VALUTADATUM"),
}
"""What Polish, Dutch and Swiss banks put before a colon in text without other structure, and what it is."""

_FIELD_OF = {label: field for field, labels in _LABELS.items() for label in labels}
_LABEL = re.compile(rf"(?<!\w)({'|'.join(_FIELD_OF)})\s?\.?\s?:\s?", re.I)
_RETURNS = frozenset({"108", "109", "159"})
"""Codes of German banks for direct debits and transfers that come back; so does a reason in ?34."""

_ROW_WORD = re.compile(r"/([A-Z]{2,8}[0-9]?)(?=/)")
"""A word that begins a line, known or not, where at least one known word stands in the text."""

_CODED = re.compile(r"(?P<code>[A-Z][A-Z0-9]{2})\?(?![0-9]{2})|(?P<plain>999)(?=[^0-9 ])")
"""The bank's code before free text: Swiss (`Z46?`), or the one that says that no structure follows."""

_REASON = re.compile(r"9(?:0[1-9]|1[0-4])")
WIDEST = 65
"""Signs that a line of field 86 holds."""

_LONG = 20
"""Signs of a word that is no evidence of where lines are cut."""

_ENDED = 27
"""Signs that a German sub-field holds: a fuller one was cut there, a shorter one ended."""


def line86(rows: Sequence[str]) -> Details:
    """Return what the lines of a field 86 say."""
    joined = "".join(rows)
    if found := _NUMBERED.match(joined):
        return _numbered(joined[found.start("sign") :], found["sign"], found["code"])
    if joined.lstrip().startswith("/") and _WORD.match(joined.lstrip()):
        return _worded(joined.strip())
    if (rows and _ROW_WORD.match(rows[0].lstrip())) and _WORD.search(joined):
        return _worded(unfolded(rows).strip(), rows)
    plain = tidy(unfolded(rows))
    if len(_LABEL.findall(plain)) > 1 or plain.startswith("TYT"):
        return _labelled(plain)
    return _free(rows, plain)


def unfolded(rows: Sequence[str]) -> str:
    """Return lines as one text: a full line was cut there, and runs on, unless they are cut between words."""
    runs_on = not _by_words(rows)
    return "".join(row if runs_on and len(row) >= WIDEST else f"{row} " for row in rows)


def _by_words(rows: Sequence[str]) -> bool:
    """Tell whether lines end where the next word had no room: then none is cut within one."""
    nexts = [(len(row), len(after.split(maxsplit=1)[0])) for row, after in pairwise(rows) if after.strip()]
    fits = [row + 1 + word <= WIDEST for row, word in nexts if row < WIDEST and word <= _LONG]
    return bool(fits) and not any(fits)


def tidy(text: str) -> str:
    """Return a text with single blanks."""
    return " ".join(text.split())


def _numbered(text: str, sign: str, code: str) -> Details:
    """Read `166?00booked as?20remittance?32name` (the German banks' association, and Polish banks)."""
    parts: dict[int, str] = {}
    text = text.rstrip().removesuffix(sign)
    for found in re.finditer(rf"{re.escape(sign)}([0-9]{{2}})(.*?)(?={re.escape(sign)}[0-9]{{2}}|$)", text):
        number = int(found[1])
        parts[number] = parts.get(number, "") + found[2]
    account, more = "", parts.get(33, "").strip()
    if IBAN.fullmatch(more):  # Romanian banks put the account there
        account, more = more, ""
    remittance = [parts[at] for at in (*range(20, 30), *range(60, 64)) if at in parts]
    values = keyed(remittance, _ENDED)
    details = Details(
        text=tidy(values.pop("", "")),
        name=tidy(run_on(parts.get(32, ""), "" if more == "/" else more)) or values.get("ABWA", ""),
        account=parts.get(38, "").strip() or parts.get(31, "").strip() or account or values.get("IBAN", ""),
        bank=parts.get(30, "").strip() or values.get("BIC", ""),
        end_to_end=_reference(values.get("EREF", "")),
        ultimate=values.get("ABWA", ""),
        code=code,
        returned="RTRN" in values or code in _RETURNS or bool(_REASON.match(parts.get(34, ""))),
    )
    if "SVWZ" in values:
        details.text = tidy(f"{details.text} {values['SVWZ']}")
    if not details.text:
        details.text = tidy(parts.get(0, ""))
    return details


def run_on(first: str, second: str) -> str:
    """Return two sub-fields as one: a full one was cut there."""
    return first + second if len(first) >= _ENDED else f"{first} {second}"


def _worded(text: str, rows: Sequence[str] = ()) -> Details:
    """Read `/EREF/…/NAME/…/REMI/…` (Dutch banks, SWIFT) and the like.

    `rows` may begin with words of their own, known or not.
    """
    values: dict[str, str] = {}
    own = {found[1] for row in rows if (found := _ROW_WORD.match(row.lstrip()))}
    words = re.compile(rf"/({'|'.join([_WORDS, *sorted(own)])})(?=/)") if own else _WORD
    marks = list(words.finditer(text))
    for mark, following in zip(marks, [*(one.start() for one in marks[1:]), len(text)], strict=True):
        if mark[1] not in values or not values[mark[1]]:
            values[mark[1]] = text[mark.end() + 1 : following].strip()
    details = Details(
        text=tidy(_remittance(values)),
        name=tidy(_first(values, "NAME", "ORDP", "BENM", "BO", "BO1", "BN", "BN1", "OB", "OB1").strip("/")),
        account=_first(values, "IBAN", "ACNO").strip("/"),
        bank=values.get("BIC", "").strip("/"),
        end_to_end=_reference(_first(values, "EREF", "CREF").strip("/")),
        ultimate=tidy(_first(values, "ULTD", "ULTB").strip("/")),
        code=_first(values, "TRCD", "TRTP", "TYPE", "PT").strip("/"),
        returned="RTRN" in values,
    )
    if "BAI" in values:
        details.code, _, said = values["BAI"].partition("/")
        details.text = details.text or tidy(said)
    if "CNTP" in values:
        account, bank, name, *_ = [*values["CNTP"].split("/"), "", "", ""]
        details.account, details.bank, details.name = account, bank, tidy(name) or details.name
    return details


def _remittance(values: dict[str, str]) -> str:
    said = _first(values, "REMI", "PY", "RE", "INFO")
    said = re.sub(r"^(?:USTD/+|STRD/(?:CUR|ISO)?/*)", "", said)
    return said.strip("/")


def _labelled(text: str) -> Details:
    """Read `TYT.: …; OD: account name` (Poland), `IBAN: … NAAM: …` (Netherlands), in any order."""
    marks = list(_LABEL.finditer(text))
    values: dict[str, str] = {}
    for mark, end in zip(marks, [*(one.start() for one in marks[1:]), len(text)], strict=True):
        values.setdefault(_FIELD_OF[mark[1].upper()], text[mark.end() : end].strip(" ;,/"))
    account, name = values.get("account", ""), values.get("name", "")
    if found := re.match(r"((?:[A-Z]{2})?[0-9][0-9 ]{8,33}[0-9])\s*(.*)", name):
        account, name = account or found[1], found[2]
    return Details(
        text=values.get("text") or text,
        name=name,
        account=account.replace(" ", ""),
        bank=values.get("bank", ""),
        end_to_end=_reference(values.get("end_to_end", "")),
    )


def _free(rows: Sequence[str], plain: str) -> Details:
    """Keep the text; where it begins with an IBAN, the rest of that line is the name."""
    if found := _CODED.match(plain):
        name = tidy(rows[0][found.end() :]) if found["code"] and len(rows) > 1 else ""
        text = plain[found.end() :].strip()
        return Details(text=text, name=name, code=found["code"] or found["plain"])
    words = (rows[0] if rows else "").split(maxsplit=1)
    if words and IBAN.fullmatch(words[0]):
        return Details(text=plain, account=words[0], name=tidy(words[1]) if len(words) > 1 else "")
    values = keyed([plain], 0)
    text = tidy(values.pop("", ""))
    if not values:
        return Details(text=plain)
    return Details(
        text=tidy(f"{text} {values.get('SVWZ', '')}") or plain,
        name=values.get("ABWA", ""),
        account=values.get("IBAN", ""),
        bank=values.get("BIC", ""),
        end_to_end=_reference(values.get("EREF", "")),
        ultimate=values.get("ABWA", ""),
    )


def _first(values: dict[str, str], *names: str) -> str:
    return _filled(values.get(name, "") for name in names)


def _filled(texts: Iterable[str]) -> str:
    return next((text for text in texts if text.strip("/ ")), "")


def _reference(text: str) -> str:
    return "" if text.upper() in NONE else text
