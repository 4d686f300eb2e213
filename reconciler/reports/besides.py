"""What stands beside the findings: differences that were accepted, and how long who may lag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reconciler.reports.words import Words
from reconciler.result import Finding, GraceLine, Result

SHOWN = 40
"""So many accepted differences are shown in HTML; the spreadsheet holds all."""

Page = dict[str, Any]


def accepted(result: Result, words: Words, where: str) -> Page:
    """Return the section of accepted differences: how many, and the newest of them."""
    shown = sorted(result.accepted, key=lambda one: (one.first_seen, one.id), reverse=True)[:SHOWN]
    count = words.number(len(result.accepted))
    key = "grace.accepted_said" if result.accepted else "grace.accepted_none"
    return {
        "said": words.say(key, accepted=count),
        "rows": [_row(one, words) for one in shown],
        "capped": words.say("grace.accepted_capped", shown=len(shown), all=count, files=where)
        if len(shown) < len(result.accepted)
        else "",
    }


def _row(one: Finding, words: Words) -> Page:
    return {
        "kind": words.kind(one.kind),
        "order": "" if one.whole_system else f"{one.company}/{one.order_no}",
        "reason": words.reason(one),
        "since": words.moment(one.first_seen),
        "until": words.say("grace.until", until=words.moment(one.due_at)) if one.due_at else "",
    }


def judged(result: Result, words: Words) -> list[Page]:
    """Return what was measured and what counts, the longest grace first."""
    names = ("system", "leader", "word", "declared", "measured", "granted", "count")
    return [dict(zip(names, judged_cells(line, words), strict=True)) for line in longest_first(result.judged)]


def longest_first(lines: Sequence[GraceLine]) -> list[GraceLine]:
    """Return the lines by how much counts, the most first."""
    return sorted(lines, key=lambda line: (-line.granted, line.system, line.leader, line.word))


def judged_cells(line: GraceLine, words: Words) -> list[str]:
    """Return one line as the cells of a table."""
    spans = (words.span(seconds) for seconds in (line.declared, line.measured, line.granted))
    names = (words.system(line.system), words.system(line.leader), words.said(line.word))
    return [*names, *spans, words.number(line.count)]


def judged_heads(words: Words) -> list[str]:
    """Return the heads of that table."""
    names = ("lagging", "leading", "word", "declared", "measured", "granted", "lags")
    return [words.say(f"grace.{name}") for name in names]
