"""The catalogues: both languages say everything, with the same values, and the code asks for nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from string import Formatter

import pytest

from hub.locale import LOCALES, catalogue
from hub.store.tables import metadata
from tests.house.code import PRODUCT, sources

KEY = re.compile(r"^[a-z]\w*(\.\w+)+$")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
ENGLISH_WORD = re.compile(r"\b[a-z]{3,}\b")
OWN_VALUES = {
    "RecordError": {"field"},
    "Rejected": {"system", "operation", "record", "code", "reason"},
    **dict.fromkeys(
        (
            "SourceError",
            "Retryable",
            "Unavailable",
            "Incomplete",
            "RateLimited",
            "RecordLocked",
            "AuthExpired",
        )
        + ("Stale", "Exists", "Missing", "OutcomeUnknown"),
        {"system", "operation", "record"},
    ),
}
"""Values that an error of `hub.errors` always gives to its message."""

SAYERS = {"text", "HubError", "ConfigError", "MappingError", "LeaseBusy", "FenceLost", *OWN_VALUES}


def placeholders(message: str) -> set[str]:
    return {re.split(r"[.\[]", name)[0] for _, name, _, _ in Formatter().parse(message) if name}


@cache
def rooms() -> frozenset[str]:
    return frozenset(key.partition(".")[0] for key in catalogue("en"))


def said() -> Iterator[tuple[str, ast.Call, str]]:
    """Yield (place, call, key) for every call that says a message by a constant key."""
    for module, (_, tree) in sources().items():
        if module.partition(".")[0] not in PRODUCT:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = ast.unparse(node.func).rpartition(".")[2]
                key = node.args[0].value
                if name in SAYERS and isinstance(key, str) and KEY.match(key):
                    yield f"{module}:{node.lineno}", node, key


def strings() -> Iterator[tuple[str, str]]:
    """Yield (place, text) for every constant text in the product's code."""
    for module, (_, tree) in sources().items():
        if module.partition(".")[0] in PRODUCT:
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield f"{module}:{node.lineno}", node.value


@pytest.mark.parametrize("locale", [locale for locale in LOCALES if locale != "en"])
def test_every_language_has_every_message(locale: str) -> None:
    assert catalogue(locale).keys() == catalogue("en").keys()


@pytest.mark.parametrize("locale", [locale for locale in LOCALES if locale != "en"])
def test_every_language_names_the_same_values(locale: str) -> None:
    differing = {
        key: (message, catalogue(locale)[key])
        for key, message in catalogue("en").items()
        if key in catalogue(locale) and placeholders(message) != placeholders(catalogue(locale)[key])
    }
    assert not differing


def test_messages_are_texts() -> None:
    """YAML turns a bare yes, no or number into something else."""
    wrong = [
        key
        for locale in LOCALES
        for key, message in catalogue(locale).items()
        if not isinstance(message, str)
    ]
    assert not wrong


def test_chinese_is_chinese() -> None:
    english = [
        key
        for key, message in catalogue("zh-CN").items()
        if not CHINESE.search(message) and ENGLISH_WORD.search(re.sub(r"\{[^}]*\}", "", message))
    ]
    assert not english


def test_every_message_that_is_said_exists() -> None:
    missing = [f"{place}: {key}" for place, _, key in said() if key not in catalogue("en")]
    assert not missing


def test_every_key_in_the_code_exists() -> None:
    """Keys travel through helpers too: any text that looks like one of a catalogue's must be one."""
    own = rooms() - set(metadata.tables)  # `findings.id` is a column
    files = (".yaml", ".csv", ".html", ".json", ".xlsx", ".py", ".db", ".css", ".j2", ".log")
    missing = [
        f"{place}: {text}"
        for place, text in strings()
        if KEY.match(text)
        and text.partition(".")[0] in own
        and not text.endswith((*files, "_"))  # a prefix: f"report.column_{name}"
        and text not in catalogue("en")
    ]
    assert not missing


def test_every_message_gets_its_values() -> None:
    lacking = []
    for place, call, key in said():
        name = ast.unparse(call.func).rpartition(".")[2]
        given = {keyword.arg for keyword in call.keywords} | OWN_VALUES.get(name, set())
        if None not in given and key in catalogue("en"):  # None stands for **values
            lacking += [
                f"{place}: {key} lacks {value}" for value in placeholders(catalogue("en")[key]) - given
            ]
    assert not lacking


def test_no_message_lies_unused() -> None:
    texts = {text for _, text in strings()}
    starts = tuple(text for text in texts if text.endswith(".") and KEY.match(text + "x"))
    starts += tuple(
        text for text in texts if re.fullmatch(r"[a-z]\w*\.\w+_", text)
    )  # f"report.column_{name}"
    unused = [key for key in catalogue("en") if key not in texts and not key.startswith(starts)]
    assert not unused
