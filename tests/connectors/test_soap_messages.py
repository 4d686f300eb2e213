from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import connectors
from hub.errors import AuthExpired, Rejected
from hub.locale import LOCALES, catalogue
from hub.mapping.callspec import REACTIONS

HERE = Path(connectors.__file__).parent
KEYS = sorted(
    {
        key
        for room in ("soap", "sap_soap", "calls")
        for file in (HERE / room).glob("*.py")
        for key in re.findall(r'"((?:soap|sap|calls)\.[a-z_]+)"', file.read_text("utf-8"))
        if key != "sap.com"
    }
    | {f"calls.said_{name}" for name in REACTIONS if name != "rejected"}
)


@pytest.mark.parametrize("key", KEYS)
def test_every_message_is_said_in_both_languages(key: str) -> None:
    names = [
        {name for _, name, _, _ in Formatter().parse(catalogue(locale)[key]) if name} for locale in LOCALES
    ]
    assert names[0] == names[1]


@pytest.mark.parametrize("locale", LOCALES)
def test_no_message_is_left_over(locale: str) -> None:
    assert {key for key in catalogue(locale) if key.startswith(("soap.", "sap.", "calls."))} == set(KEYS)


def test_the_source_s_own_words_stay() -> None:
    error = Rejected("calls.rejected", system="erp", operation="X", code="V1 302", reason="Kunde gesperrt")
    assert "Kunde gesperrt" in error.say("zh-CN")
    assert "锁定" in AuthExpired("soap.refused", system="erp", operation="X", login="HUB").say("zh-CN")
