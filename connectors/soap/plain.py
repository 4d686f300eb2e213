"""One XML element as plain data, by the schema's shape where there is one."""

from __future__ import annotations

from typing import Any

from connectors.soap.shape import ANYTHING, Path, Shape

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_TRUE = ("true", "1")


class Plain:
    """Turns elements into text, None, dict or list; `drift` gathers paths that the schema does not know."""

    def __init__(self) -> None:
        """Start with no names seen."""
        self.drift: set[str] = set()
        self._names: dict[str, str] = {}

    def name(self, element: Any) -> str:
        """Return an element's local name, one text for all elements of that name."""
        tag = element.tag
        name = self._names.get(tag)
        if name is None:
            name = self._names[tag] = tag.rpartition("}")[2]
        return name

    def value(self, element: Any, shape: Shape | None, path: Path) -> Any:
        """Return an element of this shape (None: plain text) at `path`."""
        if element.get(_NIL) in _TRUE:
            return None
        if shape is None or shape is ANYTHING:
            return self._anything(element, shape, path)
        if shape.tagged:
            return {"value": element.text or "", **self._attributes(element)}
        if shape.row:
            inner = shape.children[shape.row]
            return [self.value(child, inner, (*path, shape.row)) for child in element]
        if shape.flat and not element.keys():
            row = self._flat(element, shape)
            if row is not None:
                return row
        return self.fields(element, shape, path)

    def _flat(self, element: Any, shape: Shape) -> dict[str, Any] | None:
        """The usual row, quickly: known names, once each, plain texts. None if it is anything else."""
        if shape.wanted:
            found = {name: element.find(name) for name in shape.wanted}
            return None if None in found.values() else {name: one.text or "" for name, one in found.items()}
        names = self._names
        row: dict[str, Any] = {}
        for child in element:
            text = child.text
            if text is None or text[:1] <= " ":
                if len(child):
                    return None
                if text is None and child.get(_NIL) not in _TRUE:
                    text = ""
            row[names.get(child.tag) or self.name(child)] = text
        return row if len(row) == len(element) and shape.children.keys() >= row.keys() else None

    def fields(self, element: Any, shape: Shape, path: Path) -> dict[str, Any]:
        """Return an element with children as a dict."""
        found: dict[str, Any] = self._attributes(element)
        leaves = shape.leaves
        for child in element:
            name = self._names.get(child.tag) or self.name(child)
            if name in leaves and name not in found and not len(child):
                found[name] = cell(child)
                continue
            if name in shape.children:
                value = self.value(child, shape.children[name], (*path, name))
            else:
                if not shape.open:
                    self.drift.add("/".join((*path, name)))
                value = self.value(child, ANYTHING, (*path, name))
            if name in shape.many:
                found.setdefault(name, []).append(value)
            elif name in found:
                earlier = found[name]
                found[name] = [*earlier, value] if isinstance(earlier, list) else [earlier, value]
            else:
                found[name] = value
        for name in shape.many:
            found.setdefault(name, [])
        return found

    def _anything(self, element: Any, shape: Shape | None, path: Path) -> Any:
        """An element that no schema describes, or plain text. `item` alone is a BAPI table."""
        if not len(element):
            marks = self._attributes(element) if shape is ANYTHING else {}
            return {"value": element.text or "", **marks} if marks else element.text or ""
        if shape is None:
            self.drift.add("/".join(path))
        if all(self.name(child) == "item" for child in element):
            return [self.value(child, ANYTHING, path) for child in element]
        return self.fields(element, ANYTHING, path)

    def _attributes(self, element: Any) -> dict[str, Any]:
        return {name: text for name, text in element.items() if not name.startswith("{")}


def cell(element: Any) -> str | None:
    """Return the text of an element without children; None if it says that it is nil."""
    text: str | None = element.text
    return text if text is not None else None if element.get(_NIL) in _TRUE else ""
