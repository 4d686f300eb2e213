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
from collections.abc import Iterable, Sequence

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
        self._keyed = hashlib.blake2b(digest_size=DIGEST_BYTES, key=_derive(key, b"digest"))
        self._index_key = _derive(key, b"index")

    def __repr__(self) -> str:
        return "Seal(…)"

    def encrypt(self, data: bytes, aad: str) -> bytes:
        """Return `data` packed and encrypted, bound to `aad` (where it lies: table and key)."""
        return self.encrypt_all([data], [aad])[0]

    def encrypt_all(self, datas: Sequence[bytes], aads: Sequence[str]) -> list[bytes]:
        """Return each of `datas` packed and encrypted, bound to the one of `aads` beside it.

        One draw from the system gives the nonces of all: no two bytes of it are used twice.
        """
        drawn = os.urandom(_NONCE * len(datas))
        nonces = (drawn[at : at + _NONCE] for at in range(0, len(drawn), _NONCE))
        encrypt = self._box.encrypt
        sealed = []
        for data, aad, nonce in zip(datas, aads, nonces, strict=True):
            head, content = _packed(data) if len(data) >= _WORTH_PACKING else (_PLAIN, data)
            sealed.append(head + nonce + encrypt(nonce, content, head + aad.encode()))
        return sealed

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
        return self.digest_all([data])[0]

    def digest_all(self, datas: Iterable[bytes]) -> list[bytes]:
        """Return the digest of each of `datas`."""
        begun, found = self._keyed.copy, []  # a copy of the keyed state costs less than the key once more
        for data in datas:
            state = begun()
            state.update(data)
            found.append(state.digest())
        return found

    def index(self, value: str) -> bytes:
        """Return 32 bytes (HMAC-SHA256) by which a sealed `value` is searched."""
        return hmac.digest(self._index_key, value.encode(), "sha256")


def _packed(data: bytes) -> tuple[bytes, bytes]:
    """Return how `data` is packed best, and it so packed."""
    packed = zlib.compress(data, 1)
    return (_DEFLATED, packed) if len(packed) < len(data) else (_PLAIN, data)


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"orderhub/1/" + purpose).derive(key)
