"""What goes to the bank and comes from it: JSON, signed with a placeholder in it, then encrypted.

Sources (contract, 11.2): sigdat holds `__signature_sigdat__` while the message is signed; SM2 with SM3, then
SM4-CBC whose vector is the user id filled with 0 up to 16; reqid begins with 17 digits of time and has 18 to
51 characters. From public clients, likely: keys in the order of ASCII at every level, compact, while signing;
the form UID, ALG, DATA, FUNCODE; an answer is the base64 text alone. Never tried against the bank itself.
"""

from __future__ import annotations

import base64
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from connectors.calls import jsons
from connectors.cmb.signing import Signer, identity_of

PLACEHOLDER = "__signature_sigdat__"
_ALPHABET = frozenset((string.ascii_letters + string.digits + "+/=").encode())


class Unreadable(Exception):
    """An answer that cannot be used, by message key; `torn` tells that it ended before its end."""

    def __init__(self, key: str, *, torn: bool = False) -> None:
        """Take the message key."""
        super().__init__(key)
        self.key, self.torn = key, torn


@dataclass(frozen=True, slots=True)
class Opened:
    """An answer that the bank signed: its head, its body, and when that was, in the bank's words."""

    head: Mapping[str, Any]
    body: Mapping[str, Any]
    signed: str


class Envelope:
    """Seals requests of one user and opens the answers."""

    def __init__(self, user: str, signer: Signer, key: bytes) -> None:
        """Take the user's id, who signs, and the SM4 key."""
        self._user, self._signer = user, signer
        self._cipher = Cipher(SM4(key), CBC(identity_of(user)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._user!r})"

    def sealed(self, funcode: str, body: Mapping[str, Any], at: datetime, unique: str) -> bytes:
        """Return the form that is posted; `at` is the bank's time, `unique` what follows it in reqid."""
        head = {"funcode": funcode, "userid": self._user, "reqid": f"{at:%Y%m%d%H%M%S%f}"[:17] + unique}
        signature = {"sigtim": f"{at:%Y%m%d%H%M%S}", "sigdat": PLACEHOLDER}
        message = {"request": {"head": head, "body": body}, "signature": signature}
        signature["sigdat"] = self._signer.sign(canonical(message))
        padder, encryptor = PKCS7(128).padder(), self._cipher.encryptor()
        padded = padder.update(canonical(message)) + padder.finalize()
        sent = base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()
        return urlencode({"UID": self._user, "ALG": "SM", "DATA": sent, "FUNCODE": funcode}).encode()

    def opened(self, content: bytes) -> Opened:
        """Return what the bank said; Unreadable if it is cut off, no answer, or not signed by the bank."""
        message = self._message(content)
        signature = message.get("signature")
        response = message.get("response")
        if not isinstance(signature, dict) or not isinstance(response, dict):
            raise Unreadable("cmb.no_answer")
        signed = canonical({**message, "signature": {**signature, "sigdat": PLACEHOLDER}})
        if not self._signer.verify(signed, str(signature.get("sigdat", ""))):
            raise Unreadable("cmb.bad_signature")
        head, body = response.get("head"), response.get("body")
        return Opened(
            head if isinstance(head, dict) else {},
            body if isinstance(body, dict) else {},
            str(signature.get("sigtim", "")),
        )

    def _message(self, content: bytes) -> dict[str, Any]:
        text = content.strip()
        if not text or not _ALPHABET.issuperset(text):
            raise Unreadable("cmb.no_answer")
        try:
            raw = base64.b64decode(text, validate=True)
            decryptor, unpadder = self._cipher.decryptor(), PKCS7(128).unpadder()
            padded = decryptor.update(raw) + decryptor.finalize()
            found = jsons.read(unpadder.update(padded) + unpadder.finalize())
        except ValueError:
            raise Unreadable("cmb.cut_off", torn=True) from None
        if not isinstance(found, dict):
            raise Unreadable("cmb.no_answer")
        return found


def canonical(value: Any) -> bytes:
    """Return compact JSON with the keys of every level in order: what is signed, on both sides."""
    written = jsons.written(_ordered(value))
    return written.replace("\u2028".encode(), rb"\u2028").replace("\u2029".encode(), rb"\u2029")


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _ordered(value[name]) for name in sorted(value)}
    return [_ordered(one) for one in value] if isinstance(value, list | tuple) else value
