"""Which format a file is in, by its content alone: names and endings say anything."""

from __future__ import annotations

import re

from connectors.statements.charset import lines_of, text_of

_HEAD = 1 << 16
_CAMT = re.compile(
    r"<(?:[\w.-]+:)?BkToCstmr(?:Stmt|AcctRpt|DbtCdtNtfctn)|urn:iso:std:iso:20022:tech:xsd:camt\.05[234]"
)
_OFX = re.compile(r"OFXHEADER|<OFX>|<STMTTRN>|<(?:CC)?STMTRS>", re.I)
_BAI2 = re.compile(
    r"\s*(?:01,[^,\n]*,[^,\n]*,[0-9]{6},|0[123],[^\n]*\n(?:[^\n]*\n){0,9}\s*(?:0[23]|16|88|49|9[89]),)"
)
_MT = re.compile(r"^\s{0,2}(?::|\{4::)(?:61:[0-9]{6}|60[FM]?:|62[FM]:|28C?:|25P?:|20:|34F:)", re.M)
_MT_BLOCK = re.compile(r"\{1:F01|\{2:[IO]94[012]")


def format_of(content: bytes) -> str:
    """Return `zip`, `gzip`, `camt`, `ofx`, `bai2`, `mt`, `table` (tried as an export), "" if empty."""
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "table" if b"[Content_Types].xml" in content[:_HEAD] or b"xl/workbook" in content else "zip"
    if content.startswith(b"\x1f\x8b"):
        return "gzip"
    text = text_of(content[:_HEAD]).lstrip("\ufeff\x00")
    if not text.strip():
        return ""
    return _of_text("\n".join(lines_of(text))) or "table"


def _of_text(text: str) -> str:
    if _CAMT.search(text):
        return "camt"
    if _OFX.search(text):
        return "ofx"
    if _BAI2.match(text):
        return "bai2"
    return "mt" if _MT.search(text) or _MT_BLOCK.search(text) else ""


def seen(content: bytes) -> str:
    """Return how a file begins, for people to recognise it: a line of text, or its first bytes."""
    text = text_of(content[:400])
    line = next((line.strip() for line in lines_of(text) if line.strip()), "")
    binary = any(sign < " " and sign not in "\t\n\r\f" for sign in text)
    return line[:60] if line and not binary else content[:8].hex(" ")
