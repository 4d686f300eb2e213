"""The arguments of a function that writes: numbers as SAP keeps them, and X beside whatever is meant.

Sources (contracts erp 1.3): each X structure has the same names, X means "take this field", UPDATEFLAG tells
insert from update and key fields are repeated, confirmed. Over SOAP nobody pads numbers as the screens do
(conversion exits ALPHA and MATN1), likely.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.sap_soap.names import normal

_WIDTHS = {
    "SALESDOCUMENT": 10, "SALESDOCUMENTIN": 10, "VBELN": 10, "REF_DOC": 10, "CUSTOMER_NUMBER": 10,
    "PARTN_NUMB": 10, "MATERIAL": 18, "ITM_NUMBER": 6, "SCHED_LINE": 4,
}  # fmt: skip
"""Fields whose numbers SAP keeps with leading zeros, to so many places."""

_KEYS = frozenset({"ITM_NUMBER", "SCHED_LINE"})
_HEADER_X = "ORDER_HEADER_INX"
"""Required by BAPI_SALESORDER_CHANGE, whatever is changed."""

INSERT, UPDATE = "I", "U"


def with_zeros(args: Any, name: str = "") -> Any:
    """Return arguments in which numbers of documents, customers, articles and items are padded."""
    if isinstance(args, Mapping):
        return {inner: with_zeros(value, inner) for inner, value in args.items()}
    if isinstance(args, list):
        return [with_zeros(one) for one in args]
    width = _WIDTHS.get(name)
    said = str(args)
    return said.zfill(width) if width and not isinstance(args, bool) and said.isdecimal() else args


def with_marks(args: Mapping[str, Any], takes: Sequence[str], flag: str) -> dict[str, Any]:
    """Return arguments with the X twins that the function takes (`takes`) filled in; what is said stays.

    Every field that is sent is meant. A table's twin that the mapping says itself is left as it is.
    """
    known = set(map(normal, takes))
    marked = dict(args)
    if normal(_HEADER_X) in known:
        marked[_HEADER_X] = {"UPDATEFLAG": flag, **args.get(_HEADER_X, {})}
    for name, value in args.items():
        twin = f"{name}X"
        if normal(twin) not in known:
            continue
        if isinstance(value, Mapping):
            marked[twin] = {**_marks(value, flag), **args.get(twin, {})}
        elif isinstance(value, list):
            marked.setdefault(twin, [_marks(row, flag) for row in value])
    return marked


def _marks(row: Mapping[str, Any], flag: str) -> dict[str, Any]:
    said = {name: value if name in _KEYS else "X" for name, value in row.items()}
    return {"UPDATEFLAG": flag, **said}
