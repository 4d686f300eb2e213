"""The XML of a file as trees of elements, without entities, declarations or the network."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from connectors.statements.charset import last_line, text_of
from connectors.statements.model import Remark

_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
_DECLARED = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)["']""")


@dataclass(slots=True)
class Tree:
    """One message: its root, the entries in it that are whole, and what is wrong with it.

    Lines of elements count from the begin of the message; `line` is how many lines stand before it.
    """

    root: etree._Element | None
    line: int = 0
    whole: set[etree._Element] = field(default_factory=set)
    errors: list[Remark] = field(default_factory=list)


def trees(content: bytes) -> Iterator[Tree]:
    """Yield the messages of a file; several may stand one after the other."""
    declared = _DECLARED.search(content[:1024])
    text = text_of(content, declared[1].decode("ascii", "replace") if declared else "")
    line = 0
    for part in _parts(text):
        yield _tree(part, line)
        line += part.count("\n")


def _parts(text: str) -> list[str]:
    """Return a text cut before every XML declaration."""
    starts = [one.start() for one in re.finditer(r"<\?xml\s", text)] or [0]
    starts[0] = 0
    return [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]


def _tree(text: str, line: int) -> Tree:
    """Read one message as far as it goes; what is closed before a fault is whole."""
    tree = Tree(None, line)
    text = _plain(text)
    events = etree.iterparse(
        io.BytesIO(text.encode("utf-8", "replace")), events=("start", "end"), encoding="utf-8",
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True,
        huge_tree=False,
    )  # fmt: skip
    try:
        for event, element in events:
            if tree.root is None:
                tree.root = element
                if element.getroottree().docinfo.internalDTD is not None:
                    tree.root = None
                    tree.errors.append(Remark("statements.xml_with_dtd", line + 1))
                    return tree
            if event == "end" and name(element) == "Ntry":
                tree.whole.add(element)
    except etree.XMLSyntaxError as error:
        tree.errors.append(_fault(text, line, error.lineno or 0, str(error.msg)))
    return tree


def _plain(text: str) -> str:
    """Return a message without its declaration and what stands around the outermost element.

    Lines are kept, so that an error names the right one.
    """
    text = re.sub("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ufffe\\uffff]", "\ufffd", text.lstrip("\ufeff"))
    begin = text.find("<")
    text = re.sub(r"[^\n]", "", text[: max(begin, 0)]) + text[max(begin, 0) :]
    found = _DECLARATION.match(text)
    if found:
        text = re.sub(r"[^\n]", "", found[0]) + text[found.end() :]
    return text


def _fault(text: str, line: int, at: int, reason: str) -> Remark:
    """Say that a message is torn, if the fault is where it ends, else that it is no XML from there on."""
    last = last_line(text)
    bare = text.rstrip()
    root = re.search(r"<([^\s<>/!?]+)", text)
    ends = root is not None and bare.endswith(f"</{root[1]}>")
    if not ends and at >= last:
        return Remark("statements.torn", line + last)
    return Remark("statements.bad_xml", line + at, {"reason": re.sub(r", line \d+.*", "", reason)})


def name(element: etree._Element) -> str:
    """Return an element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def found(element: etree._Element | None, path: str) -> list[etree._Element]:
    """Return the elements at a path of names, such as `Acct/Id/IBAN`."""
    here = [element] if element is not None else []
    for step in path.split("/"):
        here = [child for one in here for child in one if name(child) == step]
    return here


def first(element: etree._Element | None, *paths: str) -> etree._Element | None:
    """Return the first element at the first path that leads to any."""
    return next((one for path in paths for one in found(element, path)), None)


def said(element: etree._Element | None, *paths: str) -> str:
    """Return the text of the first element at the paths that has any."""
    for path in paths:
        for one in found(element, path):
            if one.text and (text := " ".join(one.text.split())):
                return text
    return ""


def line_of(element: etree._Element) -> int:
    """Return the line of its message at which an element begins."""
    line: Any = element.sourceline
    return line or 0
