"""A small trading world that can be written to: CRM, ERP, WMS and TMS with people at work in each.

Beside the practice systems, which replay a world with known truth, these four take writes over their real
protocols, keep durable records and a journal of every attempt to write. From the journals alone it is proved
that nothing was lost and nothing doubled. It imports no other room but this one.
"""
