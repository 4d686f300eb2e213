"""What reading leaves behind: records as they came, how far they are read, and those that wait."""

from __future__ import annotations

import sqlalchemy as sa

from hub.store.tables.base import TIGHT, Id, metadata, record_key
from hub.store.types import Fixed, Utc, name

ledger = sa.Table(
    "ledger",
    metadata,
    *record_key(),
    sa.Column("digest", sa.LargeBinary(16), nullable=False),
    sa.Column("mapping", name(16), nullable=False),
    sa.Column("raw", sa.LargeBinary, nullable=False),
    sa.Column("version", name(200)),
    sa.Column("gave", sa.Text),
    sa.Column("run", Id, nullable=False),
    sa.Column("read_at", Utc, nullable=False),
    sa.PrimaryKeyConstraint("system", "stream", "record"),
    sqlite_with_rowid=False,
)
"""Per record: keyed digest, latest raw record (compressed, encrypted), hash of the stream's read half.

`gave` lists the [company, order_no, part] that the record spoke of (JSON), so that a record whose number was
corrected takes its old facts away."""

cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("system", name(64), nullable=False),
    sa.Column("stream", name(64), nullable=False),
    sa.Column("slot", name(300), nullable=False),
    sa.Column("value", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("system", "stream", "slot"),
    sqlite_with_rowid=False,
)
"""Where reading stands: one row a slot (a position, a file), JSON; committed with its page."""

reads = sa.Table(
    "reads",
    metadata,
    sa.Column("system", name(64), nullable=False),
    sa.Column("stream", name(64), nullable=False),
    sa.Column("kind", name(8), nullable=False),
    sa.Column("complete_at", Utc),
    sa.Column("newest_at", Utc),
    sa.Column("failed_at", Utc),
    sa.Column("error", sa.Text),
    sa.Column("missed", sa.Integer),
    sa.PrimaryKeyConstraint("system", "stream", "kind"),
    sqlite_with_rowid=False,
)
"""How far a stream is known: begin of its last complete read, newest stamp ever read, last failure and why.

`kind` is since or sweep. `missed` counts what the last complete sweep brought that the cursor had not.
"""

seen_keys = sa.Table(
    "seen_keys",
    metadata,
    *record_key(),
    sa.PrimaryKeyConstraint("system", "stream", "record"),
    sqlite_with_rowid=False,
    postgresql_with=TIGHT,
)
"""What the sweep that is under way has seen so far; empty between sweeps."""

absent = sa.Table(
    "absent",
    metadata,
    *record_key(),
    sa.Column("times", sa.Integer, nullable=False),
    sa.Column("since", Utc, nullable=False),
    sa.Column("run", Id, nullable=False),
    sa.PrimaryKeyConstraint("system", "stream", "record"),
    sqlite_with_rowid=False,
)
"""Records that complete sweeps did not find, and how often in a row; from the second on they are gone."""

documents = sa.Table(
    "documents",
    metadata,
    sa.Column("company", name(64), nullable=False),
    sa.Column("system", name(64), nullable=False),
    sa.Column("kind", name(16), nullable=False),
    sa.Column("number", name(200), nullable=False),
    sa.Column("stream", name(64), nullable=False),
    sa.Column("record", name(200), nullable=False),
    sa.Column("order_no", name()),
    sa.Column("status", name(200)),
    sa.Column("amount", Fixed),
    sa.Column("currency", name(3)),
    sa.Column("quantities", sa.Text),
    sa.Column("occurred_at", Utc),
    sa.Column("due_at", Utc),
    sa.Column("deleted", sa.Boolean, nullable=False, default=False),
    sa.Column("fields", sa.LargeBinary),
    sa.Column("mapping", name(16), nullable=False),
    sa.Column("first_seen", Utc, nullable=False),
    sa.Column("changed_at", Utc, nullable=False),
    sa.Column("run", Id, nullable=False),
    sa.PrimaryKeyConstraint("company", "system", "kind", "number"),
    sa.Index("documents_order", "company", "order_no"),
    sqlite_with_rowid=False,
)
"""What is no order – receivables, invoices, bank entries, work orders, stock – as its system says it now.

`quantities` is JSON; `fields` (JSON) is sealed, for it holds payers and their accounts. What a document said
earlier lies in the system that it came from.
"""

quarantine = sa.Table(
    "quarantine",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    *record_key(),
    sa.Column("digest", sa.LargeBinary(16), nullable=False),
    sa.Column("raw", sa.LargeBinary, nullable=False),
    sa.Column("meta", sa.Text),
    sa.Column("reason", name(64), nullable=False),
    sa.Column("values", sa.Text),
    sa.Column("field", name(64)),
    sa.Column("company", name(64)),
    sa.Column("order_no", name()),
    sa.Column("mapping", name(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("run", Id, nullable=False),
    sa.Column("at", Utc, nullable=False),
    sa.Column("solved_at", Utc),
    sa.UniqueConstraint("system", "stream", "record", "digest"),
)
"""Records that could not be understood: whole, with the reason (a message key and its values), replayable."""

unlinked = sa.Table(
    "unlinked",
    metadata,
    *record_key(),
    sa.Column("kind", name(32), nullable=False),
    sa.Column("value", name(), nullable=False),
    sa.Column("company", name(64), nullable=False),
    sa.Column("since", Utc, nullable=False),
    sa.Column("run", Id, nullable=False),
    sa.PrimaryKeyConstraint("system", "stream", "record", "kind", "value"),
    sa.Index("unlinked_value", "kind", "value"),
    sqlite_with_rowid=False,
)
"""Records that wait for a link; their raw form lies in the ledger."""
