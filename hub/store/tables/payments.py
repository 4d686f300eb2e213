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
    sa.Column("posting", name(32)),
    sa.UniqueConstraint("undoes"),
    sa.Index("matches_entry", "company", "entry_system", "entry"),
    sa.Index("matches_receivable", "company", "system", "receivable"),
    sa.Index("matches_posting", "company", "posting"),
)
"""Postings (`kind` post) and their undoing (undo, once each: `undoes` names the posting). Nothing is changed.

`amount` is cash of the entry in its `currency`, `closes` what of the receivable it pays off, in the currency
of that one: more than the cash where a discount or a bank's fee is granted. `version` is of the rules that
matched it; `who` is None for the matcher itself. `facts` is a JSON list. `posting` is the number by which the
finance system of the receivable knows it (`hub.postings`); what was posted before there were such has none.
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

standings = sa.Table(
    "standings",
    metadata,
    sa.Column("company", name(64), primary_key=True),
    sa.Column("customer", name(), primary_key=True),
    sa.Column("currency", name(3), primary_key=True),
    sa.Column("name", sa.LargeBinary),
    sa.Column("day", name(10), nullable=False),
    sa.Column("open", Fixed, nullable=False),
    sa.Column("classes", sa.Text, nullable=False),
    sa.Column("overdue", Fixed, nullable=False),
    sa.Column("overdue_count", sa.Integer, nullable=False),
    sa.Column("overdue_days", sa.Integer, nullable=False),
    sa.Column("weighted_days", Fixed, nullable=False),
    sa.Column("collection", Fixed),
    sa.Column("average_days", Fixed),
    sa.Column("grade", name(1), nullable=False),
    sa.Column("at", Utc, nullable=False),
)
"""How customers (by number) stood on a `day` (2026-03-31) with what they owe in a currency.

One row each, made anew with every matching. `overdue_days` are those of the oldest overdue document,
`weighted_days` those of all by their money. `classes` is a JSON object of money by age. `collection` is the
share of what was due that is settled, `average_days` how long paying took; both None where nothing was.
`name` is sealed.
"""

statements = sa.Table(
    "statements",
    metadata,
    sa.Column("company", name(64), primary_key=True),
    sa.Column("system", name(64), primary_key=True),
    sa.Column("digest", sa.LargeBinary(32), primary_key=True),
    sa.Column("account", sa.LargeBinary, nullable=False),
    sa.Column("account_digest", sa.LargeBinary(32), nullable=False),
    sa.Column("currency", name(3), nullable=False),
    sa.Column("first_on", name(10), nullable=False),
    sa.Column("last_on", name(10), nullable=False),
    sa.Column("named", sa.Boolean, nullable=False),
    sa.Column("opening", Fixed),
    sa.Column("closing", Fixed),
    sa.Column("entries", sa.Integer, nullable=False),
    sa.Column("sum", Fixed, nullable=False),
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("file_digest", name(32), nullable=False),
    sa.Column("read_at", Utc, nullable=False),
    sa.Index("statements_account", "company", "account_digest"),
)
"""Statements of bank accounts as they were read: the same one twice, from whatever file, is one row.

`digest` is a keyed one of all that a statement says of itself, `account_digest` of the account alone;
`account` is sealed. Days are `2026-03-31`; `named` tells that the statement says itself which days it covers,
else they are those of its entries. `sum` is that of its entries, money out below zero. `file` is what brought
it first.
"""
