"""How well the seeded faults were found: every truth entry has its finding, every finding its entry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

ANY = "*"


class Entry(NamedTuple):
    """One seeded fault, or one finding: class, company, order number ("*" for all of a cause), system.

    `of_cause` tells a finding that stands behind a cause; "*" entries answer only for such findings.
    """

    kind: str
    company: str
    order_no: str
    system: str
    of_cause: bool = False


@dataclass(slots=True)
class Score:
    """What was seeded and found; `lost` are faults without a finding, `false` findings without a fault."""

    seeded: int = 0
    found: int = 0
    lost: list[Entry] = field(default_factory=list)
    false: list[Entry] = field(default_factory=list)


def score(truth: Iterable[dict[str, str]], findings: Sequence[Entry]) -> Score:
    """Hold `findings` against the truth, a list of {"class", "company", "order_no", "system"}."""
    seeded = [Entry(one["class"], one["company"], one["order_no"], one["system"]) for one in truth]
    said = {entry[:4] for entry in findings}
    shared = {(entry.kind, entry.company, entry.system) for entry in findings if _wide(entry)}
    shared |= {(entry.kind, ANY, entry.system) for entry in findings if _wide(entry)}
    result = Score(seeded=len(seeded))
    for entry in seeded:
        place = entry.kind, entry.company, entry.system
        if entry[:4] in said or (entry.order_no == ANY and place in shared):
            result.found += 1
        else:
            result.lost.append(entry)
    exact = {entry[:4] for entry in seeded}
    causes = {(entry.kind, entry.company, entry.system) for entry in seeded if entry.order_no == ANY}
    for finding in findings:
        places = {(finding.kind, finding.company, finding.system), (finding.kind, ANY, finding.system)}
        if finding[:4] not in exact and not (_wide(finding) and places & causes):
            result.false.append(finding)
    return result


def _wide(finding: Entry) -> bool:
    return finding.of_cause or finding.order_no == ANY
