"""The other side of an entry: who paid, or was paid."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from connectors.statements.camt.trees import first, said

_NAMES = ("Nm", "Pty/Nm", "Agt/FinInstnId/Nm")
_ACCOUNT = ("Id/IBAN", "Id/Othr/Id", "Id/PrtryAcct/Id", "Id/BBAN", "Id/UPIC", "Prxy/Id")
_BANK = ("FinInstnId/BICFI", "FinInstnId/BIC", "FinInstnId/CmbndId/BIC", "FinInstnId/ClrSysMmbId/MmbId",
         "FinInstnId/Nm", "FinInstnId/CmbndId/Nm")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Party:
    """Name, account and bank of the other side; `ultimate` is on whose behalf it acts."""

    name: str = ""
    account: str = ""
    bank: str = ""
    ultimate: str = ""


def party_of(detail: etree._Element | None, credit: bool, own: str | None) -> Party:
    """Return the other side: the debtor of what came in, the creditor of what went out.

    In a returned payment the roles may stand as they were in the original; so the side whose account is our
    `own` is never the other one. Where only the ultimate party has a name, it is the name.
    """
    sides = ("Dbtr", "Cdtr") if credit else ("Cdtr", "Dbtr")
    if own and account_of(first(detail, f"RltdPties/{sides[0]}Acct")) == own:
        sides = sides[::-1]
    party = _side(detail, sides[0])
    if not (party.name or party.account) and own:
        other = _side(detail, sides[1])
        return other if other.account and other.account != own else party
    return party


def _side(detail: etree._Element | None, side: str) -> Party:
    parties = first(detail, "RltdPties")
    ultimate = said(first(parties, f"Ultmt{side}"), *_NAMES)
    return Party(
        name=said(first(parties, side), *_NAMES) or ultimate or said(first(parties, "TradgPty"), *_NAMES),
        account=account_of(first(parties, f"{side}Acct")),
        bank=said(first(detail, f"RltdAgts/{side}Agt"), *_BANK),
        ultimate=ultimate,
    )


def account_of(account: etree._Element | None) -> str:
    """Return the number of an account: IBAN, or what it is called else."""
    return said(account, *_ACCOUNT).replace(" ", "")
