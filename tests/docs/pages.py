# SPDX-License-Identifier: Apache-2.0
"""The code that stands in the documentation, as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a page in that language, in order."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return [body for name, body in _FENCE.findall(text) if name == language]


def program(page: str, name: str) -> str:
    """The block whose first line says that it is the file `name`."""
    for _, body in _FENCE.findall((DOCS / page).read_text(encoding="utf-8")):
        if body.splitlines()[0].strip("# -/") == name:
            return str(body)
    raise AssertionError(f"docs/{page} has no block that begins with `# {name}`")


def commands(page: str) -> list[str]:
    """Every command line that begins with `vitalwire`, its continuation lines joined and its comment taken off."""
    found = []
    for body in blocks(page, "") + blocks(page, "sh"):
        joined = body.replace("\\\n", " ")
        lines = (re.sub(r"\s+#\s.*$", "", line).strip() for line in joined.splitlines())
        found += [line for line in lines if line.startswith("vitalwire ")]
    return found
