"""What a system proved to have done: the change is confirmed, its numbers are links, what it showed read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from connectors.contract import Receipt
from hub.errors import RecordError
from hub.mapping.reader import Reading
from hub.model import Record
from hub.store import bulk, jsons, lookup
from hub.store.runs import Run
from hub.store.tables import forms, links
from sync import dirt
from sync.batch import Incoming
from sync.out import outbox
from sync.out.forms import Form
from sync.out.outbox import OrderNo
from sync.out.targets import Target
from sync.out.wants import CREATE, REVERSE, UPDATE
from sync.place import Intake, IntakeOf

LEAST = timedelta(hours=1)
"""How long a system may take to carry out what it accepted, where `confirm` does not say (`within`)."""


def keep(
    conn: sa.Connection,
    inlet: IntakeOf,
    target: Target,
    row: outbox.Row,
    receipt: Receipt,
    run: Run,
    now: datetime,
) -> str:
    """Keep a receipt in the caller's transaction; return the state that its change is in now."""
    key = row["company"], row["order_no"]
    _keep_form(conn, target, row, receipt, now)
    _learn(conn, target, key, receipt, now)
    if receipt.records and target.stream:
        feed(conn, inlet(target.system, target.stream), receipt.records, run, now)
    dirt.mark(conn, [key])
    ids = jsons.dumps(dict(receipt.ids)) if receipt.ids else row["ids"]
    confirm = target.spec.confirm
    if receipt.accepted and confirm is not None and confirm.call is not None:
        until: outbox.Reason = ("outbox.accepted", {"until": now + (confirm.within or LEAST)})
        outbox.change(conn, [row["id"]], outbox.SENT, now, reason=until, ids=ids, due_at=now)
        return outbox.SENT
    reason: outbox.Reason | None = None
    if receipt.adopted:
        reason = ("outbox.adopted", {"system": target.system})
    outbox.change(conn, [row["id"]], outbox.CONFIRMED, now, reason=reason, ids=ids, due_at=None)
    return outbox.CONFIRMED


def _keep_form(conn: sa.Connection, target: Target, row: outbox.Row, receipt: Receipt, now: datetime) -> None:
    """Note what was sent: until a read has begun after it has settled, that counts, and no view."""
    place = row["company"], row["order_no"], target.system, target.name
    names = ("company", "order_no", "system", "write")
    found = lookup.fetch_rows(conn, forms, names, [place])
    form = Form.of(found[0]["held"], found[0]["settles_at"]) if found else Form()
    form.made, form.reversed = True, row["kind"] == REVERSE
    settles = now + target.settle
    if row["kind"] == UPDATE or (row["kind"] == CREATE and not receipt.adopted and not target.postings):
        form.sent |= jsons.loads(row["wanted"])
    if receipt.accepted and target.spec.confirm is not None:
        settles = now + (target.spec.confirm.within or LEAST)
    told = {**dict(zip(names, place, strict=True)), "held": form.held(), "settles_at": settles}
    bulk.upsert(conn, forms, [told | {"changed_at": now}], incidental=("changed_at",))


def _learn(conn: sa.Connection, target: Target, key: OrderNo, receipt: Receipt, now: datetime) -> None:
    """Keep the numbers that a target gave as links of the order, as if a record had told of them."""
    fresh = [
        {
            "kind": kind,
            "value": value,
            "company": key[0],
            "order_no": key[1],
            "system": target.system,
            "relation": "same",
            "who": None,
            "since": now,
            "until": None,
        }
        for kind, value in sorted(receipt.ids.items())
    ]
    bulk.upsert(conn, links, fresh, at_birth=("since",))


def feed(conn: sa.Connection, inlet: Intake, records: Sequence[Record], run: Run, now: datetime) -> None:
    """Take in records that a look-up gave, through the same gates as those that are pulled."""
    inlet.take(conn, [Incoming(record, {}) for record in records], read_at=now, run=run)


def speaking_of(inlet: Intake, records: Sequence[Record], key: OrderNo, now: datetime) -> list[Record]:
    """Return those of `records` that speak of an order; one that cannot be understood may, and counts.

    A look-up may find more than was meant: a search by the beginning of a number, say.
    """
    return [record for record in records if _speaks(inlet, record, key, now)]


def _speaks(inlet: Intake, record: Record, key: OrderNo, now: datetime) -> bool:
    try:
        reading = inlet.reader.read(record, {}, now)
    except RecordError:
        return True
    told = reading.facts if isinstance(reading, Reading) else reading.documents
    return reading.skipped or any(one.order_no is None or (one.company, one.order_no) == key for one in told)
