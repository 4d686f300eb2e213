"""A filled-in workbook of proposals: all that is decided on it is carried out, or every fault is named."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from hub.errors import ConfigError
from hub.locale import text
from reconciler.payments.booking import Cashbook
from reconciler.payments.deciding import Taken, take
from reconciler.payments.reports import Decision, read_decisions


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a workbook: what was taken, by whom; or why nothing was."""

    taken: Taken = Taken()
    people: Sequence[str] = ()
    fault: str = ""


def carry_out(book: Cashbook, name: str, content: bytes, locale: str, now: datetime) -> Decided:
    """Carry out what people decided on a workbook; LeaseBusy while another worker matches."""
    try:
        decisions = _read(name, content, locale)
        people = sorted({one.who for one in decisions})
        return Decided(take(book, decisions, "", now), people)
    except ConfigError as error:
        return Decided(fault=error.say(locale))


def _read(name: str, content: bytes, locale: str) -> list[Decision]:
    """Return the decisions; ConfigError for a workbook without any, and for decisions of nobody."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, PurePosixPath(name).name[-60:])  # the very bytes that were looked at
        copy.write_bytes(content)
        decisions = read_decisions(copy, locale)
    columns = {f"{one}_column": text(f"payments.column_{one}", locale) for one in ("decision", "who")}
    words = " / ".join(text(f"payments.word_{one}", locale) for one in ("accept", "reject"))
    if not decisions:
        raise ConfigError("intake.no_decisions", words=words, **columns)
    nameless = [one.line for one in decisions if not one.who]
    if nameless:
        raise ConfigError("intake.nameless", rows=", ".join(map(str, nameless)), **columns)
    return decisions
