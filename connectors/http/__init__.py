"""The HTTP side of reading: one session per system, limits, ways to log in, signatures."""
