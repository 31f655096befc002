# SPDX-License-Identifier: Apache-2.0
"""Plays cuff recordings to the firmware's cuff controller in observe mode and prints one line of JSON a recording.

Arguments: the pinout, and a file with a JSON list of {"path", "seconds", "seed", "start_ms"}: the recording begins at
`start_ms`, and the sensor's noise follows the seed. It is driven as the application drives it, 100 samples/s.

A line: {"index", "outcome", the fields of `Result`, "refused", "ended_ms", "oscillogram": [[pressure_cmmhg,
amplitude_mmmhg, t_10ms, fit_mmmhg, kept], ...]}; without a result (refused, or it never ended) the outcome is null.
"""

import gc
import json
import sys

from vitals.drivers.mprls import Mprls
from vitals.nibp.controller import CuffController

from bench_board import Bench

SAMPLE_MS = 10
OBSERVE_MOST_S = 300
BEFORE_MS = 1000  # the recording begins after this at the earliest
WATCHED_MS = 8000  # and is watched for so long after its end, with an empty cuff
AFTER_MS = 30000  # until when the cycle must have been worked off
FIELDS = (
    "sbp_x10", "map_x10", "dbp_x10", "pulse_x10", "quality", "peak_amplitude_x100", "peak_pressure_x10", "beats",
    "algorithm", "direction", "doubts",
)  # fmt: skip


def observe(pinout, job):
    """One recording, one sensor, one controller."""
    bench = Bench(pinout, job["seed"], cuff=job["path"])
    sensor = Mprls(bench.bus("cuff"))
    controller = CuffController()
    start_ms = BEFORE_MS + job["start_ms"]
    bench.world.recording.play(start_ms * 1000)
    length_ms = start_ms - BEFORE_MS + int(job["seconds"] * 1000)
    end_ms = BEFORE_MS + length_ms + AFTER_MS
    refused = None
    result = None
    t_ms = 0
    while t_ms <= end_ms and result is None:
        bench.at(t_ms * 1000)
        if t_ms == BEFORE_MS:
            refused = controller.observe(t_ms, min(OBSERVE_MOST_S, (length_ms + WATCHED_MS) // 1000))
            if refused:
                break
        sensor.advance(t_ms, controller.active)
        if sensor.fault and controller.active:
            controller.sensor_fault(t_ms, sensor.fault)
        if sensor.fresh or sensor.cmmhg is None:
            controller.sample(t_ms, sensor.cmmhg, None)  # a recording has no second channel
        controller.advance(t_ms)
        result = controller.take_result()
        t_ms += SAMPLE_MS
    out = {"outcome": None, "refused": refused, "ended_ms": t_ms - start_ms, "oscillogram": []}
    if result is not None:
        out["outcome"] = result.outcome
        for name in FIELDS:
            out[name] = getattr(result, name)
        out["started_ms"] = result.started_ms - start_ms
        out["oscillogram"] = oscillogram(controller)
    return out


def oscillogram(controller):
    """The beats as they were captured, and what the evaluation made of each: its fit, and whether it was kept."""
    capture = controller.capture
    meter = controller.oscillometry
    smooth = getattr(meter, "smooth", None)
    kept = getattr(meter, "kept", None)
    beats = []
    for i in range(capture.beats):
        beat = [capture.pressure_cmmhg[i], capture.amplitude_mmmhg[i], capture.t_10ms[i]]
        beat.append(None if smooth is None else smooth[i])
        beat.append(None if kept is None else int(kept[i]))
        beats.append(beat)
    return beats


def main(pinout, path):
    with open(path) as file:
        jobs = json.load(file)
    for index, job in enumerate(jobs):
        out = observe(pinout, job)
        out["index"] = index
        print(json.dumps(out))
        gc.collect()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
