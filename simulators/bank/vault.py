"""The bank's side of the envelope: opens what a company sent, if it signed it, and seals the answer."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from simulators.bank import sm2

PLACEHOLDER = "__signature_sigdat__"


@dataclass(frozen=True, slots=True)
class Keys:
    """What one user and the bank agreed on; made of a seed, good for practice alone."""

    user: str
    company: int = field(repr=False)
    bank: int = field(repr=False)
    cipher: str = field(repr=False)

    @classmethod
    def made(cls, user: str = "N003261207", seed: int = 1) -> Keys:
        """Return keys that are the same for the same seed."""
        chance = Random(seed)
        cipher = "".join(chance.choices("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=16))
        return cls(user, chance.randrange(1, sm2.ORDER - 1), chance.randrange(1, sm2.ORDER - 1), cipher)

    @property
    def private(self) -> str:
        """The company's private key as the bank's page hands it out: base64."""
        return base64.b64encode(self.company.to_bytes(32, "big")).decode()

    @property
    def bank_public(self) -> str:
        """The bank's public key, in base64."""
        return base64.b64encode(sm2.public(self.bank)).decode()


class NotSigned(Exception):
    """What came cannot be decrypted, or the company did not sign it."""


class Vault:
    """Opens and seals for one user."""

    def __init__(self, keys: Keys, draw: Callable[[int], int] | None = None) -> None:
        """Take the keys; `draw` gives random numbers below its argument."""
        self.keys, self._draw = keys, draw or Random(7).randrange
        self._name = (keys.user + "0" * 16)[:16].encode()

    def open(self, data: str) -> dict[str, Any]:
        """Return the message in DATA; NotSigned if it is none of the company's."""
        try:
            decryptor, unpadder = self._cipher().decryptor(), PKCS7(128).unpadder()
            padded = decryptor.update(base64.b64decode(data, validate=True)) + decryptor.finalize()
            message: dict[str, Any] = json.loads(unpadder.update(padded) + unpadder.finalize())
            signature = base64.b64decode(message["signature"]["sigdat"], validate=True)
        except (ValueError, KeyError, TypeError) as error:
            raise NotSigned("DCAT002-报文解密失败") from error
        message["signature"]["sigdat"] = PLACEHOLDER
        if not sm2.signed_by(sm2.public(self.keys.company), _sorted(message), signature, self._name):
            raise NotSigned("DCAT003-报文验签失败")
        return message

    def seal(self, response: Mapping[str, Any], now: datetime, *, forged: bool = False) -> bytes:
        """Return an answer, signed by the bank, or (`forged`) by somebody else."""
        signature = {"sigtim": f"{now:%Y%m%d%H%M%S}", "sigdat": PLACEHOLDER}
        message = {"response": response, "signature": signature}
        private = self.keys.bank ^ forged
        raw = sm2.sign(_sorted(message), private, self._name, self._draw)
        signature["sigdat"] = base64.b64encode(raw).decode()
        padder, encryptor = PKCS7(128).padder(), self._cipher().encryptor()
        text = json.dumps(message, ensure_ascii=False).encode()  # not in order, and with blanks
        padded = padder.update(text) + padder.finalize()
        return base64.b64encode(encryptor.update(padded) + encryptor.finalize())

    def _cipher(self) -> Cipher[CBC]:
        return Cipher(SM4(self.keys.cipher.encode()), CBC(self._name))


def _sorted(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
