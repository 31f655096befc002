# SPDX-License-Identifier: Apache-2.0
"""TOML that knows where everything stands: `tomllib` reads the values, a scanner finds line and column of each.

`tomllib` says where the syntax is wrong but not where a value stood, and takes seconds for a key of thousands of
parts. The scanner walks the text in the same order and accepts everything that `tomllib` does, so it meets a key or a
nesting that is out of bounds before `tomllib` would; where it cannot go on, `tomllib` cannot either and says why.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import Any, Final

from .errors import UsageError

TEXT_MAX: Final = 64 * 1024
"""Characters. A file that people write and read is some pages; something larger is not one."""
KEY_PARTS_MAX: Final = 8
DEPTH_MAX: Final = 16
DIGITS_MAX: Final = 100
SHOWN_MAX: Final = 60
"""Of something wrong in a file, a message repeats no more characters."""

Path = tuple[str | int, ...]
"""Where a value is in the document: keys, and numbers of items in arrays."""


class TomlError(UsageError):
    """Something in a TOML file is wrong. `line` and `column` count from 1; 0 where it is the whole file.

    `others` are further problems of the same file.
    """

    def __init__(self, where: str, line: int, column: int, problem: str, hint: str = "") -> None:
        place = f"{where}, line {line}, column {column}" if line else where
        super().__init__(f"{place}: {problem}", hint)
        self.where, self.line, self.column, self.problem = where, line, column, problem
        self.others: tuple[TomlError, ...] = ()


def shown(value: object) -> str:
    """A value for a message: short and on one line, whatever it is."""
    text = repr(value)
    return text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 3] + "..."


@dataclass
class Places:
    """Offsets into the text of a document, by path."""

    text: str
    keys: dict[Path, int] = field(default_factory=dict)
    values: dict[Path, int] = field(default_factory=dict)
    sections: dict[Path, tuple[int, int]] = field(default_factory=dict)
    """Of each `[section]`: where its header begins, and where its last value ends."""
    repeated: tuple[Path, int, int] | None = None
    """The first key that stands twice: its path, the first place, the second."""

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, from 1."""
        return self.text.count("\n", 0, offset) + 1, offset - (self.text.rfind("\n", 0, offset) + 1) + 1

    def of(self, path: Path, *, value: bool = False) -> tuple[int, int]:
        """Line and column of the key at `path` (or its value), or of the nearest thing it belongs to; or (0, 0)."""
        for size in range(len(path), 0, -1):
            part = path[:size]
            offset = self.keys.get(part, self.values.get(part))
            if value:
                offset = self.values.get(part, offset)
            if offset is not None:
                return self.place(offset)
        return 0, 0


@dataclass(frozen=True)
class Document:
    """What a file says, and where."""

    where: str
    data: dict[str, Any]
    places: Places

    def error(self, path: Path, problem: str, hint: str = "", *, value: bool = False) -> TomlError:
        """A problem with the key at `path`, or with its value."""
        return TomlError(self.where, *self.places.of(path, value=value), problem, hint)


def read_document(text: str, where: str, what: str) -> Document:
    """Reads TOML; `where` names the file in messages, `what` is what it should be. Raises TomlError."""
    if len(text) > TEXT_MAX:
        raise TomlError(where, 0, 0, f"too large for {what} (over {TEXT_MAX // 1024} kB)")
    text = text.replace("\r\n", "\n")
    places = Places(text)
    scanner = _Scanner(places)
    try:
        scanner.document()
    except _Stuck:
        pass  # tomllib says it in its own words
    except _OutOfBounds as error:
        raise TomlError(where, *places.place(error.offset), f"not valid TOML here: {error}") from None
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise _syntax(places, where, error) from None
    return Document(where, data, places)


def _syntax(places: Places, where: str, error: Exception) -> TomlError:
    said = str(error)
    found = re.search(r"\(at (?:line (\d+), column (\d+)|end of document)\)$", said)
    twice = re.match(r"Cannot (?:overwrite|declare|mutate|redefine)|Duplicate", said)
    if twice and places.repeated is not None:
        path, first, second = places.repeated
        name = ".".join(str(part) for part in path)
        return TomlError(
            where,
            *places.place(second),
            f"not valid TOML: {shown(name)} stands here a second time",
            f"the first is in line {places.place(first)[0]}; keep one of them",
        )
    if found and found[1]:
        line, column = int(found[1]), int(found[2])
    else:
        line, column = places.place(len(places.text)) if found else (0, 0)
    words = said[: found.start()].strip() if found else said.partition(";")[0]
    words = words if len(words) <= 3 * SHOWN_MAX else words[: 3 * SHOWN_MAX] + "..."
    return TomlError(where, line, column, f"not valid TOML: {words[:1].lower()}{words[1:]}")


class _Stuck(Exception):  # noqa: N818
    """The scanner cannot read on."""


class _OutOfBounds(Exception):  # noqa: N818
    def __init__(self, offset: int, what: str) -> None:
        super().__init__(what)
        self.offset = offset


_BLANK: Final = re.compile(r"[ \t]*")
_BLANK_LINES: Final = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_STRING: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?!")|' + r"'''.*?'''(?!')|" + r'"(?:[^"\\\n]|\\[^\n])*"|' + r"'[^'\n]*'", re.DOTALL
)
_BARE_VALUE: Final = re.compile(r"[^,\]}#\n]+")
_DIGITS: Final = re.compile(rf"[0-9_]{{{DIGITS_MAX},}}")


