"""The seal: what a database file must not betray is encrypted before it gets there.

One secret (`ORDERHUB_KEY`) gives three keys by HKDF-SHA256: for AES-256-GCM, for the keyed digest that
tells whether a record changed, and for the index by which a sealed value can still be found.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import zlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.errors import ConfigError

KEY_BYTES = 32
DIGEST_BYTES = 16
_PLAIN, _DEFLATED = b"\x01\x00", b"\x01\x01"
"""How a sealed value begins: version of the form, then how its content is packed."""
_HEAD, _NONCE = 2, 12
_WORTH_PACKING = 1024
"""Below this many bytes packing costs ten times the encryption and saves a sixth (measured)."""


def make_key() -> str:
    """Return a new key as it is written into `ORDERHUB_KEY`: 32 random bytes, base64."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


def read_key(text: str) -> bytes:
    """Return the 32 bytes of a key given in base64 (standard or URL-safe); ConfigError otherwise."""
    plain = text.strip().replace("-", "+").replace("_", "/")
    try:
        key = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigError("store.key_malformed")
    return key


class Seal:
    """Encrypts, digests and indexes with keys derived from one secret of 32 bytes.

    Nonces are random, which is safe for 2**32 values under one key: eleven years of a million a day.
    """

    def __init__(self, key: bytes) -> None:
        """Derive the keys; ConfigError unless `key` has 32 bytes."""
        if len(key) != KEY_BYTES:
            raise ConfigError("store.key_malformed")
        self._box = AESGCM(_derive(key, b"encrypt"))
        self._digest_key = _derive(key, b"digest")
        self._index_key = _derive(key, b"index")

    def __repr__(self) -> str:
        return "Seal(…)"

    def encrypt(self, data: bytes, aad: str) -> bytes:
        """Return `data` packed and encrypted, bound to `aad` (where it lies: table and key)."""
        head = _PLAIN
        if len(data) >= _WORTH_PACKING:
            packed = zlib.compress(data, 1)
            if len(packed) < len(data):
                head, data = _DEFLATED, packed
        nonce = os.urandom(_NONCE)
        return head + nonce + self._box.encrypt(nonce, data, head + aad.encode())

    def decrypt(self, sealed: bytes, aad: str) -> bytes:
        """Return what was encrypted under the same `aad`; ConfigError if key, place or bytes are others."""
        head, nonce, body = sealed[:_HEAD], sealed[_HEAD : _HEAD + _NONCE], sealed[_HEAD + _NONCE :]
        if head not in (_PLAIN, _DEFLATED):
            raise ConfigError("store.seal_broken", place=aad)
        try:
            data = self._box.decrypt(nonce, body, head + aad.encode())
        except (InvalidTag, ValueError):
            raise ConfigError("store.seal_broken", place=aad) from None
        return zlib.decompress(data) if head == _DEFLATED else data

    def digest(self, data: bytes) -> bytes:
        """Return 16 bytes that say whether `data` changed and, without the key, nothing about it."""
        return hashlib.blake2b(data, digest_size=DIGEST_BYTES, key=self._digest_key).digest()

    def index(self, value: str) -> bytes:
        """Return 32 bytes (HMAC-SHA256) by which a sealed `value` is searched."""
        return hmac.digest(self._index_key, value.encode(), "sha256")


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"orderhub/1/" + purpose).derive(key)
