"""Two simple matchers: `python -m benchmarks.payments.baselines DIR exact|fuzzy --matches OUT.csv`.

`exact` posts where the payer's name is a customer's (without case, width, blanks and signs) and exactly one
open receivable of it has this sum. `fuzzy` takes the customer whose name rapidfuzz finds most alike (80 or
more) and of its open receivables the one whose number is in the text (90 or more), else one of this sum, the
oldest first. Both take the entries in order and close what they post.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process

from benchmarks.payments.ledger import key
from benchmarks.payments.model import cents_of, money

Row = dict[str, Any]
Posting = tuple[str, str, int]


def _read(folder: Path) -> tuple[list[Row], list[Row], dict[str, list[Row]]]:
    """Return customers, bank entries and the receivables of each customer, with cents."""
    tables = []
    for name in ("customers", "bank", "receivables"):
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            tables.append(list(csv.DictReader(file)))
    customers, bank, receivables = tables
    of: dict[str, list[Row]] = defaultdict(list)
    for row in receivables:
        of[row["customer_id"]].append({**row, "cents": cents_of(row["amount"])})
    return customers, [{**row, "cents": cents_of(row["amount"])} for row in bank], of


def exact(folder: Path) -> list[Posting]:
    """Post by equal name and a sum that only one open receivable has."""
    customers, bank, of = _read(folder)
    named: dict[str, list[str]] = defaultdict(list)
    for row in customers:
        named[key(row["name"])].append(row["customer_id"])
    posted: list[Posting] = []
    for entry in bank:
        who = named.get(key(entry["payer_name"]), [])
        open_ = _open(of, who[0], entry) if len(who) == 1 else []
        fit = [row for row in open_ if row["cents"] == entry["cents"]]
        if len(fit) == 1:
            fit[0]["paid"] = True
            posted.append((entry["bank_id"], fit[0]["receivable_id"], entry["cents"]))
    return posted


def fuzzy(folder: Path) -> list[Posting]:
    """Post to the customer with the name most alike, by number or sum."""
    customers, bank, of = _read(folder)
    names = [row["name"] for row in customers]
    known: dict[str, str] = {}
    posted: list[Posting] = []
    for entry in bank:
        payer = entry["payer_name"]
        if payer not in known:
            best = (
                process.extractOne(payer, names, scorer=fuzz.token_set_ratio, score_cutoff=80)
                if payer
                else None
            )
            known[payer] = customers[best[2]]["customer_id"] if best else ""
        open_ = _open(of, known[payer], entry) if known[payer] and entry["cents"] > 0 else []
        fit = [row for row in open_ if fuzz.partial_ratio(row["invoice_no"], entry["remittance_info"]) >= 90]
        fit = fit or [row for row in open_ if row["cents"] == entry["cents"]]
        if fit:
            fit[0]["paid"] = True
            posted.append((entry["bank_id"], fit[0]["receivable_id"], entry["cents"]))
    return posted


def _open(of: dict[str, list[Row]], who: str, entry: Row) -> list[Row]:
    """Return what is open of a customer in the entry's currency, issued by then; the paid ones are let go."""
    of[who] = [row for row in of[who] if "paid" not in row]
    return [
        row
        for row in of[who]
        if row["currency"] == entry["currency"] and row["issue_date"] <= entry["value_date"]
    ]


BASELINES: dict[str, Callable[[Path], list[Posting]]] = {"exact": exact, "fuzzy": fuzzy}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("which", choices=sorted(BASELINES))
    parser.add_argument("--matches", type=Path, required=True)
    asked = parser.parse_args(arguments)
    with asked.matches.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("bank_id", "receivable_id", "amount", "rule", "facts"))
        out.writerows(
            (entry, item, money(cents), asked.which, "")
            for entry, item, cents in BASELINES[asked.which](asked.folder)
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
