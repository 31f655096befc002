# SPDX-License-Identifier: Apache-2.0
"""The firmware under MicroPython on recordings whose truth is known, and on recordings that are all wrong.

Whatever a recording is like, there is a reason instead of a number, and never an exception.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from accuracy.bench import Bench
from accuracy.dataset import read_dataset
from accuracy.outcomes import Window


class NoBars:
    """Progress that nobody looks at."""

    def add_task(self, description: str, *, total: float | None) -> int:  # noqa: ARG002
        return 0

    def advance(self, task_id: Any, advance: float = 1) -> None:
        pass


@pytest.fixture
def measure(tmp_path: Path) -> Any:
    """Runs parts of the bench on a folder."""

    def run(folder: Path, *only: str) -> Bench:
        work = tmp_path / "work"
        work.mkdir(exist_ok=True)
        bench = Bench(read_dataset(folder), work, NoBars(), only)
        bench.run()
        return bench

    return run


def of(bench: Bench, record: str) -> list[Window]:
    return [window for window in bench.outcomes.windows if window.record == record]


def test_a_known_pulse_is_found_in_every_window_whatever_the_source(
    folder: Any, make_finger: Any, measure: Any
) -> None:
    ir_only = [(t + 5, ir) for t, _, ir in make_finger(32, pulse_bpm=75, rate_hz=30)]
    upside_down = [(t, -ir) for t, _, ir in make_finger(32, pulse_bpm=88, rate_hz=125)]
    irregular = [(t + 0.008 * math.sin(7 * t), *rest) for t, *rest in make_finger(32, pulse_bpm=120, rate_hz=40)]
    folder.ppg("meadow/plain", make_finger(32, pulse_bpm=60), pr_ref=60)
    folder.ppg("meadow/later", ir_only, header="t_s,ir", pr_ref=75)
    folder.ppg("wave/rising", [(t, 20 * (v + 110_000) - 9000) for t, v in upside_down], header="t_s,ir", pr_ref=88)
    folder.ppg("meadow/irregular", irregular, pr_ref=120)
    bench = measure(folder.close(), "pulse")
    assert bench.problems == []
    for name in ("meadow/plain", "meadow/later", "wave/rising", "meadow/irregular"):
        found = of(bench, name)
        assert len(found) == 3, name
        for window in found:
            assert window.value == pytest.approx(window.reference, abs=1.0), (name, window)
    assert of(bench, "meadow/later")[0].t_s == pytest.approx(10.0)


def test_readings_and_beats_are_where_they_are_in_the_record(folder: Any, make_finger: Any, measure: Any) -> None:
    slow, fast = make_finger(20, pulse_bpm=60, rate_hz=100), make_finger(20, pulse_bpm=90, rate_hz=100)
    folder.ppg("meadow/a", slow + [(t + 20, *rest) for t, *rest in fast], pr_ref=1)
    values = [window.value for window in of(measure(folder.close(), "pulse"), "meadow/a")]
    assert values[0] == pytest.approx(60, abs=1)
    assert values[3] == pytest.approx(90, abs=1)
    assert [values[1], values[2]] == [pytest.approx(60, abs=1.5), pytest.approx(90, abs=1.5)]


def test_a_clip_of_some_beats_has_a_value(folder: Any, make_finger: Any, measure: Any) -> None:
    for k in range(3):
        folder.ppg(f"meadow/{k}", make_finger(5.3 + k / 5, pulse_bpm=72), pr_ref=72)
    found = measure(folder.close(), "pulse").outcomes.windows
    assert [window.value for window in found] == [pytest.approx(72, abs=1.0)] * 3


@pytest.mark.parametrize("kind", ["constant", "dark", "saturated", "noise", "one step", "sawtooth of the drift"])
def test_what_is_no_pulse_gives_a_reason_and_no_number(folder: Any, measure: Any, kind: str) -> None:
    level = {
        "constant": lambda _: 110_000.0,
        "dark": lambda _: 0.0,
        "saturated": lambda _: 262_143.0,
        "noise": lambda t: 110_000 + 400 * math.sin(1e6 * math.sin(t * 1000.7)),
        "one step": lambda t: 90_000.0 if t < 17 else 120_000.0,
        "sawtooth of the drift": lambda t: 100_000 + 500 * (t % 13),
    }[kind]
    times = [i / 60 for i in range(60 * 45)]
    folder.ppg("meadow/two", [(t, level(t), level(t)) for t in times], pr_ref=70)
    folder.ppg("meadow/one", [(t, level(t)) for t in times], header="t_s,green", pr_ref=70)
    bench = measure(folder.close(), "pulse")
    assert bench.problems == []
    assert len(bench.outcomes.windows) == 8
    for window in bench.outcomes.windows:
        assert window.value is None, window
        assert window.reason != "ok"


def test_gaps_and_unknown_cells_have_no_numbers_in_them_and_leave_the_rest(
    folder: Any, make_finger: Any, measure: Any
) -> None:
    samples = make_finger(90, pulse_bpm=66)
    folder.ppg("meadow/gap", [s for s in samples if not 30 <= s[0] < 60], pr_ref=66)
    folder.ppg("meadow/nan", [(t, r, math.nan if 30 <= t < 60 else ir) for t, r, ir in samples], pr_ref=66)
    bench = measure(folder.close(), "pulse")
    assert bench.problems == []
    for name in ("meadow/gap", "meadow/nan"):
        found = {window.t_s: window.value for window in of(bench, name)}
        assert found[45.0] is None, name
        assert [found[t] for t in (5.0, 15.0, 85.0)] == [pytest.approx(66, abs=1)] * 3, name


def test_one_channel_gives_no_saturation(folder: Any, make_finger: Any, measure: Any) -> None:
    folder.ppg("meadow/a", [(t, ir) for t, _, ir in make_finger(8)], header="t_s,ir", spo2_ref=97)
    (found,) = [window for window in measure(folder.close(), "spo2").outcomes.windows if window.method == "vitalwire"]
    assert (found.value, found.reason) == (None, "no_curve")


def test_saturation_of_clips_follows_a_curve_of_the_other_clips(folder: Any, make_finger: Any, measure: Any) -> None:
    for k in range(12):
        ratio = 0.45 + 0.07 * k
        folder.ppg(f"meadow/{k:02d}", make_finger(6, ratio=ratio), spo2_ref=f"{112 - 31 * ratio:.1f}", pr_ref=72)
    bench = measure(folder.close(), "spo2")
    ours = [window for window in bench.outcomes.windows if window.method == "vitalwire"]
    assert len(ours) == 12
    for window in ours:
        assert window.value == pytest.approx(window.reference, abs=0.8)


def test_a_cuff_record_is_measured_twice_and_by_the_textbook(folder: Any, make_cuff: Any, measure: Any) -> None:
    folder.cuff("hill/a", make_cuff(), 120, 80)
    bench = measure(folder.close(), "nibp")
    ours, textbook = bench.outcomes.cycles
    assert (ours.method, ours.outcome, textbook.method) == ("vitalwire", "ok", "fixed_ratio")
    assert ours.sbp_mmhg == pytest.approx(120, abs=12)
    assert ours.dbp_mmhg == pytest.approx(80, abs=12)
    assert ours.again is not None
    assert ours.again.sbp_mmhg == pytest.approx(ours.sbp_mmhg, abs=3)
    assert len(ours.oscillogram) >= 12
    assert ours.oscillogram[0].pressure_mmhg > ours.oscillogram[-1].pressure_mmhg > 20


@pytest.mark.parametrize("kind", ["empty", "never inflated", "no arm", "held", "jumps"])
def test_what_is_no_cycle_gives_a_reason_and_no_pressure(folder: Any, measure: Any, kind: str) -> None:
    level = {
        "empty": lambda _: 0.0,
        "never inflated": lambda t: 12 + 3 * math.sin(t),
        "no arm": lambda t: min(160.0, 20 * t) if t < 9 else max(0.0, 160 - 4 * (t - 9)),
        "held": lambda t: min(150.0, 20 * t),
        "jumps": lambda t: 160.0 if int(t) % 2 else 20.0,
    }[kind]
    folder.cuff("hill/a", [(i / 200, level(i / 200)) for i in range(200 * 45)], 120, 80)
    bench = measure(folder.close(), "nibp")
    assert bench.problems == []
    (ours, _) = bench.outcomes.cycles
    assert (ours.sbp_mmhg, ours.map_mmhg, ours.dbp_mmhg) == (None, None, None)
    assert ours.outcome not in ("ok", "never_ended", "refused")


def test_the_same_folder_gives_the_same_rows(folder: Any, make_finger: Any, make_cuff: Any, measure: Any) -> None:
    folder.ppg("meadow/a", make_finger(30), pr_ref=72)
    folder.cuff("hill/a", make_cuff(), 120, 80)
    path = folder.close()
    assert measure(path, "pulse", "nibp").outcomes.rows() == measure(path, "pulse", "nibp").outcomes.rows()
