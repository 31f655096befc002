# SPDX-License-Identifier: Apache-2.0
"""Codes of patients and names of those who act: what may stand in a record."""

from __future__ import annotations

import re
from typing import Final

CODE_MAX: Final = 32
BY_MAX: Final = 60
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*", re.ASCII)


def code_refusal(code: str) -> str:
    """Why `code` is no patient's code, or empty. A code never holds a name: the record is pseudonymous."""
    if len(code) > CODE_MAX:
        return f"a patient's code has at most {CODE_MAX} characters"
    if not _CODE.fullmatch(code):
        return "a patient's code has letters without accents, digits, - and _ only, and begins with a letter or a digit"
    return ""


def by_refusal(by: str) -> str:
    """Why this cannot stand for a person who acts, or empty."""
    if not by.strip():
        return "say who acts: initials or a staff code will do"
    if len(by) > BY_MAX or not by.isprintable():
        return f"at most {BY_MAX} characters, and none that does not print"
    return ""
