"""The tests' own PostgreSQL does not outlive a test process that was killed."""

from __future__ import annotations

from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import sqlalchemy as sa

from tests import postgres
from tests.hub.workers import begin


def serve(pipe: Pipe) -> None:
    """Start a server, say where its data lies, wait to be killed."""
    with postgres.running_server() as url:
        pipe.send(str(url.query["host"]))
        pipe.recv()


def test_what_a_killed_owner_left_running_is_stopped_by_the_next_run(postgres_server: sa.URL) -> None:
    process, pipe = begin(serve)
    data = Path(pipe.recv())
    assert postgres.lives_on(data)
    process.kill()
    process.join(20)
    postgres.stop_orphans()
    assert not data.parent.exists()
    assert not postgres.lives_on(data)
    with sa.create_engine(postgres_server, poolclass=sa.NullPool).connect() as conn:
        assert conn.scalar(sa.text("SELECT 1")) == 1
