"""The built-in mapping of a sheet."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa

from hub.mapping import SystemMapping, parse_system
from hub.store import Store
from hub.store.tables import reads

SYSTEM = "sheet"
"""What a sheet is called as a system where nobody says otherwise."""

PLAIN, BESIDE = "sheet", "sheet_beside"
"""The streams of a sheet: one without and one with a column for what stands beside the chain.

Who cannot say that an order is cancelled must not be taken to say that it is not.
"""

STREAMS = (PLAIN, BESIDE)
CONNECTION = "orderhub_sheet"

_BESIDE = ("cancelled", "returned", "on_hold", "exception")

_STREAM = """
    read: {{file: {file}}}
    key: "join('/', [company, order_no])"
    fields:
      company: company
      order_no: order_no
      status: status
      money: money
      ordered: ordered
      produced: produced
      shipped: shipped
      returned: returned
      occurred_at: {{from: occurred_at, says: modified}}{side}
    extras:
      order_type: order_type
      customer_no: customer_no
      customer_name: customer_name
      salesperson: salesperson
      plant: plant
      amount: amount
      currency: currency
      due: due
      priority: priority
"""
"""Mapping text; `occurred_at` says modified, since a person's typing is no evidence against a clock."""


def sheet_mapping(system: str, file: Path | None = None) -> SystemMapping:
    """Return the mapping of a sheet called `system`; `file` is the one to read."""
    name = json.dumps(_literal(file.name) if file else "*", ensure_ascii=False)
    side = (
        "\n      side: ["
        + ", ".join(f'{{from: side, codes: {{"*{word}*": {word}}}}}' for word in _BESIDE)
        + "]"
    )
    streams = {PLAIN: _STREAM.format(file=name, side=""), BESIDE: _STREAM.format(file=name, side=side)}
    text = "".join(f"  {stream}:{body}" for stream, body in streams.items())
    head = f"system: {json.dumps(system)}\nconnector: files\nconnection: {CONNECTION}\nstreams:\n"
    return parse_system(head + text, "sheet")


def is_sheet(mapping: SystemMapping) -> bool:
    """Tell whether a mapping is the built-in one."""
    return mapping.connection == CONNECTION


def with_sheets(store: Store, mappings: Mapping[str, SystemMapping]) -> dict[str, SystemMapping]:
    """Return `mappings` with those of every sheet ever imported, so that its rows can be taken in again."""
    with store.read() as conn:
        names = conn.scalars(sa.select(reads.c.system).where(reads.c.stream.in_(STREAMS)).distinct())
        return {**{name: sheet_mapping(name) for name in names}, **mappings}


def _literal(name: str) -> str:
    """Return a file name as a pattern that matches itself alone."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in name)
