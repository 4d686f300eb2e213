"""SM2 signatures with SM3 (GB/T 32918.2-2016, curve of GB/T 32918.5-2017) over Python's integers.

`cryptography` has SM3 and SM4 but not this curve, and the libraries that have it bring an SM3 of their own in
pure Python. A signature takes some milliseconds. It is not made in constant time: who can measure the hub's
own process to the microsecond could learn of the key, as from any arithmetic on Python's integers.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from cryptography.hazmat.primitives.hashes import SM3, Hash

Point = tuple[int, int]
Draw = Callable[[int], int]
"""Gives a random number from 0 up to, not including, its argument."""

P = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFF_00000000_FFFFFFFF_FFFFFFFF
A = P - 3
B = 0x28E9FA9E_9D9F5E34_4D5A9E4B_CF6509A7_F39789F5_15AB8F92_DDBCBD41_4D940E93
N = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_7203DF6B_21C6052B_53BBF409_39D54123
G: Point = (
    0x32C4AE2C_1F198119_5F990446_6A39C994_8FE30BBF_F2660BE1_715A4589_334C74C7,
    0xBC3736A2_F4F6779C_59BDCEE3_6B692153_D0A9877C_C62A4740_02DF32E5_2139F0A0,
)


def public_of(private: int) -> Point:
    """Return the public key of a private one; ValueError for a number that is no key."""
    point = _times(private, G) if 0 < private < N - 1 else None
    if point is None:
        raise ValueError("no private key of SM2")
    return point


def on_curve(point: Point) -> bool:
    """Tell whether a point is a public key at all."""
    x, y = point
    return 0 <= x < P and 0 <= y < P and (y * y - (x * x * x + A * x + B)) % P == 0


def sign(message: bytes, private: int, identity: bytes, draw: Draw = secrets.randbelow) -> bytes:
    """Return r and s, 32 bytes each; `identity` is the signer's name that both sides know."""
    digest = _digest(message, public_of(private), identity)
    while True:
        k = 1 + draw(N - 1)
        point = _times(k, G)
        r = (digest + point[0]) % N if point else 0
        s = pow(1 + private, -1, N) * (k - r * private) % N
        if r and s and r + k != N:
            return _bytes(r) + _bytes(s)


def verify(message: bytes, signature: bytes, public: Point, identity: bytes) -> bool:
    """Tell whether the holder of a public key signed the message."""
    r, s = (int.from_bytes(part, "big") for part in (signature[:32], signature[32:]))
    if len(signature) != 64 or not (0 < r < N and 0 < s < N) or (r + s) % N == 0:
        return False
    point = _plus(_times(s, G), _times((r + s) % N, public))
    return point is not None and (_digest(message, public, identity) + point[0]) % N == r


def _digest(message: bytes, public: Point, identity: bytes) -> int:
    """Return what is signed: the digest of the message behind one of the signer and the curve."""
    signer = (8 * len(identity)).to_bytes(2, "big") + identity
    return int.from_bytes(_sm3(_sm3(signer + b"".join(map(_bytes, (A, B, *G, *public)))) + message), "big")


def _times(count: int, point: Point | None) -> Point | None:
    total: Point | None = None
    while count:
        if count & 1:
            total = _plus(total, point)
        point, count = _plus(point, point), count >> 1
    return total


def _plus(one: Point | None, other: Point | None) -> Point | None:
    """Add two points; None is the point at infinity."""
    if one is None or other is None:
        return one or other
    if one[0] == other[0]:
        if (one[1] + other[1]) % P == 0:
            return None
        slope = (3 * one[0] * one[0] + A) * pow(2 * one[1], -1, P)
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, P)
    x = (slope * slope - one[0] - other[0]) % P
    return x, (slope * (one[0] - x) - one[1]) % P


def _sm3(content: bytes) -> bytes:
    digest = Hash(SM3())
    digest.update(content)
    return digest.finalize()


def _bytes(number: int) -> bytes:
    return number.to_bytes(32, "big")
