"""SM2 by the standard's own example, and against the bank's side, which reckons in another way."""

from __future__ import annotations

import secrets

import pytest

from connectors.cmb import sm2
from simulators.bank import sm2 as theirs

# GB/T 32918.5-2017, annex A: curve, identity, message, key, the random number drawn, and what comes of them.
NAME, MESSAGE = b"1234567812345678", b"message digest"
KEY = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
DRAWN = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
PUBLIC = (
    0x09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020,
    0xCCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13,
)
SIGNED = bytes.fromhex(
    "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
    "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
)


def test_the_example_of_the_standard() -> None:
    assert sm2.public_of(KEY) == PUBLIC
    assert sm2.sign(MESSAGE, KEY, NAME, lambda below: DRAWN - 1) == SIGNED
    assert sm2.verify(MESSAGE, SIGNED, PUBLIC, NAME)


def test_both_sides_accept_each_other() -> None:
    for number in range(5):
        message = f"第{number}笔".encode()
        private = 1 + secrets.randbelow(sm2.N - 3)
        public = sm2.public_of(private)
        assert theirs.public(private) == b"\4" + b"".join(one.to_bytes(32, "big") for one in public)
        assert theirs.signed_by(theirs.public(private), message, sm2.sign(message, private, NAME), NAME)
        assert sm2.verify(message, theirs.sign(message, private, NAME, secrets.randbelow), public, NAME)


@pytest.mark.parametrize(
    ("message", "signature", "name"),
    [
        (b"message digesT", SIGNED, NAME),
        (MESSAGE, SIGNED[:-1] + b"\0", NAME),
        (MESSAGE, SIGNED, b"1234567812345679"),
        (MESSAGE, SIGNED[:-1], NAME),
        (MESSAGE, bytes(64), NAME),
        (MESSAGE, b"\xff" * 64, NAME),
        (MESSAGE, SIGNED[:32] + (sm2.N - int.from_bytes(SIGNED[:32], "big")).to_bytes(32, "big"), NAME),
    ],
)
def test_what_was_not_signed(message: bytes, signature: bytes, name: bytes) -> None:
    assert not sm2.verify(message, signature, PUBLIC, name)


def test_two_signatures_of_one_message_differ() -> None:
    assert sm2.sign(MESSAGE, KEY, NAME) != sm2.sign(MESSAGE, KEY, NAME)


@pytest.mark.parametrize("private", [0, -1, sm2.N - 1, sm2.N])
def test_no_key(private: int) -> None:
    with pytest.raises(ValueError, match="no private key"):
        sm2.public_of(private)


def test_points_off_the_curve() -> None:
    assert sm2.on_curve(PUBLIC)
    assert not sm2.on_curve((PUBLIC[0], PUBLIC[1] + 1))
    assert not sm2.on_curve((PUBLIC[0] + sm2.P, PUBLIC[1]))


def test_the_group_closes() -> None:
    """The order times the base point is no point: the curve's numbers are written down right."""
    assert sm2._times(sm2.N, sm2.G) is None
    assert sm2._times(sm2.N + 1, sm2.G) == sm2.G
