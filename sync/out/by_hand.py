"""What people did by hand of what a shadow would have written: told when a would-be write is replaced. Pure.

Field by field: it was `DONE` as wanted, `OTHERWISE` (they entered something else), or `LEFT` as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.model import QUANTITIES, Side, Status
from hub.rules import Rules
from hub.store import jsons
from sync.out.forms import alike
from sync.out.outbox import Reason, Row
from sync.out.situation import Situation
from sync.out.targets import Target
from sync.out.values import SIDES, Told, told, told_lines
from sync.out.wants import UPDATE, Want

DONE, OTHERWISE, LEFT = "done", "otherwise", "left"
"""What became of one field."""

BECAME, WAS = "became", "was"
"""Values of a reason: by field [what became of it, what the system says now], and what it said before."""


def overwritten(system: str, here: Situation, want: Want) -> Reason | None:
    """Return that people changed what both had agreed on, where they do not own it; None if nobody did."""
    was: dict[str, Told] = {}
    for name, seen in want.seen.items():
        before = here.form.agreed.get(name)
        if before is not None and before[0] == want.wanted[name] and before[1] != seen:
            was[name] = before[1]
    if want.kind != UPDATE or want.not_before is not None or not was:
        return None
    return "dual_run.overwritten", {"system": system, "fields": ", ".join(was), WAS: was}


def became(rules: Rules, target: Target, row: Row, here: Situation, want: Want | None) -> Reason:
    """Return what became of a would-be write that is wanted so no more, as the reason of its end."""
    fates = _fates(rules, target, row, here, want)
    values: dict[str, Any] = {"system": target.system, BECAME: fates}
    before = jsons.loads(row["reason"]) if row["reason"] else None
    if before is not None and WAS in before[1]:
        values[WAS] = before[1][WAS]
    other = [name for name, (fate, _) in fates.items() if fate == OTHERWISE and name]
    if other:
        return "dual_run.done_otherwise", {**values, "fields": ", ".join(other)}
    if any(fate == DONE for fate, _ in fates.values()):
        return "dual_run.done_by_hand", values
    return ("dual_run.wanted_no_more" if want is None else "dual_run.wanted_otherwise"), values


def _fates(
    rules: Rules, target: Target, row: Row, here: Situation, want: Want | None
) -> dict[str, tuple[str, Told]]:
    """Return what became of each field; of a create (and a document) under "" too whether it was made."""
    view = here.views.get(target.system)
    created = row["kind"] != UPDATE
    if view is None or not target.orders:
        return {"": (DONE if here.document else LEFT, None)} if created else {}
    wanted, seen = jsons.loads(row["wanted"]), jsons.loads(row["seen"])
    fates: dict[str, tuple[str, Told]] = {"": (DONE, None)} if created else {}
    for name, value in wanted.items():
        if name not in target.says and name not in SIDES:
            continue  # it cannot be seen
        says = said(name, target, here, view)
        if created and (rules.owner(name) == target.system or (name == "status" and view["status"] is None)):
            continue  # its own word counts from the beginning
        if not created and says == seen.get(name):
            fates[name] = LEFT, says
        elif _same(name, value, says, view) or (want is None and _agreed(name, says, here, view)):
            fates[name] = DONE, says
        else:
            fates[name] = OTHERWISE, says
    return fates


def said(name: str, target: Target, here: Situation, view: Mapping[str, Any]) -> Told:
    """Return what the system says of a field now."""
    if name == "status":
        return None if view["status"] is None else Status(view["status"]).word
    if name in SIDES:
        return bool(view["side"] & Side[name.upper()])
    if name in QUANTITIES:
        return told(view[name])
    if name == "lines":
        lines = here.lines.get(target.system)
        return None if lines is None else told_lines(lines)
    return told(here.extras.get(target.system, {}).get(name))


def _same(name: str, wanted: Told, said: Told, view: Mapping[str, Any]) -> bool:
    """Tell whether a system says what was wanted, be it in its own form."""
    if name == "status" and isinstance(wanted, str):
        return bool(view["lo"] <= Status.of(wanted) <= view["hi"])
    return wanted == said or alike(wanted, said)


def _agreed(name: str, said: Told, here: Situation, view: Mapping[str, Any]) -> bool:
    """Tell whether a system says what the order says by now."""
    if name in SIDES:
        return bool(here.order["side"] & Side[name.upper()]) == said
    now = here.order.get(name)
    return now is not None and _same(name, told(now), said, view)
