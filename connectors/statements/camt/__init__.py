"""camt.052, 053 and 054 of every version, by the elements' names, whatever their namespace.

trees     the bytes as trees, also where the file is torn, holds several messages or lies about its charset
entry     one Ntry, or its details where they add up to it
parties   the other side of an entry
reader    messages -> statements
"""

from connectors.statements.camt.reader import read_camt

__all__ = ["read_camt"]
