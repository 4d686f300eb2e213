"""What a description says of encoded values: texts, structures, lists and maps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from connectors.soap.schemas import MAP

_ARRAY_ATTRIBUTES = ("arrayType", "itemType")


@dataclass(slots=True, eq=False)
class Kind:
    """One type by its namespace and name.

    `fields` are the members of a structure, `item` the type of a list's items, `row` the name of the only,
    repeated member of a wrapper, which reads and is written as a list. A `map` has keys of its own choice;
    `open` means that nothing is known.
    """

    namespace: str
    name: str
    fields: dict[str, Kind] = field(default_factory=dict)
    many: set[str] = field(default_factory=set)
    item: Kind | None = None
    row: str = ""
    map: bool = False
    open: bool = False

    @property
    def simple(self) -> bool:
        """Tell whether a value of it is a text."""
        return not (self.fields or self.item or self.map or self.open)


ANY = Kind("", "", open=True)


def kind_of(zeep_type: Any, known: dict[int, Kind] | None = None) -> Kind:
    """Return the kind of a zeep type; recursive types give recursive kinds."""
    from zeep.xsd.elements import Element
    from zeep.xsd.types import AnySimpleType, AnyType, ComplexType

    known = {} if known is None else known
    if id(zeep_type) in known:
        return known[id(zeep_type)]
    qname = getattr(zeep_type, "qname", None)
    namespace, name = (qname.namespace or "", qname.localname) if qname is not None else ("", "")
    kind = known[id(zeep_type)] = Kind(namespace, name)
    if isinstance(zeep_type, AnySimpleType):
        return kind
    if type(zeep_type) is AnyType or not isinstance(zeep_type, ComplexType):
        kind.open = True
    elif (namespace, name) == (MAP, "Map"):
        kind.map = True
    elif (item := _item_of(zeep_type)) is not None:
        kind.item = kind_of(item, known)
    elif not isinstance(zeep_type._element, Element):  # else zeep's way to hold simpleContent: a text
        _members(zeep_type, kind, known)
    return kind


def _item_of(zeep_type: Any) -> Any:
    """Return the type of an array's items: of `wdsl:arrayType`, or anything for an array of anything."""
    from zeep.xsd.types import AnyType

    for _, attribute in zeep_type.attributes:
        name = getattr(getattr(attribute, "qname", None), "localname", "")
        if name in _ARRAY_ATTRIBUTES:
            return getattr(attribute, "array_type", None) or AnyType()
    return None


def _members(zeep_type: Any, kind: Kind, known: dict[int, Kind]) -> None:
    from zeep.xsd.elements import Element

    for name, element in zeep_type.elements:
        if isinstance(element, Element):
            kind.fields[name] = kind_of(element.type, known)
            if element.accepts_multiple:
                kind.many.add(name)
        else:
            kind.open = True
    if len(kind.fields) == 1 and kind.many and not kind.open:
        (kind.row,) = kind.many
    if not kind.fields:
        kind.open = True
