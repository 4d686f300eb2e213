"""The way out (design, section 6): what each system should hold, and the writes that bring it there.

`targets` compiles the writes of the mappings, `wants` compares an order with what a system was last seen to
hold, `propose` keeps the difference in the outbox within the merge's transaction, `push` sends it.
"""
