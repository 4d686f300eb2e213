"""The engine: pull with its gates, merge into canonical orders, links, quarantine and replay."""
