# SPDX-License-Identifier: Apache-2.0
"""A certificate as one page that needs nothing else. What it is marked with lies across it, on paper on every sheet."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final

from .certificate_tables import WHAT_IT_IS, tables, title
from .html import STYLE, table_html

_OWN: Final = """
.across { position: fixed; inset: 0; display: flex; flex-direction: column; justify-content: space-around;
  align-items: center; pointer-events: none; overflow: hidden; z-index: 1; }
.across span { transform: rotate(-35deg); font: 700 13vmin/1 system-ui, sans-serif; letter-spacing: .1em;
  white-space: nowrap; color: #c00000; opacity: .16; }
.verdict { font-size: 1.3rem; } td:last-child { white-space: nowrap; }
@media print { .across span { font-size: 30mm; } }
"""


def page(record: Mapping[str, Any], digest: str) -> str:
    """The whole page."""
    name = title(record)
    marks = "".join(f"<strong>{escape(word)}</strong>" for word in record["marks"])
    across = ""
    if record["simulated"]:
        across = '<div class="across" aria-hidden="true">' + "<span>SIMULATED</span>" * 3 + "</div>"
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(name)}</title><style>{STYLE}{_OWN}</style></head><body>{across}",
        f"<header><h1>{escape(name)}</h1>",
        f'<p class="marks">{marks}</p>',
        f'<p class="verdict"><strong>{escape(str(record["result"]).upper())}</strong>, '
        f"next due {escape(record['next_due'])}</p><p>{escape(WHAT_IT_IS)}</p></header><main>",
        *map(table_html, tables(record, digest)),
        f"</main><footer><p>{escape(WHAT_IT_IS)}</p></footer></body></html>",
    ]
    return "\n".join(parts) + "\n"
