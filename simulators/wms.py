"""What the practice WMS holds: outbound and returned deliveries, in the warehouse's own words.

Local times without a zone, order numbers with a prefix of its own, some articles under its own codes and
some counted in boxes, one row for each delivery.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from simulators import clock
from simulators.catalogue import BASE_UNIT, BOX, COMPANIES, SKUS, wms_code
from simulators.clock import DAY, HOUR, MINUTE
from simulators.truth import NEVER, Delivery, Order, World

RECEIVED, ALLOCATED, PICKING, PACKED, SENT, VOID, BOOKED_IN = "00", "10", "20", "30", "90", "99", "95"
OUT, RET = "OUT", "RET"

_COUNT_AT, _COUNT_EVERY = 2 * HOUR + 30 * MINUTE - clock.OFFSET, 8 * HOUR


@dataclass(slots=True)
class WmsLine:
    """One row of `outbound_line`; quantities in `unit`."""

    pos: int
    item_code: str
    unit: str
    qty: int
    qty_sent: int


@dataclass(slots=True)
class WmsRow:
    """One row of `outbound` with its lines; moments in seconds since the epoch.

    Stamps made in [utc[0], utc[1]) were written in UTC, all others in local time.
    """

    delivery_no: str
    company: str
    order_ref: str
    kind: str
    state: str
    held: str
    customer: str
    warehouse: str
    created: int
    changed: int
    shipped_at: int | None
    remark: str | None = None
    lines: list[WmsLine] = field(default_factory=list)
    utc: tuple[int, int] | None = None


Edit = Callable[[list[WmsRow]], list[WmsRow]]
"""What somebody did to the rows of one order."""


@dataclass(slots=True)
class Warehouse:
    """What the WMS holds at a moment: rows by order, as they are after all edits.

    `edits` change the rows of single orders by company and number, `every` any row, `strays` are rows that
    belong to no order at all.
    """

    world: World
    edits: dict[tuple[int, int], Edit] = field(default_factory=dict)
    every: Callable[[WmsRow], None] | None = None
    strays: list[WmsRow] = field(default_factory=list)

    def rows(self) -> Iterator[WmsRow]:
        """Yield all rows."""
        now = self.world.now
        counted = self._counted()
        for order in self.world.orders:
            rows = rows_of(order, now)
            edit = self.edits.get(order.key)
            if order is counted:
                _count(rows, last_count(now))
            yield from self._finished(edit(rows) if edit else rows)
        yield from self._finished(self.strays)

    def _counted(self) -> Order | None:
        """Return the order on which the latest stocktaking left its remark: one that had not left by then."""
        now = self.world.now
        count = last_count(now)
        return next(
            (
                order
                for order in reversed(self.world.orders)
                if order.known < count and order.deliveries[-1].shipped > now and order.key not in self.edits
            ),
            None,
        )

    def _finished(self, rows: list[WmsRow]) -> list[WmsRow]:
        if self.every:
            for row in rows:
                self.every(row)
        return rows


def rows_of(order: Order, now: int) -> list[WmsRow]:
    """Return the rows of one order as they stand at `now`: its deliveries and what came back."""
    if order.known > now:
        return []
    rows = [_outgoing(order, delivery, now) for delivery in order.deliveries]
    back = order.returned
    if back and back.received <= now:
        row = _row(order, back.delivery, RET, back.received)
        row.state, row.changed = BOOKED_IN, back.received + 40
        for position, quantity in back.lines:
            line = _line(order, position, -quantity)
            line.qty_sent = line.qty
            row.lines.append(line)
        rows.append(row)
    return rows


def order_ref(company: int, number: int) -> str:
    """Return the WMS's way to write an order number."""
    return f"{COMPANIES[company].prefix}-{number}"


def last_count(now: int) -> int:
    """Return when the latest stocktaking was: every eight hours, so that a quiet warehouse is not silent."""
    return now - (now - _COUNT_AT) % _COUNT_EVERY


def _count(rows: list[WmsRow], moment: int) -> None:
    """Leave the remark of a stocktaking: the stamp moves, the state does not."""
    for row in rows:
        if row.shipped_at is None:
            row.remark, row.changed = "循环盘点", max(row.changed, moment)


def _outgoing(order: Order, delivery: Delivery, now: int) -> WmsRow:
    row = _row(order, delivery.number, OUT, order.known)
    row.state, row.changed = _state(order, delivery, now)
    hold, change = order.hold, order.change
    if hold and hold.since_wms <= now < hold.until_wms:
        row.held = "Y"
    for edit in (hold.until_wms if hold else NEVER, change.followed if change else NEVER):
        if edit <= now:
            row.changed = max(row.changed, edit)
    sent = delivery.shipped <= now
    if sent:
        row.shipped_at = delivery.shipped
        row.changed = max(row.changed, delivery.shipped + 5)
        edited = delivery.shipped + delivery.pieces % 9 * DAY + HOUR
        if order.number % 23 == 0 and edited <= now:
            row.changed, row.remark = edited, "回单已收"  # the stamp moves, the state does not
    planned = order.quantities(now, followed=True)
    whole = len(order.deliveries) == 1
    for position, quantity in delivery.lines:
        line = _line(order, position, planned[position] if whole else quantity)
        line.qty_sent = line.qty if sent else 0
        row.lines.append(line)
    return row


def _state(order: Order, delivery: Delivery, now: int) -> tuple[str, int]:
    """Return the state code and since when."""
    if order.voided <= now:
        return VOID, order.voided
    steps = (
        (SENT, delivery.shipped),
        (PACKED, delivery.packed),
        (PICKING, delivery.picked),
        (ALLOCATED, delivery.allocated),
    )
    return next(((code, at) for code, at in steps if at <= now), (RECEIVED, order.known))


def _row(order: Order, number: str, kind: str, created: int) -> WmsRow:
    return WmsRow(
        delivery_no=number,
        company=COMPANIES[order.company].wms,
        order_ref=order_ref(order.company, order.number),
        kind=kind,
        state=RECEIVED,
        held="N",
        customer=order.buyer.name,
        warehouse=f"W0{1 + order.company}",
        created=created,
        changed=created,
        shipped_at=None,
    )


def _line(order: Order, position: int, quantity: int) -> WmsLine:
    index = order.lines[position].sku
    sku = SKUS[index]
    code = wms_code(index, clock.date(order.entered))
    if sku.boxed:
        return WmsLine(position + 1, code, BOX, quantity // sku.box, 0)
    return WmsLine(position + 1, code, BASE_UNIT, quantity, 0)
