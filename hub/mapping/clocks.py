"""Day and time of day that stand in two fields, put together as one stamp."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from hub.mapping.formats import parser_of
from hub.mapping.texts import text_of

_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?")
_MIDNIGHT = re.compile(r"(?<=\d)[T ]00:00(?::00(?:\.0+)?)?Z?$")
_CLOCK = re.compile(r"\d{1,2}:\d{2}.*|\d{1,6}")


def joining(formats: Sequence[str]) -> Callable[[Any, Sequence[Any]], Any]:
    """Return a function that joins a day and what stands beside it by blanks, as `formats` have it.

    A time of day may be a duration since midnight (`PT09H30M05S`: Edm.Time of OData 2.0) or a number that has
    lost its leading zeros; a day with a midnight of its own is taken without it.
    """
    width = next((digits for clock, digits in _WIDTHS if any(clock in one for one in formats)), 0)

    def join(day: Any, beside: Sequence[Any]) -> Any:
        clocks = [_clock(text, width) for text in map(text_of, beside) if text is not None]
        if hasattr(day, "date"):  # a datetime column that keeps only the day
            day = day.date()
        said = text_of(day) or ""
        if not clocks or not _CLOCK.fullmatch(clocks[0]):
            return " ".join([said, *clocks])
        wall = parser_of("odata")(said)
        if wall is not None and len(clocks) == 1:
            return _wall(f"{wall.at.date()} {clocks[0]}")
        return " ".join([_MIDNIGHT.sub("", said), *clocks])

    return join


_WIDTHS = (("%H%M%S", 6), ("%H%M", 4), ("iso", 6), ("odata", 6))


def _clock(text: str, width: int) -> str:
    duration = _DURATION.fullmatch(text)
    if duration and text != "PT":
        return ":".join((part or "0").zfill(2) for part in duration.groups())
    return text.zfill(width) if text.isascii() and text.isdecimal() else text


def _wall(text: str) -> Any:
    """Return a wall-clock time; the text itself where it is none, to be refused as it stands."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text
