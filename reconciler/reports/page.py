"""The page that people read, as plain data in their language: made once, shown by HTML and XLSX alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from hub.findings import KINDS
from reconciler.reports import besides
from reconciler.reports.words import Words
from reconciler.result import CauseLine, Finding, Result, SystemState
from reconciler.totals import HUB, Late, Total

CAUSES = 7
"""So many causes stand on the first page."""

FINDINGS = 40
"""So many findings of a class are shown in HTML, unexplained ones first; spreadsheets hold all."""

EXAMPLES = 5
"""So many findings behind one cause are shown in HTML: the cause has told the rest."""

LATE = 12
"""So many orders at risk are shown in HTML."""

MEASURES = ("orders", "ordered", "shipped")
"""What control totals add up."""

Page = dict[str, Any]


def build(result: Result, words: Words, files: Sequence[str] = ()) -> Page:
    """Return everything that the HTML page shows; `files` names the files that hold the long lists."""
    where = words.joined(files) or words.say("files_default")
    return {
        "lang": words.locale,
        "head": _head(result, words),
        "tiles": _tiles(result, words),
        "systems": [_system(state, words) for state in result.systems],
        "totals": _totals(result, words),
        "causes": _causes(result, words, where),
        "late": _late(result, words, files),
        "runs": [_run(run, words) for run in result.runs],
        "waiting": _waiting(result, words),
        "chart": _chart(result, words),
        "classes": _classes(result, words, where),
        "accepted": besides.accepted(result, words, where),
        "judged": besides.judged(result, words),
    }


def _head(result: Result, words: Words) -> Page:
    agreeing = result.orders - result.differing
    explained = sum(1 for one in result.findings if one.cause)
    numbers = {
        "findings": words.number(len(result.findings)),
        "differing": words.number(result.differing),
        "causes": words.number(len(result.causes)),
        "explained": words.number(explained),
    }
    if not result.findings:
        sub = words.say("headline_clean")
    else:
        sub = words.say("headline_sub" if result.causes else "headline_sub_plain", **numbers)
    key = "headline_differ" if result.differing else "headline_agree"
    share = Decimal(agreeing) / result.orders if result.orders else Decimal(1)
    return {
        "headline": words.say(
            key,
            orders=words.number(result.orders),
            agreeing=words.number(agreeing),
            share=words.share(share),
        ),
        "sub": sub,
        "good": not result.findings,
        "as_of": words.say("as_of", moment=words.moment(result.as_of)),
        "zone": words.zone_note(result.as_of),
        "note": "" if result.settled else words.say("not_settled"),
        "footer": words.say("footer", moment=words.moment(result.as_of)),
    }


def _tiles(result: Result, words: Words) -> list[Page]:
    agreeing = result.orders - result.differing
    tiles = [
        ("tile_orders", words.number(result.orders), ""),
        ("tile_agree", words.number(agreeing), "good"),
        ("tile_findings", words.number(len(result.findings)), "bad" if result.findings else "good"),
        ("tile_causes", words.number(len(result.causes)), ""),
        ("tile_at_risk", words.sums(at_risk(result.findings), short=True), ""),
        ("tile_in_flight", words.number(sum(result.in_flight.values())), ""),
    ]
    return [{"label": words.say(key), "value": value, "tone": tone} for key, value, tone in tiles]


def at_risk(findings: Iterable[Finding]) -> dict[str, Decimal]:
    """Return the money behind findings by currency; an order with several findings counts once."""
    orders: dict[tuple[str, str], tuple[str, Decimal]] = {}
    whole: dict[str, Decimal] = {}
    for one in findings:
        if one.at_risk is not None and not one.whole_system:
            orders[one.company, one.order_no] = one.currency or "", one.at_risk
    for currency, amount in orders.values():
        whole[currency] = whole.get(currency, Decimal(0)) + amount
    return whole


def condition(state: SystemState, words: Words) -> str:
    """Return how far a system is known, in a few words."""
    if not state.why:
        return words.say("well")
    return words.say(f"why_{state.why}", since=words.moment(state.until))


def _system(state: SystemState, words: Words) -> Page:
    whole = state.compared + state.not_compared
    return {
        "name": words.system(state.system),
        "as_of": words.moment(state.until),
        "held": words.number(state.held),
        "compared": words.number(state.compared),
        "not_compared": words.number(state.not_compared),
        "share": 100 * state.compared // whole if whole else 100,
        "condition": condition(state, words),
        "error": state.error or "",
        "tone": "bad" if state.why else "good",
    }


def _totals(result: Result, words: Words) -> Page:
    names = [HUB, *sorted({name for total in result.totals for name in total.sums} - {HUB})]
    equal = sum(total.equal for total in result.totals)
    if not result.totals:
        said = words.say("totals_none")
    elif equal == len(result.totals):
        said = words.say("totals_all_equal", systems=words.joined(holder(name, words) for name in names))
    else:
        said = words.say("totals_some_apart", equal=equal, all=len(result.totals))
    return {
        "said": said,
        "good": equal == len(result.totals),
        "measures": [words.say(measure) for measure in MEASURES],
        "rows": [_total(total, names, words) for total in result.totals],
    }


def holder(name: str, words: Words) -> str:
    """Return the name of a system, or of the hub itself."""
    return words.say("hub") if name == HUB else words.system(name)


def _total(total: Total, names: Sequence[str], words: Words) -> Page:
    """Return one line: of each measure the one number that all come to, or what each of them says."""
    measures = []
    for measure in MEASURES:
        said = {
            holder(name, words): words.number(value)
            for name in names
            if name in total.sums and (value := getattr(total.sums[name], measure)) is not None
        }
        apart = total.apart(measure)
        measures.append({"apart": said if apart else {}, "all": next(iter(said.values()), "–")})
    return {"company": total.company, "group": words.say(f"group_{total.group}"), "measures": measures}


def _causes(result: Result, words: Words, where: str) -> Page:
    shown = result.causes[:CAUSES]
    capped = ""
    if len(result.causes) > len(shown):
        capped = words.say("causes_capped", shown=len(shown), all=len(result.causes), files=where)
    return {"rows": [_cause(cause, words) for cause in shown], "capped": capped}


def _cause(cause: CauseLine, words: Words) -> Page:
    return {
        "id": cause.id,
        "said": words.cause(cause),
        "next": words.next_step(cause),
        "orders": words.number(cause.orders),
        "new": words.number(cause.new),
        "closed": words.number(cause.closed),
        "at_risk": words.sums(cause.at_risk),
        "owner": cause.owner or words.say("nobody"),
        "deputy": words.say("deputy", deputy=cause.deputy) if cause.deputy else "",
        "correct_in": words.system(cause.correct_in),
    }


def _late(result: Result, words: Words, files: Sequence[str]) -> Page:
    late = result.late
    count = late.past_due + late.not_started
    shown = late.orders[:LATE]
    where = next((name for name in files if name.endswith(".xlsx")), words.say("files_default"))
    return {
        "said": _late_said(late, count, words),
        "good": not count and not late.undated,
        "rows": [
            {
                "order": f"{one.company} {one.order_no}",
                "customer": one.customer or "",
                "due": words.moment(one.due),
                "status": words.status(one.status) if one.status else words.say("group_unknown"),
                "why": words.say(f"why_{one.why}"),
                "amount": words.money(one.amount, one.currency),
                "tone": "bad" if one.why == "past_due" else "",
            }
            for one in shown
        ],
        "capped": words.say("late_capped", shown=len(shown), all=count, listed=len(late.orders), files=where)
        if count > len(shown)
        else "",
    }


def _late_said(late: Late, count: int, words: Words) -> str:
    """Return the sentences on orders at risk; what has no due date is said, not counted as in time."""
    if late.undated and not late.dated:
        return words.say("late_undated_all", undated=words.number(late.undated))
    key = "late_none" if not count else "late_summary" if late.amount else "late_summary_plain"
    said = words.say(
        key,
        past_due=words.number(late.past_due),
        not_started=words.number(late.not_started),
        amount=words.sums(late.amount),
    )
    if late.undated:
        said = words.sentences([said, words.say("late_undated", undated=words.number(late.undated))])
    return said


def _run(run: Any, words: Words) -> Page:
    took = int((run.ended_at - run.started_at).total_seconds()) if run.ended_at else None
    wrote = [
        f"{words.known(f'count_{name}', name)} {words.number(value)}"
        for name, value in run.counts.items()
        if value
    ]
    return {
        "id": run.id,
        "kind": words.known(f"run_{run.kind}", run.kind),
        "system": words.system(run.system) if run.system else "",
        "started": words.moment(run.started_at),
        "took": words.span(took) if took is not None else "–",
        "outcome": words.known(f"outcome_{run.outcome}", run.outcome or ""),
        "wrote": words.joined(wrote) or "–",
        "error": run.error or "",
    }


def _waiting(result: Result, words: Words) -> list[str]:
    silent = {state.system for state in result.systems if state.why}
    flight = [
        words.say(
            "unread_line" if laggard in silent else "in_flight_line",
            orders=words.number(count),
            laggard=words.system(laggard),
            leader=words.system(leader),
        )
        for (laggard, leader), count in result.in_flight.items()
    ]
    quarantine = [
        words.say(
            "quarantine_line",
            records=words.number(count),
            system=words.system(system),
            reason=words.reason_word(reason),
        )
        for (system, reason), count in result.quarantine.items()
    ]
    unlinked = [
        words.say("unlinked_line", records=words.number(count), system=words.system(system))
        for system, count in result.unlinked.items()
    ]
    return [
        *(flight or [words.say("in_flight_none")]),
        *(quarantine or [words.say("quarantine_none")]),
        *(unlinked or [words.say("unlinked_none")]),
    ]


def _chart(result: Result, words: Words) -> list[Page]:
    """Return one bar for each class found: label, count, width in per cent of the longest."""
    counts = result.counts
    longest = max(counts.values(), default=1)
    return [
        {
            "kind": kind,
            "label": words.kind(kind),
            "count": words.number(counts[kind]),
            "width": max(1, 100 * counts[kind] // longest),
        }
        for kind in KINDS
        if kind in counts
    ]


def _classes(result: Result, words: Words, where: str) -> list[Page]:
    causes = {cause.id: words.cause(cause) for cause in result.causes}
    classes = []
    places = {state.system: place for place, state in enumerate(result.systems)}
    for kind in KINDS:
        found = [one for one in result.findings if one.kind == kind]
        if not found:
            continue
        shown = _most_telling(found)
        names = {name for one in shown for name in said_by(one, words)}
        told = sorted(names, key=lambda name: (places.get(name, len(places)), name))
        about = words.word(f"about_{kind}")
        classes.append(
            {
                "kind": kind,
                "title": words.kind(kind),
                "about": "" if about.startswith("findings.") else about,
                "count": words.number(len(found)),
                "systems": [words.system(name) for name in told],
                "rows": [_finding(one, told, causes, words) for one in shown],
                "capped": words.say(
                    "findings_capped", shown=len(shown), all=words.number(len(found)), files=where
                )
                if len(found) > len(shown)
                else "",
            }
        )
    return classes


def _most_telling(found: Sequence[Finding]) -> list[Finding]:
    """Return the findings to show: those without a cause first, then a few behind each cause."""
    shown = [one for one in found if one.cause is None]
    behind: Counter[str] = Counter()
    for one in found:
        if one.cause is not None:
            behind[one.cause] += 1
            if behind[one.cause] <= EXAMPLES:
                shown.append(one)
    return shown[:FINDINGS]


def _finding(one: Finding, told: Sequence[str], causes: Mapping[str, str], words: Words) -> Page:
    said = said_by(one, words)
    return {
        "id": one.id,
        "company": "" if one.whole_system else one.company,
        "order_no": "" if one.whole_system else one.order_no,
        "cells": [{"text": said.get(name, ""), "odd": name == one.system} for name in told],
        "reason": words.reason(one),
        "fix": words.fix(one),
        "cause": words.say("explained_by", cause=causes[one.cause]) if one.cause else "",
        "at_risk": words.money(one.at_risk, one.currency),
        "correct_in": words.system(one.correct_in),
        "owner": one.owner or words.say("nobody"),
        "since": words.moment(one.first_seen),
        "state": words.word(f"state_{one.state}"),
    }


def said_by(one: Finding, words: Words) -> dict[str, str]:
    """Return what each system says, as short as a table cell."""
    if one.whole_system:
        return {}
    if one.kind == "skew":
        cells: dict[str, str] = {}
        for entry in one.details["stamps"]:
            cells.setdefault(one.system, words.exact(entry["said"]))
            cells.setdefault(entry["against"], words.exact(entry["other"]))
        return cells
    cells = {name: _cell(view, words) for name, view in one.details.get("views", {}).items()}
    cells.setdefault(one.system, words.say("absent"))
    return cells


def _cell(view: Mapping[str, Any], words: Words) -> str:
    """Return the status in one line and, under it, shipped of ordered."""
    parts = [words.status(view["status"])] if "status" in view else []
    shipped, ordered = view.get("shipped"), view.get("ordered")
    if ordered is not None and shipped is not None:
        parts.append(f"{words.number(shipped)} / {words.number(ordered)}")
    elif ordered is not None or shipped is not None:
        name, said = ("shipped", shipped) if ordered is None else ("ordered", ordered)
        parts.append(f"{words.word(f'quantity_{name}')} {words.number(said)}")
    if (returned := view.get("returned")) is not None:
        parts.append(f"{words.word('quantity_returned')} {words.number(returned)}")
    return "\n".join(parts) or words.status(None)
