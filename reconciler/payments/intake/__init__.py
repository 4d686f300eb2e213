"""The watched folder: what people drop there is taken in, and every file gets an answer beside it.

A round (`rounds`) looks at each folder. Statements come in by the very gates of a sync, and `kept` looks up
in the store what became of them; `sheets` carries out what people decided in a workbook. `answers` puts that
into words, and `memory` knows which content of a file was answered.
"""

from __future__ import annotations

from connectors.files.drops import Drop
from reconciler.payments.intake.rounds import Answered, Desk, Round, folders, look

__all__ = ["Answered", "Desk", "Drop", "Round", "folders", "look"]
