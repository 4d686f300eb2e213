"""Examples: names that nothing gives, reasons that do not exist, statuses that none of them shows."""

from __future__ import annotations

from hub.locale import catalogue
from hub.mapping.grammar import StreamMapping
from hub.mapping.kinds import KINDS
from hub.mapping.lint.codes import given
from hub.mapping.lint.found import Found, Path
from hub.mapping.rows import FACT
from hub.model import Status

_DOCUMENT = ("waits_for", "deleted", "links", "warnings")
_REASONS = ("mapping.", "hook.")


def lint_examples(stream: StreamMapping, path: Path, found: Found) -> None:
    """Lint the examples of a stream, and note statuses that its code table gives and none of them shows."""
    kind = KINDS.get(stream.yields)
    names = [*(FACT if kind is None else (*kind.names, *_DOCUMENT)), *stream.extras]
    reasons = [key for key in catalogue("en") if key.startswith(_REASONS)]
    for index, example in enumerate(stream.examples):
        here = (*path, "examples", index)
        for at, gives in enumerate(example.gives):
            for name in [name for name in gives if name not in names]:
                found.unknown((*here, "gives", at, name), name, names, key=True)
        if example.refused is not None and example.refused not in reasons:
            found.unknown((*here, "refused"), example.refused, reasons, what="word")
    _lint_shown(stream, path, found)


def _lint_shown(stream: StreamMapping, path: Path, found: Found) -> None:
    field = stream.fields.get("status")
    if field is None or field.keep:
        return
    shown = {str(gives.get("status")) for example in stream.examples for gives in example.gives}
    table = given(field)
    order = [status.word for status in Status] if stream.is_order else sorted(table)
    missing = [word for word in order if word in table and word not in shown]
    if missing:
        place = (*path, "examples") if stream.examples else (*path, "fields", "status")
        found.warning(place, "mapping.example_missing", key=True, words=", ".join(missing))
