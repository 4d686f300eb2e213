"""What the hub would have written beside what people wrote by hand, until a system is fit to go live.

`shadow` follows every wish to its end, `days` counts them, `figures` measures before and after, `track` holds
an order list that people keep by hand against the hub.
"""
