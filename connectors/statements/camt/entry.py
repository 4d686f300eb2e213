"""One Ntry as an entry, or as one for each of its details where these add up to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from lxml import etree

from connectors.statements.camt.parties import party_of
from connectors.statements.camt.trees import first, found, line_of, said
from connectors.statements.model import Entry, Remark
from connectors.statements.values import ZERO, amount_of, long_day

BOOKED = frozenset({"BOOK", ""})
_NONE = frozenset({"NOTPROVIDED", "NOT PROVIDED", "NONREF", "NONE", "N/A", ""})
_AMOUNTS = ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt")
_RUNNING = 4
"""Digits up to which an entry's reference is taken for its number on the page, which says nothing later."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What the statement around an entry says, and where it stands."""

    account: str | None
    currency: str | None
    line: int


def status_of(entry: etree._Element) -> str:
    """Return whether an entry is booked (BOOK), pending (PDNG) or else; a code of its own since version 8."""
    return said(entry, "Sts/Cd", "Sts/Prtry", "Sts").upper()


def entries_of(entry: etree._Element, frame: Frame) -> list[Entry]:
    """Return what a Ntry brings: itself, or the details of a batch, if their amounts add up to its own.

    A single detail tells who and what for; the amount is the entry's in any case. CdtDbtInd says the
    direction, and RvslInd does not turn it round.
    """
    base = _base(entry, frame)
    details = [*found(entry, "NtryDtls/TxDtls"), *found(entry, "TxDtls")]
    if len(details) == 1 and (_count(entry) == 1 or _amounts(base, details)):
        _tell(base, details[0], frame, base.amount > ZERO)
        _name_batch(base, entry)
    elif details:
        return _several(base, entry, details, frame)
    else:
        _name_batch(base, entry)
    base.remittance_info = base.remittance_info or said(entry, "AddtlNtryInf")
    return [base]


def _base(entry: etree._Element, frame: Frame) -> Entry:
    amount = first(entry, "Amt")
    value = amount_of(amount.text or "", grouped=False) if amount is not None else None
    mark = said(entry, "CdtDbtInd").upper()
    line = frame.line + line_of(entry)
    booked, note = _days(entry, line)
    if value is None or mark not in {"CRDT", "DBIT"}:
        row = f"{amount.text if amount is not None else ''} {mark}".strip()
        note, value = Remark("statements.unreadable_amount", line, {"amount": row}), ZERO
    bank = said(entry, "AcctSvcrRef")
    number = said(entry, "NtryRef")
    if not bank and not (number.isdigit() and len(number) <= _RUNNING):
        bank = number
    details: dict[str, Any] = {"code": _code(entry)}
    if bank and bank.upper() not in _NONE:
        details["bank_reference"] = bank
    made = Entry(
        booked_on=booked,
        amount=-value if mark == "DBIT" else value,
        currency=(amount.get("Ccy") if amount is not None else None) or frame.currency,
        value_date=_day(entry, "ValDt")[0],
        reference=details.get("bank_reference", ""),
        reversal=said(entry, "RvslInd").lower() in {"true", "1"},
        note=note,
        line=line,
        details={key: value for key, value in details.items() if value},
    )
    if (fee := _charges(entry, made.currency)) is not None:
        made.details["fee"] = fee
    return made


def _days(entry: etree._Element, line: int) -> tuple[date | None, Remark | None]:
    booked, real = _day(entry, "BookgDt")
    if booked is None:
        booked, real = _day(entry, "ValDt")
    if booked is None:
        return None, Remark("statements.no_day", line, {"row": said(entry, "Amt")})
    row = said(entry, "BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm")
    return booked, None if real else Remark("statements.no_such_day", line, {"row": row})


def _day(entry: etree._Element, name: str) -> tuple[date | None, bool]:
    """Return a day, as it is where the bank is."""
    return long_day(said(entry, f"{name}/Dt", f"{name}/DtTm", name))


def _code(entry: etree._Element) -> str:
    domain = first(entry, "BkTxCd/Domn")
    parts = [said(domain, "Cd"), said(domain, "Fmly/Cd"), said(domain, "Fmly/SubFmlyCd")]
    return "-".join(part for part in parts if part) or said(entry, "BkTxCd/Prtry/Cd")


def _charges(element: etree._Element, currency: str | None) -> Decimal | None:
    """Return the charges in the entry's own currency, those that add to it below zero."""
    total = None
    for record in [*found(element, "Chrgs/Rcrd"), *found(element, "Chrgs")]:
        amount = first(record, "Amt")
        value = amount_of(amount.text or "", grouped=False) if amount is not None else None
        if amount is None or value is None or amount.get("Ccy", currency) != currency:
            continue
        total = (total or ZERO) + (-value if said(record, "CdtDbtInd") == "CRDT" else value)
    return total


