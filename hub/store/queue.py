"""The queue of writers before a SQLite file.

SQLite has no queue: a waiting writer looks again every tenth of a second, and one that writes page after page
is always there first. So whoever wants to write stands in line for a file lock, and gives it on as soon as
its transaction has begun: the one that is through must line up behind those that wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # no such locks on this system: SQLite's own patience must do
    fcntl = None  # type: ignore[assignment]  # a module or nothing


@contextmanager
def turn(database: str) -> Iterator[None]:
    """Hold the first place in the line for writing to the file `database`; released by death, too."""
    if fcntl is None:
        yield
        return
    with Path(f"{database}-queue").open("ab") as line:
        fcntl.flock(line, fcntl.LOCK_EX)
        yield  # closing the file gives the place on
