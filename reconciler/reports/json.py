"""The report for machines: everything the result holds, in words of the hub and not of a language."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from hub.store import jsons
from reconciler.result import Result

SCHEMA = "orderhub.report/1"
"""Name of the form; keys may be added under it, none is renamed or taken away."""

_MILLIONTH = Decimal("0.000001")


def write_json(result: Result, path: Path) -> None:
    """Write the machine form to `path`."""
    path.write_text(jsons.dumps(machine_form(result)) + "\n", "utf-8")


def machine_form(result: Result) -> dict[str, Any]:
    """Return the result as plain data: Decimals as text, times in ISO 8601 UTC."""
    return {
        "schema": SCHEMA,
        "as_of": result.as_of,
        "zone": result.zone,
        "settled": result.settled,
        "orders": result.orders,
        "differing": result.differing,
        "rate": result.rate.quantize(_MILLIONTH),
        "counts": result.counts,
        "changes": result.changes,
        "systems": [asdict(one) for one in result.systems],
        "totals": [asdict(one) | {"equal": one.equal} for one in result.totals],
        "causes": [asdict(one) for one in result.causes],
        "findings": [asdict(one) for one in result.findings],
        "accepted": [asdict(one) for one in result.accepted],
        "grace": [asdict(one) for one in result.judged],
        "late": asdict(result.late),
        "in_flight": [
            {"laggard": laggard, "leader": leader, "orders": orders}
            for (laggard, leader), orders in result.in_flight.items()
        ],
        "quarantine": [
            {"system": system, "reason": reason, "records": records}
            for (system, reason), records in result.quarantine.items()
        ],
        "unlinked": result.unlinked,
        "runs": [asdict(one) for one in result.runs],
    }
