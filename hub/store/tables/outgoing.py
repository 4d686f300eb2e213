"""Writes to the systems: what is wanted of them, what was done of it, and who lets it go or holds it."""

from __future__ import annotations

import sqlalchemy as sa

from hub.store.tables.base import Id, index_where, metadata, order_key
from hub.store.types import Utc, name

OPEN_CHANGES = ("pending", "sent", "unknown", "held", "waiting")
"""The states of a change that is not settled yet: of each write to an order there is one at most."""

_OPEN = f"state IN ({', '.join(map(repr, OPEN_CHANGES))})"

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    *order_key(),
    sa.Column("system", name(64), nullable=False),
    sa.Column("write", name(64), nullable=False),
    sa.Column("kind", name(8), nullable=False),
    sa.Column("state", name(12), nullable=False),
    sa.Column("mode", name(12), nullable=False),
    sa.Column("digest", name(32), nullable=False),
    sa.Column("key", name(32), nullable=False),
    sa.Column("wanted", sa.Text, nullable=False),
    sa.Column("seen", sa.Text, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("holds", sa.Text),
    sa.Column("batch", name(64)),
    sa.Column("author", sa.String(100)),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_at", Utc),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("changed_at", Utc, nullable=False),
    sa.Column("sent_at", Utc),
    sa.Column("ids", sa.Text),
    sa.Column("run", Id, nullable=False),
    index_where("outbox_open", "system", "company", "order_no", "write", where=_OPEN, unique=True),
    sa.Index("outbox_order", "company", "order_no"),
    sa.Index("outbox_written", "system", "created_at"),
)
"""Desired writes: one row for each, from pending to its end; committed before anything is sent.

`wanted` and `seen` are JSON by field, `rule` says by which word each is wanted, `reason` (message key and
values) why it waits, is held or was refused, `holds` what the fuse said. `digest` covers what is wanted of
whom, and from what; `key` is the idempotency key. `mode` is that of the system when it was asked for: live or
shadow.
"""

change_steps = sa.Table(
    "change_steps",
    metadata,
    sa.Column("change", Id, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("step", name(), nullable=False),
    sa.Column("took", sa.Text, nullable=False),
    sa.Column("at", Utc, nullable=False),
    sa.PrimaryKeyConstraint("change", "seq"),
    sqlite_with_rowid=False,
)
"""What of a change is done already, committed before the next step; `took` is what it gave (JSON)."""

approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("change", Id, nullable=False),
    sa.Column("digest", name(32), nullable=False),
    sa.Column("role", name(64), nullable=False),
    sa.Column("granted", sa.Boolean, nullable=False),
    sa.Column("who", sa.String(100), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", Utc, nullable=False),
    sa.Index("approvals_change", "change"),
)
"""What people decided of held changes: it holds for the digest that they saw, and for no other."""

forms = sa.Table(
    "forms",
    metadata,
    *order_key(),
    sa.Column("system", name(64), nullable=False),
    sa.Column("write", name(64), nullable=False),
    sa.Column("held", sa.Text, nullable=False),
    sa.Column("settles_at", Utc),
    sa.Column("changed_at", Utc, nullable=False),
    sa.PrimaryKeyConstraint("company", "order_no", "system", "write"),
    index_where("forms_unsettled", "system", "settles_at", where="settles_at IS NOT NULL"),
    sqlite_with_rowid=False,
)
"""In what form a system holds what was written to it, by field (JSON of `sync.out.forms.Form`).

Until a read has begun after `settles_at`, what was sent last counts, and not what a view still says.
"""

adoptions = sa.Table(
    "adoptions",
    metadata,
    sa.Column("system", name(64), primary_key=True),
    sa.Column("mode", name(12), nullable=False),
    sa.Column("at", Utc, nullable=False),
    sa.Column("born_from", Utc, nullable=False),
    sa.Column("parked", sa.Integer, nullable=False),
    sa.Column("who", sa.String(100), nullable=False),
    sqlite_with_rowid=False,
)
"""Since when a system is written to (or would be: shadow), and from which birth on orders are created there.

`parked` counts the differences that stood then: they are nobody's wish until somebody changes something.
"""

pauses = sa.Table(
    "pauses",
    metadata,
    sa.Column("system", name(64), primary_key=True),
    sa.Column("who", sa.String(100), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("since", Utc, nullable=False),
    sqlite_with_rowid=False,
)
"""Systems to which nobody writes just now; "*" stands for all."""

breakers = sa.Table(
    "breakers",
    metadata,
    sa.Column("system", name(64), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("open_until", Utc),
    sa.Column("next_at", Utc),
    sa.Column("error", sa.Text),
    sqlite_with_rowid=False,
)
"""How a system bears being asked, shared by all processes: failures in a row, until when it is left alone.

`next_at` is when the next call may begin, where the mapping limits calls a second.
"""
