"""What the complete reading half and the full set of finding classes keep."""

from __future__ import annotations

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what 0001 did not know yet."""
