"""Processes as they name themselves in leases: whoever died on this machine is known to be dead at once.

A process is named by machine and number for people, and by what tells it from all others that had or will
have that number: the machine's boot, the numbers' namespace (a container has its own), the moment it began.
"""

from __future__ import annotations

import os
import re
import socket
from functools import cache
from pathlib import Path

_PROC = Path("/proc")
_NAME = re.compile(r"(?P<here>.+):(?P<pid>\d+)#(?P<where>\w+\.\d+)\.(?P<began>\d+)")
_ZOMBIE = "Z"


def name() -> str:
    """Return the name of this process: "machine:pid", and where /proc tells it, "#boot.namespace.began"."""
    pid = os.getpid()
    plain = f"{socket.gethostname()[:64]}:{pid}"
    where, began = _where(), _began(pid)
    return f"{plain}#{where}.{began}" if where and began else plain


def is_dead(process: str) -> bool:
    """Tell whether a process named by `name` is known to be gone; one of another machine never is."""
    told = _NAME.fullmatch(process)
    if told is None or told["where"] != _where() or told["here"] != socket.gethostname()[:64]:
        return False
    return _began(int(told["pid"])) != told["began"]


@cache
def _where() -> str | None:
    """Return this boot of this machine and the namespace of process numbers; None where nobody tells it."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip().replace("-", "")
        return f"{boot[:12]}.{(_PROC / 'self/ns/pid').stat().st_ino}"
    except OSError:
        return None


def _began(pid: int) -> str | None:
    """Return when a process began, in clock ticks since boot; None if there is none, or only its remains."""
    try:
        told = (_PROC / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return None
    state, began = told[0], told[19]  # fields 3 and 22 of proc(5), counted behind the name in brackets
    return None if state == _ZOMBIE else began
