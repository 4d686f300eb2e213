"""Files over FTP, and over FTP with TLS."""

from __future__ import annotations

import errno
import ftplib
import io
import posixpath
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import BinaryIO

from connectors.files.places.ftps import secured
from connectors.files.places.place import SECOND, Denied, Down, Entry, copied, joined
from hub.config import Connection
from hub.errors import ConfigError

_WIRE = "latin-1"
"""What the library is told that names are in: it gives every byte back as it came."""

_CHUNK = 1 << 16
_STAMP = re.compile(r"\d{14}")
_DENIED, _NOT_THERE, _BUSY = ("430", "530"), "550", "450"
_REFUSED = ("550", "553")
_UNKNOWN = ("500", "501", "502", "503", "504")


class FtpPlace:
    """Files below a folder of an FTP server; one connection, opened at the first call, passive.

    Where the server knows MLSD a listing says size and time; else each file that is wanted is asked for
    both (SIZE, MDTM). Times are whole seconds, UTC.
    """

    copies = True

    def __init__(self, connection: Connection, root: str, timeout: float, *, tls: bool, utf8: bool) -> None:
        """Take the connection, the folder (absolute, or below the login's own) and the time-out in seconds.

        With `tls` the connection is secured before the login; `ca_file` in the extra names whose
        certificates are trusted beside the system's. `utf8` asks the server for names in UTF-8.
        """
        self._connection, self._folder, self._timeout = connection, root, timeout
        self._tls, self._utf8 = tls, utf8
        self._host, self._port = connection.host or "", connection.port or ftplib.FTP_PORT
        if not self._host:
            raise ConfigError("config.no_host", conn_id=connection.conn_id)
        self._ftp: ftplib.FTP | None = None
        self._root, self._lists = root, True
        kind = "ftps" if tls else "ftp"
        self.shown = f"{kind}://{self._host}:{self._port}/{root.strip('/')}".rstrip("/")

    def entries(self, folder: str) -> list[Entry]:
        """Return what is in a folder; without MLSD only the names."""
        with self._session() as ftp:
            path = self._at(folder)
            try:
                ftp.cwd(path)
            except ftplib.error_perm:
                if self._is_file(ftp, path):
                    raise NotADirectoryError(folder) from None
                raise
            return self._listed(ftp)

    def look(self, path: str) -> Entry | None:
        """Return a file as it is now, None if it is not there (or is a folder)."""
        with self._session() as ftp:
            return self._looked(ftp, self._at(path))

    def open(self, path: str) -> BinaryIO:
        """Return a temporary copy of a file."""
        with self._session() as ftp:
            return copied(lambda file: ftp.retrbinary(f"RETR {self._at(path)}", file.write, _CHUNK))

    def delete(self, path: str) -> None:
        """Delete a file."""
        with self._session() as ftp:
            ftp.delete(self._at(path))

    def move(self, path: str, to: str) -> None:
        """Move a file; what is there is looked for first, since some servers replace it."""
        with self._session() as ftp:
            if self._is_file(ftp, self._at(to)):
                raise FileExistsError(to)
            ftp.rename(self._at(path), self._at(to))

    def write(self, path: str, content: bytes) -> None:
        """Write a file whole; a folder that is not there is told from a server that refuses."""
        refused: Exception | None = None
        with self._session() as ftp:
            try:
                ftp.storbinary(f"STOR {self._at(path)}", io.BytesIO(content), _CHUNK)
            except ftplib.error_perm as error:
                if not str(error).startswith(_REFUSED):
                    raise
                if not self._is_folder(ftp, self._at(path.rpartition("/")[0])):
                    raise FileNotFoundError(errno.ENOENT, str(error)) from error
                refused = error
        if refused is not None:
            raise PermissionError(errno.EACCES, str(refused)) from refused

    def replace(self, path: str, to: str) -> None:
        """Give a file another name; a server that does not replace is asked to delete what has it first."""
        with self._session() as ftp:
            try:
                ftp.rename(self._at(path), self._at(to))
            except ftplib.error_perm:
                if not self._is_file(ftp, self._at(to)):
                    raise
                ftp.delete(self._at(to))
                ftp.rename(self._at(path), self._at(to))

    def make_folder(self, folder: str) -> None:
        """Make a folder and those above it, as far as they are not there."""
        with self._session() as ftp:
            steps = folder.split("/")
            for count in range(1, len(steps) + 1):
                path = self._at("/".join(steps[:count]))
                try:
                    ftp.cwd(path)
                except ftplib.error_perm:
                    ftp.mkd(path)

    def close(self) -> None:
        """Say good-bye and close the connection, if there is one."""
        ftp, self._ftp = self._ftp, None
        if ftp is not None:
            with suppress(ftplib.Error, OSError, EOFError):
                ftp.quit()
            ftp.close()

    def _at(self, path: str) -> str:
        return joined(self._root, path).encode("utf-8", "surrogateescape").decode(_WIRE)

    @contextmanager
    def _session(self) -> Iterator[ftplib.FTP]:
        """Yield the client, connected; what breaks the line is Down, and the next call makes another."""
        try:
            if self._ftp is None:
                self._ftp = self._connected()
            yield self._ftp
        except (FileNotFoundError, NotADirectoryError, FileExistsError):
            raise
        except (ftplib.error_perm, ftplib.error_temp) as error:
            if str(error).startswith(_DENIED):
                self.close()
                raise Denied from error
            if self._ftp is None:  # refused before there was a file to speak of
                raise Down(error) from error
            if str(error).startswith(_NOT_THERE):
                raise FileNotFoundError(errno.ENOENT, str(error)) from error
            if isinstance(error, ftplib.error_perm) or str(error).startswith(_BUSY):
                raise OSError(errno.EIO, str(error)) from error
            self._drop()
            raise Down(error) from error
        except (ftplib.Error, EOFError, OSError) as error:
            self._drop()
            raise Down(error) from error

    def _drop(self) -> None:
        """Close a connection that is broken, without a word."""
        ftp, self._ftp = self._ftp, None
        if ftp is not None:
            ftp.close()

    def _connected(self) -> ftplib.FTP:
        ftp = secured(self._connection, _WIRE) if self._tls else ftplib.FTP(encoding=_WIRE)
        try:
            ftp.connect(self._host, self._port, self._timeout)
            ftp.login(self._connection.login or "", self._connection.password or "")
            if isinstance(ftp, ftplib.FTP_TLS):
                ftp.prot_p()
            ftp.set_pasv(self._connection.extra.get("passive", True) is not False)
            if self._utf8:
                with suppress(ftplib.error_perm):  # servers that know no other charset refuse to be told
                    ftp.sendcmd("OPTS UTF8 ON")
            home = ftp.pwd().encode(_WIRE).decode("utf-8", "surrogateescape")
            self._root = posixpath.join(home, self._folder)
        except BaseException:
            ftp.close()
            raise
        return ftp

    def _listed(self, ftp: ftplib.FTP) -> list[Entry]:
        """Return what is in the current folder."""
        if self._lists:
            try:
                return [_entry(name, facts) for name, facts in ftp.mlsd() if name not in {".", ".."}]
            except ftplib.error_perm as error:
                if not str(error).startswith(_UNKNOWN):
                    raise
                self._lists = False
        lines: list[str] = []
        try:
            ftp.retrlines("NLST", lines.append)
        except ftplib.error_perm as error:
            if not str(error).startswith(_NOT_THERE):  # 550: a folder without files
                raise
        return [Entry(_name(line.rpartition("/")[2])) for line in lines]

    @staticmethod
    def _is_folder(ftp: ftplib.FTP, path: str) -> bool:
        try:
            ftp.cwd(path or "/")
        except ftplib.error_perm:
            return False
        return True

    def _is_file(self, ftp: ftplib.FTP, path: str) -> bool:
        return self._looked(ftp, path) is not None

    def _looked(self, ftp: ftplib.FTP, path: str) -> Entry | None:
        try:
            entry = self._facts(ftp, path) if self._lists else _asked(ftp, path)
        except ftplib.error_perm as error:
            if str(error).startswith(_NOT_THERE):
                return None
            if self._lists and str(error).startswith(_UNKNOWN):
                self._lists = False
                return self._looked(ftp, path)
            raise
        return None if entry.folder else entry

    @staticmethod
    def _facts(ftp: ftplib.FTP, path: str) -> Entry:
        """Return what MLST says of a file (RFC 3659, section 7)."""
        line = ftp.sendcmd(f"MLST {path}").split("\n")[1].strip()
        facts, _, name = line.partition(" ")
        said = dict(fact.partition("=")[::2] for fact in facts.casefold().split(";") if fact)
        entry = _entry(name, said)
        return _asked(ftp, path) if entry.size < 0 and not entry.folder else entry


