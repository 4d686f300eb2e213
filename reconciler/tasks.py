"""Work as a scheduler calls it: everything from the environment, counts as the answer.

Reports go to `reports/` in the home, in the language of hub.yaml.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from hub.config import Settings
from hub.errors import LeaseBusy
from hub.mapping.survey import contacts, starts
from hub.rules import Rules
from hub.store import jsons
from hub.store.turns import wall
from reconciler.asking import questions
from reconciler.reports import write_reports
from reconciler.run import reconcile
from sync.run import Hub
from sync.tasks import opened
from sync.tasks.opening import Clock, Env

if TYPE_CHECKING:
    from reconciler.payments.booking import Booked

BUSY = {"busy": 1}
"""What a task answers while another worker does its work."""

_NO_NAME = re.compile(r"[^\w.-]+")
"""What of a company's name cannot stand in the name of a file."""


def reconcile_all(env: Env | None = None, clock: Clock = wall) -> dict[str, int]:
    """Reconcile as of now and write the report; return the findings by kind."""
    with opened(env, clock) as hub:
        rules = _with_contacts(hub)
        try:
            result = reconcile(hub.store, rules, hub.clock(), starts=starts(hub.mappings))
        except LeaseBusy:
            return BUSY
    write_reports(result, _reports(hub), rules.locale)
    return result.counts


def match_payments(env: Env | None = None, clock: Clock = wall) -> dict[str, int]:
    """Post what is certain and write the page and the workbook; return how many entries came to what.

    Files are `payments.LOCALE.html` and `.xlsx`; of several companies each has its own, `payments-COMPANY…`.
    """
    from reconciler.payments.booking import Cashbook

    with opened(env, clock) as hub:
        book = Cashbook(hub.store, ZoneInfo(hub.rules.zone), hub.rules.payments)
        try:
            found = book.run(hub.clock())
        except LeaseBusy:
            return BUSY
        counts: dict[str, int] = {}
        for booked in found:
            _write_payments(hub, booked, several=len(found) > 1)
            for outcome in booked.outcomes:
                counts[outcome.standing] = counts.get(outcome.standing, 0) + 1
    return counts


def dual_run_figures(env: Env | None = None, clock: Clock = wall) -> dict[str, dict[str, Any]]:
    """Compare what the hub would have written with what people entered, of every system in shadow.

    Write the figures to `dual_run.json`, and return for each system what `fit` (the gate is met), `day`,
    `days`, and how many entries were alike, different, never made, or made only by hand.
    """
    from sync.dual_run.days import dual_run

    with opened(env, clock) as hub, hub.store.read() as conn:
        rules, now = _with_contacts(hub), hub.clock()
        modes = sorted({target.system for target in hub.out.targets if target.mode == "shadow"})
        asked = (dual_run(conn, rules, hub.out.targets, name, now) for name in modes)
        found = {one.system: one for one in asked if one is not None}
    figures = {
        name: {
            "fit": one.gate.met, "day": one.gate.day, "days": one.gate.days,
            **{fate: getattr(one.total, fate) for fate in ("alike", "different", "never", "only_by_hand")},
        }
        for name, one in found.items()
    }  # fmt: skip
    told = jsons.dumps({"as_of": now, "systems": figures})
    (_reports(hub) / "dual_run.json").write_text(told + "\n", "utf-8")
    return figures


def asked(env: Env | None = None, clock: Clock = wall) -> list[dict[str, str]]:
    """Return what is asked of people now: `ref`, `subject` and `body` (Markdown) of each approval."""
    with opened(env, clock) as hub, hub.store.read() as conn:
        return questions(conn, _with_contacts(hub), hub.clock())


def _with_contacts(hub: Hub) -> Rules:
    return hub.rules.with_contacts(contacts(hub.mappings))


def _reports(hub: Hub) -> Path:
    """Return the folder of the reports, made if need be."""
    folder = Settings.load(hub.env).home / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write_payments(hub: Hub, booked: Booked, *, several: bool) -> None:
    """Write the page and the workbook of a company, as of the last day on which the bank booked."""
    from reconciler.payments.reports import write_book, write_page
    from reconciler.payments.reports.of_store import given_of

    rules, today = hub.rules, hub.clock().astimezone(ZoneInfo(hub.rules.zone)).date()
    with hub.store.read() as conn:
        given = given_of(conn, hub.store.seal, booked, rules, hub.mappings, today, rules.locale)
    company = f"-{_NO_NAME.sub('_', booked.company)}" if several else ""
    stem = f"payments{company}.{rules.locale}"
    write_page(_reports(hub) / f"{stem}.html", given)
    write_book(_reports(hub) / f"{stem}.xlsx", given)
