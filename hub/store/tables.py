"""The tables of the store (design, section 4): one definition for both engines, made only by migrations.

Times are `Utc` (BIGINT microseconds), quantities and amounts `Fixed` (BIGINT millionths), statuses the
rank of `hub.model.Status`. JSON columns are text written by `hub.store.jsons`.
"""

from __future__ import annotations

import sqlalchemy as sa

from hub import agreement
from hub.store.types import Fixed, Utc, name

metadata = sa.MetaData()
ALIVE = "side & 1 = 0"
"""That an order is not cancelled, as engines have to read it to find it by these indexes."""

WAITING = "status < 90"
"""That nothing of an order has left, as engines have to read it to find it by `orders_waiting`."""

UNDER_WAY = "status < 130"
"""That an order has not come to its end, as engines have to read it to find it by `orders_standing`."""

_STANDING = f"{UNDER_WAY} AND {ALIVE}"
_WAITING = f"{WAITING} AND {ALIVE}"
USUAL = "regular"
"""The type of most orders."""

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIGHT = {
    "autovacuum_vacuum_scale_factor": "0.01",
    "autovacuum_vacuum_insert_scale_factor": "0.01",
    "autovacuum_analyze_scale_factor": "0.02",
}
"""PostgreSQL's autovacuum on tables that are scanned by index alone or emptied all the time."""


def _order_key() -> list[sa.Column[str]]:
    return [sa.Column("company", name(64), nullable=False), sa.Column("order_no", name(), nullable=False)]


def _said() -> list[sa.Column[object]]:
    """Return what a part or a system says: range, side, money, quantities, stamp, lines."""
    return [
        sa.Column("status", sa.SmallInteger),
        sa.Column("lo", sa.SmallInteger, nullable=False),
        sa.Column("hi", sa.SmallInteger, nullable=False),
        sa.Column("side", sa.SmallInteger, nullable=False),
        sa.Column("side_known", sa.SmallInteger, nullable=False),
        sa.Column("money", sa.SmallInteger),
        sa.Column("ordered", Fixed),
        sa.Column("produced", Fixed),
        sa.Column("shipped", Fixed),
        sa.Column("returned", Fixed),
        sa.Column("occurred_at", Utc),
        sa.Column("says", name(8), nullable=False),
        sa.Column("precision", sa.SmallInteger, nullable=False),
        sa.Column("line_digest", name(32)),
        sa.Column("unknown_code", name(200)),
    ]


