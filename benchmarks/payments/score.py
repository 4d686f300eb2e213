"""Judge a matcher by the truth: `python -m benchmarks.payments.score DIR MATCHES PROPOSALS [--json]`.

A posting is a pair (bank_id, receivable_id); rows of one pair are added up. It is right when the truth has
the pair and the amounts agree within 0.01; there is no credit for a part of an amount. Where the truth marks
entries as `together` (two equal payments of two equal invoices on one day), either may pay either, once each.

Recall counts the decidable links that were posted right. Money is compared across currencies at round rates:
what is misposted is the whole amount of each wrong posting. An entry belongs to the rest when it pays
something and not all of it was posted right; its answer is found when one of its proposals (the rows of one
rank) names exactly the receivables it pays, with the cash to 0.01. The goal holds for the `askable` of the
rest (see `benchmarks.payments.truth`), whose answer three proposals can hold; the share of all is told too.

Exit 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.payments.model import cents_of, money

RATES = {"CNY": 100, "USD": 712, "EUR": 778, "GBP": 901}
"""Hundredths of a yuan for one unit, only to weigh money."""

PRECISION, RECALL, PPM, EACH, ANSWERS = 0.9998, 0.96, 50.0, 0.99, 0.95
"""The goals; EACH is the precision of every scenario."""

Links = dict[tuple[str, str], int]


def _rows(path: Path) -> Iterable[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def _links(rows: Iterable[dict[str, str]]) -> Links:
    found: Links = defaultdict(int)
    for row in rows:
        found[row["bank_id"], row["receivable_id"]] += cents_of(row["amount"])
    return dict(found)


class Truth:
    """The truth of a folder: links, what may be swapped, and each entry's scenario, kind and currency."""

    def __init__(self, folder: Path) -> None:
        rows = list(_rows(folder / "truth.csv"))
        self.links = _links(rows)
        self.decidable = {(row["bank_id"], row["receivable_id"]) for row in rows if row["decidable"] == "yes"}
        self.together = {row["bank_id"]: row["together"] for row in rows if row["together"]}
        self.entries = {row["bank_id"]: row for row in _rows(folder / "entries.csv")}
        self.currency = {row["bank_id"]: row["currency"] for row in _rows(folder / "bank.csv")}
        self.of: dict[str, dict[str, int]] = defaultdict(dict)
        for (entry, item), cents in self.links.items():
            self.of[entry][item] = cents
        self._swapped: dict[str, list[str]] = defaultdict(list)
        for entry, mark in self.together.items():
            self._swapped[mark].append(entry)

    def settle(self, posted: Links) -> Links:
        """Return postings as the truth names them where two entries were swapped."""
        settled = dict(posted)
        for one, other in (pair for pair in self._swapped.values() if len(pair) == 2):
            (first,), (second,) = self.of[one].items(), self.of[other].items()
            crossed = ((one, second[0]), (other, first[0]))
            if first[0] == second[0] or (one, first[0]) in posted or (other, second[0]) in posted:
                continue
            for (entry, item), (own, cents) in zip(crossed, (first, second), strict=True):
                if posted.get((entry, item)) == cents:
                    settled[entry, own] = settled.pop((entry, item))
        return settled

    def right(self, link: tuple[str, str], cents: int) -> bool:
        """Is this posting true, to 0.01?"""
        return link in self.links and abs(self.links[link] - cents) <= 1

    def worth(self, entry: str, cents: int) -> int:
        """Return an amount in hundredths of a cent of yuan, always positive."""
        return abs(cents) * RATES[self.currency[entry]]


def score(folder: Path, matches: Path, proposals: Path | None) -> dict[str, Any]:
    """Return all figures of a matcher's files; ValueError if they post an entry the bank has not."""
    truth = Truth(folder)
    posted = truth.settle(_links(_rows(matches)))
    unknown = [entry for entry, _ in posted if entry not in truth.entries]
    if unknown:
        raise ValueError(f"{matches.name}: bank_id {unknown[0]} is not in {folder.name}/bank.csv")
    right = {link for link, cents in posted.items() if truth.right(link, cents)}
    total = sum(truth.worth(entry, cents) for (entry, _), cents in posted.items())
    wrong = sum(truth.worth(link[0], cents) for link, cents in posted.items() if link not in right)
    paying = {entry for entry, row in truth.entries.items() if row["kind"] == "pays"}
    figures: dict[str, Any] = {
        "entries": len(truth.entries),
        "links": len(truth.links),
        "decidable": len(truth.decidable),
        "postings": len(posted),
        "right": len(right),
        "precision": len(right) / len(posted) if posted else 1.0,
        "recall": len(right & truth.decidable) / max(len(truth.decidable), 1),
        "recall_of_all": len(right) / max(len(truth.links), 1),
        "ppm_misposted": 1e6 * wrong / total if total else 0.0,
        "posted_for_nothing": sum(entry not in paying for entry, _ in posted),
        "scenarios": _scenarios(truth, posted, right),
        "wrong": [_told(truth, link, cents) for link, cents in posted.items() if link not in right][:50],
    }
    figures["rest"] = _rest(truth, right, paying, proposals)
    figures["missed"] = missed(figures)
    return figures


