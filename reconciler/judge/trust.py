"""Whose word counts where votes are equal, and how long a system may lag (from `mappings/hub.yaml`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from hub.model import TOP, Status
from hub.rules import Rules
from reconciler.case import Horizon, View

_LADDER = sorted(Status)


def range_owner(rules: Rules, rank: int) -> str:
    """Return the system whose word counts for the status range that `rank` lies in; "" if there is none."""
    status = max((status for status in _LADDER if status <= rank), default=None)
    return (rules.status_owner(status) if status else None) or ""


def trust(rules: Rules, system: str) -> int:
    """Return the place of `system` in the order of trust; 0 is the most trusted."""
    return _place(rules.ownership.extras, system)


def clock_trust(rules: Rules, system: str) -> int:
    """Return the place of `system` among the clocks; 0 is the most trusted."""
    return _place(rules.ownership.clock, system)


def field_trust(rules: Rules, field: str) -> Callable[[str], tuple[bool, int, str]]:
    """Return the order of trust for `field`: its owner first, then as for the rest."""
    owner = rules.owner(field)
    return lambda system: (system != owner, trust(rules, system), system)


def owed(hi: int) -> Status:
    """Return the next status above `hi`: what a laggard with that range has not said yet."""
    return next((status for status in _LADDER if status > hi), Status(TOP))


def still_coming(
    rules: Rules,
    horizons: Mapping[str, Horizon],
    system: str,
    moment: datetime,
    status: Status | str | None,
    leader: str,
) -> bool:
    """Return whether `system` may still be about to say what `leader` said at `moment`."""
    horizon = horizons.get(system)
    patience = rules.grace(system, status or Status.CONFIRMED, leader)
    return horizon is None or not horizon.knows(moment + patience)


def is_draft(view: View) -> bool:
    """Return whether the system says that the order is not confirmed: what it holds binds nobody yet."""
    return view.hi < Status.CONFIRMED


def newest(views: Mapping[str, View]) -> View:
    """Return the view that speaks of the latest moment."""
    return max(views.values(), key=lambda view: (view.moment(), view.system))


def _place(names: Sequence[str], system: str) -> int:
    return names.index(system) if system in names else len(names)
