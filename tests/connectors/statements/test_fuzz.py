"""Whatever is done to a file, reading it ends in a `Parsed` that says what it came to."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.statements.identity import identities
from connectors.statements.model import Parsed
from connectors.statements.parse import parse
from tests.connectors.statements.samples import SOUND, entries

names = st.sampled_from(sorted(SOUND))


def says_something(parsed: Parsed) -> bool:
    """No entries, or a row without an amount, is never said by silence; every remark can be shown."""
    shown = [str(one) for one in [*parsed.warnings, *parsed.errors]]
    noted = [str(one.note) for one in entries(parsed) if one.note is not None]
    assert not any(re.search(r"\{[a-z_]{4,}\}|^statements\.", one) for one in [*shown, *noted])
    return bool(entries(parsed) or shown)


def known(parsed: Parsed) -> list[str]:
    return [one for statement in parsed.statements for one in identities(statement)]


@pytest.mark.parametrize("name", SOUND)
def test_sound_files_have_nothing_to_say(name: str) -> None:
    parsed = parse(SOUND[name])
    assert not [str(one) for one in parsed.warnings + parsed.errors]
    assert entries(parsed)


@pytest.mark.parametrize("name", SOUND)
def test_a_torn_file_is_seen_and_has_no_half_entries(name: str) -> None:
    """Cut at every byte: what it brings is what the whole file brings, and it says that it is torn."""
    content = SOUND[name]
    whole = known(parse(content))
    for end in range(len(content)):
        parsed = parse(content[:end])
        found = known(parsed)
        assert found == whole[: len(found)], end
        assert says_something(parsed), end
        if len(found) < len(whole):
            assert parsed.errors, (end, content[:end][-40:])


@given(name=names, seed=st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_shuffled_lines(name: str, seed: int) -> None:
    lines = SOUND[name].splitlines(keepends=True)
    random.Random(seed).shuffle(lines)
    assert says_something(parse(b"".join(lines)))


@given(name=names, data=st.data())
@settings(max_examples=300, deadline=None)
def test_flipped_bytes(name: str, data: st.DataObject) -> None:
    content = bytearray(SOUND[name])
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    assert says_something(parse(bytes(content)))


@given(name=names, data=st.data())
@settings(max_examples=200, deadline=None)
def test_a_piece_out_of_the_midst(name: str, data: st.DataObject) -> None:
    content = SOUND[name]
    begin = data.draw(st.integers(0, len(content)))
    assert says_something(parse(content[:begin] + content[data.draw(st.integers(begin, len(content))) :]))


@given(content=st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes(content: bytes) -> None:
    assert says_something(parse(content))


@given(name=names, charset=st.sampled_from(["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp500"]))
@settings(deadline=None)
def test_other_charsets(name: str, charset: str) -> None:
    parsed = parse(SOUND[name].decode().encode(charset))
    assert says_something(parsed)
    assert charset == "cp500" or len(entries(parsed)) == len(entries(parse(SOUND[name])))


@given(first=names, second=names)
@settings(deadline=None)
def test_files_one_behind_the_other(first: str, second: str) -> None:
    parsed = parse(SOUND[first] + SOUND[second])
    assert says_something(parsed)
    if first == second:
        assert known(parsed) == known(parse(SOUND[first])) * 2
        assert not parsed.errors
