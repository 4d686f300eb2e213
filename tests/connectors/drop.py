"""A folder for the tests of the files connector, with a clock that stands still."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Ask, BadRecord, Page, Since
from connectors.files import FilesConnector
from hub.config import connection
from hub.errors import SourceError
from hub.mapping.grammar import SystemMapping

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
AGO = timedelta(hours=1)


class Drop:
    """Files are put into `root`; `read` reads what is new, keeps the state and what went wrong."""

    def __init__(self, root: Path) -> None:
        self.root, self.state, self.now = root, dict[str, Any](), NOW
        self.pages: list[Page] = []
        self.error: SourceError | None = None

    def put(self, name: str, content: str | bytes, ago: timedelta = AGO) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        at = (self.now - ago).timestamp()
        os.utime(path, (at, at))
        return path

    def connector(
        self, file: str = "*.csv", *, system: dict[str, Any] | None = None, **read: Any
    ) -> FilesConnector:
        said: dict[str, Any] = {"system": "tms", "connector": "files", **(system or {})}
        said["streams"] = {"rows": {"read": {"file": file, **read}}}
        spoken = json.dumps({"conn_type": "file", "extra": {"path": str(self.root)}})
        reached = connection("drop", {"AIRFLOW_CONN_DROP": spoken})
        return FilesConnector(SystemMapping.model_validate(said), reached, lambda: self.now)

    def stream(self, file: str = "*.csv", ask: Ask | None = None, **said: Any) -> Iterator[Page]:
        return self.connector(file, **said).fetch("rows", ask or Since(self.state))

    def read(self, file: str = "*.csv", ask: Ask | None = None, **said: Any) -> list[dict[str, Any]]:
        """Read to the end; what is raised at the end is kept in `error`."""
        self.pages, self.error = [], None
        try:
            for page in self.stream(file, ask, **said):
                self.pages.append(page)
                self.state |= page.state
        except SourceError as error:
            self.error = error
        return [record for page in self.pages for record in page.records]

    @property
    def files(self) -> list[str]:
        """The files that brought something, in order."""
        return [page.meta["file"] for page in self.pages if page.records or page.bad]

    @property
    def bad(self) -> list[BadRecord]:
        return [bad for page in self.pages for bad in page.bad]

    @property
    def warnings(self) -> list[str]:
        return [warning for page in self.pages for warning in page.warnings]


@pytest.fixture
def drop(tmp_path: Path) -> Drop:
    root = tmp_path / "drop"
    root.mkdir()
    return Drop(root)
