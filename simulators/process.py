"""The practice systems as a child process: started, waited for, asked for the truth, stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

Progress = Callable[[str, int, int | None], None]

_ROOT = Path(__file__).resolve().parent.parent
_LAST_WORDS = 20
_PATIENCE = 10.0  # seconds that a child may take to end after it was told to


class PracticeFailed(RuntimeError):
    """The practice systems did not come up, or went away; the text is what they last said."""


class PracticeProcess:
    """Three practice systems in a process of their own; a context manager that has them up while it is open.

    `connections` is the environment by which the hub reaches them, `orders` what each holds. The truth
    lives in the child alone and is told over its pipe.
    """

    def __init__(
        self,
        *,
        orders: int,
        seed: int,
        now: datetime,
        out: Path,
        progress: Progress | None = None,
        port: int = 0,
        faults: bool = True,
        wms_url: str = "",
        days: int = 0,
    ) -> None:
        """Take what `simulators.practice.Setting` takes; `progress` hears stage, done and total."""
        self.connections: dict[str, str] = {}
        self.orders: dict[str, int] = {}
        self._progress = progress or (lambda stage, done, total: None)
        self._words: deque[str] = deque(maxlen=_LAST_WORDS)
        self._arguments = [
            f"--orders={orders}",
            f"--seed={seed}",
            f"--now={now.isoformat()}",
            f"--out={out}",
            f"--port={port}",
            f"--faults={'default' if faults else 'none'}",
            f"--wms-url={wms_url}",
            f"--days={days}",
        ]
        self._child: subprocess.Popen[str] | None = None
        self._listener: threading.Thread | None = None

    def start(self) -> None:
        """Start the child and wait until its systems can be asked; PracticeFailed if it ends before."""
        path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
        self._child = subprocess.Popen(
            [sys.executable, "-m", "simulators", *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"},
        )
        self._listener = threading.Thread(target=self._listen, args=(self._child.stderr,), daemon=True)
        self._listener.start()
        try:
            ready = self._answer()
        except BaseException:
            self.stop()
            raise
        self.connections, self.orders = ready["connections"], ready["orders"]

    def truth(self) -> list[dict[str, str]]:
        """Return the seeded faults: {"class", "company", "order_no", "system"}, "*" for all."""
        truth: list[dict[str, str]] = self._ask({"do": "truth"})["truth"]
        return truth

    def stop(self) -> None:
        """End the child; harmless if it has ended."""
        child, self._child = self._child, None
        if child is None:
            return
        if child.stdin:
            child.stdin.close()
        try:
            child.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if self._listener:
            self._listener.join()
        for pipe in (child.stdout, child.stderr):
            if pipe:
                pipe.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _ask(self, command: dict[str, object]) -> dict[str, Any]:
        child = self._child
        if child is None or child.stdin is None:
            raise PracticeFailed("the practice systems are not running")
        child.stdin.write(json.dumps(command) + "\n")
        child.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self._child.stdout.readline() if self._child and self._child.stdout else ""
        if not line:
            if self._listener:
                self._listener.join(_PATIENCE)
            raise PracticeFailed("\n".join(self._words) or "the practice systems ended without a word")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _listen(self, pipe: IO[str]) -> None:
        """Pass on the child's progress; keep the last of whatever else it says."""
        for line in pipe:
            try:
                said = json.loads(line)
                self._progress(str(said["stage"]), int(said["done"]), said["total"])
            except (ValueError, KeyError, TypeError):
                self._words.append(line.rstrip())
