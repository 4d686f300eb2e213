"""The way out (design, section 6): what each system should hold, and the writes that bring it there.

::

    targets.py     the writes of the mappings, compiled
    values.py      values as they are wanted, seen and compared
    words.py       an order as expressions see it
    forms.py       in what form a system holds what was written to it
    situations.py  what the store knows of some orders
    wants.py       what a system should hold, against what it was last seen to hold
    propose.py     the difference becomes changes in the outbox, with the merge
    mass.py        too many changes in a day wait together
    outbox.py      the changes and their states
    approvals.py   what people decide of held changes; asks.py: what they are asked;
                   expiry.py: what nobody answers
    push.py        changes leave; bearing.py: how a system bears it; due.py: what must be looked at again
    speaking.py    a change as a connector carries it out
    receipts.py    what a system proved to have done
    resolve.py     what became of a change whose answer was lost; settling.py: what people say of it
    adopt.py       a system begins to be written to
    by_hand.py     what people wrote themselves; preview.py, standing.py: what would be, and is, on its way
"""
