"""A wire between the hub and the WMS's PostgreSQL that breaks on order, at the worst moment of a write.

Faults of the WMS with the operation "commit": "lost" (committed, and the answer never comes), "dead" (cut
before the commit arrives), "slow"; and with "update": "person" (a row changes just before it is updated).
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from dataclasses import dataclass

import sqlalchemy as sa

from simulators.trading.desk import Sleep
from simulators.trading.wms import Wms

_COMMIT, _UPDATE = b"COMMIT", b"UPDATE outbound"


@dataclass(slots=True)
class _Wire:
    """One connection: both ends, and whether the next answer is swallowed."""

    near: socket.socket
    far: socket.socket
    swallow: bool = False

    def cut(self) -> None:
        for end in (self.near, self.far):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class WmsProxy:
    """Stands before the database of a WMS; a context manager."""

    def __init__(self, wms: Wms, sleep: Sleep = time.sleep) -> None:
        """Listen on loopback; nothing passes before it is entered."""
        self._wms, self._sleep = wms, sleep
        self._server = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, name="wms-proxy", daemon=True)

    @property
    def url(self) -> str:
        """The SQLAlchemy URL by which the hub comes through here."""
        url = sa.make_url(self._wms.url).difference_update_query(["host"])
        through = url.set(host="127.0.0.1", port=self._server.getsockname()[1])
        return through.update_query_dict({"sslmode": "disable"}).render_as_string(hide_password=False)

    def __enter__(self) -> WmsProxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            wire = _Wire(near, self._upstream())
            for pump in (self._there, self._back):
                threading.Thread(target=pump, args=(wire,), daemon=True).start()

    def _upstream(self) -> socket.socket:
        url = sa.make_url(self._wms.url)
        host, port = str(url.query.get("host") or url.host or "127.0.0.1"), url.port or 5432
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        end = socket.socket(socket.AF_UNIX)
        end.connect(f"{host}/.s.PGSQL.{port}")
        return end

    def _there(self, wire: _Wire) -> None:
        with contextlib.suppress(OSError):
            while chunk := wire.near.recv(65536):
                if not self._passes(chunk, wire):
                    break
                wire.far.sendall(chunk)
        wire.cut()

    def _back(self, wire: _Wire) -> None:
        with contextlib.suppress(OSError):
            while chunk := wire.far.recv(65536):
                if wire.swallow:
                    break
                wire.near.sendall(chunk)
        wire.cut()

    def _passes(self, chunk: bytes, wire: _Wire) -> bool:
        """Tell whether what is sent arrives; what else is to happen happens here."""
        if _UPDATE in chunk:
            for fault in self._wms.faults.due("update", ""):
                said = json.loads(fault.value)
                self._wms.edit(said.pop("ref"), **said)
        if _COMMIT in chunk:
            for fault in self._wms.faults.due("commit", ""):
                if fault.way == "slow":
                    self._sleep(float(fault.value or 1))
                wire.swallow = wire.swallow or fault.way == "lost"
                if fault.way == "dead":
                    return False
        return True
