"""What is sealed can be opened in its own place with its own key, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import ConfigError
from hub.store.seal import Seal, make_key, read_key

KEY = bytes(range(32))
SEAL = Seal(KEY)
LONG = '{"客户": "上海精密机械有限公司", "qty": "12.5"}'.encode() * 60


@given(st.binary(max_size=3_000))
def test_what_was_sealed_comes_back(data: bytes) -> None:
    assert SEAL.decrypt(SEAL.encrypt(data, "ledger/erp/1"), "ledger/erp/1") == data


def test_sealing_twice_never_looks_alike_and_shows_nothing() -> None:
    one, other = SEAL.encrypt(b"6222021234567890", "a"), SEAL.encrypt(b"6222021234567890", "a")
    assert one != other
    assert b"6222" not in one
    assert one[:1] == b"\x01"


def test_long_values_are_packed_first() -> None:
    sealed = SEAL.encrypt(LONG, "a")
    assert len(sealed) < len(LONG) / 5
    assert SEAL.decrypt(sealed, "a") == LONG


@pytest.mark.parametrize("data", [b"short", LONG])
@pytest.mark.parametrize(
    "harm",
    [
        lambda box: box[:-1] + bytes([box[-1] ^ 1]),
        lambda box: box[:1] + bytes([box[1] ^ 1]) + box[2:],
        lambda box: b"\x02" + box[1:],
        lambda box: box[:20],
        lambda _box: b"",
    ],
    ids=["altered", "other packing", "other version", "cut", "empty"],
)
def test_what_was_altered_is_not_opened(data: bytes, harm: object) -> None:
    with pytest.raises(ConfigError, match="at a cannot be opened"):
        SEAL.decrypt(harm(SEAL.encrypt(data, "a")), "a")  # type: ignore[operator]  # one of the lambdas above


def test_another_place_or_key_opens_nothing() -> None:
    sealed = SEAL.encrypt(b"x", "ledger/erp/1")
    with pytest.raises(ConfigError, match="ledger/erp/2"):
        SEAL.decrypt(sealed, "ledger/erp/2")
    with pytest.raises(ConfigError, match="another key"):
        Seal(bytes(32)).decrypt(sealed, "ledger/erp/1")


def test_digest_and_index_depend_on_the_key_and_differ_from_each_other() -> None:
    other = Seal(bytes(32))
    assert SEAL.digest(b"x") == Seal(KEY).digest(b"x") != other.digest(b"x")
    assert SEAL.index("x") == Seal(KEY).index("x") != other.index("x")
    assert (len(SEAL.digest(b"x")), len(SEAL.index("x"))) == (16, 32)
    assert not SEAL.index("x").startswith(SEAL.digest(b"x"))


def test_a_made_key_is_read_back_in_both_alphabets() -> None:
    text = make_key()
    assert read_key(text) == read_key(f" {text.replace('+', '-').replace('/', '_').rstrip('=')}\n")
    assert len(read_key(text)) == 32
    assert make_key() != text


@pytest.mark.parametrize("text", ["", "short", "é" * 43, "A" * 200, "!" * 44])
def test_what_is_no_key_says_how_to_make_one(text: str) -> None:
    with pytest.raises(ConfigError, match="orderhub db key"):
        read_key(text)


def test_a_seal_shows_nothing_of_itself() -> None:
    assert repr(SEAL) == "Seal(…)"
    with pytest.raises(ConfigError, match="32 bytes"):
        Seal(b"short")
