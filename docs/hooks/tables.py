# SPDX-License-Identifier: Apache-2.0
"""Tables of the site that follow from the program, so that they cannot say anything else: `<!-- sinks -->`."""

from __future__ import annotations

from typing import Any

from vitalwire.sinks.base import SinkKind
from vitalwire.sinks.registry import load_kinds

MARK = "<!-- sinks -->"


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


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Called by MkDocs for each page."""
    if MARK not in markdown:
        return markdown
    kinds, _bad = load_kinds()
    return markdown.replace(MARK, "\n".join(section(kind) for kind in kinds))
