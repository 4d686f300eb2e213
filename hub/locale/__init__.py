"""What people read, in their language.

One folder a locale, one file a room; both hold the same keys (a test asserts it). A key is a dotted
name, its first word the file: `files.torn` stands in `hub/locale/en/files.yaml` under `torn`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

LOCALES = ("en", "zh-CN")
_HERE = Path(__file__).parent


@cache
def catalogue(locale: str) -> dict[str, str]:
    """Return all messages of `locale` by dotted key."""
    from ruamel.yaml import YAML  # late: the commands that print no message need no parser

    messages: dict[str, str] = {}
    for file in sorted((_HERE / locale).glob("*.yaml")):
        for key, message in (YAML(typ="safe").load(file.read_text("utf-8")) or {}).items():
            messages[f"{file.stem}.{key}"] = message
    return messages


def text(key: str, locale: str = "en", /, **values: object) -> str:
    """Return the message `key` in `locale`, filled with `values`; English where the locale lacks it.

    An unknown key is shown with its values rather than hidden: a message must never be lost.
    """
    template = catalogue(locale if locale in LOCALES else "en").get(key) or catalogue("en").get(key)
    if template is None:
        return " ".join([key, *(f"{name}={value}" for name, value in values.items())])
    return template.format_map(_Shown(values))


class _Shown(dict[str, object]):
    """Values of a message; one that was not given shows as its name."""

    def __missing__(self, name: str) -> str:
        return "{" + name + "}"
