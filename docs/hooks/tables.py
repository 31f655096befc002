# SPDX-License-Identifier: Apache-2.0
"""What the site takes from the program instead of saying it again: `<!-- sinks -->` and `<!-- sinks in detail -->`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from vitalwire.sinks.base import SinkKind
from vitalwire.sinks.registry import load_kinds

SINKS = "<!-- sinks -->"
DETAIL = "<!-- sinks in detail -->"
README = Path(__file__).resolve().parents[2] / "host" / "vitalwire" / "sinks" / "README.md"


def section(kind: SinkKind) -> str:
    """One kind of sink."""
    lines = [f"### {kind.name}", "", f"{kind.summary}.", "", f"    vitalwire stream --to '{kind.example}'", ""]
    schemes = ", ".join(f"`{scheme}`" for scheme in kind.schemes)
    install = f" Needs `pip install 'vitalwire[{kind.extra}]'`." if kind.extra else ""
    kept = "What it cannot deliver is kept for the next run." if kind.keeps else "What it cannot deliver is not kept."
    lines += [f"URLs begin with {schemes}.{install} {kept}", ""]
    if kind.options:
        lines += ["| option | what |", "|---|---|"]
        lines += [f"| `{name}` | {_cell(text)} |" for name, text in kind.options.items()]
        lines.append("")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def detail() -> str:
    """The sections of the sinks' read-me, one heading deeper."""
    text = README.read_text(encoding="utf-8")
    return re.sub(r"^## ", "### ", text[text.index("\n## ") :], flags=re.MULTILINE)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Called by MkDocs for each page."""
    if SINKS in markdown:
        markdown = markdown.replace(SINKS, "\n".join(section(kind) for kind in load_kinds()[0]))
    if DETAIL in markdown:
        markdown = markdown.replace(DETAIL, detail())
    return markdown
