"""Who signs what goes to the bank and knows the bank's signature: the keys, and nothing that shows them."""

from __future__ import annotations

import base64
import binascii
from typing import Protocol

from connectors.cmb import sm2
from hub.config import Connection
from hub.errors import ConfigError
from hub.redact import register

_HEX = frozenset("0123456789abcdefABCDEF")


class Signer(Protocol):
    """Signs messages and verifies the bank's; a hardware key would be another one."""

    def sign(self, message: bytes) -> str:
        """Return the signature as it is sent."""
        ...

    def verify(self, message: bytes, signature: str) -> bool:
        """Tell whether the bank signed the message."""
        ...


class Sm2Signer:
    """SM2 with SM3; a signature is r and s in base64, under the name that both sides sign by (`identity`)."""

    def __init__(self, private: int, bank: sm2.Point, identity: bytes) -> None:
        """Take the company's private key and the bank's public one."""
        self._private, self._bank, self._identity = private, bank, identity

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def sign(self, message: bytes) -> str:
        """Return r and s, in base64."""
        return base64.b64encode(sm2.sign(message, self._private, self._identity)).decode()

    def verify(self, message: bytes, signature: str) -> bool:
        """Tell whether the bank signed the message; what is no signature is not the bank's."""
        try:
            raw = base64.b64decode(signature, validate=True)
        except ValueError:
            return False
        return sm2.verify(message, raw, self._bank, self._identity)


def identity_of(user: str) -> bytes:
    """Return the name to sign by, which is the SM4 vector too: the user id, filled with 0 up to 16."""
    return user.ljust(16, "0")[:16].encode()


def user_of(connection: Connection) -> str:
    """Return the user of the direct link: the connection's login. ConfigError if there is none."""
    if not connection.login:
        raise ConfigError("http.connection_lacks", conn_id=connection.conn_id, name="login")
    return connection.login


def signer_of(connection: Connection) -> Signer:
    """Return the signer with the keys of a connection.

    The company's private key is the password, the bank's public one `bank_key` of the extra, both in base64
    or hex. ConfigError, which names the key and does not show it, for what is none.
    """
    private = int.from_bytes(_key(connection, "password", connection.password, 32), "big")
    point = _key(connection, "bank_key", connection.extra.get("bank_key"), 65)
    bank = int.from_bytes(point[1:33], "big"), int.from_bytes(point[33:], "big")
    if not 0 < private < sm2.N - 1:
        raise _bad(connection, "password")
    if point[0] != 4 or not sm2.on_curve(bank):
        raise _bad(connection, "bank_key")
    return Sm2Signer(private, bank, identity_of(user_of(connection)))


def cipher_key_of(connection: Connection) -> bytes:
    """Return the SM4 key, `secret_key` of the extra: 16 characters, or 32 of hex. ConfigError for others."""
    said = str(connection.extra.get("secret_key") or "")
    register(said)
    if len(said) == 32 and _HEX.issuperset(said):
        return bytes.fromhex(said)
    if len(said) != 16 or not said.isascii():
        raise _bad(connection, "secret_key")
    return said.encode()


def _key(connection: Connection, name: str, said: object, length: int) -> bytes:
    """Return a key of `length` bytes; a public one may lack the 04 before its two halves."""
    if not said:
        raise ConfigError("http.connection_lacks", conn_id=connection.conn_id, name=name)
    text = "".join(str(said).split())
    if name == "password":
        register(text)
    raw = _decoded(text)
    if len(raw) == length - 1 == 64:
        return b"\4" + raw
    if len(raw) != length:
        raise _bad(connection, name)
    return raw


def _decoded(text: str) -> bytes:
    """Return what base64 or hex says, nothing for what is neither: no error may quote a key."""
    if len(text) % 2 == 0 and len(text) >= 64 and _HEX.issuperset(text):
        return bytes.fromhex(text)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _bad(connection: Connection, name: str) -> ConfigError:
    return ConfigError("cmb.bad_key", conn_id=connection.conn_id, name=name)
