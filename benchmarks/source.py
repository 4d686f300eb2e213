"""The source that every load reads: pages of JSON, 1,000 orders of 10 fields and some 250 bytes each.

The pages lie in files, as bytes; whoever reads them parses them. `Pages` is a connector over them that
knows the page gate: an answer that came byte for byte as at the last read is not parsed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import orjson

from connectors.calls import jsons
from connectors.contract import GATE, Ask, Capabilities, Health, Page, Since, Unread

PAGE = 1000
HUB_YAML = "zone: Asia/Shanghai\nownership: {ordered: shop, shipped: shop, extras: [shop]}\n"
MAPPING = """
system: shop
connector: rest
connection: shop
time: {format: iso}
streams:
  orders:
    read: {get: /orders}
    key: order_no
    fields:
      company: company
      order_no: order_no
      status: {from: status, codes: {N: draft, R: confirmed, P: in_production, S: shipped, C: completed}}
      ordered: quantity
      shipped: shipped
      occurred_at: {from: changed, says: modified}
    extras:
      customer_no: customer_no
      customer_name: customer_name
      amount: amount
      currency: currency
"""
_STATUSES = "NRPSC"
_SLICES = msgspec.json.Decoder(list[msgspec.Raw])
_START = datetime(2026, 1, 5, tzinfo=UTC)


def order(number: int, *, changed: bool = False) -> dict[str, Any]:
    """Return order `number` as the source words it; `changed` is a later state of it."""
    step = number % 4 + changed
    ordered = number % 900 + 100
    at = _START + timedelta(seconds=number * 7 + 864_000 * changed)
    return {
        "order_no": f"SO-2026-{number:08}",
        "company": "C01",
        "status": _STATUSES[step],
        "quantity": ordered,
        "shipped": ordered if step >= 3 else 0,
        "changed": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "customer_no": f"K{number % 5000:06}",
        "customer_name": f"Precision Fittings & Valves Co. {number % 5000}",
        "amount": f"{ordered * 37 % 100_000}.{number % 90 + 10}",
        "currency": "CNY",
    }


def write_pages(folder: Path, orders: int, *, changed: int = 0, shift: int = 0) -> None:
    """Write all pages; `changed` of each hundred orders are in their later state, borders move by `shift`."""
    folder.mkdir(parents=True)
    starts = sorted({0, *range(shift, orders, PAGE)})
    for at, (start, end) in enumerate(zip(starts, [*starts[1:], orders], strict=True)):
        page = [order(number, changed=number % 100 < changed) for number in range(start, end)]
        (folder / f"{at:05}.json").write_bytes(orjson.dumps(page))


@dataclass
class Pages:
    """A connector over a folder of pages, read anew and completely each time."""

    folder: Path
    capabilities: ClassVar[Capabilities] = Capabilities(frozenset({"since"}))

    def check(self) -> Health:
        """Always well."""
        return Health(True, "connectors.ok")

    def fetch(self, stream: str, ask: Ask) -> Iterator[Page]:
        """Yield every page that differs from the last read; of the others say how many records they held."""
        known = ask.state if isinstance(ask, Since) else {}
        for path in sorted(self.folder.iterdir()):
            body = path.read_bytes()
            slot = f"{GATE}{path.stem}"
            digest = blake2b(body, digest_size=16).hexdigest()
            held = known.get(slot)
            if held is not None and held[0] == digest:
                yield Page((), same=held[1])
                continue
            records = Unread(_SLICES.decode(body), jsons.read)
            yield Page(records, state={slot: [digest, len(records)]})

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class Latest:
    """A connector with an incremental read over a list in memory: each order is (stamp, record)."""

    orders: list[tuple[int, dict[str, Any]]]
    capabilities: ClassVar[Capabilities] = Capabilities(frozenset({"since"}))

    def check(self) -> Health:
        """Always well."""
        return Health(True, "connectors.ok")

    def fetch(self, stream: str, ask: Ask) -> Iterator[Page]:
        """Yield what has a stamp past the cursor."""
        since = ask.state.get("cursor", -1) if isinstance(ask, Since) else -1
        fresh = [(stamp, record) for stamp, record in self.orders if stamp > since]
        if fresh:
            yield Page([record for _, record in fresh], state={"cursor": max(stamp for stamp, _ in fresh)})

    def close(self) -> None:
        """Nothing is open."""


Opener = Callable[..., Any]
