"""Files over SFTP: nothing is sent to a host that does not show the pinned key, no password least of all."""

from __future__ import annotations

import io
import logging
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import paramiko
from paramiko.message import Message

from connectors.files.places.hostkeys import pinned
from connectors.files.places.place import SECOND, Denied, Down, Entry, copied, joined
from hub.config import Connection
from hub.errors import ConfigError

_AT_ONCE = 64
"""Read requests of 32 kB on their way at once: fast over long lines, flat in memory."""

_KEYS: tuple[type[paramiko.PKey], ...] = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)

logging.getLogger("paramiko").addHandler(logging.NullHandler())  # what it has to say comes as exceptions


class SftpPlace:
    """Files below a folder of an SSH server; one connection, opened at the first call."""

    copies = True

    def __init__(self, connection: Connection, root: str, timeout: float) -> None:
        """Take the connection, the folder (absolute, or below the login's own) and the time-out in seconds.

        The connection names login and password, or in its extra `key_file` or `private_key` (with
        `private_key_passphrase`). Keys lying about and agents are not asked.
        """
        self._connection, self._root, self._timeout = connection, root, timeout
        self._host, self._port = connection.host or "", connection.port or 22
        if not self._host:
            raise ConfigError("config.no_host", conn_id=connection.conn_id)
        self._client: _Client | None = None
        self._transport: paramiko.Transport | None = None
        self.shown = f"sftp://{self._host}:{self._port}/{root.strip('/')}".rstrip("/")

    def entries(self, folder: str) -> list[Entry]:
        """Return what is in a folder; a link must be looked at again."""
        with self._session() as client:
            path = self._at(folder)
            try:
                found = client.listdir_attr(path)  # type: ignore[arg-type]  # bytes are taken as they are
            except FileNotFoundError:
                if not stat.S_ISDIR(client.stat(path).st_mode or 0):
                    raise NotADirectoryError(folder) from None
                raise
            return [_entry(one) for one in found]

    def look(self, path: str) -> Entry | None:
        """Return a file as it is now, None if it is not there."""
        with self._session() as client:
            try:
                found = client.stat(self._at(path))
            except FileNotFoundError:
                return None
        found.filename = path.rpartition("/")[2]
        entry = _entry(found)
        return None if entry.folder else entry

    def open(self, path: str) -> BinaryIO:
        """Return a temporary copy of a file."""
        with self._session() as client:
            return copied(
                lambda file: client.getfo(self._at(path), file, max_concurrent_prefetch_requests=_AT_ONCE)
            )

    def delete(self, path: str) -> None:
        """Delete a file."""
        with self._session() as client:
            client.remove(self._at(path))

    def move(self, path: str, to: str) -> None:
        """Move a file; the server refuses a name that is taken."""
        with self._session() as client:
            client.rename(self._at(path), self._at(to))

    def write(self, path: str, content: bytes) -> None:
        """Write a file whole; its size is asked for at the end, since a full disk may say nothing."""
        with self._session() as client:
            client.putfo(io.BytesIO(content), self._at(path))

    def replace(self, path: str, to: str) -> None:
        """Give a file another name at once; where the server cannot, what has that name goes first."""
        with self._session() as client:
            try:
                client.posix_rename(self._at(path), self._at(to))  # an extension of OpenSSH's
            except OSError as error:
                if error.errno is not None:  # a file or folder is not there, or not ours
                    raise
                self._replace(client, self._at(path), self._at(to))

    @staticmethod
    def _replace(client: _Client, path: bytes, to: bytes) -> None:
        try:
            client.rename(path, to)
        except OSError:
            client.remove(to)
            client.rename(path, to)

    def make_folder(self, folder: str) -> None:
        """Make a folder and those above it, as far as they are not there."""
        with self._session() as client:
            steps = folder.split("/")
            for count in range(1, len(steps) + 1):
                path = self._at("/".join(steps[:count]))
                try:
                    client.stat(path)
                except FileNotFoundError:
                    client.mkdir(path)

    def close(self) -> None:
        """Close the connection, if there is one."""
        transport, self._transport, self._client = self._transport, None, None
        if transport is not None:
            transport.close()

    def _at(self, path: str) -> bytes:
        return (joined(self._root, path) or ".").encode("utf-8", "surrogateescape")

    @contextmanager
    def _session(self) -> Iterator[_Client]:
        """Yield the client, connected; what breaks the line is Down, and the next call makes another."""
        try:
            if self._client is None:
                self._client = self._connected()
            yield self._client
        except (paramiko.AuthenticationException, Denied) as error:
            self.close()
            raise Denied from error
        except (paramiko.SSHException, EOFError, TimeoutError) as error:
            self.close()
            raise Down(error) from error
        except OSError as error:
            if self._transport is None or not self._transport.is_active():
                self.close()
                raise Down(error.strerror or error) from error
            raise

    def _connected(self) -> _Client:
        """Connect, look whom we talk to, and only then log in."""
        pins = pinned(self._connection, self._host, self._port)
        key = _private_key(self._connection)
        line = socket.create_connection((self._host, self._port), self._timeout)
        try:
            transport = self._transport = paramiko.Transport(line)
        except BaseException:
            line.close()
            raise
        try:
            transport.banner_timeout = transport.auth_timeout = self._timeout
            security = transport.get_security_options()
            security.key_types = pins.preferred(security.key_types)
            transport.start_client(timeout=self._timeout)
            pins.require(transport.get_remote_server_key())
            self._log_in(transport, key)
            channel = transport.open_session(timeout=self._timeout)
            channel.settimeout(self._timeout)
            channel.invoke_subsystem("sftp")
            return _Client(channel)
        except BaseException:
            self.close()
            raise

    def _log_in(self, transport: paramiko.Transport, key: paramiko.PKey | None) -> None:
        login, password = self._connection.login or "", self._connection.password
        if key is not None:
            left = transport.auth_publickey(login, key)
            if left and password is not None:  # some servers want both
                transport.auth_password(login, password)
        elif password is not None:
            transport.auth_password(login, password)
        if not transport.is_authenticated():
            raise Denied


