"""What came of matching: an append-only ledger of postings, and what people taught of payers."""

from __future__ import annotations

import sqlalchemy as sa

from hub.store.tables.base import Id, metadata
from hub.store.types import Fixed, Utc, name

matches = sa.Table(
    "matches",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("kind", name(8), nullable=False),
    sa.Column("company", name(64), nullable=False),
    sa.Column("entry_system", name(64), nullable=False),
    sa.Column("entry", name(200), nullable=False),
    sa.Column("system", name(64), nullable=False),
    sa.Column("receivable", name(200), nullable=False),
    sa.Column("currency", name(3), nullable=False),
    sa.Column("amount", Fixed, nullable=False),
    sa.Column("closes", Fixed, nullable=False),
    sa.Column("rule", name(64), nullable=False),
    sa.Column("version", name(16), nullable=False),
    sa.Column("facts", sa.Text, nullable=False),
    sa.Column("who", sa.String(100)),
    sa.Column("reason", sa.Text),
    sa.Column("undoes", Id),
    sa.Column("at", Utc, nullable=False),
    sa.UniqueConstraint("undoes"),
    sa.Index("matches_entry", "company", "entry_system", "entry"),
    sa.Index("matches_receivable", "company", "system", "receivable"),
)
"""Postings (`kind` post) and their undoing (undo, once each: `undoes` names the posting). Nothing is changed.

`amount` is cash of the entry in its `currency`, `closes` what of the receivable it pays off, in the currency
of that one: more than the cash where a discount or a bank's fee is granted. `version` is of the rules that
matched it; `who` is None for the matcher itself. `facts` is a JSON list.
"""

payers = sa.Table(
    "payers",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("company", name(64), nullable=False),
    sa.Column("customer", name(), nullable=False),
    sa.Column("kind", name(8), nullable=False),
    sa.Column("digest", sa.LargeBinary(32), nullable=False),
    sa.Column("value", sa.LargeBinary, nullable=False),
    sa.Column("match", Id, nullable=False),
    sa.Column("who", sa.String(100), nullable=False),
    sa.Column("at", Utc, nullable=False),
    sa.Column("ended_at", Utc),
    sa.Column("ended_by", sa.String(100)),
    sa.Index("payers_digest", "company", "kind", "digest"),
)
"""Names (`kind` alias) and accounts that a person confirmed of a customer's payer, from `at` to `ended_at`.

`value` is sealed, `digest` is a keyed digest of its plain form; `match` is the posting that taught it.
"""
