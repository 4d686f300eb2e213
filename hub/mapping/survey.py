"""All mapping files of a home at once: a wrong one never hides the right ones."""

from __future__ import annotations

from pathlib import Path

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