observations = sa.Table(
    "observations",
    metadata,
    *_order_key(),
    sa.Column("system", name(64), nullable=False),
    sa.Column("part", name(), nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("stream", name(64), nullable=False),
    sa.Column("record", name(200), nullable=False),
    *_said(),
    sa.Column("code", name(200)),
    sa.Column("raw_time", name(64)),
    sa.Column("future", sa.Boolean, nullable=False, default=False),
    sa.Column("is_return", sa.Boolean, nullable=False, default=False),
    sa.Column("deleted", sa.Boolean, nullable=False, default=False),
    sa.Column("event_id", name(200)),
    sa.Column("replaces", name(200)),
    sa.Column("lines", sa.Text),
    sa.Column("extras", sa.Text),
    sa.Column("mapping", name(16), nullable=False),
    sa.Column("run", Id, nullable=False),
    sa.Column("read_at", Utc, nullable=False),
    sa.Column("adds", sa.SmallInteger),
    sa.PrimaryKeyConstraint("company", "order_no", "system", "part", "seq"),
    sqlite_with_rowid=False,
)
"""Append-only facts: a new row whenever a part differs from its latest row; an event once."""

views = sa.Table(
    "views",
    metadata,
    *_order_key(),
    sa.Column("system", name(64), nullable=False),
    sa.Column("claims", sa.BigInteger, sa.Computed(agreement.claims(), persisted=True), nullable=False),
    sa.Column("goods", sa.BigInteger, sa.Computed(agreement.goods(), persisted=True), nullable=False),
    sa.Column("confirmed_at", Utc),
    sa.Column("stocked_at", Utc),
    sa.Column("shipped_at", Utc),
    sa.Column("delivered_at", Utc),
    *_said(),
    sa.Column("future", sa.Boolean, nullable=False, default=False),
    sa.Column("parts", sa.Integer, nullable=False),
    sa.Column("first_seen", Utc, nullable=False),
    sa.Column("run", Id, nullable=False),
    sa.Column("gone_at", Utc),
    sa.PrimaryKeyConstraint(
        "company", "order_no", "system",
        postgresql_include=["claims", "goods", "confirmed_at", "stocked_at", "shipped_at", "delivered_at"],
    ),
    sa.Index(
        "views_gone", "gone_at",
        sqlite_where=sa.text("gone_at IS NOT NULL"), postgresql_where=sa.text("gone_at IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
    postgresql_with=_TIGHT,
)  # fmt: skip
"""What one system says of one order now: the roll-up of its parts. The reconciler scans this table alone.

`claims` and `goods` fold it for the scan (`hub.agreement`); what a scan reads stands first, for an engine
that reads a row from its beginning.
`confirmed_at` … `delivered_at` are event stamps (second or minute precision) of those statuses, else None.
`gone_at` tells since when the system no longer knows the order at all; what it said last stands beside it.
"""

orders = sa.Table(
    "orders",
    metadata,
    *_order_key(),
    sa.Column("status", sa.SmallInteger),
    sa.Column("side", sa.SmallInteger, nullable=False),
    sa.Column("money", sa.SmallInteger),
    sa.Column("ordered", Fixed),
    sa.Column("produced", Fixed),
    sa.Column("shipped", Fixed),
    sa.Column("returned", Fixed),
    sa.Column("occurred_at", Utc),
    sa.Column("order_type", name(16)),
    sa.Column("customer_no", name(64)),
    sa.Column("customer_name", sa.String(200)),
    sa.Column("salesperson", sa.String(100)),
    sa.Column("plant", name(64)),
    sa.Column("amount", Fixed),
    sa.Column("currency", name(3)),
    sa.Column("due_first", Utc),
    sa.Column("due_now", Utc),
    sa.Column("priority", sa.String(20)),
    sa.Column("lines", sa.Text),
    sa.Column("extras", sa.Text),
    sa.Column("first_seen", Utc, nullable=False),
    sa.Column("changed_at", Utc, nullable=False),
    sa.Column("run", Id, nullable=False),
    sa.PrimaryKeyConstraint("company", "order_no"),
    sa.Index(
        "orders_standing",
        "status",
        "occurred_at",
        sqlite_where=sa.text(_STANDING),
        postgresql_where=sa.text(_STANDING),
    ),
    sa.Index(
        "orders_waiting",
        "due_now",
        "occurred_at",
        sqlite_where=sa.text(_WAITING),
        postgresql_where=sa.text(_WAITING),
    ),
    sa.Index(
        "orders_unusual",
        "order_type",
        "company",
        "order_no",
        sqlite_where=sa.text(f"order_type <> '{USUAL}'"),
        postgresql_where=sa.text(f"order_type <> '{USUAL}'"),
    ),
    sqlite_with_rowid=False,
)
"""The canonical order: the views merged by ownership. Written only by the leased merge.

`orders_standing` finds those that have stood too long in a status before the last one and are not cancelled,
`orders_waiting` those of which nothing has left by when they are due, `orders_unusual` those that go another
way than most.
"""

order_history = sa.Table(
    "order_history",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    *_order_key(),
    sa.Column("field", name(32), nullable=False),
    sa.Column("old", sa.Text),
    sa.Column("new", sa.Text),
    sa.Column("system", name(64)),
    sa.Column("rule", name(64), nullable=False),
    sa.Column("who", sa.String(100)),
    sa.Column("occurred_at", Utc),
    sa.Column("run", Id, nullable=False),
    sa.Column("at", Utc, nullable=False),
    sa.Index("order_history_order", "company", "order_no"),
)
"""Append-only: what changed on an order, from which system, by which rule. A birth has no row."""

ledger = sa.Table(
    "ledger",
    metadata,
    sa.Column("system", name(64), nullable=False),
    sa.Column("stream", name(64), nullable=False),
    sa.Column("record", name(200), nullable=False),
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

links = sa.Table(
    "links",
    metadata,
    sa.Column("kind", name(32), nullable=False),
    sa.Column("value", name(), nullable=False),
    *_order_key(),
    sa.Column("system", name(64), nullable=False),
    sa.Column("relation", name(16), nullable=False),
    sa.Column("who", sa.String(100)),
    sa.Column("since", Utc, nullable=False),
    sa.Column("until", Utc),
    sa.PrimaryKeyConstraint("kind", "value", "company", "order_no", "system"),
    sa.Index("links_order", "company", "order_no"),
    sqlite_with_rowid=False,
)
"""Numbers by which an order is also known: many-to-many, dated.

`relation` is same, renamed, split, merged or apart.
"""

dirty = sa.Table(
    "dirty",
    metadata,
    sa.Column("consumer", name(32), nullable=False),
    *_order_key(),
    sa.Column("stamp", Id, nullable=False),
    sa.Column("agreed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.PrimaryKeyConstraint("consumer", "company", "order_no"),
    sqlite_with_rowid=False,
    postgresql_with=_TIGHT,
)
"""Orders that a consumer (merge, reconcile) must look at; company and order_no "*" stand for all.

On those `agreed` all systems agreed when they were merged.
"""

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
    sa.Column("system", name(64), nullable=False),
    sa.Column("stream", name(64), nullable=False),
    sa.Column("record", name(200), nullable=False),
    sa.PrimaryKeyConstraint("system", "stream", "record"),
    sqlite_with_rowid=False,
    postgresql_with=_TIGHT,
)
"""What the sweep that is under way has seen so far; empty between sweeps."""

absent = sa.Table(
    "absent",
    metadata,
    sa.Column("system", name(64), nullable=False),
    sa.Column("stream", name(64), nullable=False),
    sa.Column("record", name(200), nullable=False),
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

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("kind", name(16), nullable=False),
    sa.Column("system", name(64)),
    sa.Column("started_at", Utc, nullable=False),
    sa.Column("ended_at", Utc),
    sa.Column("outcome", name(16)),
    sa.Column("counts", sa.Text),
    sa.Column("error", sa.Text),
)
"""One row for each run that wrote something or failed; a run that found nothing leaves no row."""

quarantine = sa.Table(
    "quarantine",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("system", name(64), nullable=False),
    sa.Column("stream", name(64), nullable=False),
    sa.Column("record", name(200), nullable=False),
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
    sa.Column("system", name(64), nullable=False),
    sa.Column("stream", name(64), nullable=False),
    sa.Column("record", name(200), nullable=False),
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

findings = sa.Table(
    "findings",
    metadata,
    sa.Column("id", name(16), primary_key=True),
    sa.Column("kind", name(32), nullable=False),
    *_order_key(),
    sa.Column("system", name(64), nullable=False),
    sa.Column("field", name(64), nullable=False),
    sa.Column("state", name(12), nullable=False),
    sa.Column("cause", name(16)),
    sa.Column("details", sa.Text, nullable=False),
    sa.Column("correct_in", name(64)),
    sa.Column("at_risk", Fixed),
    sa.Column("currency", name(3)),
    sa.Column("owner", sa.String(100)),
    sa.Column("due_at", Utc),
    sa.Column("first_seen", Utc, nullable=False),
    sa.Column("changed_at", Utc, nullable=False),
    sa.Column("closed_at", Utc),
    sa.Index("findings_state", "state"),
    sa.Index("findings_order", "company", "order_no"),
)
"""Differences with an identity that is stable over runs, and a life.

`state` is in_flight, open, assigned, explained or closed.
"""

causes = sa.Table(
    "causes",
    metadata,
    sa.Column("id", name(16), primary_key=True),
    sa.Column("kind", name(24), nullable=False),
    sa.Column("company", name(64), nullable=False),
    sa.Column("system", name(64), nullable=False),
    sa.Column("slice", name(), nullable=False),
    sa.Column("state", name(12), nullable=False),
    sa.Column("details", sa.Text, nullable=False),
    sa.Column("first_seen", Utc, nullable=False),
    sa.Column("changed_at", Utc, nullable=False),
    sa.Column("closed_at", Utc),
)
"""What many findings share: one line for people, its orders behind it."""

finding_events = sa.Table(
    "finding_events",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("finding", name(16), nullable=False),
    sa.Column("what", name(16), nullable=False),
    sa.Column("details", sa.Text),
    sa.Column("who", sa.String(100)),
    sa.Column("run", Id),
    sa.Column("at", Utc, nullable=False),
    sa.Index("finding_events_finding", "finding"),
)
"""The life of a finding or cause, append-only. The birth is the finding's own row."""

latencies = sa.Table(
    "latencies",
    metadata,
    sa.Column("leader", name(64), nullable=False),
    sa.Column("system", name(64), nullable=False),
    sa.Column("word", name(24), nullable=False),
    sa.Column("seconds", sa.Integer, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("sketch", sa.Text, nullable=False),
    sa.Column("as_of", Utc, nullable=False),
    sa.PrimaryKeyConstraint("leader", "system", "word"),
    sqlite_with_rowid=False,
)
"""How long `system` takes to say a status (or side) word once `leader` has said it, as measured.

`seconds` is what all but few of `count` orders took; `sketch` counts them by length (JSON), older ones less.
"""

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", name(), primary_key=True),
    sa.Column("holder", name(), nullable=False),
    sa.Column("fence", Id, nullable=False),
    sa.Column("until", Utc, nullable=False),
    sqlite_with_rowid=False,
)
"""Who works on what; the fence grows with every change of hands."""

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("at", Utc, nullable=False),
    sa.Column("who", sa.String(100), nullable=False),
    sa.Column("what", name(64), nullable=False),
    sa.Column("details", sa.Text, nullable=False),
    sa.Column("hash", sa.LargeBinary(32), nullable=False),
)
"""What people did, as a hash chain: each hash covers the row and the hash before it."""

OPEN_CHANGES = ("pending", "sent", "unknown", "held", "waiting")
"""The states of a change that is not settled yet: of each write to an order there is one at most."""

_OPEN = f"state IN ({', '.join(map(repr, OPEN_CHANGES))})"

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    *_order_key(),
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
    sa.Index(
        "outbox_open", "system", "company", "order_no", "write",
        unique=True, sqlite_where=sa.text(_OPEN), postgresql_where=sa.text(_OPEN),
    ),
    sa.Index("outbox_order", "company", "order_no"),
    sa.Index("outbox_written", "system", "created_at"),
)  # fmt: skip
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
    *_order_key(),
    sa.Column("system", name(64), nullable=False),
    sa.Column("write", name(64), nullable=False),
    sa.Column("held", sa.Text, nullable=False),
    sa.Column("settles_at", Utc),
    sa.Column("changed_at", Utc, nullable=False),
    sa.PrimaryKeyConstraint("company", "order_no", "system", "write"),
    sa.Index(
        "forms_unsettled", "system", "settles_at",
        sqlite_where=sa.text("settles_at IS NOT NULL"), postgresql_where=sa.text("settles_at IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)  # fmt: skip
"""In what form a system holds what was written to it, by field (JSON of `sync.out.forms.Form`).

Until a read has begun after `settles_at`, what was sent last counts, and not what a view still says.
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

settings = sa.Table(
    "settings",
    metadata,
    sa.Column("name", name(64), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
"""What the store knows of itself: the check value by which a wrong key is told at once."""
