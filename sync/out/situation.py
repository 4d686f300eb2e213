"""What is known of one order where one write of one system is concerned: all that a wish may look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.model import Line
from sync.out.forms import Form


@dataclass(slots=True)
class Situation:
    """What is known of one order where one write of one system is concerned.

    `order` is in the hub's words (`values.order_of`); `views`, `extras` and `lines` are by system. `settled`
    tells that the view was read after what was sent last. `document` that the write's stream shows a document
    of the order, `withdrawn` that it shows one that was taken back. `echoes` are the systems that are on hold
    only because the hub put them so.
    """

    order: Mapping[str, Any]
    views: Mapping[str, Mapping[str, Any]]
    extras: Mapping[str, Mapping[str, Any]]
    lines: Mapping[str, Sequence[Line]]
    form: Form
    settled: bool
    document: bool
    born: datetime
    born_from: datetime
    now: datetime
    echoes: frozenset[str] = frozenset()
    withdrawn: bool = False
