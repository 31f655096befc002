# SPDX-License-Identifier: Apache-2.0
"""Items as a line of text, for formats whose only place for words is an annotation, and back.

A line begins with words for a person and goes on with the rest as JSON:

    physiological spo2_low raised {"priority": "high", "value": 84.7, "limit": 85}
    reading cuff {"sbp_mmhg": 122.0, ..., "flags": ["simulated"]}
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from ..items import Event, Item, Reading

READING: Final = "reading"
WAVE: Final = "wave"
EVENT: Final = "event"
ABOUT: Final = "vitalwire"
_OURS: Final = frozenset((READING, WAVE, EVENT, ABOUT))
_WORD: Final = re.compile(r"[^\s{}()]+")
_PIECE: Final = re.compile(r"\((\d{1,4})/(\d{1,4})\) (.*)", re.DOTALL)
_NOTHING: Final[tuple[Any, ...]] = (None, "", [], {})
MEASURED: Final = ("spo2_pct", "pulse_bpm", "perfusion_pct", "quality", "sbp_mmhg", "map_mmhg", "dbp_mmhg")


def _rest(values: dict[str, Any]) -> dict[str, Any]:
    """What of an item's `as_dict` says something, without its type and its time."""
    return {k: v for k, v in values.items() if k not in ("type", "time_utc") and v not in _NOTHING}


def line(head: str, values: dict[str, Any]) -> str:
    """Words and JSON as one line."""
    text = json.dumps(values, ensure_ascii=False, allow_nan=False)
    return f"{head} {text}" if values else head


def event_line(event: Event) -> str:
    """An event as a line; its time is the annotation's."""
    rest = _rest(event.as_dict())
    words = [event.kind, event.name, event.state]
    while words and not words[-1]:
        words.pop()
    if not words or event.kind in _OURS or not all(_WORD.fullmatch(word) for word in words):
        return line(EVENT, rest)
    for name in ("kind", "name", "state"):
        rest.pop(name, None)
    return line(" ".join(words), rest)


def reading_line(reading: Reading) -> str:
    """A reading with all that it has."""
    rest = _rest(reading.as_dict())
    return line(f"{READING} {rest.pop('source')}", rest)


def state_line(reading: Reading) -> str:
    """What a reading of the oximeter has besides its values and what counts it; it holds until the next such line."""
    rest = _rest(reading.as_dict())
    for name in (*MEASURED, "source", "device_ms", "seq"):
        rest.pop(name, None)
    return line(f"{READING} oximeter", rest)


def parsed(text: str) -> tuple[list[str], dict[str, Any]]:
    """The words and the JSON of a line. Raises ValueError."""
    head, brace, rest = text.partition("{")
    try:
        values = json.loads(brace + rest) if brace else {}
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(values, dict):
        raise ValueError(f"{text[:60]!r} is no line of Vitalwire")
    return head.split(), values


def in_order(items: Iterable[Item]) -> list[Item]:
    """Items by their times, for formats that keep no other order. At the same time a gap ends before a reading, and
    begins after one; what came of a reading follows it."""

    def rank(item: Item) -> int:
        if isinstance(item, Event) and item.kind == "gap":
            return 0 if item.state == "end" else 4
        return 1 if isinstance(item, Reading) else 2 if isinstance(item, Event) else 3

    return sorted(items, key=lambda item: (item.utc_ms, rank(item)))


def about_of(lines: Iterable[str]) -> dict[str, Any]:
    """What a file says of itself in one of its lines. Raises ValueError where none does."""
    for text in lines:
        if text.startswith(ABOUT + " {"):
            return parsed(text)[1]
    raise ValueError("it does not say that Vitalwire made it")


def event_of(words: list[str], values: dict[str, Any]) -> dict[str, Any]:
    """What `item_of` takes, of an event's line, but for its time. Raises ValueError."""
    said = {"kind": "", "name": "", "state": ""}
    if words != [EVENT]:
        if not 1 <= len(words) <= 3:
            raise ValueError(f"{' '.join(words)[:60]!r} is no event")
        said.update(zip(said, words, strict=False))
    return {**said, **values, "type": "event"}


def pieces(text: str, bytes_max: int) -> Iterator[str]:
    """A line in pieces of at most `bytes_max` bytes of UTF-8, each marked `(1/3) `; as it is where it fits."""
    if len(text.encode()) <= bytes_max:
        yield text
        return
    found: list[str] = []
    part: list[str] = []
    size = 0
    for c in text:
        width = len(c.encode())
        if size + width > bytes_max - 12:
            found.append("".join(part))
            part, size = [], 0
        part.append(c)
        size += width
    found.append("".join(part))
    for number, piece in enumerate(found, 1):
        yield f"({number}/{len(found)}) {piece}"


def joined(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Puts the pieces of lines together again; `lines` have a time each and are in the order of writing."""
    parts: list[str] = []
    for at, text in lines:
        piece = _PIECE.fullmatch(text)
        if piece is None:
            yield at, text
            continue
        if piece[1] == "1":
            parts = []
        parts.append(piece[3])
        if piece[1] == piece[2]:
            yield at, "".join(parts)
            parts = []


__all__ = [
    "ABOUT", "EVENT", "MEASURED", "READING", "WAVE", "about_of", "event_line", "event_of", "in_order", "joined", "line",
    "parsed", "pieces", "reading_line", "state_line",
]  # fmt: skip
