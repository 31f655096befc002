# SPDX-License-Identifier: Apache-2.0
"""Where things stand in TOML: the places are right, for every way to write it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalwire.profiles import SHIPPED
from vitalwire.toml_places import Document, TomlError, read_document

EVERY_WAY = '''
top = 1 # a comment with "quotes" and [brackets]
"quoted key" = 'literal \\'
'with.dot' = "basic \\" \\u00e9"
"esc\\u0061pe" = true
a.b . c = 1979-05-27 07:32:00
a.b.d = [ 1, # one
  [2, 3],   # two
  "]", { x = 1, y.z = [ "," ] },
]
text = """
[not a header]
x = 1 \\""" """""
lit = \'\'\'
[nor this]
\'\'\'\'
inline = { p = { q = -1.5e3 }, r = "}" }
[table . sub]
k = 0xff
[table]
k = +inf
[[array]]
n = 1
[array.sub]
n = 2
[[array.rows]]
n = 3
[[array.rows]]
n = 4
[[array]]
n = 5
[array.sub]
n = 6
'''


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield (*path, key), inner
        yield from leaves(inner, (*path, key))


def assert_places_are_right(document: Document) -> None:
    """From the place of each value that is no table, the text reads as that value."""
    text = document.places.text
    for path, value in leaves(document.data):
        line, column = document.places.of(path, value=True)
        assert line > 0, path
        if isinstance(value, dict) or (isinstance(value, list) and value and isinstance(value[0], dict)):
            continue
        rest = "\n".join([text.split("\n")[line - 1][column - 1 :], *text.split("\n")[line:]])
        assert any(reads_as(rest[:size], value) for size in range(1, len(rest) + 1)), (path, rest[:40])


def reads_as(text: str, value: Any) -> bool:
    try:
        return bool(tomllib.loads("v = " + text)["v"] == value)
    except ValueError:
        return False


def test_every_way_to_write_a_value_is_found_where_it_stands() -> None:
    document = read_document(EVERY_WAY, "f", "a file")
    assert document.data == tomllib.loads(EVERY_WAY)
    assert_places_are_right(document)


def test_lines_of_a_windows_file_count_once() -> None:
    document = read_document("a = 1\r\nb = 2\r\n", "f", "a file")
    assert document.places.of(("b",)) == (2, 1)
    assert document.places.of(("b",), value=True) == (2, 5)


def test_what_is_not_there_is_found_at_what_it_would_belong_to() -> None:
    document = read_document("x = 1\n[a]\nb = 2\n", "f", "a file")
    assert document.places.of(("a", "missing")) == (2, 2)
    assert document.places.of(("missing",)) == (0, 0)


keys = st.text("ab-_1", min_size=1, max_size=3) | st.text('a."\\ é', max_size=3)
scalars = st.integers(-9, 99) | st.booleans() | st.text('a"\\#[]{}=,\n é', max_size=6)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=8
)


def written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + "".join(f"\\u{ord(c):04x}" if c in '"\\\n' else c for c in value) + '"'
    if isinstance(value, list):
        return "[ " + ", ".join(written(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{written(k)} = {written(v)}" for k, v in value.items()) + " }"
    return str(value)


@given(st.dictionaries(keys, st.dictionaries(keys, values, max_size=3), max_size=3))
def test_any_document_is_found_where_it_stands(content: dict[str, dict[str, Any]]) -> None:
    text = "".join(
        f"[{written(name)}] # c\n" + "".join(f"{written(k)}={written(v)}\n" for k, v in table.items())
        for name, table in content.items()
    )
    document = read_document(text, "f", "a file")
    assert document.data == content
    assert_places_are_right(document)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_every_key_of_a_shipped_profile_is_found_where_it_stands(path: Any) -> None:
    document = read_document(path.read_text(encoding="utf-8"), path.name, "a profile")
    lines = document.places.text.split("\n")
    for where, _ in leaves(document.data):
        if isinstance(where[-1], str):
            line, column = document.places.of(where)
            assert lines[line - 1][column - 1 :].startswith(where[-1]), where


@given(st.text(max_size=100) | st.text("[]{}=.,\"'\\#\n a1-", max_size=60))
def test_the_scanner_takes_whatever_the_parser_takes(text: str) -> None:
    """Were it to stop earlier, a key beyond would not be found and a bound not be held."""
    try:
        document = read_document(text, "f", "a file")
    except TomlError:
        return
    for path, _ in leaves(document.data):
        assert document.places.of(path) != (0, 0)
        assert path in document.places.keys or path in document.places.values


def test_a_file_a_key_and_a_nesting_may_be_at_their_bounds_and_not_beyond() -> None:
    for good in (f"#{' ' * 65535}", "a.a.a.a.a.a.a.a = 1", f"a = {'[' * 17}{']' * 17}", "a = " + "9" * 99):
        read_document(good, "f", "a file")
    for bad, said in (
        (f"#{' ' * 65536}", r"f: too large for a file \(over 64 kB\)"),
        ("a.a.a.a.a.a.a.a.a = 1", "line 1, column 1: .* more than 8 parts"),
        (f"a = {'[' * 18}{']' * 18}", "more than 16 deep"),
        ("a = " + "9" * 100, "line 1, column 5: .* 100 digits or more"),
    ):
        with pytest.raises(TomlError, match=said):
            read_document(bad, "f", "a file")
