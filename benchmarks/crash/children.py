"""Work in forked processes: they have imported everything and opened nothing."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from typing import Any


def forked(work: Callable[[], Any]) -> tuple[int, int]:
    """Fork a child that does `work` and writes its pickled answer; return its pid and the pipe to read."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    code = 1
    try:
        os.close(reading)
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(work(), pipe)
        code = 0
    except BaseException as error:  # noqa: BLE001  # the child must not run on in the parent's place
        if os.environ.get("CRASH_TRACE"):
            import traceback

            traceback.print_exception(error)
    finally:
        os._exit(code)


def answered(work: Callable[[], Any]) -> Any:
    """Return what a child answers; None if it died."""
    pid, pipe = forked(work)
    with os.fdopen(pipe, "rb") as told:
        packed = told.read()
    os.waitpid(pid, 0)
    return pickle.loads(packed) if packed else None  # noqa: S301  # our own child
