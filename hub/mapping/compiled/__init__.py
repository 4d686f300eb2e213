"""The usual items of a stream, read by one generated function: a first load is as fast as that.

`hub.mapping.thorough` says what a mapping means, item by item and case by case. Here the same FIELDs become
the text of one Python function that knows the usual case only: values that are there and fit, codes met
before, stamps of full width, numbers within the limits. Whatever else an item holds, the function returns
None (or raises), and the item is read thoroughly, once more and from its beginning. So no refusal and no
warning is made here, and both ways give the same facts wherever this one gives any.

::

    whole    the function: the fields of a Fact in order
    writer   FIELDs as lines: texts in line, codes and small numbers from memory (memo)
    stamps   stamps as lines, read by moments
    lists    sums and lines: one loop over the items
    beside   extras and links
    scope    raw values, each taken out of its map once
    source   the text in the making; no word of a mapping becomes part of it
"""

from hub.mapping.compiled.whole import SKIPPED, Unusual, Usual, compile_usual, write_usual

__all__ = ["SKIPPED", "Unusual", "Usual", "compile_usual", "write_usual"]
