"""A simulated factory and its practice systems (design, section 2).

One seeded world of orders with a true history, seen by three systems through their real protocols: an
SAP-like ERP over SOAP, a WMS database and a TMS file drop. Tests, benchmarks and the demo use it; it
imports no other room, so that what it seeds is judged by code that knows nothing of it.
"""
