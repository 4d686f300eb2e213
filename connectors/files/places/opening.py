"""Which place a connection means."""

from __future__ import annotations

from connectors.files.places.local import LocalPlace
from connectors.files.places.place import TIMEOUT, Place, joined
from hub.config import Connection
from hub.mapping.grammar import SystemMapping


def place_of(connection: Connection, mapping: SystemMapping) -> Place:
    """Return the place of a connection, by its type; nothing is opened yet.

    `sftp` (or `ssh`), `ftp`, `ftps` and `smb` (or `samba`) are servers; every other type is a folder here.
    The folder on a server is `path` in the extra, else the schema: absolute with a leading `/`, else below
    the folder that the login leads to. On a Windows share the schema is the share and `path` is below it.
    """
    timeout = mapping.limits.timeout.total_seconds() if mapping.limits.timeout else TIMEOUT
    said = str(connection.extra.get("path") or "")
    match connection.conn_type:
        case "sftp" | "ssh":
            from connectors.files.places.sftp import SftpPlace  # late: paramiko is heavy

            return SftpPlace(connection, said or connection.schema or "", timeout)
        case "ftp" | "ftps":
            from connectors.files.places.ftp import FtpPlace  # late: few need it

            names = mapping.text.file_names
            return FtpPlace(
                connection,
                said or connection.schema or "",
                timeout,
                tls=connection.conn_type == "ftps" or connection.extra.get("tls") is True,
                utf8=not names or names[0].casefold() in {"utf-8", "utf8"},
            )
        case "smb" | "samba":
            from connectors.files.places.shares import SharePlace, SmbShare  # late: few need it

            root = f"/{joined(connection.schema or '', said.lstrip('/'))}"
            return SharePlace(SmbShare(connection, timeout), root, f"smb://{connection.host}{root}")
        case _:
            return LocalPlace(connection.path())
