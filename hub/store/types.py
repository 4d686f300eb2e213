"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

SCALE = 6
_ONE = Decimal(10) ** SCALE
_EXACT = Context(prec=40, traps=[Inexact, InvalidOperation])
_LIMIT = 2**63
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Return aware `moment` as microseconds since 1970 UTC; a naive one is an error."""
    if moment.tzinfo is None:
        raise ValueError(f"naive time {moment!r} past the border")
    return (moment - _EPOCH) // _MICRO


def from_micros(micros: int) -> datetime:
    """Return microseconds since 1970 as an aware UTC moment."""
    return _EPOCH + micros * _MICRO


def to_fixed(number: Decimal) -> int:
    """Return `number` in millionths, exactly; more than six decimals is an error, never rounded."""
    try:
        scaled = _EXACT.multiply(number, _ONE)
        whole = int(scaled)
    except (DecimalException, ValueError, OverflowError):
        raise ValueError(f"{number} is no number that the store can keep") from None
    if whole != scaled:
        raise ValueError(f"{number} has more than {SCALE} decimals")
    if not -_LIMIT < whole < _LIMIT:
        raise ValueError(f"{number} is too large for the store")
    return whole


def fixed_of(text: str) -> int:
    """Return a number as the store's JSON holds it ("-12.5", no exponent) in millionths, exactly."""
    whole, _, rest = text.partition(".")
    if len(whole) <= 12 and len(rest) <= SCALE and whole.removeprefix("-").isdecimal():
        return int(whole + rest.ljust(SCALE, "0"))
    return to_fixed(Decimal(text))


def from_fixed(millionths: int) -> Decimal:
    """Return millionths as a Decimal without trailing zeros (and never in exponent form)."""
    whole, rest = divmod(millionths, 10**SCALE)
    if not rest:
        return Decimal(whole)
    return Decimal(millionths).scaleb(-SCALE).normalize()


class Utc(sa.types.TypeDecorator[datetime]):
    """An aware UTC moment, stored as a BIGINT of microseconds since 1970: exact, ordered, on any engine."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        """Store microseconds."""
        return None if value is None else to_micros(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        """Load an aware datetime."""
        return None if value is None else from_micros(value)


class Fixed(sa.types.TypeDecorator[Decimal]):
    """A quantity or amount, stored as a BIGINT of millionths: never a float on any engine."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> Any:
        """Store millionths."""
        return None if value is None else to_fixed(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Decimal | None:
        """Load a Decimal."""
        return None if value is None else from_fixed(value)


def name(length: int = 128) -> sa.types.TypeEngine[str]:
    """Return a text column for keys: byte order ("C") on PostgreSQL, as on SQLite."""
    return sa.String(length).with_variant(postgresql.VARCHAR(length, collation="C"), "postgresql")
