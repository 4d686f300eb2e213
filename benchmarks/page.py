"""The table of the documentation: `python -m benchmarks.page out/bench/benchmarks.json [docs/benchmarks.md]`.

Each row is a goal of the design with what was measured, against what, and by which factor it was missed;
why it was missed is written by hand in `benchmarks/reasons.yaml`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub import yamlfile

Parts = Mapping[str, Any]
ENGINES = ("sqlite", "postgresql")
REASONS = Path(__file__).with_name("reasons.yaml")
KILLS = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """A goal: its name, what is measured, the limit, the unit; `more` if larger is better."""

    name: str
    what: str
    goal: str
    limit: float
    unit: str
    against: str
    read: Callable[[Parts, str], float | None]
    more: bool = False
    full: bool = False
    """Whether the goal is about the full size, so that a smaller run says nothing about it."""

    def missed(self, value: float) -> float:
        """Return by what factor a value misses the goal; 1 or less if it is reached."""
        if self.more:
            return self.limit / value if value else float("inf")
        return value / self.limit if self.limit else float(1 if value <= 0 else "inf")


def _cost(part: Any, *path: str) -> float | None:
    """Return the CPU seconds of a cost."""
    for name in path:
        part = (part or {}).get(name)
    return None if not part else float(part["client"] + part["server"])


def _number(said: Any) -> float | None:
    return None if said is None else float(said)


def _ratio(upper: float | None, lower: float | None) -> float | None:
    return None if upper is None or not lower else upper / lower


def _load(case: str, floor: str) -> Callable[[Parts, str], float | None]:
    def read(parts: Parts, engine: str) -> float | None:
        load = parts.get("load")
        return _ratio(_cost(load, engine, f"{case}: ours"), _cost(load, engine, f"{case}: {floor}"))

    return read


def _peer_load(name: str, *, turned: bool = False) -> Callable[[Parts, str], float | None]:
    def read(parts: Parts, engine: str) -> float | None:
        found = parts.get("peers", {}).get(f"load {engine}")
        ours, theirs = _cost(found, f"ours, {name}"), _cost(found, f"dlt, {name}")
        return _ratio(theirs, ours) if turned else _ratio(ours, theirs)

    return read


def _peer_compare(name: str) -> Callable[[Parts, str], float | None]:
    def read(parts: Parts, engine: str) -> float | None:
        found = parts.get("peers", {}).get(f"compare {engine}")
        return _ratio(_cost(found, "ours, reconcile"), _cost(found, name))

    return read


def _idle(parts: Parts, engine: str) -> float | None:
    cost = (parts.get("load", {}).get(engine) or {}).get("idle poll")
    return None if not cost else (cost["client"] + cost["server"]) / cost["told"]["polls"] * 1000


def _fresh(parts: Parts, engine: str) -> float | None:
    return _number((parts.get("freshness", {}).get(engine) or {}).get("p95"))


def _woken(parts: Parts, engine: str) -> float | None:
    return _number((parts.get("wakeup", {}).get(engine) or {}).get("p95"))


def _soap(parts: Parts, _engine: str) -> float | None:
    return _number(parts.get("soap", {}).get("ratio"))


def _peak(part: str, case: str) -> Callable[[Parts, str], float | None]:
    return lambda parts, engine: ((parts.get(part, {}).get(engine) or {}).get(case) or {}).get("peak")


def _full(parts: Parts, engine: str) -> float | None:
    return _cost(parts.get("million"), engine, "full")


def _noise(parts: Parts, engine: str, time: str, said: str) -> float | None:
    """Return a count of a noisy time that was lived through; its store is on SQLite."""
    found = parts.get("noise", {}).get(time, {}).get(said) if engine == "sqlite" else None
    return None if found is None else float(len(found) if isinstance(found, list) else found)


def _crash(parts: Parts, engine: str) -> float | None:
    """Return what the kills on an engine cost: rows lost or doubled, and runs that could not go on."""
    campaigns = [one for name, one in parts.get("crash", {}).items() if name.split()[0] == engine]
    if not campaigns:
        return None
    return float(sum(one[what] for one in campaigns for what in ("lost", "doubled", "unfinished")))


ROWS = (
    Row("first", "first load", "≤ 2×", 2, "×", "own-tables floor",
        _load("first", "own-tables floor"), full=True),
    Row("first dlt", "first load", "< 1×", 1, "×", "dlt, one flat table", _peer_load("first"), full=True),
    Row("again", "re-run, equal pages", "≤ 0.15×", 0.15, "×", "flat floor",
        _load("again", "flat floor"), full=True),
    Row("shifted", "re-run, shifted pages", "≤ 0.6×", 0.6, "×", "flat floor",
        _load("shifted", "flat floor"), full=True),
    Row(
        "again dlt", "re-run", "≥ 20× cheaper", 20, "× cheaper", "dlt",
        _peer_load("again", turned=True), more=True, full=True,
    ),
    Row("idle", "idle poll", "≤ 10 ms CPU", 10, " ms", "—", _idle),
    Row("changed", "1 % changed, all given", "≤ 1.2×", 1.2, "×", "flat floor", 
        _load("changed", "flat floor"), full=True),
    Row("fresh", "source change → `orders`, polled each second, p95", "≤ 1.25 s", 1.25, " s", "—", _fresh),
    Row("webhook", "source change → `orders`, by webhook, p95", "≤ 0.5 s", 0.5, " s", "—", _woken),
    Row("soap", "SOAP list with validation", "≥ 6×", 6, "×", "zeep's own parsing", _soap, more=True),
    Row("memory in", "peak memory of a first load", "≤ 150 MB", 150, " MB", "—",
        _peak("load", "first: ours"), full=True),
    Row("full", "reconcile 1 M orders, CPU, SQLite", "≤ 2 s", 2, " s", "—",
        lambda parts, engine: _full(parts, engine) if engine == "sqlite" else None, full=True),
    Row("full postgresql", "reconcile 1 M orders, CPU, PostgreSQL vacuumed", "≤ 1.5 s", 1.5, " s", "—",
        lambda parts, engine: _full(parts, engine) if engine == "postgresql" else None, full=True),
    Row("some", "reconcile after 1 % changed", "≤ 0.05×", 0.05, "×", "reconcile of all",
        lambda parts, engine: _ratio(
            _cost(parts.get("million"), engine, "1 % changed"), _full(parts, engine)
        ), full=True),
    Row("memory reconcile", "peak memory of it", "≤ 150 MB", 150, " MB", "—",
        _peak("million", "full"), full=True),
    Row("datacompy", "reconcile", "≤ 0.2×", 0.2, "×", "datacompy, two pairs",
        _peer_compare("datacompy"), full=True),
    Row("reladiff", "reconcile", "≤ 0.067×", 1 / 15, "×", "reladiff, two pairs",
        _peer_compare("reladiff"), full=True),
    Row("noise", "findings of a clean, noisy week", "≤ 5", 5, "", "—",
        lambda parts, engine: _noise(parts, engine, "clean", "opened"), full=True),
    Row("noise false", "false ones among them", "0", 0, "", "—",
        lambda parts, engine: _noise(parts, engine, "clean", "false"), full=True),
    Row("noise lost", "of 20 faults planted in it, not found", "0", 0, "", "—",
        lambda parts, engine: _noise(parts, engine, "planted", "lost"), full=True),
    Row("kills", "rows lost or doubled by kills (below), runs that could not go on", "0", 0, "", "—", _crash,
        full=True),
)  # fmt: skip


def page(told: Mapping[str, Any], reasons: Mapping[str, str]) -> str:
    """Return the page."""
    return (
        "\n".join(
            [
                *_head(told),
                *_table(told, reasons),
                "",
                *_reconciled(told),
                *_statements(told),
                *_kills(told),
                *_failed(told),
                *_foot(told),
            ]
        )
        + "\n"
    )


def _head(told: Mapping[str, Any]) -> Iterator[str]:
    yield "# Benchmarks\n"
    if told.get("scale") != 1:
        yield f"This run had {told['scale']:g} of the full sizes: rows about a full size say nothing here.\n"
    yield "Ratios are of CPU seconds, client and server together, in one run on one machine.\n"


def _table(told: Mapping[str, Any], reasons: Mapping[str, str]) -> Iterator[str]:
    yield "| what | goal | SQLite | PostgreSQL | against | reached |"
    yield "|---|---|---|---|---|---|"
    for row in ROWS:
        small = not _enough_kills(told["parts"]) if row.name == "kills" else told.get("scale") != 1
        yield _line(row, told["parts"], reasons, small=row.full and small)


def _line(row: Row, parts: Parts, reasons: Mapping[str, str], *, small: bool) -> str:
    values = [row.read(parts, engine) for engine in ENGINES]
    shown = ["—" if one is None else f"{one:.3g}{row.unit}" for one in values]
    known = [row.missed(one) for one in values if one is not None]
    if not known:
        verdict = f"not measured. {reasons.get(row.name, '')}".strip()
    elif small:
        verdict = "not at full size"
    elif max(known) <= 1:
        verdict = "yes"
    else:
        verdict = f"missed by {max(known):.2f}×: {reasons.get(row.name, 'no reason given yet')}"
    return f"| {row.what} | {row.goal} | {shown[0]} | {shown[1]} | {row.against} | {verdict} |"


def _reconciled(told: Mapping[str, Any]) -> Iterator[str]:
    """Say what each look at the large store cost, and whether it found exactly what was planted."""
    found = told["parts"].get("million", {})
    if not any(engine in found for engine in ENGINES):
        return
    yield f"## Reconciling {found['orders']:,} orders in three systems\n"
    yield f"{found['planted']:,} differences are planted; a look is exact if it finds these and nothing else."
    yield "The bare look is a GROUP BY over the views that classifies and writes nothing.\n"
    yield "| engine | look | CPU s | at most | peak MB | exact |"
    yield "|---|---|---|---|---|---|"
    for engine in ENGINES:
        for name, cost in (found.get(engine) or {}).items():
            if name in ("build", "forget"):
                continue
            exact = {True: "yes", False: "NO"}.get(cost["told"].get("exact"), "—")
            cpu = cost["client"] + cost["server"]
            most = cost["told"].get("most", cpu)
            yield f"| {engine} | {name} | {cpu:.2f} | {most:.2f} | {cost['peak']:.0f} | {exact} |"
    yield ""


def _statements(told: Mapping[str, Any]) -> Iterator[str]:
    found = told["parts"].get("statements", {})
    if not found.get("ms"):
        return
    whole = sum(found["ms"].values())
    yield f"## What a first load costs by statement ({found['orders']:,} orders, PostgreSQL)\n"
    yield "Shares of the time that the server noted for its statements.\n"
    yield "| statement | share |\n|---|---|"
    for name, ms in list(found["ms"].items())[:10]:
        yield f"| `{name}` | {ms / whole:.0%} |"
    yield ""


def _kills(told: Mapping[str, Any]) -> Iterator[str]:
    """Say how many kills there were and how many of them hit: a kill that missed proves nothing."""
    found = told["parts"].get("crash", {})
    if not found:
        return
    yield "## Kills\n"
    yield "SIGKILL at a moment drawn from a run's length; the next run goes on, and the store must equal that"
    yield "of a run that nobody disturbed. On PostgreSQL a tenth terminates the server's side instead. Where"
    yield "runs write, the practice systems' own records must show every order once, as its owner says it; a"
    yield "retry loop as people write it is killed just so beside them. `make bench-crash` does it again.\n"
    yield "| what | kills | hit a run at work | rows lost | doubled | could not go on |"
    yield "|---|---|---|---|---|---|"
    for name, one in found.items():
        engine, _, what = name.partition(" ")
        yield _killed(f"{engine}, {_KILLED.get(what, what)}", one)
        if "control" in one:
            yield _killed(f"{engine}, the naive loop", one["control"])
    yield ""


_KILLED = {
    "": "forked",
    "command": "`orderhub sync`",
    "trading": "forked, writing",
    "trading command": "`orderhub sync`, writing",
}
"""What is killed, by the names of the campaign."""


def _killed(what: str, one: Mapping[str, Any]) -> str:
    cells = (f"{one[key]:,}" for key in ("kills", "hits", "lost", "doubled", "unfinished"))
    return f"| {what} | {' | '.join(cells)} |"


def _enough_kills(parts: Parts) -> bool:
    """Tell whether the campaign was the whole one and most of its kills hit."""
    campaigns = parts.get("crash", {}).values()
    kills, hits = (sum(one[key] for one in campaigns) for key in ("kills", "hits"))
    return bool(kills >= KILLS and hits >= 0.7 * kills)


def _failed(told: Mapping[str, Any]) -> Iterator[str]:
    failed = [name for name, found in told["parts"].items() if "failed" in found]
    if failed:
        yield f"**These parts failed in this run: {', '.join(failed)}.**\n"


def _foot(told: Mapping[str, Any]) -> Iterator[str]:
    versions = told.get("versions", {})
    peers = versions.get("peers", {})
    flat = {name: value for name, value in versions.items() if name not in ("peers", "cores")} | peers
    yield "## How it was measured\n"
    yield "Each piece ran in a process of its own; user and system time between its begin and end counted,"
    yield "and those of the database server meanwhile. Memory is the peak of the client's process."
    yield "PostgreSQL ran with its default durability and 1 GB of shared buffers. The looks at a million"
    yield "orders, and the bare ones beside them, are the least of several: other work on the host only adds."
    yield "Loads and their floors are medians of three.\n"
    if flat:
        listed = ", ".join(f"{name} {version}" for name, version in flat.items())
        yield f"With {listed}; {versions['cores']} cores.\n"
    yield "## Again\n"
    yield "`make bench` runs it all and renews this page; `make bench SCALE=0.1` a tenth of the sizes."
    yield "`benchmarks/README.md` tells what each part is."


def main(arguments: list[str]) -> int:
    """Write the page, or print it."""
    told_path = Path(arguments[0])
    told = json.loads(told_path.read_text("utf-8"))
    for name in ("crash", "noise"):  # campaigns that run by themselves
        other = told_path.with_name(f"{name}.json")
        if other.exists() and name not in told["parts"]:
            told["parts"][name] = json.loads(other.read_text("utf-8"))
    reasons: dict[str, str] = yamlfile.load(REASONS.read_text("utf-8")).data
    text = page(told, reasons)
    if len(arguments) > 1:
        Path(arguments[1]).write_text(text, "utf-8")
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
