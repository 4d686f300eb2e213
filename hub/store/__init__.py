"""The store: the only place where OrderHub keeps anything (design, section 4).

`open_store` gives a `Store`; its `write()` and `read()` give the transactions in which all other
functions of this room work.
"""

from __future__ import annotations

from hub.store.engine import Store, open_store
from hub.store.leases import Lease, lease
from hub.store.seal import Seal, make_key, read_key

__all__ = ["Lease", "Seal", "Store", "lease", "make_key", "open_store", "read_key"]
