from __future__ import annotations

import base64
import json
import traceback
from typing import Any

import pytest

from connectors.cmb.envelope import PLACEHOLDER, canonical
from connectors.cmb.signing import Sm2Signer, cipher_key_of, identity_of, signer_of, user_of
from hub.config import Connection
from hub.errors import ConfigError, HubError
from hub.locale import LOCALES
from hub.redact import redact
from simulators.bank import Keys, Vault
from tests.connectors.cmb.bank import KEYS

POINT = base64.b64decode(KEYS.bank_public)
OFF = POINT[:-1] + bytes([POINT[-1] ^ 1])
ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123


def connection(password: str | None = KEYS.private, login: str | None = "N1", **extra: Any) -> Connection:
    held = {"bank_key": KEYS.bank_public, "secret_key": KEYS.cipher, **extra}
    return Connection("bank", "https", "bank.example", None, login, password, None, held)


@pytest.mark.parametrize("private", [KEYS.private, f"{KEYS.company:064x}", f" {KEYS.company:064X}\n"])
@pytest.mark.parametrize("bank", [KEYS.bank_public, POINT.hex(), POINT[1:].hex()])
def test_keys_in_base64_or_hex(private: str, bank: str) -> None:
    signer = signer_of(connection(private, KEYS.user, bank_key=bank))
    assert Vault(KEYS).open(sealed(signer))["request"] == {"a": 1}


def sealed(signer: Any) -> str:
    """Encrypt a small message as the company does, signed by `signer`."""
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import SM4
    from cryptography.hazmat.primitives.ciphers.modes import CBC
    from cryptography.hazmat.primitives.padding import PKCS7

    message: dict[str, Any] = {"request": {"a": 1}, "signature": {"sigdat": PLACEHOLDER}}
    message["signature"]["sigdat"] = signer.sign(canonical(message))
    padder = PKCS7(128).padder()
    encryptor = Cipher(SM4(KEYS.cipher.encode()), CBC(identity_of(KEYS.user))).encryptor()
    padded = padder.update(json.dumps(message).encode()) + padder.finalize()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


WRONG: list[tuple[str, Connection]] = [
    ("password", connection("geheim-geheim-geheim")),
    ("password", connection(base64.b64encode(ORDER.to_bytes(32, "big")).decode())),
    ("password", connection("00" * 32)),
    ("bank_key", connection(bank_key="geheim")),
    ("bank_key", connection(bank_key=base64.b64encode(OFF).decode())),
    ("bank_key", connection(bank_key=base64.b64encode(b"\3" + POINT[1:]).decode())),
]


@pytest.mark.parametrize(("name", "held"), WRONG)
def test_a_key_that_is_none_is_named_and_not_shown(name: str, held: Connection) -> None:
    with pytest.raises(ConfigError) as caught:
        signer_of(held)
    assert caught.value.key == "cmb.bad_key"
    assert caught.value.values == {"conn_id": "bank", "name": name}
    shown = "".join(traceback.format_exception(caught.value))
    assert not any(str(one) in shown for one in (held.password, held.extra["bank_key"]) if one)


@pytest.mark.parametrize("said", ["", "short", "seventeen-letters", "sechzehnzeichenß"])
def test_an_sm4_key_that_is_none(said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        cipher_key_of(connection(secret_key=said))
    assert caught.value.values["name"] == "secret_key"
    assert not said or said not in repr(caught.value.values)


def test_an_sm4_key_in_hex() -> None:
    assert cipher_key_of(connection(secret_key=KEYS.cipher.encode().hex())) == KEYS.cipher.encode()


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("login", connection(login=None)),
        ("password", connection(None)),
        ("bank_key", connection(bank_key=None)),
    ],
)
def test_what_the_connection_lacks_is_named(name: str, held: Connection) -> None:
    with pytest.raises(HubError) as caught:
        (user_of if name == "login" else signer_of)(held)
    assert caught.value.key == "http.connection_lacks"
    assert all(name in caught.value.say(locale) for locale in LOCALES)


def test_the_name_to_sign_by_is_filled_to_sixteen() -> None:
    assert identity_of("N003261207") == b"N003261207000000"
    assert identity_of("N" * 20) == b"N" * 16


def test_a_signature_that_is_no_base64_is_not_the_banks() -> None:
    signer = signer_of(connection())
    assert not signer.verify(b"x", "no base64!")
    assert not signer.verify(b"x", "")


def test_nothing_shows_the_keys() -> None:
    held = connection()
    signer = signer_of(held)
    assert isinstance(signer, Sm2Signer)
    assert repr(signer) == "Sm2Signer()"
    cipher_key_of(held)
    hidden = redact(f"{KEYS.private} {KEYS.cipher}")
    assert KEYS.private not in hidden
    assert KEYS.cipher not in hidden
    assert repr(Keys.made()) == "Keys(user='N003261207')"


def test_what_is_signed_has_its_keys_in_order() -> None:
    message = {"b": [{"z": 'a\u2028/"<&>中文', "a": "1"}], "B": {"c": "", "a": None}, "a": 1}
    written = '{"B":{"a":null,"c":""},"a":1,"b":[{"a":"1","z":"a\\u2028/\\"<&>中文"}]}'
    assert canonical(message).decode() == written
