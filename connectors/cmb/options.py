"""What a mapping says of the bank beside the grammar: the key `cmb:`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from hub.errors import ConfigError
from hub.spec import Spec, Text, as_tuple


class Account(Spec):
    """One account: its number, the bank's code of the branch, and the currency where it has several."""

    number: Text
    branch: Text | None = None
    currency: Text | None = None

    @property
    def slot(self) -> str:
        """The slot of the stream's state that says how far this account was read."""
        return f"{self.number}/{self.currency}" if self.currency else self.number


def _accounts(value: Any) -> Any:
    return tuple(one if isinstance(one, dict) else {"number": one} for one in as_tuple(value))


class CmbOptions(Spec):
    """Which accounts are read, and whether what the bank shows of the current day is read as well."""

    accounts: Annotated[tuple[Account, ...], Field(min_length=1), BeforeValidator(_accounts)]
    intraday: bool = False


def read_options(options: Mapping[str, Any], system: str) -> CmbOptions:
    """Return the checked options; ConfigError naming each place that is wrong."""
    try:
        return CmbOptions.model_validate(options.get("cmb") or {})
    except ValidationError as error:
        reasons = "; ".join(f"cmb.{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise ConfigError("cmb.bad_options", system=system, reason=reasons) from error
