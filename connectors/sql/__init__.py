"""Databases as sources: any SQLAlchemy URL, a table (or view) or a SELECT, read only."""

from connectors.sql.connector import SqlConnector

__all__ = ["SqlConnector"]