def _entry(name: str, facts: dict[str, str]) -> Entry:
    """Return what MLSD says of a name; a link, or one without size or time, must be looked at again."""
    name, kind = _name(name), facts.get("type", "").casefold()
    if kind in {"dir", "cdir", "pdir"}:
        return Entry(name, folder=True)
    if kind != "file" or "size" not in facts or "modify" not in facts:
        return Entry(name)
    return Entry(name, int(facts["size"]), _changed(facts["modify"]))


def _asked(ftp: ftplib.FTP, path: str) -> Entry:
    """Return what SIZE and MDTM say of a file; sizes are those of binary transfers only."""
    ftp.voidcmd("TYPE I")
    size, said = ftp.size(path), ftp.sendcmd(f"MDTM {path}")
    return Entry(_name(path.rpartition("/")[2]), size or 0, _changed(said.partition(" ")[2]))


def _changed(text: str) -> int:
    """Return the ns of a server's UTC stamp, whole seconds: not all their commands say fractions."""
    digits = _STAMP.match(text.strip())
    if digits is None:
        raise ftplib.error_reply(text)
    at = datetime.strptime(digits[0], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return int(at.timestamp()) * SECOND


def _name(wire: str) -> str:
    return wire.encode(_WIRE).decode("utf-8", "surrogateescape")
