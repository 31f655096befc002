# SPDX-License-Identifier: Apache-2.0
"""Recordings of real sensors become what the simulated sensors would have counted."""

from __future__ import annotations

import gzip
import json
import math
from array import array
from pathlib import Path

import pytest

from vitalwire.errors import UsageError
from vitalwire.link.recording import (
    FULL_SCALE,
    LEVEL,
    read_ppg_recording,
    write_cuff_recording,
    write_ppg_recording,
)


def pulse(t_s: float, level: float, swing: float) -> float:
    return level + swing * math.sin(2 * math.pi * 1.2 * t_s)


def write_csv(path: Path, header: str, rows: list[tuple[float, ...]]) -> Path:
    text = header + "\n" + "".join(",".join(f"{value:.4f}" for value in row) + "\n" for row in rows)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


def read(path: Path) -> tuple[dict[str, object], list[int]]:
    head, _, data = path.read_bytes().partition(b"\n")
    values = array("i")
    values.frombytes(data)
    return json.loads(head), list(values)


def convert(source: Path, tmp_path: Path, **options: object) -> tuple[dict[str, object], list[int], list[int]]:
    write_ppg_recording(source, tmp_path / "out.rec", **options)  # type: ignore[arg-type]
    head, values = read(tmp_path / "out.rec")
    return head, values[::2], values[1::2]


def test_counts_of_a_real_sensor_stay_as_they_are(tmp_path: Path) -> None:
    rows = [(i / 100, pulse(i / 100, 90_000, 400), pulse(i / 100, 110_000, 900)) for i in range(500)]
    head, red, ir = convert(write_csv(tmp_path / "a.csv", "t_s,red,ir", rows), tmp_path)
    assert head == {"kind": "ppg", "rate_hz": 100, "channels": ["red", "ir"], "count": 500}
    assert max(abs(a - row[1]) for a, row in zip(red, rows, strict=True)) <= 1
    assert max(abs(a - row[2]) for a, row in zip(ir, rows, strict=True)) <= 1


def test_another_rate_is_resampled_to_a_hundred_hertz(tmp_path: Path) -> None:
    rows = [(i / 64, 0.0, pulse(i / 64, 110_000, 900)) for i in range(640)]
    head, _, ir = convert(write_csv(tmp_path / "a.csv.gz", "t_s,red,ir", rows), tmp_path)
    assert head["count"] == len(ir) == int(639 / 64 * 100) + 1
    assert max(abs(value - pulse(i / 100, 110_000, 900)) for i, value in enumerate(ir)) < 10


def test_a_finger_that_is_taken_off_does_not_make_it_a_waveform_without_level(tmp_path: Path) -> None:
    rows = [(i / 100, 9e4, pulse(i / 100, 110_000, 900) if i % 2000 < 1200 else 2000.0) for i in range(6000)]
    _, _, ir = convert(write_csv(tmp_path / "a.csv", "t_s,red,ir", rows), tmp_path)
    assert max(abs(value - row[2]) for value, row in zip(ir, rows, strict=True)) < 1


def test_the_crest_between_two_samples_of_a_slow_source_is_kept(tmp_path: Path) -> None:
    rows = [(i / 25, 0.0, pulse(i / 25, 110_000, 900)) for i in range(250)]
    _, _, ir = convert(write_csv(tmp_path / "a.csv", "t_s,red,ir", rows), tmp_path)
    wrong = [abs(value - pulse(i / 100, 110_000, 900)) for i, value in enumerate(ir[8:-8], 8)]
    assert max(wrong) < 0.02 * 900, "straight lines are wrong by more than 2 %"


def test_irregular_times_are_resampled_too(tmp_path: Path) -> None:
    times = [i / 30 + 0.012 * math.sin(i) for i in range(300)]
    rows = [(t, 0.0, pulse(t, 110_000, 900)) for t in times]
    _, _, ir = convert(write_csv(tmp_path / "a.csv", "t_s,red,ir", rows), tmp_path)
    assert max(abs(value - pulse(times[0] + i / 100, 110_000, 900)) for i, value in enumerate(ir[8:-8], 8)) < 0.03 * 900


def test_a_jump_makes_no_ringing(tmp_path: Path) -> None:
    rows = [(i / 25, 0.0, 90_000.0 if i < 50 else 120_000.0) for i in range(100)]
    _, _, ir = convert(write_csv(tmp_path / "a.csv", "t_s,red,ir", rows), tmp_path)
    assert (min(ir), max(ir)) == (90_000, 120_000)
    assert sorted(ir) == ir


