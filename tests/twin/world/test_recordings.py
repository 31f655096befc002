# SPDX-License-Identifier: Apache-2.0
"""Recordings take the place of the finger and of the cuff."""

import json
import struct

import pytest


@pytest.fixture
def recording(tmp_path):
    def write(kind, numbers, **header):
        path = tmp_path / f"{kind}.bin"
        head = {"kind": kind, "rate_hz": 100, **header}
        path.write_bytes(json.dumps(head).encode() + b"\n" + struct.pack(f"<{len(numbers)}i", *numbers))
        return str(path)

    return write


def test_light_is_played_as_recorded_and_starts_anew(bench, recording):
    b = bench(ppg=recording("ppg", [1, 10, 2, 20, 300000, -5], count=3))
    red, infrared = b.light(0.07)
    # Sampling began one period after the world did.
    assert list(red) == [2, 262143, 1, 2, 262143, 1, 2]
    assert list(infrared) == [20, 0, 10, 20, 0, 10, 20]


def test_without_a_loop_the_finger_is_gone_afterwards(bench, recording):
    b = bench(ppg=recording("ppg", [5, 6] * 3, loop=False, start_s=0.02))
    assert list(b.light(0.06)[0]) == [0, 5, 5, 5, 0, 0]


def test_dark_leds_stay_dark(bench, recording):
    b = bench(ppg=recording("ppg", [5, 6] * 3))
    assert set(b.light(0.1, led_ua=0)[0]) == {0}


def test_the_cuff_shows_the_recorded_pressure_whatever_pump_and_valves_do(bench, recording):
    b = bench(cuff=recording("cuff", [0, 1000, 2000, 1500], start_s=1))
    b.run(1)
    assert b.cuff == 0
    b.shut()
    b.pump()
    assert b.run(0.05) == [10, 20, 15, 0, 0]


def test_between_samples_the_pressure_runs_straight_and_it_can_be_played_again(bench, recording):
    b = bench(cuff=recording("cuff", [0, 1000, 2000, 1500], start_s=1000))
    b.world.play_cuff()
    assert b.run(0.02, tick_ms=5) == [5, 10, 15, 20]
    b.world.play_cuff()
    assert b.run(0.01, tick_ms=5) == [5, 10]


def test_without_a_recording_there_is_nothing_to_play(bench):
    with pytest.raises(ValueError, match="cuff=FILE"):
        bench().world.play_cuff()


def test_the_external_layer_sees_the_recording(bench, recording):
    b = bench(cuff=recording("cuff", [10000, 31600, 10000]))
    b.run(0.1)
    assert not b.world.external_ok


@pytest.mark.parametrize(
    ("kind", "body", "told"),
    [
        ("ppg", b"", "is no ppg recording"),
        ("ppg", b"\x93NUMPY\n1234", "is no ppg recording"),
        ("ppg", b'{"kind": "cuff", "rate_hz": 100}\n12345678', "is no ppg recording"),
        ("ppg", b'{"kind": "ppg", "rate_hz": 50}\n12345678', "rate_hz is 50; only 100"),
        ("ppg", b'{"kind": "ppg", "rate_hz": 100}\n1234', "4 bytes after the header"),
        ("ppg", b'{"kind": "ppg", "rate_hz": 100, "count": 2}\n12345678', "do not make the 2 samples"),
        ("cuff", b'{"kind": "cuff", "rate_hz": 100, "start_s": -1}\n1234', "start_s must be"),
    ],
)
def test_a_file_that_is_no_recording_is_refused_in_words(bench, tmp_path, kind, body, told):
    path = tmp_path / "x.bin"
    path.write_bytes(body)
    with pytest.raises(ValueError, match=told):
        bench(**{kind: str(path)})


def test_a_file_that_is_not_there_is_refused_in_words(bench, tmp_path):
    with pytest.raises(ValueError, match="cannot be read"):
        bench(ppg=str(tmp_path / "nothing.bin"))
