"""`python -m simulators.trading FOLDER`: the trading world as one process of its own, in real time.

Prints one JSON line when the systems can be reached, then obeys commands on standard input, one JSON a line,
and answers each by one line: {"do": "customer_orders", "count": 3}, {"do": "approve", "refs": ["SO-100001"]},
{"do": "fault", "system": "erp", "way": "lost"}, {"do": "holds", "system": "wms"}, {"do": "stop"}. It ends as
well when standard input closes.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from simulators.trading.trading import Trading

Command = Callable[[Trading, dict[str, Any]], Any]

COMMANDS: dict[str, Command] = {
    "customer_orders": lambda world, said: world.customer_orders(int(said.get("count", 1))),
    "approve": lambda world, said: world.approve(*said["refs"]),
    "cancel": lambda world, said: world.cancel(*said["refs"]),
    "hold": lambda world, said: world.hold(said["ref"], said.get("held", True)),
    "fulfil": lambda world, said: world.fulfil(*said["refs"]),
    "tms_work": lambda world, said: world.tms.work(),
    "deliver": lambda world, said: world.tms.deliver(said["ref"]),
    "pay": lambda world, said: world.erp.pay(said["ref"]),
    "something": lambda world, said: world.people_do_something(said["refs"]),
    "fault": lambda world, said: world.faults(said.pop("system")).order(said.pop("way"), **said),
    "well": lambda world, said: world.faults(said["system"]).clear(),
    "holds": lambda world, said: world.all_holds(said["system"]),
    "journal": lambda world, said: [dataclasses.asdict(one) for one in world.journal(said["system"])],
    "doubled": lambda world, said: world.doubled(said["system"]),
}


def main(arguments: list[str] | None = None) -> int:
    """Serve and obey until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m simulators.trading", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the systems keep their records")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args(arguments)
    with Trading(given.folder, seed=given.seed) as world:
        _say({"ready": True, "connections": world.connections()})
        obey(world, sys.stdin)
    return 0


def obey(world: Trading, commands: IO[str]) -> None:
    """Carry out commands until "stop" or the end of the input."""
    for line in commands:
        said = json.loads(line) if line.strip() else {}
        name = said.pop("do", None)
        if name == "stop":
            return
        if name not in COMMANDS:
            _say({"error": f"unknown command: {name}"})
            continue
        try:
            _say({"done": COMMANDS[name](world, said)})
        except (LookupError, ValueError, TypeError) as error:
            _say({"error": f"{type(error).__name__}: {error}"})


def _say(message: dict[str, Any]) -> None:
    print(json.dumps(message, ensure_ascii=False, default=str), flush=True)


if __name__ == "__main__":
    sys.exit(main())
