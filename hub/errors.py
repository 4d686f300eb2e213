"""Errors, named by the reaction that they ask for.

::

    HubError                    everything that OrderHub raises on purpose
    ├── ConfigError             the set-up is wrong: a person must mend it
    │   └── MappingError        a mapping file is wrong: file, line, column, what to do
    ├── RecordError             one record cannot be understood: quarantine it, go on
    ├── LeaseBusy               another worker does it: skipped, exit 0
    ├── FenceLost               this worker was taken for dead: stop, write nothing more
    └── SourceError             a counterpart answered, or did not (system, operation, key)
        ├── Retryable           the same call may work later
        │   ├── Unavailable     down, 5xx, HTML, nonsense: counts for the breaker
        │   │   └── Incomplete  an answer or file that ended before its end
        │   ├── RateLimited     slow down (retry_after seconds)
        │   └── RecordLocked    this record later; the system is well
        ├── AuthExpired         log in again once, then stop
        ├── Stale               the precondition failed: read again, decide again
        ├── Exists              what was to be created is there already
        ├── Missing             what was to be read or changed is not there
        ├── Rejected            the source said no (its own code and text)
        └── OutcomeUnknown      the answer to a write was lost: look up before any retry

Every error carries a message key and its values, so that it can be said in the reader's language
(`hub.locale`); `str(error)` is English.
"""

from __future__ import annotations

from hub.locale import text
from hub.redact import redact


class HubError(Exception):
    """Base of all named errors: `key` of the message and the `values` that fill it."""

    def __init__(self, key: str, **values: object) -> None:
        """Take the message `key` (a catalogue entry in `hub/locale`) and the values it names."""
        super().__init__(key)
        self.key = key
        self.values = values

    def say(self, locale: str = "en") -> str:
        """Return the message in `locale` ("en" or "zh-CN"), without secrets."""
        return redact(text(self.key, locale, **self.values))

    def __str__(self) -> str:
        return self.say()


class ConfigError(HubError):
    """The set-up is wrong; a person must mend it."""


class MappingError(ConfigError):
    """A mapping file is wrong. `file`, `line` and `column` (both from 1) say where."""

    def __init__(self, key: str, *, file: str = "", line: int = 0, column: int = 0, **values: object) -> None:
        """Take the place in the file beside the message."""
        super().__init__(key, **values)
        self.file, self.line, self.column = file, line, column

    def say(self, locale: str = "en") -> str:
        """Return "file:line:column: message"."""
        where = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        message = super().say(locale)
        return f"{where}: {message}" if where else message


class RecordError(HubError):
    """One record cannot be understood: it goes to quarantine whole, the run goes on.

    `field` is the hub's name of the field; `key` of the message is also the quarantine reason.
    """

    def __init__(self, key: str, *, field: str = "", **values: object) -> None:
        """Take the hub's field name beside the message."""
        super().__init__(key, field=field, **values)
        self.field = field


class LeaseBusy(HubError):
    """Another worker holds the lease: the work is skipped, which is no failure."""


class FenceLost(HubError):
    """The lease was taken over by another worker; nothing more may be written."""


class SourceError(HubError):
    """A counterpart answered badly or not at all."""

    def __init__(
        self, key: str, *, system: str = "", operation: str = "", record: str = "", **values: object
    ) -> None:
        """Take the system, the operation (call, stream or file) and the record key it was about."""
        super().__init__(key, system=system, operation=operation, record=record, **values)
        self.system, self.operation, self.record = system, operation, record


class Retryable(SourceError):
    """The same call may work later."""


class Unavailable(Retryable):
    """The system is down or talks nonsense (5xx, HTML, unreadable answer); counts for the breaker."""


class Incomplete(Unavailable):
    """An answer or a file ended before its end; nothing of it may be used."""


class RateLimited(Retryable):
    """The system asks for patience; `retry_after` in seconds, None if it did not say."""

    def __init__(self, key: str, *, retry_after: float | None = None, **values: object) -> None:
        """Take the seconds to wait beside the message."""
        super().__init__(key, **values)  # type: ignore[arg-type]  # the names are SourceError's own
        self.retry_after = retry_after


class RecordLocked(Retryable):
    """This record is being edited by somebody; the system is well."""


class AuthExpired(SourceError):
    """The session or the credentials are no longer accepted."""


class Stale(SourceError):
    """The precondition failed: somebody else changed the record."""


class Exists(SourceError):
    """What was to be created is there already."""


class Missing(SourceError):
    """What was to be read or changed is not there."""


class Rejected(SourceError):
    """The source said no; `code` and `reason` are its own words, verbatim."""

    def __init__(self, key: str, *, code: str = "", reason: str = "", **values: object) -> None:
        """Take the source's own code and text beside the message."""
        super().__init__(key, code=code, reason=reason, **values)  # type: ignore[arg-type]  # SourceError's names
        self.code, self.reason = code, reason


class OutcomeUnknown(SourceError):
    """The answer to a write was lost; it is looked up before any retry."""
