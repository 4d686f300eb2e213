"""Code tables: words outside the vocabulary, codes that are never reached, codes that do not come back."""

from __future__ import annotations

from hub.mapping import ladder
from hub.mapping.codes import hidden, matcher
from hub.mapping.fieldspec import FieldSpec
from hub.mapping.grammar import StreamMapping, SystemMapping
from hub.mapping.inverse import code_of, ways
from hub.mapping.lint.found import Found, Path
from hub.mapping.lint.names import WORDS
from hub.mapping.reader import defaults_of
from hub.mapping.statuses import compile_status
from hub.mapping.values import Sight
from hub.model import ORDER_TYPES, Side, Status
from hub.rules import Rules

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
    alone = not (spec.joined or spec.compare)
    for word, code in spec.send.items():
        place = (*path, "send", word)
        if words is not None and word not in words:
            found.unknown(place, word, words, key=True, what="word")
        elif spec.codes and alone and (back := read(code)) != word:
            found.error(place, "mapping.send_reads_back", code=code, word=word, back=back or "-")


def lint_sent(mapping: SystemMapping, name: str, found: Found) -> None:
    """Note statuses of the stream `name` whose codes would be read back as another status, once sent.

    As the reader has it: trimmed, stripped, by the first alternative that reads this place of a record. A
    code that is sent to one of several places, or compared, cannot be known here.
    """
    stream, steps = mapping.streams[name], ladder.ladder(mapping)
    spec, defaults = stream.fields["status"], defaults_of(mapping, stream, Rules())
    for status in sorted(ladder.sayable(stream)):
        sent = code_of(spec, status.word)
        if sent is None or not _alone(sent.way):
            continue
        read = compile_status(_reading(spec, sent.way), defaults, steps)
        back = read({_PLACE: sent.code}, Sight())
        if back is None or back.status is not status:
            place: tuple[str | int, ...] = ("streams", name, "fields", "status", *_steps_to(spec, sent.way))
            said = ("send", status.word) if sent.sent else ("codes", sent.code)
            again = back.status.word if back and back.status else "-"
            found.error(
                (*place, *said), "mapping.send_reads_back", key=not sent.sent,
                code=sent.code, word=status.word, back=again,
            )  # fmt: skip


_PLACE = "code"


def _alone(way: FieldSpec) -> bool:
    """Tell whether a FIELD reads a code as it stands at one place of a record."""
    return bool(way.from_) and not way.joined and not way.compare


def _reading(spec: FieldSpec, way: FieldSpec) -> FieldSpec:
    """Return all alternatives of `spec` that read the place that `way` reads, moved to one place."""
    same = [one for one in ways(spec) if _alone(one) and one.from_ == way.from_]
    moved = tuple(one.model_copy(update={"from_": (_PLACE,)}) for one in same)
    return moved[0] if len(moved) == 1 else spec.model_copy(update={"any": moved, "from_": ()})


def _steps_to(spec: FieldSpec, way: FieldSpec) -> tuple[int, ...]:
    """Return the numbers of the alternatives that lead from `spec` to `way`."""
    for index, one in enumerate(spec.any):
        if any(way is inner for inner in ways(one)):
            return (index, *_steps_to(one, way))
    return ()


def given(field: FieldSpec) -> set[str]:
    """Return the words that a code table gives."""
    words = {words[0] for words in field.codes.values() if words}
    return words.union(*(given(one) for one in field.any))


def not_sendable(field: FieldSpec) -> list[str]:
    """Return the statuses that a code table reads and that no code of it can be sent for."""
    read = given(field)
    return [status.word for status in Status if status.word in read and code_of(field, status.word) is None]
