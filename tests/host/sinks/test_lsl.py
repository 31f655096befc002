# SPDX-License-Identifier: Apache-2.0
"""The streams of the Lab Streaming Layer, read with its own inlets, in another thread as another program would."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from given import BOARD, SIMULATED, alarm, cuff, now_ms, on_its_way, oximeter, sink_of, wave

from vitalwire.errors import UsageError
from vitalwire.items import Item, Origin
from vitalwire.link.readings import Reading
from vitalwire.sinks.base import Sink
from vitalwire.sinks.lsl import KIND, VITALS


@pytest.fixture(scope="module")
def lsl(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """LSL, looking for streams on this computer alone."""
    config = tmp_path_factory.mktemp("lsl") / "lsl_api.cfg"
    config.write_text("[multicast]\nResolveScope = machine\n[log]\nlevel = -2\n", encoding="utf-8")
    os.environ["LSLAPICFG"] = str(config)
    try:
        import pylsl
    except (ImportError, RuntimeError, OSError) as error:
        pytest.skip(f"NOT TESTED: LSL is not there ({error}); pip install pylsl")
    return pylsl


class Recorder:
    """Finds the streams of one name, as LabRecorder does."""

    def __init__(self, lsl: Any, name: str) -> None:
        self._lsl, self._name = lsl, name
        self.inlets: dict[str, Any] = {}

    def find(self, *parts: str) -> None:
        for part in parts:
            found = self._lsl.resolve_byprop("name", f"{self._name}-{part}", timeout=10)
            assert found, f"no stream {self._name}-{part} on this computer"
            inlet = self._lsl.StreamInlet(found[0], max_buflen=60, recover=False)
            inlet.open_stream(timeout=10)
            self.inlets[part] = inlet

    def about(self, part: str) -> dict[str, str]:
        said = self.inlets[part].info(timeout=10).desc()
        names = ("manufacturer", "serial_number", "firmware", "bed", "session", "simulated", "absent")
        return {name: said.child_value(name) for name in names}

    def channels(self, part: str) -> list[tuple[str, str]]:
        at = self.inlets[part].info(timeout=10).desc().child("channels").child("channel")
        found = []
        while not at.empty():
            found.append((at.child_value("label"), at.child_value("unit")))
            at = at.next_sibling()
        return found

    def take(self, part: str, number: int) -> list[tuple[list[Any], float]]:
        found: list[tuple[list[Any], float]] = []
        for _ in range(number):
            sample, stamp = self.inlets[part].pull_sample(timeout=10)
            assert sample is not None, f"{len(found)} of {number} samples came"
            found.append((sample, stamp))
        return found


class Streamed:
    def __init__(self, lsl: Any, origin: Origin = BOARD) -> None:
        self.name = f"test{uuid.uuid4().hex[:8]}"
        self.sink: Sink = sink_of(KIND, f"lsl:{self.name}")
        self.origin = origin
        self.sink.open(origin)
        self.recorder = Recorder(lsl, self.name)

    def give(self, *items: Item, **values: Any) -> None:
        self.sink.deliver(on_its_way(*items, origin=self.origin, **values))


@pytest.fixture
def streamed(lsl: Any) -> Iterator[Streamed]:
    made = Streamed(lsl)
    yield made
    made.sink.close()


LABELS = [label for label, _, _ in VITALS.values()]


def test_numbers_come_with_nan_for_what_was_not_measured(streamed: Streamed) -> None:
    streamed.recorder.find("vitals")
    streamed.give(oximeter(pulse_bpm=None), cuff())
    (first, _), (second, _) = streamed.recorder.take("vitals", 2)
    said = {label: value for label, value in zip(LABELS, first, strict=True) if not math.isnan(value)}
    assert said == {"spo2_pct": 97.0, "perfusion_pct": 1.85, "quality": 92}
    said = {label: value for label, value in zip(LABELS, second, strict=True) if not math.isnan(value)}
    assert said == {"sbp_mmhg": 122, "dbp_mmhg": 76, "map_mmhg": 91, "cuff_pulse_bpm": 66, "cuff_quality": 88}


def test_a_stream_says_what_it_is_of(streamed: Streamed, lsl: Any) -> None:
    streamed.recorder.find("vitals", "events")
    assert streamed.recorder.about("vitals") == {
        "manufacturer": "Vitalwire",
        "serial_number": "VW-0042",
        "firmware": "1.2.0",
        "bed": "bed 3",
        "session": "0000002a",
        "simulated": "false",
        "absent": "NaN: not measured in this sample",
    }
    assert ("spo2_pct", "%") in streamed.recorder.channels("vitals")
    assert ("sbp_mmhg", "mmHg") in streamed.recorder.channels("vitals")
    info = streamed.recorder.inlets["vitals"].info()
    assert (info.type(), info.nominal_srate()) == ("Vitals", lsl.IRREGULAR_RATE)
    assert info.source_id() == "vitalwire-VW-0042-vitals"
    assert streamed.recorder.inlets["events"].info().type() == "Markers"


def test_events_and_what_a_person_entered_are_markers(streamed: Streamed) -> None:
    streamed.recorder.find("events")
    streamed.give(alarm("raised"), Reading(now_ms(), None, None, None, "manual", sbp_mmhg=118.0))
    (first, _), (second, _) = streamed.recorder.take("events", 2)
    assert (json.loads(first[0])["name"], json.loads(first[0])["state"]) == ("spo2_low", "raised")
    assert json.loads(second[0])["source"] == "manual"


def test_a_wave_keeps_its_rate_and_a_loss_is_a_jump_in_time(streamed: Streamed) -> None:
    begin_ms = now_ms()
    streamed.give(wave(utc_ms=begin_ms - 1000))  # the first batch makes the stream known
    streamed.recorder.find("pleth")
    info = streamed.recorder.inlets["pleth"].info()
    assert (info.type(), info.nominal_srate(), info.channel_count()) == ("PPG", 100.0, 2)
    streamed.give(wave(utc_ms=begin_ms), wave(utc_ms=begin_ms + 30), wave(utc_ms=begin_ms + 160, lost=10))
    found = streamed.recorder.take("pleth", 9)
    assert [sample for sample, _ in found[:3]] == [[50001, 60001], [50002, 60002], [50003, 60003]]
    offsets_ms = [round((stamp - found[0][1]) * 1000) for _, stamp in found]
    assert offsets_ms == [0, 10, 20, 30, 40, 50, 160, 170, 180]


def test_time_stamps_are_when_it_was_measured_on_the_clock_of_lsl(streamed: Streamed, lsl: Any) -> None:
    streamed.recorder.find("vitals")
    expected = lsl.local_clock() - 2.5
    streamed.give(oximeter(utc_ms=now_ms() - 2500))
    ((_, stamp),) = streamed.recorder.take("vitals", 1)
    assert stamp == pytest.approx(expected, abs=0.05)


def test_simulated_time_begins_now_and_keeps_its_distances(lsl: Any) -> None:
    streamed = Streamed(lsl, SIMULATED)
    streamed.recorder.find("vitals")
    streamed.give(oximeter(utc_ms=1_767_225_600_000), oximeter(utc_ms=1_767_225_601_000))
    (_, first), (_, second) = streamed.recorder.take("vitals", 2)
    assert first == pytest.approx(lsl.local_clock(), abs=5)
    assert second - first == pytest.approx(1.0)
    assert streamed.recorder.about("vitals")["simulated"] == "true"
    streamed.sink.close()


def test_a_wave_of_another_rate_is_another_stream(streamed: Streamed) -> None:
    streamed.give(wave(rate_hz=100))
    streamed.give(wave(rate_hz=50))
    streamed.recorder.find("pleth")
    assert streamed.recorder.inlets["pleth"].info().nominal_srate() == 50


def test_a_sink_that_is_closed_is_found_no_more(streamed: Streamed, lsl: Any) -> None:
    streamed.recorder.find("vitals")
    streamed.sink.close()
    streamed.sink.close()
    assert not lsl.resolve_byprop("name", f"{streamed.name}-vitals", timeout=1)


def test_a_delivery_takes_milliseconds(streamed: Streamed) -> None:
    begun = time.perf_counter()
    for _ in range(100):
        streamed.give(oximeter(), wave())
    assert (time.perf_counter() - begun) / 100 < 0.01


def test_lsl_itself_says_nothing_on_standard_error() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from given import *; from vitalwire.sinks.lsl import KIND\n"
        "sink = sink_of(KIND, 'lsl:quiet'); sink.open(BOARD)\n"
        "sink.deliver(on_its_way(oximeter(), wave())); sink.close()"
    )
    environment = {name: value for name, value in os.environ.items() if name != "LSLAPICFG"}
    command = [sys.executable, "-c", code, str(Path(__file__).parent)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert (ended.returncode, ended.stderr, ended.stdout) == (0, "", "")


def test_waves_can_be_left_out() -> None:
    assert "wave" in sink_of(KIND, "lsl:x").wants
    assert "wave" not in sink_of(KIND, "lsl:x?waves=no").wants
    with pytest.raises(UsageError, match="a name"):
        sink_of(KIND, "lsl://host")
    with pytest.raises(UsageError, match="no option rate"):
        sink_of(KIND, "lsl:x?rate=3")
