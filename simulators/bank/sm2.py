"""SM2 as the bank's side reckons it, written apart from the connector's: each proves the other wrong.

Points are (x, y, z) of Jacobian coordinates, z = 0 at infinity (GB/T 32918.2 and .5).
"""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives.hashes import SM3, Hash

FIELD = 2**256 - 2**224 - 2**96 + 2**64 - 1
ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
CURVE_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
BASE = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
    1,
)

Triple = tuple[int, int, int]


def public(private: int) -> bytes:
    """Return the public key: 04, x and y."""
    x, y = _flat(_multiple(private, BASE))
    return b"\4" + x.to_bytes(32, "big") + y.to_bytes(32, "big")


def sign(message: bytes, private: int, name: bytes, draw: Callable[[int], int]) -> bytes:
    """Return r and s, 32 bytes each."""
    while True:
        k = draw(ORDER - 1) + 1
        r = (_hashed(message, public(private), name) + _flat(_multiple(k, BASE))[0]) % ORDER
        s = (k - r * private) * pow(private + 1, -1, ORDER) % ORDER
        if r and s and (r + k) % ORDER:
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def signed_by(key: bytes, message: bytes, signature: bytes, name: bytes) -> bool:
    """Tell whether the holder of a public key signed a message."""
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if len(signature) != 64 or not 0 < r < ORDER or not 0 < s < ORDER or not (r + s) % ORDER:
        return False
    point = (int.from_bytes(key[1:33], "big"), int.from_bytes(key[33:], "big"), 1)
    met = _sum(_multiple(s, BASE), _multiple((r + s) % ORDER, point))
    return met[2] != 0 and (_hashed(message, key, name) + _flat(met)[0]) % ORDER == r


def _hashed(message: bytes, key: bytes, name: bytes) -> int:
    numbers = (FIELD - 3, CURVE_B, BASE[0], BASE[1])
    constants = b"".join(one.to_bytes(32, "big") for one in numbers)
    outer, inner = Hash(SM3()), Hash(SM3())
    inner.update((len(name) * 8).to_bytes(2, "big") + name + constants + key[1:])
    outer.update(inner.finalize() + message)
    return int.from_bytes(outer.finalize(), "big")


def _multiple(count: int, point: Triple) -> Triple:
    total = (1, 1, 0)
    for bit in f"{count:b}":
        total = _double(total)
        if bit == "1":
            total = _sum(total, point)
    return total


def _double(point: Triple) -> Triple:
    x, y, z = point
    yy = y * y % FIELD
    s, m = 4 * x * yy % FIELD, 3 * (x - z * z) * (x + z * z) % FIELD
    across = (m * m - 2 * s) % FIELD
    return across, (m * (s - across) - 8 * yy * yy) % FIELD, 2 * y * z % FIELD


def _sum(one: Triple, other: Triple) -> Triple:
    if not one[2] or not other[2]:
        return one if one[2] else other
    zz, ww = one[2] ** 2 % FIELD, other[2] ** 2 % FIELD
    u, v = one[0] * ww % FIELD, other[0] * zz % FIELD
    s, t = one[1] * ww * other[2] % FIELD, other[1] * zz * one[2] % FIELD
    if u == v:
        return _double(one) if s == t else (1, 1, 0)
    h, r = (v - u) % FIELD, (t - s) % FIELD
    hh = h * h % FIELD
    x = (r * r - hh * h - 2 * u * hh) % FIELD
    return x, (r * (u * hh - x) - s * hh * h) % FIELD, h * one[2] * other[2] % FIELD


def _flat(point: Triple) -> tuple[int, int]:
    inverse = pow(point[2], -1, FIELD)
    return point[0] * inverse**2 % FIELD, point[1] * inverse**3 % FIELD
