"""What became of a write, as far as HTTP can tell: not done, done, or not known (mapping language, 2.5.55).

Whatever was lost after a request may have left is not known: it is looked up before it is sent again.
"""

from __future__ import annotations

import ssl

import urllib3.exceptions

from hub.errors import OutcomeUnknown, SourceError

_NEVER_LEFT = (
    urllib3.exceptions.NewConnectionError,  # refused, no route, no such name
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.ProxyError,  # the proxy was not reached, or found no way on
    ssl.SSLCertVerificationError,
)
_BY_STATUS = {
    401: "auth", 404: "missing", 408: "retry", 410: "missing", 412: "stale", 423: "locked", 425: "retry",
    428: "stale", 429: "limited",
}  # fmt: skip


def reaction_of(status: int, *, creates: bool) -> str:
    """Return the reaction to an answer that says no and nothing else: 4xx is no, anything beyond unknown."""
    if status == 409:
        return "exists" if creates else "stale"
    return _BY_STATUS.get(status) or ("rejected" if 400 <= status < 500 else "unknown")


def never_left(error: BaseException | None) -> bool:
    """Tell whether a request certainly did not leave: there was no connection to send it over."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, _NEVER_LEFT):
            return True
        seen.add(id(error))
        inner = getattr(error, "reason", None) or next(iter(error.args), None)
        error = inner if isinstance(inner, BaseException) else error.__context__
    return False


def unknown(error: SourceError) -> OutcomeUnknown:
    """Return the same trouble as that of a write of which nobody knows whether it was done."""
    return OutcomeUnknown(error.key, **error.values)  # type: ignore[arg-type]  # the values are its own
