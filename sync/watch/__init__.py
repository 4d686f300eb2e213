"""`orderhub watch`: pulls all the time, listens to wake-up calls, and sends as soon as something changed.

`loop` starts and ends it all: a thread a system that reads (`reading`, by key in `keyed`), one that places
and merges (`merging`), one that sends (`sending`), the `inbox` for signed calls, and a lease for each system
by which others know of it (`heartbeat`). Threads meet only in the store, as processes do; nothing is handed
on but "look now".
"""
