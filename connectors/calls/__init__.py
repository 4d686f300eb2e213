"""What the connectors of calls (rest, soap) share: filling, paging, positions, reactions, details.

`reading.Reading` walks a stream: which call answers an ask, how it is turned from page to page, where the
cursor stands, what is nested. A connector gives it an `Asker`, which sends one call and returns its answer.
"""
