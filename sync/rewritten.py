"""What a change of a mapping's writes would send: every order is looked at again, page by page.

A changed read half is another word of the system about its orders, and `remap` reads it again. A changed
write half changes what a system is to be told of orders that nobody has touched; without this each of them
would be told when it is touched next.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import sqlalchemy as sa

from hub.fuse import Hold
from hub.store import runs
from hub.store.leases import Lease
from hub.store.tables import orders
from hub.store.turns import stay
from sync.foresight import OrderNo
from sync.run import Hub

BATCH = 500
"""Orders looked at in one transaction."""

RULE = "remap"


class _Rollback(Exception):  # noqa: N818  # no error: it ends a transaction that only looked
    """What was foretold is not done."""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The writes of all systems as their mappings say now, asked anew of every order; held as one batch."""

    hub: Hub
    system: str
    together: Hold

    def foretell(self, looked_at: Collection[OrderNo]) -> int:
        """Return how many writes would be asked for, of orders not `looked_at` yet; nothing is kept of it."""
        asked = 0
        for some in self._pages():
            page = [key for key in some if key not in looked_at]
            with suppress(_Rollback), self.hub.store.write() as conn:
                asked += self._ask(conn, page, runs.start(RULE, self.system, self.hub.clock()))
                raise _Rollback
        return asked

    def apply(self, held: Lease, merging: Lease) -> int:
        """Ask for them; return how many there are. All of them wait for one approval."""
        asked, run = 0, runs.start(RULE, self.system, self.hub.clock())
        for page in self._pages():
            with self.hub.store.write() as conn:
                stay(held, conn)
                stay(merging, conn)
                asked += self._ask(conn, page, run)
        return asked

    def _ask(self, conn: sa.Connection, page: Sequence[OrderNo], run: runs.Run) -> int:
        return self.hub.out.propose(conn, page, run, self.hub.clock(), self.together)["asked"]

    def _pages(self) -> Iterator[list[OrderNo]]:
        if not self.hub.out.targets:
            return
        o, last = orders.c, ("", "")
        while True:
            after = sa.or_(o.company > last[0], sa.and_(o.company == last[0], o.order_no > last[1]))
            query = sa.select(o.company, o.order_no).where(after).order_by(o.company, o.order_no).limit(BATCH)
            with self.hub.store.read() as conn:
                page = [(row.company, row.order_no) for row in conn.execute(query)]
            if not page:
                return
            yield page
            last = page[-1]
