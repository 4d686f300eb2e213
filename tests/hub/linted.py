"""What a check says of a mapping made from text, with its place."""

from __future__ import annotations

import re
from textwrap import dedent

from hub.problems import Problem
from tests.hub.mapped import place, problems, system


def found(text: str, key: str) -> Problem:
    """Return the one problem of this kind."""
    (one,) = (problem for problem in problems(text) if problem.key == f"mapping.{key}")
    for locale in ("en", "zh-CN"):
        assert not re.search(r"\{\w+\}", one.say(locale)), one.say(locale)
    return one


def check_one(text: str, key: str, marked: str, severity: str = "error") -> Problem:
    one = found(text, key)
    assert (one.line, one.column) == place(text, marked), one.say()
    assert one.severity == severity
    return one


def rest(read: str = "{get: /orders, query: {since: =since}}", rest_of: str = "", top: str = "") -> str:
    """Return a mapping over REST with this reading call and more behind the stream."""
    text = system(top=f"time: {{zone: UTC}}\n{top}").replace("connector: sql", "connector: rest")
    return text.replace("{table: orders, cursor: [changed, id]}", read) + dedent(rest_of).lstrip("\n")


def writing(write: str, connector: str = "sql") -> str:
    return (
        system().replace("connector: sql", f"connector: {connector}")
        + "writes:\n  out:\n"
        + "".join(f"    {line}\n" for line in dedent(write).strip().splitlines())
    )


def near(text: str, marked: str, name: str, nearest: str, kind: str = "name") -> None:
    one = check_one(text, f"unknown_{kind}_near", marked)
    assert (one.values["name"], one.values["nearest"]) == (name, nearest)


def errors(text: str) -> list[str]:
    """Return all errors, as they are said."""
    return [one.say() for one in problems(text) if one.severity == "error"]


def said(text: str, key: str) -> bool:
    """Tell whether a problem of this kind is found."""
    return any(one.key == f"mapping.{key}" for one in problems(text))
