# SPDX-License-Identifier: Apache-2.0
"""Helpers of the emitters: the header line of generated files and lines that keep to the formatter's width."""

from __future__ import annotations

from collections.abc import Sequence

LICENCE = "# SPDX-License-Identifier: Apache-2.0"
NOTICE = "# Generated from protocol/vitalwire_protocol/messages.py by `make protocol`. Do not edit it here."
WIDTH = 120


def call(indent: int, head: str, parts: Sequence[str], tail: str) -> list[str]:
    """`head` + parts joined by commas + `tail`, on one line if it fits, else one part a line with a last comma."""
    pad = " " * indent
    line = pad + head + ", ".join(parts) + tail
    if len(line) <= WIDTH:
        return [line]
    return [pad + head, *(f"{pad}    {part}," for part in parts), pad + tail]
