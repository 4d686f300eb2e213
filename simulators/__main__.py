"""`python -m simulators`: the practice systems as one process of their own.

Prints one JSON line when they can be asked, progress as JSON lines on standard error, then obeys commands
on standard input, one JSON a line: {"do": "truth"} prints the truth, {"do": "stop"} ends. It also ends
when standard input closes, so that it never outlives the one who started it.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import IO

from simulators.practice import Practice, Setting


def main(arguments: list[str] | None = None) -> int:
    """Build, serve and obey until told to stop."""
    setting = _setting(arguments)
    gc.disable()  # a world is millions of small objects without a cycle
    practice = Practice(setting, _report)
    gc.freeze()
    gc.enable()
    with practice:
        ready = {"ready": True, "connections": practice.connections(), "orders": practice.counts()}
        _say(ready)
        obey(practice, sys.stdin)
    return 0


def obey(practice: Practice, commands: IO[str]) -> None:
    """Carry out commands until "stop" or the end of the input."""
    for line in commands:
        command = json.loads(line).get("do") if line.strip() else None
        if command == "stop":
            return
        if command == "truth":
            _say({"truth": practice.truth})
        elif command is not None:
            _say({"error": f"unknown command: {command}"})


def _setting(arguments: list[str] | None) -> Setting:
    parser = argparse.ArgumentParser(prog="python -m simulators", description="Practice systems of OrderHub.")
    parser.add_argument("--orders", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--now", type=datetime.fromisoformat, required=True, help="aware ISO time")
    parser.add_argument("--out", type=Path, required=True, help="folder for the WMS file and the TMS drop")
    parser.add_argument("--wms-url", default="", help="SQLAlchemy URL of the WMS; a SQLite file by default")
    parser.add_argument("--faults", choices=("default", "none"), default="default")
    parser.add_argument("--port", type=int, default=0, help="port of the ERP; any free one by default")
    parser.add_argument("--days", type=int, default=0, help="days of orders; at most a year by default")
    given = parser.parse_args(arguments)
    if given.now.tzinfo is None:
        parser.error("--now needs a zone")
    return Setting(
        orders=given.orders,
        seed=given.seed,
        now=given.now,
        out=given.out,
        wms_url=given.wms_url,
        faults=given.faults == "default",
        port=given.port,
        days=given.days,
    )


def _say(message: dict[str, object]) -> None:
    print(json.dumps(message, ensure_ascii=False), flush=True)


def _report(stage: str, done: int, total: int) -> None:
    print(json.dumps({"stage": stage, "done": done, "total": total}), file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