def test_a_much_faster_source_does_not_fold_back(tmp_path: Path) -> None:
    hum = [(i / 1000, 0.0, 110_000 + 1000 * math.sin(2 * math.pi * 101 * i / 1000)) for i in range(5000)]
    _, _, ir = convert(write_csv(tmp_path / "a.csv", "t_s,red,ir", hum), tmp_path)
    assert max(abs(value - 110_000) for value in ir[1:-1]) < 100, "taken as it is, it would be a beat of 60 a minute"


def test_an_empty_cell_is_an_unknown_value_and_is_bridged(tmp_path: Path) -> None:
    lines = [f"{i / 100:.2f},90000,{'' if 100 <= i < 130 or i == 0 else 110000 + i}" for i in range(300)]
    path = tmp_path / "a.csv"
    path.write_text("t_s,red,ir\n" + "\n".join(lines) + "\n")
    head, _, ir = convert(path, tmp_path)
    assert head["count"] == 300
    assert [ir[0], ir[1], *ir[99:131:10], ir[299]] == [110_001, 110_001, 110_099, 110_109, 110_119, 110_129, 110_299]


def test_a_stated_pedestal_takes_the_place_of_a_level_that_is_none(tmp_path: Path) -> None:
    rows = [(i / 100, pulse(i / 100, 512, 20)) for i in range(500)]
    counts = read_ppg_recording(write_csv(tmp_path / "a.csv", "t_s,green", rows), pedestal=80_000, polarity="rising")
    assert sorted(counts.ir)[250] == pytest.approx(80_000, abs=50)
    assert counts.ir[20] < 80_000 < counts.ir[62]
    assert (counts.channels, counts.column) == (("ir",), "green")


def test_ambient_light_is_taken_off(tmp_path: Path) -> None:
    rows = [(i / 100, 90_000.0, pulse(i / 100, 110_000, 900), 2000.0) for i in range(300)]
    _, red, ir = convert(write_csv(tmp_path / "a.csv", "t_s,red,ir,ambient", rows), tmp_path)
    assert red[0] == 88_000
    assert ir[0] == 108_000


