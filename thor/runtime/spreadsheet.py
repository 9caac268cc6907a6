"""Text in files that a spreadsheet opens. A rule file."""

from __future__ import annotations


def inert(text: str) -> str:
    """A text that no spreadsheet takes for a formula (OWASP ASVS 1.2.10): an apostrophe stands before one that begins
    like a formula. Numbers are no texts: they are written as they are, also below zero."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
