"""What people taught of payers: names and accounts under which customers pay, from confirmations alone.

Each has a day, the one who taught it and the posting that it came from, and can be taken back. Of a payer
whose name is not like the customer's – a third party – two people must have confirmed the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from hub.store import Seal, audit
from hub.store.tables import payers
from reconciler.payments.names import alike, core, cores, whole
from reconciler.payments.parties import plain_account

ALIAS, ACCOUNT = "alias", "account"


@dataclass(frozen=True, slots=True)
class Payer:
    """A name or an account (`kind`) under which a customer pays, as it was written."""

    customer: str
    kind: str
    value: str


def known(conn: sa.Connection, seal: Seal, company: str) -> dict[str, list[Payer]]:
    """Return what is known of the payers of each customer, and has as many voices as it needs."""
    p = payers.c
    voices: dict[tuple[str, str, bytes], set[str]] = defaultdict(set)
    found: dict[tuple[str, str, bytes], tuple[Payer, bool]] = {}
    for row in conn.execute(sa.select(payers).where(p.company == company, p.ended_at.is_(None))):
        key = row.customer, row.kind, bytes(row.digest)
        value = seal.decrypt(bytes(row.value), _place(company, row.customer, row.kind)).decode()
        mark, _, plain = value.partition(":")
        voices[key].add(row.who.casefold())
        found[key] = Payer(row.customer, row.kind, plain), mark == _THIRD
    payers_of: dict[str, list[Payer]] = defaultdict(list)
    for key, (payer, third) in found.items():
        if len(voices[key]) >= (2 if third else 1):
            payers_of[payer.customer].append(payer)
    return payers_of


def teach(
    conn: sa.Connection,
    seal: Seal,
    company: str,
    customer: tuple[str, str],
    payer: tuple[str, str],
    match: int,
    who: str,
    now: datetime,
) -> int:
    """Keep that `customer` (number, name) pays under `payer` (name, account); return how much of it is new.

    `match` is the posting that `who` confirmed.
    """
    number, name = customer
    third = not _same_firm(name, payer[0])
    mark = _THIRD if third else _OWN
    said = [(ALIAS, payer[0], core(payer[0])), (ACCOUNT, payer[1], plain_account(payer[1]))]
    new = 0
    for kind, value, plain in said:
        if not plain or (kind == ALIAS and whole(value) == whole(name)):
            continue
        digest = seal.index(plain)
        p = payers.c
        here = (p.company == company, p.customer == number, p.kind == kind, p.digest == digest)
        mine = sa.select(p.id).where(*here, p.who == who, p.ended_at.is_(None))
        if conn.execute(mine).first():
            continue
        sealed = seal.encrypt(f"{mark}:{value}".encode(), _place(company, number, kind))
        row = {"company": company, "customer": number, "kind": kind, "digest": digest, "value": sealed}
        conn.execute(payers.insert().values(**row, match=match, who=who, at=now))
        new += 1
    return new


def forget(conn: sa.Connection, company: str, lines: Sequence[int], who: str, now: datetime) -> int:
    """Take back what the postings `lines` taught; return how much that was."""
    p = payers.c
    here = (p.company == company, p.match.in_(lines), p.ended_at.is_(None))
    ended = conn.execute(sa.update(payers).where(*here).values(ended_at=now, ended_by=who)).rowcount
    if ended:
        audit.append(conn, who, "payer.forgotten", {"matches": list(lines), "count": ended}, now)
    return ended


_OWN, _THIRD = "own", "third"


def _same_firm(name: str, payer: str) -> bool:
    """Tell whether a payer's name may be the customer's own, differently written."""
    return not payer or any(
        one == other or alike(one, other) for one in cores(name) for other in cores(payer)
    )


def _place(company: str, customer: str, kind: str) -> str:
    return f"payers/{company}/{customer}/{kind}"
