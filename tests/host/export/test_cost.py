# SPDX-License-Identifier: Apache-2.0
"""What an export costs: bytes of Parquet against the CSVs, seconds for a session of four hours."""

from __future__ import annotations

import io
import random
import time
from pathlib import Path

import pytest
from exported import EVENTS, START, counterpart, example, oximeter, wave

from vitalwire.export.columns import write_parquet
from vitalwire.export.formats import FORMATS, export, format_named
from vitalwire.export.material import Material
from vitalwire.export.series import write_vitals
from vitalwire.items import Item

for library in ("pyarrow", "pyedflib", "wfdb", "vitaldb"):
    counterpart(library)


def four_hours(waves: bool) -> Material:
    """Readings that change as those of a person do; a wave at 100 Hz."""
    chance = random.Random(1)
    items: list[Item] = list(EVENTS)
    for second in range(4 * 3600):
        spo2, pulse = 97 + chance.randint(-5, 5) / 10, 71 + chance.randint(-20, 20) / 10
        perfusion, quality = round(2 + chance.random(), 2), chance.randint(90, 100)
        more = {"pulse_bpm": pulse, "perfusion_pct": perfusion, "quality": quality}
        items.append(oximeter(1000 * second + 200, second & 0xFFFF, spo2, **more))
        if waves:
            items += [wave(1000 * second + 250 * part, 100 * second + 25 * part, 25) for part in range(4)]
    return Material(example().origin, tuple(items))


def test_parquet_has_a_fifth_of_the_bytes_of_the_csv_at_most(tmp_path: Path) -> None:
    material = four_hours(waves=False)
    text = io.StringIO()
    write_vitals(material.items, START, text)
    write_parquet(material, tmp_path / "s.parquet")
    assert (tmp_path / "s.parquet").stat().st_size <= len(text.getvalue().encode()) / 5


@pytest.mark.slow
@pytest.mark.parametrize("form", [one.name for one in FORMATS])
def test_four_hours_with_their_wave_take_ten_seconds_of_the_processor_at_most(form: str, tmp_path: Path) -> None:
    material, chosen = four_hours(waves=True), format_named(form)
    begin_s = time.process_time()
    export(material, chosen, tmp_path / f"s{chosen.suffix}")
    # To read the record takes about 4 s besides.
    assert time.process_time() - begin_s <= 6
