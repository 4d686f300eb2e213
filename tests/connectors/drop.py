"""A folder for the tests of the files connector, with a clock that stands still; here or on a server."""

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
from connectors.retry import retrying
from hub.config import connection
from hub.errors import SourceError
from hub.mapping.grammar import SystemMapping
from tests.connectors.file_servers import Served, ftp_server, sftp_server, spoken

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
AGO = timedelta(hours=1)


class Drop:
    """Files are put into `root`; `read` reads what is new, keeps the state and what went wrong.

    `spoken` is the connection, in Airflow's JSON form. `slept` are the pauses between tries.
    """

    def __init__(self, root: Path, spoken: dict[str, Any] | None = None) -> None:
        self.root, self.state, self.now = root, dict[str, Any](), NOW
        self.spoken = spoken or {"conn_type": "file", "extra": {"path": str(root)}}
        self.pages: list[Page] = []
        self.error: SourceError | None = None
        self.slept: list[float] = []
        self._connectors: list[FilesConnector] = []

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
        return self.of(SystemMapping.model_validate(said))

    def of(self, mapping: SystemMapping) -> FilesConnector:
        reached = connection("drop", {"AIRFLOW_CONN_DROP": json.dumps(self.spoken)})
        made = FilesConnector(mapping, reached, lambda: self.now, retrying(self.slept.append))
        self._connectors.append(made)
        return made

    def stream(self, file: str = "*.csv", ask: Ask | None = None, **said: Any) -> Iterator[Page]:
        return self.connector(file, **said).fetch("rows", ask or Since(self.state))

    def read(self, file: str = "*.csv", ask: Ask | None = None, **said: Any) -> list[dict[str, Any]]:
        """Read to the end; what is raised at the end is kept in `error`."""
        return self.take(self.stream(file, ask, **said))

    def take(self, pages: Iterator[Page]) -> list[dict[str, Any]]:
        """Commit the pages of one read."""
        self.pages, self.error = [], None
        try:
            for page in pages:
                self.pages.append(page)
                self.state |= page.state
        except SourceError as error:
            self.error = error
        return [record for page in self.pages for record in page.records]

    def close(self) -> None:
        for one in self._connectors:
            one.close()

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


@pytest.fixture(scope="module")
def sftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An SFTP server over a folder of its own."""
    with sftp_server(tmp_path_factory.mktemp("sftp")) as served:
        yield served


@pytest.fixture(scope="module")
def ftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An FTP server over a folder of its own."""
    with ftp_server(tmp_path_factory.mktemp("ftp")) as served:
        yield served


@pytest.fixture(scope="module")
def old_ftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An FTP server that lists no more than names, as many old ones do."""
    with ftp_server(tmp_path_factory.mktemp("old"), lists=False) as served:
        yield served


PLACES = ("here", "sftp", "ftp", "old_ftp")


@pytest.fixture(params=PLACES)
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Drop]:
    """A drop here, and the same on a server of each kind: nothing may tell them apart."""
    drop = drop_at(request.param, request, tmp_path)
    yield drop
    drop.close()


def drop_at(place: str, request: pytest.FixtureRequest, here: Path) -> Drop:
    """Return an empty drop at one of PLACES."""
    if place == "here":
        (here / "drop").mkdir()
        return Drop(here / "drop")
    served: Served = request.getfixturevalue(place)
    root = served.root / here.name
    root.mkdir()
    extra = {"host_key": served.host_key} if place == "sftp" else {}
    return Drop(root, spoken(place.removeprefix("old_"), served, path=f"/{root.name}", **extra))
