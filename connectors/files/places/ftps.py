"""FTP with TLS: asked for before the login (RFC 4217), for commands and data alike."""

from __future__ import annotations

import ftplib
import socket
import ssl
from pathlib import Path

from hub.config import Connection
from hub.errors import ConfigError


class _Secured(ftplib.FTP_TLS):
    """Goes on with the same TLS session on data connections: many servers insist on it (`522`)."""

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        line, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        session = self.sock.session if isinstance(self.sock, ssl.SSLSocket) else None
        return self.context.wrap_socket(line, server_hostname=self.host, session=session), size


def secured(connection: Connection, encoding: str) -> ftplib.FTP_TLS:
    """Return a client that checks the server's certificate; `ca_file` in the extra adds who may sign it."""
    file = connection.extra.get("ca_file")
    try:
        context = ssl.create_default_context()
        if file:
            context.load_verify_locations(Path(str(file)).expanduser())
    except OSError as error:
        raise ConfigError("files.bad_ca_file", conn_id=connection.conn_id, file=file) from error
    return _Secured(context=context, encoding=encoding)
