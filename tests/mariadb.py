"""A MariaDB of the tests' own: Debian's server on a folder and a socket of this process, gone at its end."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
import sqlalchemy as sa

PROGRAMS = ("mariadb-install-db", "mariadbd")
_PATH = "/usr/sbin:/usr/local/sbin:/usr/bin:/bin"
_READY = b"ready for connections"
_PATIENCE = 60.0


def require_mariadb() -> None:
    """Skip the test, aloud, where the server is not installed."""
    lacking = [program for program in PROGRAMS if _found(program) is None]
    if lacking:
        pytest.skip(
            f"MariaDB is not tested: {lacking[0]} is missing (apt-get install mariadb-server-core "
            "mariadb-client-core)"
        )


@contextmanager
def running_mariadb() -> Iterator[sa.URL]:
    """Start a server without a network port and yield the URL of an administrator on it.

    It has a folder of its own for temporary tables too: where two share one, the second to start takes away
    what lies there of the first.
    """
    home = Path(tempfile.mkdtemp(prefix="oh-maria-"))
    data, socket = home / "d", home / "s"
    common = ["--no-defaults", f"--datadir={data}", f"--tmpdir={home}", "--user=root"]
    installed = [_found("mariadb-install-db"), *common, "--auth-root-authentication-method=normal"]
    subprocess.run([*map(str, installed), "--skip-test-db"], check=True, capture_output=True)
    options = [f"--socket={socket}", "--skip-networking", "--innodb-flush-log-at-trx-commit=0"]
    options += [f"--pid-file={home / 'pid'}"]
    server = subprocess.Popen([str(_found("mariadbd")), *common, *options], stderr=subprocess.PIPE)
    try:
        assert server.stderr is not None
        _wait_for(server.stderr)
        yield sa.URL.create(
            "mariadb+pymysql", username="root", database="mysql", query={"unix_socket": str(socket)}
        )
    finally:
        server.terminate()
        server.wait(_PATIENCE)
        if server.stderr is not None:
            server.stderr.close()
        shutil.rmtree(home, ignore_errors=True)


def _wait_for(log: IO[bytes]) -> None:
    """Read the log until the server is ready; then go on reading, lest its pipe fills up."""
    seen: list[bytes] = []
    ready = threading.Event()

    def follow() -> None:
        for line in log:
            seen.append(line)
            if _READY in line:
                ready.set()
        ready.set()  # it ended

    threading.Thread(target=follow, daemon=True).start()
    assert ready.wait(_PATIENCE), "MariaDB does not start"
    assert any(_READY in line for line in seen), b"".join(seen[-20:]).decode("utf-8", "replace")


def _found(program: str) -> str | None:
    return shutil.which(program) or shutil.which(program, path=_PATH)
