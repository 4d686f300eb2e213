"""Servers of files for the tests: SFTP and FTP over a real folder, on ports that the system chooses."""

from __future__ import annotations

import asyncio
import socket
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import asyncssh

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.11 warns of a module that it imports
    from pyftpdlib.authorizers import AuthenticationFailed, DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.ioloop import IOLoop
    from pyftpdlib.servers import FTPServer

LOGIN, PASSWORD = "hub", "s3cret-Zq81"


@dataclass(slots=True)
class Served:
    """A running server over `root`: its port, and what was sent to it. It can `deny` every login.

    An SFTP server that `cuts` breaks the line before a file gets its name, or after it but without an answer.
    """

    root: Path
    port: int = 0
    passwords: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    deny: bool = False
    cuts: Literal["", "before", "after"] = ""
    keys: list[asyncssh.SSHKey] = field(default_factory=list)
    lines: list[Callable[[], object]] = field(default_factory=list)

    def hang_up(self) -> None:
        """Break all connections, without a word."""
        while self.lines:
            self.lines.pop()()

    @property
    def host_key(self) -> str:
        """The public key of an SFTP server, as OpenSSH writes it."""
        return self.keys[0].export_public_key().decode().strip()


class _Login(asyncssh.SSHServer):
    def __init__(self, served: Served, keys: list[asyncssh.SSHKey]) -> None:
        self._served, self._keys = served, [key.export_public_key() for key in keys]

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        loop = asyncio.get_running_loop()
        self._served.lines.append(lambda: loop.call_soon_threadsafe(conn.abort))

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        self._served.passwords.append(password)
        return (username, password) == (LOGIN, PASSWORD) and not self._served.deny

    def public_key_auth_supported(self) -> bool:
        return bool(self._keys)

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == LOGIN and key.export_public_key() in self._keys


async def _turn() -> None:
    """Let everything else that is due in the loop be done."""
    loop = asyncio.get_running_loop()
    loop.call_soon((done := loop.create_future()).set_result, None)
    await done


class _Files(asyncssh.SFTPServer):
    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], served: Served) -> None:
        super().__init__(channel, chroot=str(served.root).encode())
        self._served = served

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        cuts = self._served.cuts
        if cuts != "before":
            super().posix_rename(oldpath, newpath)
        if cuts:
            self._served.hang_up()
            await _turn()  # the line breaks now, before anything is answered


@contextmanager
def sftp_server(
    root: Path, *, host_keys: tuple[str, ...] = ("ssh-ed25519",), users: list[asyncssh.SSHKey] | None = None
) -> Iterator[Served]:
    """Run an SFTP server over a folder, in a thread with a loop of its own, until the block ends."""
    served = Served(root, keys=[asyncssh.generate_private_key(kind) for kind in host_keys])
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="sftp-server")
    thread.start()

    async def start() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=lambda: _Login(served, users or []),
            server_host_keys=served.keys,
            sftp_factory=lambda channel: _Files(channel, served),
        )

    async def stop(acceptor: asyncssh.SSHAcceptor) -> None:
        acceptor.close()
        await acceptor.wait_closed()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)
        served.hang_up()  # a line that is left is closed while there is a loop that does it
        for _ in range(3):
            await _turn()

    acceptor = asyncio.run_coroutine_threadsafe(start(), loop).result()
    served.port = acceptor.get_port()
    try:
        yield served
    finally:
        asyncio.run_coroutine_threadsafe(stop(acceptor), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class _Authorizer(DummyAuthorizer):  # type: ignore[misc]  # the library has no types
    def __init__(self, served: Served) -> None:
        super().__init__()
        self._served = served

    def validate_authentication(self, username: str, password: str, handler: FTPHandler) -> None:
        if self._served.deny:
            raise AuthenticationFailed("denied")
        super().validate_authentication(username, password, handler)


def _without(said: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: one for name, one in said.items() if name not in names}


@contextmanager
def ftp_server(root: Path, *, lists: bool = True, names: str = "utf-8") -> Iterator[Served]:
    """Run an FTP server over a folder, in a thread, until the block ends.

    Without MLSD if it `lists` not; `names` is the charset in which it speaks of files.
    """
    served = Served(root)
    authorizer = _Authorizer(served)
    authorizer.add_user(LOGIN, PASSWORD, str(root), perm="elradfmwMT")

    class Handler(FTPHandler):  # type: ignore[misc]  # the library has no types
        banner = "ready"
        use_sendfile = False
        proto_cmds = {
            name: said
            for name, said in FTPHandler.proto_cmds.items()
            if lists or name not in {"MLSD", "MLST"}
        }

        encoding = names
        auth_failed_timeout = 0

        def on_connect(self) -> None:
            served.lines.append(lambda: self.socket.shutdown(socket.SHUT_RDWR))

        def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
            served.commands.append(cmd)
            super().pre_process_command(line, cmd, arg)

    Handler.authorizer = authorizer
    loop = IOLoop()
    server = FTPServer(("127.0.0.1", 0), Handler, ioloop=loop)
    served.port = server.address[1]
    going = threading.Event()
    going.set()

    def serve() -> None:
        while going.is_set():
            loop.loop(timeout=0.01, blocking=False)

    thread = threading.Thread(target=serve, name="ftp-server")
    thread.start()
    try:
        yield served
    finally:
        going.clear()
        thread.join()
        server.close_all()


def spoken(kind: str, served: Served, **extra: Any) -> dict[str, Any]:
    """Return the connection to a server, in Airflow's JSON form."""
    return {
        "conn_type": kind,
        "host": "127.0.0.1",
        "port": served.port,
        "login": LOGIN,
        "password": PASSWORD,
        "extra": extra,
    }
