# SPDX-License-Identifier: Apache-2.0
"""A drawing as SVG text: boxes, lines, words. The same input gives the same bytes, which a drawing program does not."""

from __future__ import annotations

from xml.sax.saxutils import escape

INK, PALE, LIVE = "#1f2a37", "#c4ccd6", "#0b6bcb"
FILL, NEW = "#f5f7fa", "#dcecff"


class Drawing:
    """`width` and `height` in pixels; `title` is what a screen reader says."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self.width, self.height, self.title = width, height, title
        self.items: list[str] = []

    def box(self, x: int, y: int, w: int, h: int, fill: str = FILL, line: str = INK) -> None:
        self.items.append(
            f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="6" fill="{fill}" stroke="{line}" stroke-width="1.5"/>'
        )

    def line(self, points: list[tuple[int, int]], colour: str = INK, width: float = 2, dashed: bool = False) -> None:
        joined = " ".join(f"{x},{y}" for x, y in points)
        dash = ' stroke-dasharray="6 4"' if dashed else ""
        self.items.append(f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="{width:g}"{dash}/>')

    def text(
        self, x: int, y: int, words: str, size: int = 13, colour: str = INK, bold: bool = False, at: str = "start"
    ) -> None:
        weight = ' font-weight="bold"' if bold else ""
        self.items.append(
            f'<text x="{x}" y="{y}" font-size="{size}" fill="{colour}" text-anchor="{at}"{weight}>'
            f"{escape(words)}</text>"
        )

    def paragraph(self, x: int, y: int, words: str, letters: int, size: int = 12, colour: str = INK) -> int:
        """Words in lines of at most `letters`; returns the y below the last."""
        line = ""
        for word in [*words.split(), ""]:
            if line and (not word or len(line) + 1 + len(word) > letters):
                self.text(x, y, line, size, colour)
                y += size + 4
                line = word
            else:
                line = f"{line} {word}".strip()
        return y

    def svg(self) -> str:
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n<!-- SPDX-License-Identifier: CERN-OHL-P-2.0 -->\n'
            "<!-- Written by `make hardware`. -->\n"
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}" '
            f'viewBox="0 0 {self.width} {self.height}" font-family="DejaVu Sans, Arial, sans-serif" role="img">\n'
            f"<title>{escape(self.title)}</title>\n"
            f'<rect width="{self.width}" height="{self.height}" fill="white"/>\n' + "\n".join(self.items) + "\n</svg>\n"
        )
