"""All benchmarks, one after the other: `python -m benchmarks.bench [--scale 0.1] [--out out/bench]`.

Each part is a command of its own and writes what it measured to `OUT/parts/`. A part that fails is reported
and does not stop the others. At the end everything stands in `OUT/benchmarks.json`, from which
`benchmarks.page` makes the table in the documentation; with `--only PART` those of other parts stay. Exit 1
if a part failed.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

ROOT = Path(__file__).resolve().parent.parent
PEERS = ("dlt", "datacompy", "reladiff", "pandas")
OURS = ("sqlalchemy", "psycopg", "lxml", "zeep", "pydantic", "orjson")


@dataclass(frozen=True, slots=True)
class Part:
    """One benchmark: its module, its sizes at scale 1, the least it makes sense with, and its minutes."""

    name: str
    module: str
    sizes: dict[str, int]
    least: int
    minutes: float
    fixed: float = 0.0

    def words(self, scale: float) -> list[str]:
        """Return its options at a scale."""
        return [
            word for name, size in self.sizes.items() for word in (f"--{name}", str(self.size(size, scale)))
        ]

    def size(self, size: int, scale: float) -> int:
        """Return one size at a scale."""
        return max(self.least, round(size * scale))

    def eta(self, scale: float) -> float:
        """Return how many minutes it takes about, on two calm cores."""
        return self.fixed + self.minutes * scale


PARTS = (
    Part("load", "benchmarks.load", {"orders": 200_000}, 2_000, 8, 0.5),
    Part("statements", "benchmarks.statements", {"orders": 50_000}, 2_000, 0.5, 0.2),
    Part("soap", "benchmarks.soap", {"orders": 20_000}, 5_000, 1.7, 0.3),
    Part("freshness", "benchmarks.freshness", {"changes": 60}, 10, 2.2, 0.3),
    Part("wakeup", "benchmarks.wakeup", {"changes": 200}, 10, 1.5, 0.5),
    Part("million", "benchmarks.reconciled", {"orders": 1_000_000}, 10_000, 9, 0.3),
    Part("peers", "benchmarks.peers.run", {"orders": 50_000, "compared": 1_000_000}, 5_000, 6, 1),
    Part("noise", "benchmarks.noise", {"orders": 3_500}, 350, 2.5, 1.5),
)


def run(part: Part, scale: float, folder: Path) -> dict[str, Any]:
    """Run one part and return what it measured, with `failed` if it did not end well."""
    told = folder / f"{part.name}.json"
    told.unlink(missing_ok=True)
    command = [sys.executable, "-m", part.module, *part.words(scale), "--json", str(told)]
    print(f"== {part.name}: about {part.eta(scale):.0f} min ({' '.join(part.words(scale))})", flush=True)
    began = time.perf_counter()
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    found: dict[str, Any] = json.loads(told.read_text("utf-8")) if told.exists() else {}
    if code:
        print(f"!! {part.name} FAILED with exit code {code}", file=sys.stderr, flush=True)
        found["failed"] = code
    found["wall_seconds"] = round(time.perf_counter() - began)
    return found


def versions() -> dict[str, Any]:
    """Return what was measured with, and how many cores there are."""
    return {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "postgresql": _postgresql(),
        "cores": os.cpu_count(),
        **{name: importlib.metadata.version(name) for name in OURS},
        "peers": _peers(),
    }


def _postgresql() -> str:
    from benchmarks.load import _server

    with _server("postgresql") as server:
        assert server is not None
        engine = sa.create_engine(server[0])
        with engine.connect() as conn:
            version = conn.exec_driver_sql("SHOW server_version").scalar_one()
        engine.dispose()
    return str(version)


def _peers() -> dict[str, str]:
    python = ROOT / ".venv-bench" / "bin" / "python"
    if not python.exists():
        return {}
    told = f"{{name: m.version(name) for name in {PEERS!r}}}"
    asked = f"import importlib.metadata as m, json; print(json.dumps({told}))"
    done = subprocess.run([str(python), "-c", asked], capture_output=True, text=True, check=False)
    return dict(json.loads(done.stdout)) if done.returncode == 0 else {}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts and write one JSON; exit 1 if a part failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    parser.add_argument("--only", action="append", choices=[part.name for part in PARTS])
    asked = parser.parse_args(arguments)
    subprocess.run(["sh", str(ROOT / ".ci" / "setup"), "peers"], check=False)  # the part says what went wrong
    folder = asked.out / "parts"
    folder.mkdir(parents=True, exist_ok=True)
    chosen = [part for part in PARTS if not asked.only or part.name in asked.only]
    print(f"About {sum(part.eta(asked.scale) for part in chosen):.0f} minutes in all.", flush=True)
    whole: dict[str, Any] = {"scale": asked.scale, "versions": versions()}
    whole["parts"] = _others(asked.out, asked.scale) if asked.only else {}
    for part in chosen:
        whole["parts"][part.name] = run(part, asked.scale, folder)
        _write(asked.out, whole)
    failed = [name for name, found in whole["parts"].items() if "failed" in found]
    print(f"FAILED: {', '.join(failed)}" if failed else "All parts ended well.", flush=True)
    return 1 if failed else 0


def _others(out: Path, scale: float) -> dict[str, Any]:
    """Return the parts of an earlier run at the same scale: each is a comparison by itself."""
    told = out / "benchmarks.json"
    earlier = json.loads(told.read_text("utf-8")) if told.exists() else {}
    return dict(earlier["parts"]) if earlier.get("scale") == scale else {}


def _write(out: Path, whole: dict[str, Any]) -> None:
    (out / "benchmarks.json").write_text(json.dumps(whole, indent=1), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
