# SPDX-License-Identifier: Apache-2.0
"""Reads tables of a TOML document into typed values; whatever is wrong becomes a sentence with line and column."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from .toml_places import Document, Path, TomlError, shown

TEXT_LEN_MAX: Final = 400
PROBLEMS_MAX: Final = 50


class Problems:
    """Collects what is wrong, so that a person gets all of it at once."""

    def __init__(self) -> None:
        self.found: list[TomlError] = []

    @contextmanager
    def caught(self) -> Iterator[None]:
        """What is wrong inside is kept, and reading goes on behind it."""
        try:
            yield
        except TomlError as error:
            self.found.append(error)

    def settle(self) -> None:
        """Raises the first problem in the file, if there is any, with the others in its `others`."""
        if not self.found:
            return
        first, *others = sorted(self.found, key=lambda problem: (problem.line, problem.column))[:PROBLEMS_MAX]
        first.others = tuple(others)
        raise first


class Table:
    """One table of a document: its values by key, checked when they are taken."""

    def __init__(self, document: Document, path: Path = (), data: dict[str, Any] | None = None, name: str = "") -> None:
        self.document, self.path = document, path
        self.data = document.data if data is None else data
        self.name = name or ".".join(str(part) for part in path)
        """What messages call it."""

    def __contains__(self, key: str) -> bool:
        return key in self.data

    def error(self, key: str, problem: str, hint: str = "", *, value: bool = False) -> TomlError:
        """A problem with one key of this table (an empty `key`: with the table)."""
        before = f"{self.name}: " if self.name else ""
        path = (*self.path, key) if key else self.path
        return self.document.error(path, before + problem, hint, value=value)

    def only(self, *known: str) -> None:
        """Refuses the first key that is none of `known`."""
        for key in self.data:
            if key not in known:
                raise self.unknown(key, "key", known)

    def unknown(self, key: str, what: str, known: Iterable[str]) -> TomlError:
        """The sentence for a name that is none of `known`."""
        names = list(known)
        near = difflib.get_close_matches(key[:40], names, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        return self.error(key, f"unknown {what} {shown(key)}", f"{hint}known are {', '.join(names)}")

    def need(self, key: str, hint: str) -> Any:
        """A value that must be there."""
        if key not in self.data:
            raise self.error("", f"{key} is missing", hint)
        return self.data[key]

    def text(self, key: str, hint: str = "", *, longest: int = TEXT_LEN_MAX) -> str:
        """A text of one line that can be shown."""
        value = self.need(key, hint or f'add {key} = "..."')
        if not isinstance(value, str):
            raise self.error(key, f"{key} is not a text", hint or "put it in quotes", value=True)
        if not value.strip() or len(value) > longest or not value.isprintable():
            hint = f"write one line of at most {longest} characters that all print"
            raise self.error(key, f"{key} is empty, too long, or cannot be shown", hint, value=True)
        return value.strip()

    def word(self, key: str, known: Iterable[str], default: str | None = None) -> str:
        """One of the `known` words."""
        names = list(known)
        if default is not None and key not in self.data:
            return default
        value = self.need(key, f"use one of {', '.join(names)}")
        if not isinstance(value, str) or value not in names:
            quoted = ", ".join(f'"{name}"' for name in names)
            raise self.error(key, f"{key} {shown(value)}", f"use one of {quoted}", value=True)
        return value

    def words(self, key: str, known: Iterable[str] | None, hint: str) -> tuple[str, ...]:
        """A list of different words, of `known` ones unless that is None; at least one."""
        value = self.need(key, hint)
        if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
            raise self.error(key, f"{key} is not a list of words", hint, value=True)
        names = None if known is None else list(known)
        for number, item in enumerate(value):
            path = (*self.path, key, number)
            if names is not None and item not in names:
                near = difflib.get_close_matches(item[:40], names, n=1)
                hint = (f"did you mean {near[0]}? " if near else "") + f"known are {', '.join(names)}"
                raise self.document.error(path, f"{self.name}: unknown {shown(item)} in {key}", hint, value=True)
            if not item.strip() or len(item) > TEXT_LEN_MAX or not item.isprintable():
                raise self.document.error(path, f"{self.name}: {key} holds an empty or unprintable text", value=True)
            if item in value[:number]:
                raise self.document.error(path, f"{self.name}: {shown(item)} stands twice in {key}", value=True)
        return tuple(value)

    def number(self, key: str, span: tuple[float, float], unit: str, default: float | None = None) -> float:
        """A number within `span`, in `unit`, rounded to tenths."""
        if default is not None and key not in self.data:
            return float(default)
        value = self.need(key, f"give a number from {span[0]:g} to {span[1]:g} {unit}".rstrip())
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(key, f"{key} is not a number", value=True)
        if not span[0] <= value <= span[1]:  # NaN fails this too
            said = f"{key} = {shown(value)} is outside {span[0]:g} to {span[1]:g} {unit}".rstrip()
            raise self.error(key, said, value=True)
        return round(float(value), 1)

    def whole(self, key: str, span: tuple[int, int]) -> int:
        """A whole number within `span`."""
        value = self.number(key, span, "")
        if value != self.data[key] or not value.is_integer():
            raise self.error(key, f"{key} is not a whole number", value=True)
        return int(value)

    def seconds(self, key: str, span_min: tuple[float, float]) -> int:
        """A time given in minutes within `span_min`, as whole seconds."""
        minutes = self.number(key, span_min, "min")
        exact = round(float(self.data[key]) * 60, 6)
        if abs(exact - minutes * 60) > 1e-6:
            raise self.error(key, f"{key} is given more finely than 0.1 min", value=True)
        return round(minutes * 60)

    def maybe_seconds(self, key: str, span_min: tuple[float, float]) -> int | None:
        """The same, where it need not be there."""
        return self.seconds(key, span_min) if key in self.data else None

    def flag(self, key: str, default: bool) -> bool:
        """`true` or `false`."""
        value = self.data.get(key, default)
        if not isinstance(value, bool):
            raise self.error(key, f"{key} is neither true nor false", value=True)
        return value

    def table(self, key: str, hint: str, name: str = "") -> Table:
        """A table inside this one."""
        value = self.need(key, hint)
        if not isinstance(value, dict):
            raise self.error(key, f"{key} is not a section", hint)
        return Table(self.document, (*self.path, key), value, name)

    def rows(self, key: str, hint: str) -> list[Table]:
        """A list of tables; an absent one is empty."""
        value = self.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.error(key, f"{key} is not a list of tables", hint, value=True)
        before = f"{self.name}, " if self.name else ""
        return [
            Table(self.document, (*self.path, key, number), item, f"{before}{key} {number + 1}")
            for number, item in enumerate(value)
        ]
