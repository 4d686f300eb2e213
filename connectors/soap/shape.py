"""What an answer looks like according to its schema, as far as reading it plainly needs.

The schema decides one thing that the XML itself cannot say: what is a list. A table with one row, or
none, must reach the mapping as a list all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str, ...]
"""Local element names from the response element (not included) down."""


@dataclass(slots=True, eq=False)
class Shape:
    """One complex element: its children by local name, and which of them may come more than once.

    `row` is the name of the only, repeated child of a pure wrapper (`item` in a BAPI table, `Order` in
    `ArrayOfOrder`): such an element reads as the list itself. `tagged` is text with attributes.
    `open` means that anything may stand here (xsd:any, anyType, or an element that the schema lacks).
    `wanted` names the only children that its reader looks at, if it said so: the rest is not read.
    """

    children: dict[str, Shape | None] = field(default_factory=dict)
    many: set[str] = field(default_factory=set)
    row: str = ""
    tagged: bool = False
    open: bool = False

    leaves: frozenset[str] = frozenset()
    flat: bool = False
    wanted: tuple[str, ...] = ()

    def settle(self) -> None:
        """Work out `leaves`, the plain texts that come once; `flat` if all are such: the usual row."""
        self.leaves = frozenset(name for name, child in self.children.items() if child is None) - self.many
        self.flat = not (self.open or self.tagged) and len(self.leaves) == len(self.children)


@dataclass(frozen=True, slots=True)
class Table:
    """A list in an answer: rows called `tag` stand in the element at `parent`; the list reads as `path`."""

    path: Path
    parent: Path
    tag: str
    shape: Shape | None


ANYTHING = Shape(open=True)
"""The shape of what no schema describes."""


def tables(shape: Shape, path: Path = ()) -> Iterator[Table]:
    """Yield the outermost lists of an answer of this shape (a list inside a row belongs to the row)."""
    for name, child in shape.children.items():
        if name in shape.many:
            yield Table((*path, name), path, name, child)
        elif child is None:
            continue
        elif child.row:
            here = (*path, name)
            yield Table(here, here, child.row, child.children[child.row])
        elif len(path) < _DEPTH:
            yield from tables(child, (*path, name))


_DEPTH = 6  # deeper than any list an answer keeps outside of its rows; ends the walk in a recursive schema


def of_element(element: Any, known: dict[int, Shape | None] | None = None) -> Shape | None:
    """Return the shape of a zeep element, None for plain text. Recursive types give recursive shapes."""
    known = {} if known is None else known
    kind = element.type
    if id(kind) not in known:
        _learn(kind, known)
    return known[id(kind)]


def _learn(kind: Any, known: dict[int, Shape | None]) -> None:
    from zeep.xsd.elements import Element
    from zeep.xsd.types import AnyType, ComplexType

    if not isinstance(kind, ComplexType):
        known[id(kind)] = ANYTHING if type(kind) is AnyType else None
        return
    if isinstance(kind._element, Element):  # zeep's way to hold simpleContent: text, perhaps with attributes
        known[id(kind)] = Shape(tagged=True) if kind.attributes else None
        return
    shape = known[id(kind)] = Shape()
    for _, part in kind.elements_nested:
        _add(part, shape, known, False)
    if len(shape.children) == 1 and shape.many and not shape.open and not kind.attributes:
        shape.row = next(iter(shape.many))
    shape.settle()


def _add(part: Any, shape: Shape, known: dict[int, Shape | None], many: bool) -> None:
    from zeep.xsd.elements import Any as AnyElement
    from zeep.xsd.elements import Element, Group
    from zeep.xsd.elements.indicators import OrderIndicator

    if isinstance(part, OrderIndicator):
        for inner in part:
            _add(inner, shape, known, many or part.accepts_multiple)
    elif isinstance(part, Group):
        _add(part.child, shape, known, many or part.accepts_multiple)
    elif isinstance(part, AnyElement):
        shape.open = True
    elif isinstance(part, Element):
        shape.children[part.name] = of_element(part, known)
        if many or part.accepts_multiple:
            shape.many.add(part.name)
