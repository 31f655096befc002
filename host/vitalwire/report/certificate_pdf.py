# SPDX-License-Identifier: Apache-2.0
"""A certificate on A4, in the same words as the page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from ..errors import UsageError
from .certificate_tables import WHAT_IT_IS, tables, title
from .pdf import draw_table, font_for

_ACROSS_PT: Final = 88


def document(record: Mapping[str, Any], digest: str) -> bytes:
    """The whole document. Raises UsageError where fpdf2 is missing."""
    try:
        from fpdf import FPDF
    except ImportError:
        raise UsageError("a PDF needs fpdf2", 'install it: pip install "vitalwire[report]"') from None
    name, made = title(record), tables(record, digest)

    class Pages(FPDF):
        def header(self) -> None:
            if record["simulated"]:
                self._across("SIMULATED")

        def footer(self) -> None:
            self.set_y(-11)
            self.set_font(font, size=7)
            marks = "  ".join(record["marks"])
            self.cell(0, 4, f"{name}   {marks}   record {digest[:16]}   page {self.page_no()} of {{nb}}")

        def _across(self, word: str) -> None:
            x, y = self.w / 2, self.h / 2
            self.set_font("helvetica", style="B", size=_ACROSS_PT)
            self.set_text_color(230, 190, 190)
            with self.rotation(55, x, y):
                self.text(x - self.get_string_width(word) / 2, y, word)
            self.set_text_color(0)

    pdf = Pages(format="A4")
    font = font_for(pdf, [name, *(cell for table in made for row in table.rows for cell in row)])
    pdf.set_title(name)
    pdf.set_lang("en")
    # The same record gives the same bytes: the document's date is that of the test.
    pdf.set_creation_date(datetime.fromisoformat(str(record["tested_utc"])))
    pdf.set_margins(14, 12, 14)
    pdf.set_auto_page_break(True, margin=15)
    pdf.add_page()
    pdf.set_font(font, style="B", size=16)
    pdf.multi_cell(0, 8, name, new_x="LMARGIN", new_y="NEXT")
    pdf.set_font(font, style="B", size=13)
    verdict = f"{str(record['result']).upper()}, next due {record['next_due']}"
    pdf.multi_cell(0, 7, "   ".join([verdict, *record["marks"]]), new_x="LMARGIN", new_y="NEXT")
    pdf.set_font(font, size=8)
    pdf.multi_cell(0, 4.5, WHAT_IT_IS, new_x="LMARGIN", new_y="NEXT")
    for table in made:
        draw_table(pdf, table, font)
    return bytes(pdf.output())
