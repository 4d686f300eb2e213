"""Where a forked run is: marked by the child in shared memory, seen by the parent."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from mmap import mmap
from typing import Any
from unittest import mock

PATIENCE = 60
"""Seconds within which a child begins to work."""

_OFTEN = 0.0003
_MOST = 255

Marks = Sequence[tuple[Any, str, str]]
"""What is marked: its owner, the name it has there, and the phase that it is."""


class Phases:
    """The phases of a run in their order, the one that a child is in, and how often each was entered."""

    def __init__(self, names: Sequence[str], marks: Marks) -> None:
        """Take the phases; all but `marks` are entered by the child itself."""
        self.names, self._marks = tuple(names), marks
        self._shared = mmap(-1, 1 + len(self.names))

    @property
    def now(self) -> str:
        """The phase that the child is in."""
        return self.names[self._shared[0]]

    def restart(self, forget: bool = False) -> None:
        """Let the next child begin; `forget` where those before have been."""
        self._shared[0] = 0
        if forget:
            self._shared[1:] = bytes(len(self.names))

    def entered(self, name: str) -> int:
        """Return how often a phase was entered, 255 at most, since it was last forgotten."""
        return self._shared[1 + self.names.index(name)]

    def enter(self, name: str) -> None:
        """Enter a phase; called by the child."""
        place = self.names.index(name)
        self._shared[0] = place
        self._shared[1 + place] = min(self._shared[1 + place] + 1, _MOST)

    def wait(self, name: str = "between", times: int = 0, patience: float = PATIENCE) -> bool:
        """Wait until the child is at a phase, or farther; with `times`, until it entered it so often.

        Tell whether it came to that before its end and within `patience` seconds.
        """
        place, until = self.names.index(name), time.monotonic() + patience
        while time.monotonic() < until:
            if self.entered(name) >= times if times else self._shared[0] >= place:
                return True
            if self.now == self.names[-1]:
                return False
            time.sleep(_OFTEN)
        return False

    @contextmanager
    def marking(self) -> Iterator[None]:
        """Let what is marked enter its phase, and go back to the one before; in the child."""
        with ExitStack() as stack:
            for owner, attribute, phase in self._marks:
                marking = self._marked(getattr(owner, attribute), phase)
                stack.enter_context(mock.patch.object(owner, attribute, marking))
            yield

    def _marked(self, plain: Any, phase: str) -> Any:
        def marking(*args: Any, **more: Any) -> Any:
            before = self._shared[0]
            self.enter(phase)
            try:
                return plain(*args, **more)
            finally:
                self._shared[0] = before

        return marking