def _several(
    base: Entry, entry: etree._Element, details: Sequence[etree._Element], frame: Frame
) -> list[Entry]:  # fmt: skip
    amounts = _amounts(base, details)
    batch = _batch(entry, base)
    if amounts is None:
        base.note = base.note or Remark("statements.details_differ", base.line, {"count": len(details)})
        texts = [_text(detail) for detail in details]
        base.remittance_info = " ".join(text for text in [said(entry, "AddtlNtryInf"), *texts] if text)
        base.details["batch"] = batch
        return [base]
    made = []
    for detail, amount in zip(details, amounts, strict=True):
        one = Entry(
            base.booked_on, amount, base.currency, base.value_date, base.reference,
            reversal=base.reversal, note=base.note, line=frame.line + line_of(detail),
            details={key: value for key, value in base.details.items() if key != "fee"},
        )  # fmt: skip
        one.details["batch"] = batch
        _tell(one, detail, frame, amount > ZERO)
        one.remittance_info = one.remittance_info or said(entry, "AddtlNtryInf")
        made.append(one)
    return made


def _amounts(base: Entry, details: Sequence[etree._Element]) -> list[Decimal] | None:
    """Return the signed amounts of the details, None if they do not add up to the entry's."""
    for path in _AMOUNTS:
        found_all = [_amount(base, detail, path) for detail in details]
        known = [one for one in found_all if one is not None]
        if len(known) == len(details) and sum(known, ZERO) == base.amount and all(known):
            return known
    mixed = [
        next((one for path in _AMOUNTS if (one := _amount(base, detail, path))), None) for detail in details
    ]
    known = [one for one in mixed if one is not None]
    return known if len(known) == len(details) and sum(known, ZERO) == base.amount else None


def _amount(base: Entry, detail: etree._Element, path: str) -> Decimal | None:
    amount = first(detail, path)
    if amount is None or amount.get("Ccy", base.currency) != base.currency:
        return None
    value = amount_of(amount.text or "", grouped=False)
    mark = said(detail, "CdtDbtInd").upper()
    negative = mark == "DBIT" if mark else base.amount < 0
    return value if value is None or not negative else -value


def _tell(entry: Entry, detail: etree._Element, frame: Frame, credit: bool) -> None:
    """Put what a detail says into an entry."""
    party = party_of(detail, credit, frame.account)
    end_to_end = _reference(detail, "Refs/EndToEndId")
    bank = _reference(detail, "Refs/AcctSvcrRef")
    returned = first(detail, "RtrInf")
    more = {
        "bank_reference": bank,
        "end_to_end": end_to_end,
        "transaction": _reference(detail, "Refs/TxId"),
        "instruction": _reference(detail, "Refs/InstrId"),
        "mandate": _reference(detail, "Refs/MndtRef"),
        "uetr": _reference(detail, "Refs/UETR"),
        "payer_bank": party.bank,
        "ultimate_payer": party.ultimate,
        "structured": said(detail, "RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/RfrdDocInf/Nb"),
        "return_reason": said(returned, "Rsn/Cd", "Rsn/Prtry"),
    }
    entry.details |= {key: value for key, value in more.items() if value}
    entry.payer_name, entry.payer_account = party.name, party.account
    entry.remittance_info = _text(detail)
    entry.reference = bank or entry.reference or end_to_end
    entry.reversal = entry.reversal or returned is not None
    if (fee := _charges(detail, entry.currency)) is not None:
        entry.details["fee"] = fee


def _reference(detail: etree._Element, path: str) -> str:
    reference = said(detail, path)
    return "" if reference.upper() in _NONE else reference


def _text(detail: etree._Element) -> str:
    """Return what a payment is for: its lines, and the numbers that stand in structured ones."""
    texts = [" ".join((one.text or "").split()) for one in found(detail, "RmtInf/Ustrd")]
    for path in ("Strd/CdtrRefInf/Ref", "Strd/RfrdDocInf/Nb", "Strd/AddtlRmtInf"):
        texts += [" ".join((one.text or "").split()) for one in found(detail, f"RmtInf/{path}")]
    kept = [text for at, text in enumerate(texts) if text and text not in texts[:at]]
    return " ".join(kept) or said(detail, "AddtlTxInf")


def _name_batch(base: Entry, entry: etree._Element) -> None:
    """Name the batch of an entry that has none of its details here."""
    if _count(entry) > 1:
        base.details["batch"] = _batch(entry, base)


def _count(entry: etree._Element) -> int:
    """Return how many payments an entry says that it sums up."""
    count = said(entry, "NtryDtls/Btch/NbOfTxs", "Btch/NbOfTxs")
    return int(count) if re.fullmatch("[0-9]{1,9}", count) else 1


def _batch(entry: etree._Element, base: Entry) -> str:
    """Return what tells a batch from the others of its statement."""
    name = base.details.get("bank_reference") or said(entry, "NtryRef")
    group = said(entry, "NtryDtls/Btch/PmtInfId", "NtryDtls/Btch/MsgId", "Btch/PmtInfId", "Btch/MsgId")
    return name or f"{group or 'batch'}@{base.line}"
