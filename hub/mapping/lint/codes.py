"""Code tables: words outside the vocabulary, codes that are never reached, codes that do not come back."""

from __future__ import annotations

from hub.mapping import ladder
from hub.mapping.codes import hidden, is_glob, matcher
from hub.mapping.fieldspec import FieldSpec
from hub.mapping.grammar import StreamMapping
from hub.mapping.lint.found import Found, Path
from hub.mapping.lint.names import WORDS
from hub.model import ORDER_TYPES, Side, Status

_WORDS = {**WORDS, "order_type": list(ORDER_TYPES)}


def lint_codes(stream: StreamMapping, name: str, spec: FieldSpec, path: Path, found: Found) -> None:
    """Lint the code table of a FIELD and of its alternatives."""
    for index, one in enumerate(spec.any):
        lint_codes(stream, name, one, (*path, index), found)
    core = path[2] in {"fields", "extras"} and stream.is_order
    words = _WORDS.get(name) if core else None
    for code, earlier in hidden(spec.codes):
        found.error((*path, "codes", code), "mapping.code_hidden", key=True, code=code, earlier=earlier)
    for code, meanings in spec.codes.items():
        place = (*path, "codes", code)
        _lint_count(name if core else "", meanings, place, found)
        for index, word in enumerate(meanings):
            _lint_word(word, words, place if len(meanings) == 1 else (*place, index), found)
    for part in ("const", "default"):
        word = getattr(spec, part)
        if word is not None:
            _lint_word(word, words, (*path, part), found)
    _lint_send(spec, words, path, found)


def _lint_count(name: str, meanings: tuple[str, ...], path: Path, found: Found) -> None:
    """Note a list of meanings where one is due, or null; a status may have two, the lower first."""
    most = {"status": 2, "side": len(Side)}.get(name, 1)
    if len(meanings) > most:
        found.error(path, "mapping.too_many_meanings", most=most)
    known = [status for word in meanings if (status := ladder.status_of(word))]
    if name == "status" and known != sorted(known):
        found.error(path, "mapping.range_backwards", low=known[0].word, high=known[-1].word)


def _lint_word(word: str, words: list[str] | None, path: Path, found: Found) -> None:
    if words is None or word in words:
        return
    belongs = next((field for field, known in WORDS.items() if word in known), None)
    if belongs:
        found.error(path, "mapping.word_of_other_field", word=word, field=belongs)
    else:
        found.unknown(path, word, words, what="word")


def _lint_send(spec: FieldSpec, words: list[str] | None, path: Path, found: Found) -> None:
    """Note codes that are sent for a word and would be read back as another one."""
    read = matcher({code: said[0] if said else "" for code, said in spec.codes.items()})
    for word, code in spec.send.items():
        place = (*path, "send", word)
        if words is not None and word not in words:
            found.unknown(place, word, words, key=True, what="word")
        elif spec.codes and not spec.joined and (back := read(code)) != word:
            found.error(place, "mapping.send_reads_back", code=code, word=word, back=back or "-")


def given(field: FieldSpec) -> set[str]:
    """Return the words that a code table gives."""
    words = {words[0] for words in field.codes.values() if words}
    return words.union(*(given(one) for one in field.any))


def not_sendable(field: FieldSpec) -> list[str]:
    """Return the statuses that a code table reads and that no code of it can be sent for."""
    if field.any:
        return sorted(set().union(*(not_sendable(one) for one in field.any)))
    sendable = set(field.send)
    if not field.joined:
        sendable |= {words[0] for code, words in field.codes.items() if words and not is_glob(code)}
    return [status.word for status in Status if status.word in given(field) and status.word not in sendable]
