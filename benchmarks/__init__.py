"""How fast OrderHub is, and against whom; run by hand or by `make bench`, never by the tests."""
