# SPDX-License-Identifier: Apache-2.0
"""Out and back: JSON, Parquet and Arrow lose nothing of any item; the others lose what their page says, and no more."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from exported import MARKS, START, by_time, counterpart, example, oximeter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vitalwire.errors import VitalwireError
from vitalwire.export import notes
from vitalwire.export.formats import FORMATS, export, format_named, read_back
from vitalwire.export.material import Material
from vitalwire.items import Event, Item, Origin, Reading, Wave, item_of
from vitalwire.link.readings import iso_utc

for library in ("pyarrow", "pyedflib", "wfdb", "vitaldb"):
    counterpart(library)

times = st.integers(0, 4_102_444_800_000)
numbers = st.none() | st.floats(0, 400, allow_nan=False)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
counts = st.none() | st.integers(0, 1 << 40)
marks = st.lists(words, max_size=3).map(tuple)
sources = st.sampled_from(["oximeter", "cuff", "manual"])
pairs = st.dictionaries(words, words, max_size=3).map(lambda found: tuple(found.items()))
readings = st.builds(
    Reading, times, counts, counts, counts, sources, numbers, numbers, numbers, st.none() | st.integers(0, 100),
    numbers, numbers, numbers, pairs, marks, st.none() | words, counts, marks,
)  # fmt: skip
events = st.builds(Event, times, words, words, words, words, numbers, numbers, words, words, counts, marks)
samples = st.lists(st.integers(0, (1 << 24) - 1), max_size=30).map(tuple)
waves = st.builds(Wave, times, st.integers(1, 400), samples, samples, st.integers(0, 99), counts, counts, counts, marks)


def there_and_back(material: Material, form: str, suffix: str = "") -> tuple[dict[str, Any], list[Item]]:
    with tempfile.TemporaryDirectory() as folder:
        chosen = format_named(form)
        path = Path(folder) / f"s{suffix or chosen.suffix}"
        export(material, chosen, path)
        about, items = read_back(path)
        return about, list(items)


@pytest.mark.parametrize("form", ["json", "parquet", "arrow"])
def test_nothing_is_lost_of_any_item(form: str) -> None:
    @given(st.lists(readings | events | waves, max_size=6))
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    def run(items: list[Item]) -> None:
        assert there_and_back(Material(Origin("b"), tuple(items)), form)[1] == items

    run()


@pytest.mark.parametrize("form", [one.name for one in FORMATS if one.read])
def test_the_example_says_what_it_is_in_every_format(form: str) -> None:
    about, items = there_and_back(example(state="damaged", why="chunk 3 at byte 900"), form)
    assert (about["state"], about["why"], about["patient"]) == ("damaged", "chunk 3 at byte 900", "K-017")
    assert about["flags"] == ["cuff_inflated", "late", *sorted(MARKS)]
    assert [item for item in by_time(items) if isinstance(item, Event)] == by_time(example().events)


def test_vital_gives_every_item_as_it_was_in_the_order_of_time() -> None:
    assert there_and_back(example(), "vital")[1] == by_time(example().items)


@pytest.mark.parametrize(("form", "suffix"), [("edf", ".edf"), ("edf", ".bdf"), ("wfdb", ".hea")])
def test_an_even_grid_keeps_readings_to_the_millisecond_with_reasons_and_flags(form: str, suffix: str) -> None:
    _, items = there_and_back(example(), form, suffix)
    found = [item for item in items if isinstance(item, Reading)]
    # The board's own counts of the oximeter's readings have no place there.
    expected = [
        replace(one, device_ms=None, seq=None) if one.source == "oximeter" else one
        for one in by_time(example().readings)
    ]
    assert found == expected


@pytest.mark.parametrize(("form", "suffix"), [("edf", ".edf"), ("edf", ".bdf"), ("wfdb", ".hea")])
def test_an_even_grid_keeps_every_sample_and_every_gap_of_the_wave(form: str, suffix: str) -> None:
    _, items = there_and_back(example(), form, suffix)
    found = [item for item in items if isinstance(item, Wave)]
    assert [value for one in found for value in one.ir] == [value for one in example().waves for value in one.ir]
    assert [value for one in found for value in one.red] == [value for one in example().waves for value in one.red]
    assert [one.utc_ms - START for one in found if one is found[0] or one.lost] == [1010, 2110, 20_480]
    assert [one.lost for one in found if one.lost] == [20, 1807]
    assert [one.flags for one in found] == [MARKS[:2], MARKS[:2], MARKS]


@given(events)
@settings(max_examples=300)
def test_an_event_comes_back_from_its_line(event: Event) -> None:
    found = notes.parsed(notes.event_line(event))
    assert item_of({**notes.event_of(*found), "time_utc": iso_utc(event.utc_ms)}) == event


@given(st.lists(words.map(lambda word: word * 9), max_size=5), st.integers(60, 300))
def test_a_line_that_is_cut_into_pieces_is_joined_again(lines: list[str], bytes_max: int) -> None:
    texts = [f"note {line}" for line in lines]
    cut = [(n, piece) for n, text in enumerate(texts) for piece in notes.pieces(text, bytes_max)]
    assert all(len(piece.encode()) <= bytes_max for _, piece in cut)
    assert list(notes.joined(cut)) == list(enumerate(texts))


@pytest.mark.parametrize("form", ["edf", "wfdb", "vital", "json"])
def test_what_a_format_cannot_hold_is_a_sentence_and_leaves_nothing(form: str, tmp_path: Path) -> None:
    """Only a record that somebody forged has such times."""
    material = Material(Origin("b", session="s"), (Event(1 << 60, "note", "note", "made"), oximeter(0, 1)))
    with pytest.raises(VitalwireError, match=r"cannot hold|spans"):
        export(material, format_named(form), tmp_path / f"s{format_named(form).suffix}")
    assert list(tmp_path.iterdir()) == []


def test_two_readings_in_one_second_are_both_kept() -> None:
    """A board's clock runs faster than the computer's."""
    items = tuple(oximeter(1 + 997 * n, n) for n in range(900))
    for form in ("edf", "wfdb"):
        found = there_and_back(Material(Origin("b"), items), form)[1]
        assert [item.utc_ms for item in found] == [item.utc_ms for item in items]


def test_a_wave_of_a_clock_that_runs_off_stays_within_two_places_of_its_time() -> None:
    for drift in (-1, 1):  # ms in 0.5 s: 0.2 %, a hundred times what a crystal does
        items = tuple(
            Wave(START + n * (500 + drift), 100, (0,) * 50, tuple(range(50 * n, 50 * n + 50)), index=50 * n, boot=1)
            for n in range(400)
        )
        material = Material(Origin("b"), items)
        found = [item for item in there_and_back(material, "wfdb")[1] if isinstance(item, Wave)]
        at = {value: one.utc_ms + 10 * n for one in found for n, value in enumerate(one.ir)}
        was = {value: item.utc_ms + 10 * n for item in items for n, value in enumerate(item.ir)}
        assert all(abs(at[value] - was[value]) <= 20 for value in at)
        assert (len(at) == len(was)) is (drift > 0), "a faster board sends more samples than there are places"
        assert bool(material.remarks) is (drift < 0), "which is said"
