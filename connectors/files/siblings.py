"""Files that belong to another by its name, such as its lines; nested into its records by key."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from connectors.files.checked import Checked, Style, opened
from connectors.files.discovery import Folder, Found
from connectors.files.rows import BadLine, Line, Torn, Unusable
from hub.errors import RecordError
from hub.mapping.grammar import CallSpec
from hub.model import Record


def found_with(folder: Folder, found: Found, nest: Mapping[str, CallSpec]) -> list[Found]:
    """Return a file and its siblings, in the order of `nest`; Torn if one is not there (yet)."""
    files = [found]
    for call in nest.values():
        sibling = folder.sibling(call.target, found)
        if sibling is None:
            raise Torn("files.no_sibling", sibling=call.target)
        files.append(sibling)
    return files


class Siblings:
    """The rows of a file's siblings by key, held in memory while the file is read."""

    def __init__(self, nest: Mapping[str, CallSpec]) -> None:
        """Take the nested calls."""
        self._nest = nest
        self._rows: dict[str, dict[tuple[str, ...], list[Line]]] = {}
        self.digest = ""
        self.bad: list[BadLine] = []
        self._files: dict[str, str] = {}
        self._used: dict[str, set[tuple[str, ...]]] = {name: set() for name in nest}

    def load(self, folder: Folder, files: list[Found], style: Style) -> None:
        """Read the siblings; Unusable, naming the sibling, if one cannot be used."""
        with ExitStack() as stack:
            for (name, call), file in zip(self._nest.items(), files, strict=True):
                try:
                    checked = stack.enter_context(opened(folder, file, call, style))
                    self._rows[name] = self._by_key(checked, call)
                except FileNotFoundError as error:
                    raise Torn("files.no_sibling", sibling=file.name) from error
                except Unusable as error:
                    raise type(error)(
                        error.key, error.line, **(error.values | {"file": file.name})
                    ) from error
                self.digest += checked.digest
                self._files[name] = file.name

    def nest_into(self, record: Record) -> None:
        """Put the rows of each sibling that belong to a record into it, as a list."""
        for name, call in self._nest.items():
            key = tuple(_text(record.get(parent)) for parent in call.on.values())
            self._used[name].add(key)
            record[name] = [line.record for line in self._rows[name].get(key, ())]

    def orphans(self) -> list[BadLine]:
        """Return the rows of siblings that no record asked for, so that they are not lost."""
        return [
            _orphan(line, name, self._files[name])
            for name, rows in self._rows.items()
            for key, lines in rows.items()
            if key not in self._used[name]
            for line in lines
        ]

    def _by_key(self, checked: Checked, call: CallSpec) -> dict[tuple[str, ...], list[Line]]:
        checked.look()
        rows: dict[tuple[str, ...], list[Line]] = defaultdict(list)
        for row in checked.rows():
            if isinstance(row, BadLine):
                self.bad.append(replace(row, file=checked.found.name))
            elif isinstance(row, Line):
                rows[tuple(_text(row.record.get(child)) for child in call.on)].append(row)
        return rows


def _orphan(line: Line, nest: str, file: str) -> BadLine:
    raw = json.dumps(line.record, ensure_ascii=False, default=str).encode()
    return BadLine(line.number, raw, RecordError("files.orphan", line=line.number, nest=nest), file)


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()
