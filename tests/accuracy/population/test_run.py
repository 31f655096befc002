# SPDX-License-Identifier: Apache-2.0
"""Patients are measured by the firmware in closed loop, the same way each time."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from statistics import stdev

import pytest

from accuracy.outcomes import Cycle
from accuracy.population import cuff_patients, finger_patients
from accuracy.population.rhythm import truth
from accuracy.population.run import OURS, ROOT, TEXTBOOK, PopulationError, parse_seeds, played, reference, run

HERE = Path(__file__).resolve().parent
pytest.importorskip("micropython_unix")


@pytest.fixture(scope="session")
def quiet(answerable):
    """A patient who lies still, with a regular pulse of middling strength."""
    calm = (p for p in answerable if p.rhythm == "regular" and not p.moving)
    return next(p for p in calm if 1.2 < p.peak_mmhg < 2.5 and p.sbp < 125 and p.dbp > 60)


def test_a_cycle_has_the_noise_and_the_oscillations_that_were_drawn(quiet):
    (result,) = played(HERE / "play_cuff.py", [quiet.board()], 1)
    attempt = result["attempts"][0]
    signal = [cmmhg / 100 for cmmhg in attempt["signal_cmmhg"]]
    assert stdev(signal[5:35]) == pytest.approx(quiet.noise_mmhg, rel=0.3)
    # A beat's swing around the mean pressure, less the straight line of the deflation in between.
    turn = max(range(len(signal)), key=lambda i: signal[i])
    at = next(i for i in range(turn, len(signal)) if signal[i] < quiet.map)
    beat = round(6000 / quiet.pulse_bpm)
    smooth = [sum(signal[i - 2 : i + 3]) / 5 for i in range(at - beat, at + beat)]
    slope = (smooth[-1] - smooth[0]) / len(smooth)
    flat = [value - slope * i for i, value in enumerate(smooth)]
    assert max(flat) - min(flat) == pytest.approx(quiet.peak_mmhg, rel=0.3)


def test_the_truth_is_that_of_the_beats_from_the_pump_to_the_valves(quiet, patients):
    # Zeroing, inflating, settling, deflating, inflating again, settling, deflating, dumping, resting.
    times = (1000, 1700, 9000, 10500, 14000, 17000, 18500, 45000, 48000)
    phases = [list(pair) for pair in zip(times, (1, 2, 3, 4, 2, 3, 4, 5, 6), strict=True)]
    attempt = {"started_ms": 1000, "ended_ms": 48000, "phases": phases}
    assert reference(quiet, attempt) == truth(quiet.beats, quiet.wave, 1.7, 45)
    nobody = next(p for p in patients if not p.answerable)
    assert reference(nobody, attempt) == (None, None, None)


def test_outcomes_come_in_order_with_truth_and_textbook_and_are_the_same_again(quiet, patients):
    nobody = next(p for p in patients if p.reason == cuff_patients.NO_ARM)
    seeds = [quiet.seed, nobody.seed]
    told = []
    first = list(run(seeds, 2, "cuff", progress=lambda done, of: told.append((done, of))))
    assert [(c.record, c.method) for c in first] == [(f"{s:03d}", m) for s in seeds for m in (OURS, TEXTBOOK)]
    assert told == [(1, 2), (2, 2)]
    ours, textbook, none, _ = first
    assert ours.answerable
    assert ours.sbp_ref_mmhg == textbook.sbp_ref_mmhg == pytest.approx(quiet.sbp, abs=6)
    assert ours.dbp_ref_mmhg == pytest.approx(quiet.dbp, abs=6)
    assert not none.answerable
    assert none.sbp_ref_mmhg is None
    assert none.attempts == 2, "in a session a failed cycle is tried again"
    assert list(run(seeds[:1], 1, "cuff")) == first[:2]


def test_a_finger_gives_windows_of_both_tasks(fingers):
    calm = next(f for f in fingers if not f.reason and f.rhythm == "regular" and not f.spells and f.perfusion_pct > 1)
    windows = list(run([calm.seed], 1, "finger"))
    assert [(w.task, w.t_s) for w in windows[:3]] == [("pulse", 20.0), ("spo2", 20.0), ("pulse", 30.0)]
    assert len(windows) == 2 * len(finger_patients.MIDDLES_S)
    for w in windows:
        assert w.value is None or w.value == pytest.approx(w.reference, abs=8)
        assert (w.value is None) == (w.reason not in ("ok", "irregular"))


def test_a_run_that_breaks_says_whose_it_was(quiet):
    broken = {**quiet.board(), "patient": {"points": []}}
    with pytest.raises(PopulationError, match=f"(?s)patients {quiet.seed}: .*at least one point"):
        list(played(HERE / "play_cuff.py", [broken], 1))


def test_seeds_may_be_ranges_and_single_ones():
    assert parse_seeds("0-3,7") == [0, 1, 2, 3, 7]
    with pytest.raises(ValueError, match="cuff or finger"):
        list(run([1], 1, "toe"))


@pytest.mark.slow
@pytest.mark.parametrize("script", ["play_cuff.py", "play_finger.py"])
def test_both_interpreters_measure_the_same(script, quiet, tmp_path):
    told = quiet.board() if script == "play_cuff.py" else finger_patients.patient(quiet.seed).board()
    path = tmp_path / "patient.jsonl"
    path.write_text(json.dumps(told) + "\n", encoding="utf-8")
    command = [sys.executable, "-B", str(HERE / script), str(ROOT), str(path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    assert [json.loads(done.stdout)] == list(played(HERE / script, [told], 1))


@pytest.mark.slow
def test_other_noise_of_the_sensors_is_all_that_differs_in_a_repeat(quiet):
    (cycle,) = run([quiet.seed], 1, "cuff", repeat=True, peers=False)
    assert isinstance(cycle, Cycle)
    assert cycle.again is not None
    assert cycle.again != replace(cycle, again=None)
    assert cycle.again.sbp_ref_mmhg == pytest.approx(cycle.sbp_ref_mmhg, abs=1.5)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_textbook_misses_the_line_also_among_those_who_lie_still():
    cycles = [c for c in run(range(100, 220), 2, "cuff") if c.method == TEXTBOOK and c.answerable]
    for some in (cycles, [c for c in cycles if c.strata["movement"] == "no"]):
        given = [c for c in some if c.sbp_mmhg is not None]
        coverage = len(given) / len(some)
        errors = [[getattr(c, f"{n}_mmhg") - getattr(c, f"{n}_ref_mmhg") for c in given] for n in ("sbp", "dbp")]
        within = all(abs(sum(e) / len(e)) <= 3 and stdev(e) <= 5 for e in errors)
        assert not (within and coverage >= 0.95)
