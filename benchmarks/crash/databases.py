"""Stages of stores on one engine, and the working copy that is killed on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import psycopg
import sqlalchemy as sa

from hub.store import open_store, read_key


class Databases:
    """Stages of stores on one engine, and the working copy that is killed on."""

    def __init__(self, engine: str, folder: Path, key: str, server: str | None) -> None:
        self.engine, self.folder, self.key, self.server = engine, folder, key, server
        self._prefix = f"crash{os.getpid()}"

    def url(self, stage: str) -> str:
        """Return the URL of a stage."""
        if self.server is None:
            return f"sqlite:///{self.folder / stage}.db"
        return (
            sa.make_url(self.server)
            .set(database=f"{self._prefix}_{stage}")
            .render_as_string(hide_password=False)
        )

    def copy(self, stage: str, to: str) -> None:
        """Make `to` a copy of a stage."""
        if self.server is None:
            for ending in ("-wal", "-shm", "-queue"):
                (self.folder / f"{to}.db{ending}").unlink(missing_ok=True)
            shutil.copyfile(self.folder / f"{stage}.db", self.folder / f"{to}.db")
        else:
            self.drop(to)
            self._administer(f'CREATE DATABASE "{self._prefix}_{to}" TEMPLATE "{self._prefix}_{stage}"')

    def create(self, stage: str) -> None:
        """Make an empty stage with tables."""
        if self.server is not None:
            self.create_bare(stage)
        store = open_store(self.url(stage), read_key(self.key))
        store.upgrade()
        store.close()

    def create_bare(self, stage: str) -> None:
        """Make an empty database, for a server."""
        self.drop(stage)
        self._administer(f'CREATE DATABASE "{self._prefix}_{stage}"')

    def drop(self, stage: str) -> None:
        """Take a stage away."""
        if self.server is not None:
            self._administer(f'DROP DATABASE IF EXISTS "{self._prefix}_{stage}" WITH (FORCE)')

    def terminate(self, stage: str) -> None:
        """Terminate the backends that work on a stage."""
        self._administer(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self._prefix}_{stage}'"
        )

    def _administer(self, statement: str) -> None:
        assert self.server is not None
        with psycopg.connect(self.server.replace("+psycopg", ""), autocommit=True) as conn:
            conn.execute(statement)