def _scenarios(truth: Truth, posted: Links, right: set[tuple[str, str]]) -> dict[str, dict[str, Any]]:
    """Return links, decidable links, postings, precision and recall of each scenario."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for entry in truth.entries.values():
        counted[entry["scenario"]]["entries"] += 1
    for link in truth.links:
        names = counted[truth.entries[link[0]]["scenario"]]
        names["links"] += 1
        names["decidable"] += link in truth.decidable
        names["found"] += link in right and link in truth.decidable
    for link in posted:
        names = counted[truth.entries[link[0]]["scenario"]]
        names["postings"] += 1
        names["right"] += link in right
    return {
        name: {
            **{word: seen[word] for word in ("entries", "links", "decidable", "postings")},
            "precision": seen["right"] / seen["postings"] if seen["postings"] else None,
            "recall": seen["found"] / seen["decidable"] if seen["decidable"] else None,
        }
        for name, seen in sorted(counted.items())
    }


def _rest(
    truth: Truth, right: set[tuple[str, str]], paying: set[str], proposals: Path | None
) -> dict[str, Any]:
    """Return how often the proposals hold the answer for what was not posted."""
    done = Counter(entry for entry, _ in right)
    rest = {entry for entry in paying if done[entry] < len(truth.of[entry])}
    offered: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for row in _rows(proposals) if proposals else ():
        offered[row["bank_id"]][row["rank"]][row["receivable_id"]] = cents_of(row["amount"])
    many = [entry for entry, ranks in offered.items() if len(ranks) > 3]
    found = {
        entry for entry in rest
        if any(_same(candidate, truth.of[entry]) for candidate in list(offered[entry].values())[:3])
    }  # fmt: skip
    by: dict[str, Counter[str]] = defaultdict(Counter)
    for entry in rest:
        by[truth.entries[entry]["scenario"]]["rest"] += 1
        by[truth.entries[entry]["scenario"]]["found"] += entry in found
    askable = {entry for entry in rest if truth.entries[entry]["askable"] == "yes"}
    return {
        "entries": len(rest),
        "answered": len(found) / len(rest) if rest else 1.0,
        "askable": len(askable),
        "askable_answered": len(found & askable) / len(askable) if askable else 1.0,
        "too_many_candidates": len(many),
        "scenarios": {name: dict(seen) for name, seen in sorted(by.items())},
        "unanswered": sorted(askable - found)[:50],
    }


def _same(candidate: dict[str, int], answer: dict[str, int]) -> bool:
    return candidate.keys() == answer.keys() and all(
        abs(candidate[item] - answer[item]) <= 1 for item in answer
    )


def _told(truth: Truth, link: tuple[str, str], cents: int) -> dict[str, str]:
    entry, item = link
    should = (
        " ".join(f"{one}={money(sum_)}" for one, sum_ in truth.of[entry].items()) if entry in truth.of else ""
    )
    return {"bank_id": entry, "receivable_id": item, "amount": money(cents), "truth": should,
            "scenario": truth.entries[entry]["scenario"]}  # fmt: skip


def missed(figures: dict[str, Any]) -> list[str]:
    """Name the goals that are missed."""
    found = []
    if figures["precision"] < PRECISION:
        found.append(f"precision {figures['precision']:.5f} < {PRECISION}")
    if figures["recall"] < RECALL:
        found.append(f"recall {figures['recall']:.4f} < {RECALL}")
    if figures["ppm_misposted"] > PPM:
        found.append(f"{figures['ppm_misposted']:.1f} ppm misposted > {PPM}")
    if figures["posted_for_nothing"]:
        found.append(f"{figures['posted_for_nothing']} postings of entries that pay nothing")
    if figures["rest"]["askable_answered"] < ANSWERS:
        found.append(f"answers proposed {figures['rest']['askable_answered']:.4f} < {ANSWERS}")
    if figures["rest"]["too_many_candidates"]:
        found.append(f"{figures['rest']['too_many_candidates']} entries with more than three candidates")
    for name, seen in figures["scenarios"].items():
        if seen["precision"] is not None and seen["precision"] < EACH:
            found.append(f"{name}: precision {seen['precision']:.4f} < {EACH}")
    return found


def table(figures: dict[str, Any]) -> str:
    """Return the figures for a reader."""
    head = ("entries", "links", "decidable", "postings", "precision", "recall", "rest", "found")
    lines = [f"{'scenario':30}" + "".join(f"{word:>10}" for word in head)]
    for name, seen in figures["scenarios"].items():
        rest = figures["rest"]["scenarios"].get(name, {"rest": 0, "found": 0})
        row = {**seen, **rest}
        for word, places in (("precision", 4), ("recall", 3)):
            row[word] = "" if seen[word] is None else f"{seen[word]:.{places}f}"
        lines.append(f"{name:30}" + "".join(f"{row[word]:>10}" for word in head))
    rest = figures["rest"]
    lines += [
        f"postings {figures['postings']}, right {figures['right']}, precision {figures['precision']:.5f}, "
        f"recall of decidable {figures['recall']:.4f} (of all {figures['recall_of_all']:.4f}), "
        f"misposted {figures['ppm_misposted']:.1f} ppm, for nothing {figures['posted_for_nothing']}",
        f"rest {rest['entries']}, answer proposed {rest['answered']:.4f}; askable {rest['askable']}, "
        f"answer proposed {rest['askable_answered']:.4f}",
        *(f"missed: {one}" for one in figures["missed"]),
    ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("matches", type=Path)
    parser.add_argument("proposals", type=Path, nargs="?")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    figures = score(asked.folder, asked.matches, asked.proposals)
    print(json.dumps(figures, ensure_ascii=False, indent=1) if asked.json else table(figures))
    return 1 if figures["missed"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
