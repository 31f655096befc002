# SPDX-License-Identifier: Apache-2.0
"""What waits to be sent: bounded, whole frames in order, what matters most is dropped last, every loss shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cobs import cobs

from vitalwire_protocol.codec import Event
from vitalwire_protocol.framing import decode_body

HERE = Path(__file__).parent
Run = Callable[..., Any]


def frames(data: str) -> list[Any]:
    assert bytes.fromhex(data).endswith(b"\0")
    return [decode_body(cobs.decode(part)) for part in bytes.fromhex(data).split(b"\0") if part]


@pytest.fixture
def seen(play: Run) -> Any:
    return play(HERE / "play_outbox.py")


def test_a_stream_that_takes_a_few_bytes_at_a_time_gets_whole_frames_in_order(seen: Any) -> None:
    got = frames(seen["trickle"]["data"])
    assert all(isinstance(message, Event) for message in got)
    assert [message.value for message in got] == seen["trickle"]["accepted"]
    assert seen["trickle"]["dropped"] == 300 - len(got) > 0
    assert seen["trickle"]["ring"] == 512, "bounded"


def test_a_dropped_frame_leaves_a_gap_in_the_sequence(seen: Any) -> None:
    got = frames(seen["trickle"]["data"])
    assert [message.seq for message in got] == seen["trickle"]["accepted"], "one number a frame, sent or not"


def test_samples_give_way_first_and_the_last_quarter_is_for_what_must_arrive(seen: Any) -> None:
    stalled = seen["stalled"]
    assert stalled["dropped"] == 3
    size = stalled["pending"] / (stalled["STREAM"] + stalled["READING"] + stalled["URGENT"])
    assert stalled["STREAM"] * size <= 1024
    assert (stalled["STREAM"] + stalled["READING"]) * size <= 1536
    assert stalled["URGENT"] * size == pytest.approx(512, abs=2 * size)
    assert stalled["pending"] <= 2048


def test_after_a_stall_everything_that_was_accepted_goes_out(seen: Any) -> None:
    stalled = seen["stalled"]
    assert len(frames(stalled["data"])) == stalled["STREAM"] + stalled["READING"] + stalled["URGENT"]
    assert stalled["after"] == [True, True]


def test_a_zero_leads_at_the_start_and_after_an_idle_second(seen: Any) -> None:
    assert seen["zeros"] == [
        [0, True, 2],
        [10, False, 1],
        [1009, False, 1],
        [2009, True, 2],
        [2010, False, 1],
    ]


def test_device_time_is_32_bits_however_long_the_board_has_run(seen: Any) -> None:
    times = [frames(data)[1].t_ms for data in seen["clock"]]
    assert times == [0, 0x3FFFFFFF, 0x40000000, 0xFFFFFFFF, 5]