def test_a_camera_is_scaled_and_feeds_infrared_alone(tmp_path: Path) -> None:
    rows = [(i / 30, 255.0, pulse(i / 30, 80, 1.5)) for i in range(300)]
    head, red, ir = convert(write_csv(tmp_path / "a.csv", "t_s,red,green", rows), tmp_path)
    assert head["channels"] == ["ir"]
    assert set(red) == {LEVEL}
    assert sorted(ir)[len(ir) // 2] == pytest.approx(LEVEL, rel=0.01)
    assert max(ir) - min(ir) == pytest.approx(LEVEL * 3 / 80, rel=0.1), "the ratio of pulse to level is kept"


def test_a_waveform_without_level_gets_one_and_is_turned_over(tmp_path: Path) -> None:
    rows = [(i / 125, pulse(i / 125, 0, 1500)) for i in range(1000)]
    source = write_csv(tmp_path / "a.csv", "t_s,ir", rows)
    _, _, ir = convert(source, tmp_path)
    assert sorted(ir)[len(ir) // 2] == pytest.approx(LEVEL, rel=0.01)
    assert ir[20] < LEVEL < ir[62], "it rises in the file, so the counts fall"
    _, _, kept = convert(source, tmp_path, polarity="falling")
    assert kept[20] > LEVEL > kept[62]


def test_a_stuck_channel_is_passed_over(tmp_path: Path) -> None:
    rows = [(i / 30, pulse(i / 30, 200, 2), 0.0) for i in range(300)]
    _, _, ir = convert(write_csv(tmp_path / "a.csv", "t_s,red,green", rows), tmp_path)
    assert max(ir) > min(ir)


def test_of_two_channels_the_one_whose_pulse_repeats_is_taken(tmp_path: Path) -> None:
    def shaken(t_s: float) -> float:
        return 120 + 30 * math.sin(0.9 * t_s * t_s) + 20 * math.sin(5 * math.sin(1.3 * t_s))

    green_shakes = [(i / 30, pulse(i / 30, 200, 2), shaken(i / 30)) for i in range(900)]
    red_shakes = [(i / 30, shaken(i / 30), pulse(i / 30, 200, 2)) for i in range(900)]
    both = [(i / 30, pulse(i / 30, 200, 2), pulse(i / 30, 100, 2)) for i in range(900)]
    for rows, column in ((green_shakes, "red"), (red_shakes, "green"), (both, "green")):
        assert read_ppg_recording(write_csv(tmp_path / "a.csv", "t_s,red,green", rows)).column == column


def test_the_beginning_can_be_left_out(tmp_path: Path) -> None:
    rows = [(i / 100, 1.0 if i < 50 else 90_000.0, pulse(i / 100, 110_000, 900)) for i in range(500)]
    head, red, _ = convert(write_csv(tmp_path / "a.csv", "t_s,red,ir", rows), tmp_path, skip_s=0.5)
    assert head["count"] == 450
    assert min(red) == 90_000


def test_counts_never_leave_the_sensors_range(tmp_path: Path) -> None:
    rows = [(i / 100, 90_000.0, 270_000.0 if i == 40 else 110_000.0 + i % 7) for i in range(100)]
    _, _, ir = convert(write_csv(tmp_path / "a.csv", "t_s,red,ir", rows), tmp_path)
    assert max(ir) <= FULL_SCALE


def test_a_cuff_recording_keeps_its_pressure(tmp_path: Path) -> None:
    rows = [(i / 200, 150 - i / 20) for i in range(2000)]
    write_cuff_recording(write_csv(tmp_path / "a.csv.gz", "t_s,pressure_mmhg", rows), tmp_path / "out.rec")
    head, values = read(tmp_path / "out.rec")
    assert head == {"kind": "cuff", "rate_hz": 100, "unit": "0.01 mmHg", "count": 1000}
    assert values[1:4] == [14_990, 14_980, 14_970]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r"line 1: the header is ''"),
        ("time,ir\n0,1\n", r"line 1: the header is 'time,ir'; a recording begins with t_s"),
        ("t_s,ambient\n0,1\n", r"line 1: .* at least one of red, ir, green"),
        ("t_s,ir\n0,1\n0.01,x\n", r"line 3: '0.01,x' does not fit the header"),
        ("t_s,ir\n0,1\n0.01\n", r"line 3: '0.01' does not fit the header"),
        ("t_s,ir\n0,1\n0.01,inf\n", r"line 3: a value is not finite"),
        ("t_s,ir\n0,1\n,2\n", r"line 3: ',2' does not fit the header"),
        ("t_s,red,ir\n0,1,\n1,2,\n", r"no value is known in a column that is needed"),
        ("t_s,ir\n0,1\n0.02,2\n0.01,3\n", r"line 4: the time 0.01 s does not follow 0.02 s"),
        ("t_s,ir\n0,1\n", r"has 1 samples; it needs two"),
        ("t_s,ir\n0,1\n1,1\n2,1\n", r"no channel moves"),
    ],
)
def test_a_damaged_recording_is_a_sentence_with_the_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(UsageError, match=words):
        write_ppg_recording(path, tmp_path / "out.rec")


@pytest.mark.parametrize(
    "data",
    [b"not gzip", gzip.compress(b"t_s,ir\n0,1\n" * 50)[:-20], b""],
    ids=["no gzip", "cut off", "empty"],
)
def test_a_torn_gzip_file_is_a_sentence(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bad.csv.gz"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=r"bad\.csv\.gz"):
        write_ppg_recording(path, tmp_path / "out.rec")


def test_bytes_that_are_no_text_are_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(b"t_s,ir\n\xff\xfe\x00,1\n")
    with pytest.raises(UsageError, match="is not a CSV text file"):
        write_ppg_recording(path, tmp_path / "out.rec")


def test_an_impossible_pressure_names_its_line(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "bad.csv", "t_s,pressure_mmhg", [(0, 1), (0.01, 5000)])
    with pytest.raises(UsageError, match=r"line 3: 5000\.0 mmHg is no cuff pressure"):
        write_cuff_recording(path, tmp_path / "out.rec")


def test_a_channel_that_is_not_there_lists_those_that_are(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", "t_s,red,ir", [(0, 1, 2), (1, 2, 3)])
    with pytest.raises(UsageError, match="no column 'green'; its columns are red, ir"):
        write_ppg_recording(path, tmp_path / "out.rec", channel="green")
