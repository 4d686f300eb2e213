"""Files on a Windows share (SMB) or in any other store that fsspec knows."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, BinaryIO, Protocol

import fsspec

from connectors.files.places.place import Denied, Down, Entry, copied_from, joined
from hub.config import Connection
from hub.errors import ConfigError

_PORT = 445
_STAMPS = ("mtime", "modified", "LastModified", "last_modified", "updated", "created")
_NETWORK = frozenset(
    {getattr(errno, f"E{name}") for name in ("CONNRESET", "CONNREFUSED", "TIMEDOUT", "PIPE", "HOSTUNREACH")}
)
_REFUSED = ("LogonFailure", "SMBAuthenticationError", "AccountLockedOut", "PasswordExpired")


class Share(Protocol):
    """Something that opens as an fsspec file system."""

    def open(self) -> Any:
        """Return the file system."""
        ...

    def close(self) -> None:
        """Close what `open` opened."""
        ...


class SharePlace:
    """Files below a folder of an fsspec file system, which is made at the first call."""

    copies = True

    def __init__(self, share: Share, root: str, shown: str) -> None:
        """Take the share, the folder in it and how people name both."""
        self._share, self._root, self.shown = share, root, shown
        self._system: Any = None

    def entries(self, folder: str) -> list[Entry]:
        """Return what is in a folder."""
        with self._session() as system:
            path = self._at(folder)
            if not system.isdir(path):
                raise NotADirectoryError(folder) if system.exists(path) else FileNotFoundError(folder)
            return [_entry(one) for one in system.ls(path, detail=True)]

    def look(self, path: str) -> Entry | None:
        """Return a file as it is now, None if it is not there."""
        with self._session() as system:
            try:
                entry = _entry(system.info(self._at(path)))
            except OSError as error:
                if _is_gone(error):
                    return None
                raise
        return None if entry.folder else entry

    def open(self, path: str) -> BinaryIO:
        """Return a temporary copy of a file."""
        with self._session() as system, system.open(self._at(path), "rb") as source:
            return copied_from(source)

    def delete(self, path: str) -> None:
        """Delete a file."""
        with self._session() as system:
            system.rm_file(self._at(path))

    def move(self, path: str, to: str) -> None:
        """Move a file; what is there is looked for first, since some systems replace it."""
        with self._session() as system:
            if system.exists(self._at(to)):
                raise FileExistsError(to)
            system.mv(self._at(path), self._at(to))

    def write(self, path: str, content: bytes) -> None:
        """Write a file whole."""
        with self._session() as system, system.open(self._at(path), "wb") as file:
            file.write(content)

    def replace(self, path: str, to: str) -> None:
        """Give a file another name, after the one that has it is gone: not all systems replace."""
        with self._session() as system:
            if system.exists(self._at(to)):
                system.rm_file(self._at(to))
            system.mv(self._at(path), self._at(to))

    def make_folder(self, folder: str) -> None:
        """Make a folder and those above it."""
        with self._session() as system:
            system.makedirs(self._at(folder), exist_ok=True)

    def close(self) -> None:
        """Close the file system; the next call opens another."""
        system, self._system = self._system, None
        if system is not None:
            self._share.close()

    def _at(self, path: str) -> str:
        return joined(self._root, path)

    @contextmanager
    def _session(self) -> Iterator[Any]:
        """Yield the file system; what does not concern one file is Down, and the next call makes another."""
        try:
            if self._system is None:
                self._system = self._share.open()
            self._system.invalidate_cache()
            yield self._system
        except ConfigError:
            raise
        except OSError as error:
            if _is_gone(error):
                raise FileNotFoundError(errno.ENOENT, error.strerror or str(error)) from error
            if error.errno in _NETWORK or self._system is None:
                self.close()
                raise Down(error.strerror or error) from error
            raise
        except Exception as error:  # every file system has errors of its own
            self.close()
            if type(error).__name__ in _REFUSED:
                raise Denied from error
            raise Down(error) from error


class SmbShare:
    """A Windows share by the extra `smb`. `domain` in the connection's extra goes before the login.

    Files are opened so that others may go on reading, writing and deleting them.
    """

    def __init__(self, connection: Connection, timeout: float) -> None:
        """Take the connection and the time-out in seconds."""
        if not connection.host:
            raise ConfigError("config.no_host", conn_id=connection.conn_id)
        self._connection, self._timeout = connection, timeout

    def open(self) -> Any:
        """Open the share; ConfigError, with what to install, without the extra."""
        reached, domain = self._connection, self._connection.extra.get("domain")
        try:
            return fsspec.filesystem(
                "smb",
                host=reached.host,
                port=reached.port,
                username=f"{domain}\\{reached.login}" if domain and reached.login else reached.login,
                password=reached.password,
                timeout=int(self._timeout),
                encrypt=reached.extra.get("encrypt"),
                share_access="rwd",
                register_session_retries=0,  # tried again by the reader, in one way for all places
                skip_instance_cache=True,
            )
        except ImportError as error:
            raise ConfigError("files.no_smb", package="orderhub[smb]") from error

    def close(self) -> None:
        """End the session, which the library would go on using for whoever comes next."""
        import smbclient

        with suppress(Exception):  # it is broken, perhaps, and gone either way
            smbclient.delete_session(self._connection.host, port=self._connection.port or _PORT)


def _entry(info: Mapping[str, Any]) -> Entry:
    name = str(info["name"]).rstrip("/").rpartition("/")[2]
    if info.get("type") == "directory":
        return Entry(name, folder=True)
    stamp = next((info[name] for name in _STAMPS if info.get(name) is not None), None)
    return Entry(name, int(info.get("size") or 0), _changed(stamp))


def _changed(stamp: Any) -> int:
    """Return the ns of a time, which file systems give as datetime, seconds or ISO text; 0 for none."""
    if isinstance(stamp, str):
        stamp = datetime.fromisoformat(stamp)
    if isinstance(stamp, datetime):
        stamp = (stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).timestamp()
    return round(stamp * 1_000_000) * 1_000 if stamp else 0


def _is_gone(error: OSError) -> bool:
    return isinstance(error, FileNotFoundError) or error.errno == errno.ENOENT
