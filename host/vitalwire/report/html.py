# SPDX-License-Identifier: Apache-2.0
"""A report as one page that needs nothing else: no script, no font, no picture from anywhere."""

from __future__ import annotations

import base64
from html import escape
from typing import Final

from .model import Report
from .tables import Table

NOT_A_DEVICE: Final = "Vitalwire is not a certified medical device. The record advises and documents; a person decides."
TREND: Final = "SpO2, pulse and pressure over the session, with phases, doses, limits and alarms"
STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 62rem; margin: 1.5rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.1rem; margin: 1.6rem 0 .3rem; }
.marks strong { border: 2px solid; padding: .1rem .5rem; margin-right: .5rem; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; }
th, td { text-align: left; vertical-align: top; padding: .2rem .6rem .2rem 0; border-bottom: 1px solid #8884; }
th { font-weight: 600; } td { overflow-wrap: anywhere; }
figure { margin: .8rem 0; background: #fff; } figure img { width: 100%; height: auto; }
figcaption { color: #000; padding: .2rem .5rem; }
.waves { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: .6rem; }
.note { margin: .2rem 0; } footer { margin-top: 2rem; border-top: 1px solid #8888; }
@media print {
  body { max-width: none; font-size: 10.5px; } h2 { break-after: avoid; } tr, figure { break-inside: avoid; }
}
"""


def page(report: Report, tables: list[Table], trend_png: bytes, waves: list[tuple[str, bytes]]) -> str:
    """The whole page. `waves` are (caption, PNG)."""
    title = f"Session {report.setup.patient or 'without a patient code'}, {report.date}"
    marks = "".join(f"<strong>{escape(word)}</strong>" for word in report.marks_words)
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
        f"<header><h1>{escape(title)}</h1>",
        f'<p class="marks">{marks}</p><p>{escape(NOT_A_DEVICE)}</p></header><main>',
        _picture("Trend", TREND, trend_png),
    ]
    for table in tables:
        parts.append(table_html(table))
        if table.title.startswith("Alarms of the patient") and waves:
            parts.append('<h2>The wave around each alarm</h2><div class="waves">')
            parts += [_figure(caption, png) for caption, png in waves]
            parts.append("</div>")
    parts.append(f"</main><footer><p>{escape(NOT_A_DEVICE)}</p></footer></body></html>")
    return "\n".join(parts) + "\n"


def _picture(title: str, caption: str, png: bytes) -> str:
    return f"<h2>{escape(title)}</h2>{_figure(caption, png)}"


def _figure(caption: str, png: bytes) -> str:
    data = base64.b64encode(png).decode()
    image = f'<img alt="{escape(caption, quote=True)}" src="data:image/png;base64,{data}">'
    return f"<figure>{image}<figcaption>{escape(caption)}</figcaption></figure>"


def table_html(table: Table) -> str:
    """A table with its title; a row without heads has its first cell as its name."""
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in table.heads)
    named = not any(table.heads)
    rows = "".join(f"<tr>{_cells(row, named)}</tr>" for row in table.rows)
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    head = "" if named else f"<thead><tr>{heads}</tr></thead>"
    return f"<section><h2>{escape(table.title)}</h2>{note}<table>{head}<tbody>{rows}</tbody></table></section>"


def _cells(row: tuple[str, ...], named: bool) -> str:
    if named:
        first, *rest = row
        return f'<th scope="row">{escape(first)}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in rest)
    return "".join(f"<td>{escape(cell)}</td>" for cell in row)
