"""What the tests of outcomes share, whatever the protocol: one change by all calls of a write, one error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from connectors.contract import Move, OutgoingChange, Step
from hub.errors import SourceError
from hub.mapping.grammar import SystemMapping


def whole(mapping: SystemMapping, kind: str, done: Sequence[Step] = (), **names: Any) -> OutgoingChange:
    """Return a change of SO-1 by the write `w`: all calls of its create, or of its update."""
    spec = mapping.writes["w"]
    assert spec.update
    move = Move(kind, spec.create if kind == "create" else spec.update.whole)
    known = {"order_no": "SO-1", **names}
    return OutgoingChange("w", kind, "SO-1", "k1", known, [move], done)  # type: ignore[arg-type]


def raised(error: type[SourceError], push: Callable[..., object], *calls: Any, **more: Any) -> SourceError:
    """Return the error that a push raises: just this kind of it, and no narrower one."""
    with pytest.raises(error) as caught:
        push(*calls, **more)
    assert type(caught.value) is error
    return caught.value
