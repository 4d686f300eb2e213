"""Judge the matching of payments: `python -m benchmarks.payments [--seeds 3] [--postings 50000] [--size N]`.

For each seed a ledger is made up, `orderhub match` runs over it in a process of its own, and its postings and
proposals are judged beside two baselines. Seeds count from `--first`; their dialects alternate. With `--size`
one ledger with so many receivables is matched, and what the process cost is held against its goals. Exit 1
if a goal is missed, 2 if the matcher did not run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.payments.generate import invent, write
from benchmarks.payments.score import score, table

ROOT = Path(__file__).resolve().parents[2]
CPU_SECONDS, MEGABYTES = 45.0, 1024.0
"""The goals for 200,000 receivables and as many entries; other sizes are told but not judged."""

JUDGED = 200_000
TOO_EASY = 0.95, 0.6
"""The exact baseline must miss one of these (precision, recall), or the payments are too easy."""


class Failed(Exception):
    """A command did not run; the text is what it said."""


def _run(command: list[str]) -> dict[str, float]:
    """Run a command to its end; return its CPU seconds, wall seconds and peak memory in MB."""
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        child = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read()
    if child.returncode:
        raise Failed(f"{' '.join(command[-12:])}: exit {child.returncode}: {text[-2000:]}")
    return {
        "cpu": used.ru_utime + used.ru_stime,
        "wall": time.perf_counter() - began,
        "peak": used.ru_maxrss / 1024,
    }


def matched(folder: Path) -> dict[str, float]:
    """Run `orderhub match` over a folder; return what it cost. Failed if it did not end well."""
    code = "from cli.main import app; app(prog_name='orderhub')"
    command = [sys.executable, "-c", code, "match"]
    for name in ("receivables", "bank", "customers"):
        command += [f"--{name}", str(folder / f"{name}.csv")]
    out = ["--matches", str(folder / "matches.csv"), "--proposals", str(folder / "proposals.csv"), "--json"]
    return _run(command + out)


def baseline(folder: Path, which: str) -> dict[str, Any]:
    """Run one baseline and judge it."""
    found = folder / f"{which}.csv"
    module = [sys.executable, "-m", "benchmarks.payments.baselines"]
    cost = _run([*module, str(folder), which, "--matches", str(found)])
    return {**score(folder, found, None), "cost": cost}


def make(seed: int, receivables: int, folder: Path, dialect: str = "") -> dict[str, Any]:
    """Make up and write one ledger; return its sizes and the seconds it took."""
    began = time.perf_counter()
    world = invent(seed, max(receivables // 15, 12), receivables, dialect)
    write(world, folder)
    return {
        "seed": seed,
        "dialect": world.dialect,
        "receivables": len(world.receivables),
        "entries": len(world.entries),
        "seconds": round(time.perf_counter() - began, 1),
    }


def _line(name: str, told: dict[str, Any]) -> str:
    cost = told.get("cost", {})
    return (
        f"  {name:9} precision {told['precision']:.5f}  recall {told['recall']:.4f}"
        f"  of all {told['recall_of_all']:.4f}"
        f"  misposted {told['ppm_misposted']:10.1f} ppm  for nothing {told['posted_for_nothing']:5}"
        f"  proposed {told['rest']['askable_answered']:.4f}"
        f"  cpu {cost.get('cpu', 0):.1f} s  {cost.get('peak', 0):.0f} MB"
    )


def judged(seed: int, asked: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Judge the matcher and the baselines on one seed."""
    told: dict[str, Any] = {"ledger": make(seed, asked.postings * 5 // 4, folder, asked.dialect)}
    print(json.dumps(told["ledger"]), flush=True)
    for which in ("exact", "fuzzy"):
        told[which] = baseline(folder, which)
        print(_line(which, told[which]), flush=True)
    told["missed"] = []
    if told["exact"]["precision"] >= TOO_EASY[0] and told["exact"]["recall"] >= TOO_EASY[1]:
        told["missed"].append("too easy: the exact baseline is good enough")
    if not asked.baselines:
        cost = matched(folder)
        told["orderhub"] = {**score(folder, folder / "matches.csv", folder / "proposals.csv"), "cost": cost}
        print(_line("orderhub", told["orderhub"]), flush=True)
        print(table(told["orderhub"]), flush=True)
        told["missed"] += told["orderhub"]["missed"]
    return told


def sized(asked: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Match one ledger of a size: as many receivables as entries; return what it cost."""
    world = invent(asked.first, max(asked.size // 15, 12), asked.size * 5 // 4, asked.dialect)
    world.entries = world.entries[: asked.size]
    paid = {place for entry in world.entries for place, _ in entry.links}
    spare = max(len(world.receivables) - asked.size, 0)
    drop = {one.place for one in [one for one in world.receivables if one.place not in paid][:spare]}
    world.receivables = [one for one in world.receivables if one.place not in drop]
    write(world, folder)
    told: dict[str, Any] = {
        "receivables": len(world.receivables),
        "entries": len(world.entries),
        **matched(folder),
    }
    figures = score(folder, folder / "matches.csv", folder / "proposals.csv")
    told |= {name: figures[name] for name in ("postings", "precision", "recall", "ppm_misposted", "missed")}
    if asked.size >= JUDGED:
        told["missed"] += [f"{told['cpu']:.1f} CPU s > {CPU_SECONDS}"] * (told["cpu"] > CPU_SECONDS)
        told["missed"] += [f"{told['peak']:.0f} MB > {MEGABYTES}"] * (told["peak"] > MEGABYTES)
    print(json.dumps(told, indent=1), flush=True)
    return told


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--postings", type=int, default=50_000, help="decidable links in each ledger, about")
    parser.add_argument("--dialect", choices=("cn", "eu", "mixed"), default="")
    parser.add_argument("--size", type=int, default=0, help="only measure one ledger of so many receivables")
    parser.add_argument("--baselines", action="store_true", help="leave the matcher out")
    parser.add_argument("--keep", type=Path, help="leave the files of each seed here")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="oh-payments-") as scratch:
            home = asked.keep or Path(scratch)
            if asked.size:
                told = [sized(asked, home / f"size-{asked.size}")]
            else:
                seeds = range(asked.first, asked.first + asked.seeds)
                told = [judged(seed, asked, home / f"seed-{seed}") for seed in seeds]
    except Failed as error:
        print(error, file=sys.stderr)
        return 2
    if asked.json:
        asked.json.write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")
    for one in told:
        for goal in one["missed"]:
            print("missed:", goal)
    return 1 if any(one["missed"] for one in told) else 0


if __name__ == "__main__":
    raise SystemExit(main())
