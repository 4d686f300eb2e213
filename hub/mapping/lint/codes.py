"""Code tables: words outside the vocabulary, codes that are never reached, statuses that no example shows."""

from __future__ import annotations

from hub.mapping import ladder
from hub.mapping.codes import hidden, is_glob
from hub.mapping.fieldspec import FieldSpec
from hub.mapping.grammar import StreamMapping
from hub.mapping.lint.found import Found, Path
from hub.mapping.rows import FACT
from hub.model import ORDER_TYPES, Money, Side, Status

STATUSES = [status.word for status in Status]
SIDES = [*(str(side.name).lower() for side in Side if side), "none"]
MONIES = [one.name.lower() for one in Money]
_WORDS = {"status": STATUSES, "side": SIDES, "money": MONIES, "order_type": list(ORDER_TYPES)}


def lint_codes(stream: StreamMapping, name: str, spec: FieldSpec, path: Path, found: Found) -> None:
    """Lint the code table of a FIELD and of its alternatives."""
    for index, one in enumerate(spec.any):
        lint_codes(stream, name, one, (*path, index), found)
    words = _WORDS.get(name) if path[2] in {"fields", "extras"} else None
    for code, earlier in hidden(spec.codes):
        found.error((*path, "codes", code), "mapping.code_hidden", key=True, code=code, earlier=earlier)
    for code, meanings in spec.codes.items():
        place = (*path, "codes", code)
        _lint_count(name, meanings, place, found)
        for index, word in enumerate(meanings):
            _lint_word(name, word, words, place if len(meanings) == 1 else (*place, index), found)
    for part in ("const", "default"):
        word = getattr(spec, part)
        if word is not None:
            _lint_word(name, word, words, (*path, part), found)
    for status in spec.send:
        if words is not None and status not in words:
            found.unknown((*path, "send", status), status, words, key=True, what="word")


def _lint_count(name: str, meanings: tuple[str, ...], path: Path, found: Found) -> None:
    """Note a list of meanings where one is due, or null; a status may have two, the lower first."""
    most = {"status": 2, "side": len(SIDES)}.get(name, 1)
    if len(meanings) > most:
        found.error(path, "mapping.too_many_meanings", most=most)
    known = [status for word in meanings if (status := ladder.status_of(word))]
    if name == "status" and known != sorted(known):
        found.error(path, "mapping.range_backwards", low=known[0].word, high=known[-1].word)


def _lint_word(name: str, word: str, words: list[str] | None, path: Path, found: Found) -> None:
    if words is None or word in words:
        return
    belongs = next(
        (field for field, known in _WORDS.items() if field in {"status", "side", "money"} and word in known),
        None,
    )
    if belongs:
        found.error(path, "mapping.word_of_other_field", word=word, field=belongs)
    else:
        found.unknown(path, word, words, what="word")


def lint_examples(stream: StreamMapping, path: Path, found: Found) -> None:
    """Note names that no fact has, and statuses that the code table gives and no example shows."""
    names = [*FACT, *stream.extras]
    for index, example in enumerate(stream.examples):
        for name in [name for gives in example.gives for name in gives if name not in names]:
            found.unknown((*path, "examples", index, "gives", name), name, names, key=True)
    field = stream.fields.get("status")
    if field is None or not stream.is_order or field.keep:
        return
    shown = {str(gives.get("status")) for example in stream.examples for gives in example.gives}
    table = _given(field)
    missing = [status.word for status in Status if status.word in table and status.word not in shown]
    if missing:
        place = (*path, "examples") if stream.examples else (*path, "fields", "status")
        found.warning(place, "mapping.example_missing", key=True, words=", ".join(missing))


def _given(field: FieldSpec) -> set[str]:
    words = {words[0] for words in field.codes.values() if words}
    return words.union(*(_given(one) for one in field.any))


def not_sendable(field: FieldSpec) -> list[str]:
    """Return the statuses that a code table reads and that no code of it can be sent for."""
    if field.any:
        return sorted(set().union(*(not_sendable(one) for one in field.any)))
    sendable = set(field.send)
    if not field.joined:
        sendable |= {words[0] for code, words in field.codes.items() if words and not is_glob(code)}
    return [status.word for status in Status if status.word in _given(field) and status.word not in sendable]