class _Scanner:
    """One walk over the text. It checks nothing that `tomllib` checks, and builds nothing but places."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.text = places.text
        self.at = 0
        self.starts: list[int] = []
        """Where the parts of the last key began."""
        self.counts: dict[Path, int] = {}
        """How many tables each `[[array]]` has so far."""

    def document(self) -> None:
        table: Path = ()
        section: Path | None = None
        while True:
            self.skip(_BLANK_LINES)
            if self.at >= len(self.text):
                return
            if self.text[self.at] == "[":
                table = section = self.header()
            else:
                self.pair(table, 0)
                if section is not None:
                    self.places.sections[section] = (self.places.sections[section][0], self.at)
            self.skip(_BLANK)
            if self.at < len(self.text) and self.text[self.at] not in "#\n":
                raise _Stuck

    def header(self) -> Path:
        begin = self.at
        array = self.text.startswith("[[", begin)
        self.at += 2 if array else 1
        parts = self.key()
        *outer, first = self.starts
        self.expect("]]" if array else "]")
        path: Path = ()
        for part, start in zip(parts, outer, strict=False):
            self.places.keys.setdefault((*path, part), start)
            path = self.last((*path, part))
        path = (*path, parts[-1])
        if array:
            self.places.keys.setdefault(path, first)
            number = self.counts[path] = self.counts.get(path, 0) + 1
            path = (*path, number - 1)
        else:
            path = self.last(path)
        if path in self.places.sections:
            self.seen_twice(path, first)
        self.note(path, first, first)
        self.places.sections.setdefault(path, (begin, self.at))
        return path

    def last(self, path: Path) -> Path:
        """The table that a name in a header means: of an array it is the last."""
        return (*path, self.counts[path] - 1) if path in self.counts else path

    def pair(self, table: Path, depth: int) -> None:
        path = table + tuple(self.key())
        *outer, begin = self.starts
        self.expect("=")
        self.skip(_BLANK)
        for size, start in enumerate(outer, len(table) + 1):
            self.places.keys.setdefault(path[:size], start)
        if path in self.places.keys:
            self.seen_twice(path, begin)
        self.note(path, begin, self.at)
        self.value(path, depth)

    def seen_twice(self, path: Path, second: int) -> None:
        if self.places.repeated is None:
            self.places.repeated = (path, self.places.keys.get(path, second), second)

    def note(self, path: Path, key: int, value: int) -> None:
        self.places.keys.setdefault(path, key)
        self.places.values.setdefault(path, value)

    def key(self) -> list[str]:
        parts: list[str] = []
        self.starts = []
        begin = self.at
        while True:
            self.skip(_BLANK)
            self.starts.append(self.at)
            parts.append(self.key_part())
            if len(parts) > KEY_PARTS_MAX:
                raise _OutOfBounds(begin, f"a key of more than {KEY_PARTS_MAX} parts")
            self.skip(_BLANK)
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1

    def key_part(self) -> str:
        if (bare := _BARE_KEY.match(self.text, self.at)) is not None:
            self.at = bare.end()
            return bare[0]
        quoted = _STRING.match(self.text, self.at)
        if quoted is None or quoted[0].startswith(('"""', "'''")):
            raise _Stuck
        self.at = quoted.end()
        if quoted[0].startswith("'") or "\\" not in quoted[0]:
            return quoted[0][1:-1]
        try:
            return str(tomllib.loads("key = " + quoted[0])["key"])
        except ValueError:
            raise _Stuck from None

    def value(self, path: Path, depth: int) -> None:
        if depth > DEPTH_MAX:
            raise _OutOfBounds(self.at, f"brackets in brackets, more than {DEPTH_MAX} deep")
        begins = self.text[self.at : self.at + 1]
        if begins in ('"', "'"):
            found = _STRING.match(self.text, self.at)
        elif begins == "[":
            return self.array(path, depth)
        elif begins == "{":
            return self.inline_table(path, depth)
        else:
            found = _BARE_VALUE.match(self.text, self.at)
            if found is not None and _DIGITS.search(found[0]):
                raise _OutOfBounds(self.at, f"a number of {DIGITS_MAX} digits or more")
        if found is None:
            raise _Stuck
        self.at = found.end()
        return None

    def array(self, path: Path, depth: int) -> None:
        self.at += 1
        number = 0
        while True:
            self.skip(_BLANK_LINES)
            if self.text.startswith("]", self.at):
                self.at += 1
                return
            self.places.values.setdefault((*path, number), self.at)
            self.value((*path, number), depth + 1)
            number += 1
            self.skip(_BLANK_LINES)
            if self.text.startswith(",", self.at):
                self.at += 1
            elif not self.text.startswith("]", self.at):
                raise _Stuck

    def inline_table(self, path: Path, depth: int) -> None:
        self.at += 1
        while True:
            self.skip(_BLANK_LINES)  # later versions of TOML allow lines here
            if self.text.startswith("}", self.at):
                self.at += 1
                return
            self.pair(path, depth + 1)
            self.skip(_BLANK_LINES)
            if self.text.startswith(",", self.at):
                self.at += 1
            elif not self.text.startswith("}", self.at):
                raise _Stuck

    def skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self.text, self.at)
        assert found is not None
        self.at = found.end()

    def expect(self, what: str) -> None:
        self.skip(_BLANK)
        if not self.text.startswith(what, self.at):
            raise _Stuck
        self.at += len(what)
