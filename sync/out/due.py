"""Orders that must be looked at again although nothing was read of them: what was sent has settled by now."""

from __future__ import annotations

import sqlalchemy as sa

from hub.store import Store
from hub.store.tables import forms, reads
from sync import dirt
from sync.out.propose import Outgoing


def mark_due(store: Store, out: Outgoing) -> int:
    """Mark orders for the merge that a read has begun to show since they were written; return how many."""
    streams = {(target.system, target.name, target.stream) for target in out.targets if target.stream}
    f, r = forms.c, reads.c
    found: set[dirt.OrderNo] = set()
    with store.read() as conn:
        for system, write, stream in sorted(streams):
            upto = sa.select(r.complete_at).where(r.system == system, r.stream == stream, r.kind == "since")
            settled = sa.select(f.company, f.order_no).where(
                f.system == system, f.write == write, f.settles_at < upto.scalar_subquery()
            )
            found |= {(row.company, row.order_no) for row in conn.execute(settled)}
    if found:
        with store.write() as conn:
            dirt.mark(conn, sorted(found))
    return len(found)
