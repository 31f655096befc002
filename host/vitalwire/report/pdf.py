# SPDX-License-Identifier: Apache-2.0
"""A report as a PDF on A4, in the same words as the page."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ..errors import UsageError
from .html import NOT_A_DEVICE
from .model import Report
from .tables import Table

_LETTERS: Final = 132
"""So many letters fit beside one another."""


def document(report: Report, tables: list[Table], trend_png: bytes, waves: list[tuple[str, bytes]]) -> bytes:
    """The whole document. `waves` are (caption, PNG). Raises UsageError where fpdf2 is missing."""
    try:
        from fpdf import FPDF
    except ImportError:
        raise UsageError("a PDF needs fpdf2", 'install it: pip install "vitalwire[report]"') from None
    title = f"Session {report.setup.patient or 'without a patient code'}, {report.date}"

    class Pages(FPDF):
        def footer(self) -> None:
            self.set_y(-11)
            self.set_font(font, size=7)
            marks = "  ".join(report.marks_words)
            self.cell(0, 4, f"{title}   {marks}   page {self.page_no()} of {{nb}}")

    pdf = Pages(format="A4")
    font = font_for(pdf, [title, *(cell for table in tables for row in table.rows for cell in row)])
    pdf.set_title(title)
    pdf.set_lang("en")
    # The same record gives the same bytes: the document's date is that of the session's end.
    ended_s = (report.setup.started_utc_ms + report.duration_ms) / 1000
    pdf.set_creation_date(datetime.fromtimestamp(ended_s, UTC))
    pdf.set_margins(14, 12, 14)
    pdf.set_auto_page_break(True, margin=15)
    pdf.add_page()
    pdf.set_font(font, style="B", size=14)
    pdf.multi_cell(0, 7, title, new_x="LMARGIN", new_y="NEXT")
    if report.marks_words:
        pdf.set_font(font, style="B", size=12)
        pdf.multi_cell(0, 7, "   ".join(report.marks_words), new_x="LMARGIN", new_y="NEXT")
    pdf.set_font(font, size=8)
    pdf.multi_cell(0, 5, NOT_A_DEVICE, new_x="LMARGIN", new_y="NEXT")
    pdf.image(io.BytesIO(trend_png), w=pdf.epw, alt_text="SpO2, pulse and pressure over the session")
    for table in tables:
        draw_table(pdf, table, font)
        if table.title.startswith("Alarms of the patient"):
            _waves(pdf, waves, font)
    return bytes(pdf.output())


def font_for(pdf: Any, texts: list[str]) -> str:
    """A font that has every letter of the texts. Where Latin letters are all there is, the reader's own Helvetica is
    one; else DejaVu Sans is put into the document, which takes half a second. It comes with matplotlib."""
    if all(text.encode("latin-1", "ignore").decode("latin-1") == text for text in texts):
        return "helvetica"
    import matplotlib

    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    pdf.add_font("sans", fname=fonts / "DejaVuSans.ttf")
    pdf.add_font("sans", style="B", fname=fonts / "DejaVuSans-Bold.ttf")
    return "sans"


def draw_table(pdf: Any, table: Table, font: str) -> None:
    """A table with its title and note, over as many pages as it needs."""
    from fpdf.fonts import FontFace

    _title(pdf, table.title, font)
    pdf.set_font(font, size=7.5)
    if table.note:
        pdf.multi_cell(0, 4, table.note, new_x="LMARGIN", new_y="NEXT")
    named = not any(table.heads)
    bold = FontFace(emphasis="BOLD")
    with pdf.table(
        col_widths=_widths(table), text_align="LEFT", line_height=4, borders_layout="HORIZONTAL_LINES",
        first_row_as_headings=not named, headings_style=bold,
    ) as made:  # fmt: skip
        if not named:
            made.row(table.heads)
        for row in table.rows:
            made.row(row)


def _widths(table: Table) -> list[int]:
    """Of each column in letters: that of its longest cell. Where all do not fit, the widest columns give way, and their
    cells take several lines."""
    columns = zip(table.heads, *table.rows, strict=True)
    widths = [max(4, *map(len, cells)) + 3 for cells in columns]
    if sum(widths) <= _LETTERS or len(widths) < 2:
        return widths
    widest = max(widths)
    while sum(min(width, widest) for width in widths) > _LETTERS and widest > _LETTERS // len(widths):
        widest -= 1
    return [min(width, widest) for width in widths]


def _title(pdf: Any, text: str, font: str) -> None:
    if pdf.will_page_break(22):
        pdf.add_page()
    pdf.ln(3)
    pdf.set_font(font, style="B", size=10)
    pdf.multi_cell(0, 6, text, new_x="LMARGIN", new_y="NEXT")


def _waves(pdf: Any, waves: list[tuple[str, bytes]], font: str) -> None:
    if waves:
        _title(pdf, "The wave around each alarm", font)
    pdf.set_font(font, size=7)
    for caption, png in waves:
        if pdf.will_page_break(30):
            pdf.add_page()
        pdf.multi_cell(0, 4, caption, new_x="LMARGIN", new_y="NEXT")
        pdf.image(io.BytesIO(png), w=90, alt_text=caption)
