"""Whom an SFTP connection may talk to: the host keys that the connection pins."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.config import Connection
from hub.errors import ConfigError

if TYPE_CHECKING:
    import paramiko

SSH = 22
"""The port of SSH: known hosts are listed without it."""

_SEPARATOR = re.compile(r"[\n,;]+")
_KIND = re.compile(r"[\w.@-]{3,64}", re.ASCII)
_RSA = ("rsa-sha2-512", "rsa-sha2-256")


@dataclass(frozen=True, slots=True)
class Pinned:
    """The fingerprints (``SHA256:…``) of a host's keys, the key types that are known of them, and the host.

    `anyone` lets a host in of which nothing is pinned.
    """

    host: str
    prints: frozenset[str] = frozenset()
    types: tuple[str, ...] = ()
    anyone: bool = False

    def preferred(self, known: Iterable[str]) -> tuple[str, ...]:
        """Return the key types a client may ask for, pinned ones first: a server shows one key only."""
        known = tuple(known)
        first = [one for name in self.types for one in (_RSA if name == "ssh-rsa" else (name,))]
        return (*(one for one in first if one in known), *(one for one in known if one not in first))

    def require(self, key: paramiko.PKey) -> None:
        """Raise ConfigError, with the fingerprint seen, for a key that is not pinned."""
        if key.fingerprint in self.prints or (self.anyone and not self.prints):
            return
        name = "files.other_host_key" if self.prints else "files.unknown_host_key"
        said = {"host": self.host, "kind": key.get_name(), "seen": key.fingerprint}
        raise ConfigError(name, **said, pinned=", ".join(sorted(self.prints)))


def pinned(connection: Connection, host: str, port: int) -> Pinned:
    """Return what a connection pins of its host.

    In its extra: `host_key` (one or several: a line of a public key, its base64 part alone, or a fingerprint
    ``SHA256:…``), `known_hosts` (a file of OpenSSH's), or `host_key_policy: accept_new`, which accepts a
    host of which nothing is pinned. ConfigError for what cannot be understood.
    """
    said = connection.extra
    policy = said.get("host_key_policy", "pinned")
    if policy not in {"pinned", "accept_new"}:
        raise ConfigError("files.unknown_policy", policy=policy)
    keys = [*_said(said.get("host_key")), *_known(said.get("known_hosts"), host, port)]
    types = tuple(dict.fromkeys(name for name, _ in keys if name))
    return Pinned(host, frozenset(mark for _, mark in keys), types, policy == "accept_new")


def _said(value: Any) -> Iterator[tuple[str, str]]:
    """Yield (type or "", fingerprint) of each key in `host_key`."""
    texts = [str(one) for one in value] if isinstance(value, list) else _SEPARATOR.split(str(value or ""))
    for text in filter(None, map(str.strip, texts)):
        if text.startswith("SHA256:"):
            yield "", text.rstrip("=")
            continue
        yield _key(max(text.split(), key=len))


def _key(text: str) -> tuple[str, str]:
    """Return type and fingerprint of a public key in base64; its first field is its type."""
    try:
        blob = base64.b64decode(text, validate=True)
        length = int.from_bytes(blob[:4])
        kind = blob[4 : 4 + length].decode("ascii")
    except ValueError:
        kind = ""
    if not _KIND.fullmatch(kind):
        raise ConfigError("files.bad_host_key", text=text[:40])
    return kind, f"SHA256:{base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip('=')}"


def _known(file: Any, host: str, port: int) -> Iterator[tuple[str, str]]:
    """Yield the keys that a file of known hosts has for a host; hashed names are understood."""
    if not file:
        return
    from paramiko import HostKeys  # late: it is heavy

    try:
        keys = HostKeys(str(Path(str(file)).expanduser()))
    except OSError as error:
        raise ConfigError("files.no_known_hosts", file=file, reason=error.strerror) from error
    found = keys.lookup(host if port == SSH else f"[{host}]:{port}")
    yield from ((kind, key.fingerprint) for kind, key in found.items()) if found else ()
