"""All mapping files of a home at once: a wrong one never hides the right ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from hub.errors import MappingError
from hub.mapping import SystemMapping, load_system


def survey(home: Path) -> tuple[dict[str, SystemMapping], list[MappingError]]:
    """Return the systems whose mapping file is right, by name, and what is wrong with the others.

    Of two files that describe one system, the first in the order of file names counts; the other is an error.
    """
    right: dict[str, SystemMapping] = {}
    wrong: list[MappingError] = []
    for path in sorted((home / "mappings" / "systems").glob("*.yaml")):
        try:
            mapping = load_system(path)
        except MappingError as error:
            wrong.append(error)
            continue
        first = right.setdefault(mapping.system, mapping)
        if first is not mapping:
            wrong.append(
                MappingError(
                    "mapping.system_twice",
                    file=str(path),
                    line=1,
                    system=mapping.system,
                    first=first.path.name,
                )
            )
    return right, wrong


def starts(mappings: Mapping[str, SystemMapping]) -> dict[str, datetime]:
    """Return the moments (aware) before which orders are history, for the systems that name a start date."""
    return {
        name: datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(mapping.time.zone or "UTC"))
        for name, mapping in mappings.items()
        if (day := mapping.start) is not None
    }


def contacts(mappings: Mapping[str, SystemMapping]) -> dict[str, str]:
    """Return who looks after each system, where its mapping names somebody."""
    return {name: mapping.contact for name, mapping in mappings.items() if mapping.contact}
