"""Benchmarks: how fast OrderHub is beside a floor and beside its peers, in CPU time. Never part of the tests."""
