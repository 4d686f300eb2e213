"""From a SOAP fault to the error that asks for the right reaction (mapping language, section 2.5)."""

from __future__ import annotations

import re

from connectors.calls.reactions import error, reaction, said
from connectors.soap.stream import Fault
from hub.errors import SourceError
from hub.mapping.callspec import ErrorsSpec
from hub.mapping.paths import compile_path

_BY_SERVER = re.compile(r"(Server|Receiver|MustUnderstand|VersionMismatch)\b.*")


def of_fault(
    fault: Fault,
    *tables: ErrorsSpec | None,
    system: str,
    operation: str,
    login: bool = False,
    writes: bool = False,
) -> SourceError:
    """Return the error of a SOAP fault: by table, else rejected if it blames the client, else as a 5xx.

    The table's `code` and `text` paths see `faultcode`, `faultstring` and `detail`. What a `login` answers
    with a code of the system's own is a refusal: tried again and again it would lock the account. Whether
    what `writes` was done is not known after a fault that a read would be tried again after.
    """
    seen = {"faultcode": fault.code, "faultstring": fault.text, "detail": fault.detail}
    code, text = said(lambda path: compile_path(path)(seen), *tables)
    code, text = code or fault.code, text or fault.text
    refused = fault.by_client or (login and not _BY_SERVER.fullmatch(fault.code))
    name = reaction(code, text, *tables) or ("rejected" if refused else "retry")
    name = "unknown" if writes and name == "retry" else name
    return error(name, code, text, system=system, operation=operation)