class _Client(paramiko.SFTPClient):
    """paramiko's client, for file names in any charset: to it, one that is not UTF-8 stops a listing."""

    def _request(self, t: int, *args: Any) -> Any:
        kind, message = super()._request(t, *args)  # type: ignore[misc]  # the stubs leave out what is private
        return kind, _Names(message.get_remainder()) if isinstance(message, Message) else message


class _Names(Message):
    """A message whose texts are names: whatever is no UTF-8 in them comes as surrogate escapes."""

    def get_text(self) -> str:
        text: str = self.get_string().decode("utf-8", "surrogateescape")
        return text


def _entry(found: paramiko.SFTPAttributes) -> Entry:
    mode = found.st_mode or 0
    if found.st_size is None or found.st_mtime is None or stat.S_ISLNK(mode):
        return Entry(found.filename)
    return Entry(found.filename, found.st_size, int(found.st_mtime) * SECOND, stat.S_ISDIR(mode))


def _private_key(connection: Connection) -> paramiko.PKey | None:
    """Return the private key of a connection, None if it has none; ConfigError if it cannot be read."""
    said, file = connection.extra, connection.extra.get("key_file")
    text = said.get("private_key")
    try:
        text = Path(str(file)).expanduser().read_text("utf-8") if file and not text else text
    except (OSError, ValueError) as error:
        raise ConfigError("files.bad_private_key", conn_id=connection.conn_id) from error
    if not text:
        return None
    passphrase = said.get("private_key_passphrase")
    for kind in _KEYS:
        try:
            return kind.from_private_key(io.StringIO(str(text)), passphrase)
        except (paramiko.SSHException, ValueError, TypeError):
            continue  # another kind of key, or a passphrase that does not open it
    raise ConfigError("files.bad_private_key", conn_id=connection.conn_id)
