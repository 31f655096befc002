# SPDX-License-Identifier: Apache-2.0
"""Plays pulse recordings to the firmware's oximeter and prints what it made of each: one line of JSON a recording.

Arguments: the pinout, and a file with a JSON list of {"path", "before_s", "seconds", "seed", "knots"}: `seconds` of
a recording count, after `before_s` that only settle the filters; `knots` (optional) are those of a calibrated curve. It
is driven as the application drives it: drained ten times a second, computed once a second, LED currents set when asked
for. Times in the output are ms from where it counts.

A line: {"index", "delay_ms", "readings": [[t_ms, spo2_x10, pulse_x10, perfusion_x100, quality, spo2_reason,
pulse_reason], ...], "beats": [[t_ms, interval_us, fault, ratio_x1000, share_x64, likeness], ...]}.
"""

import gc
import json
import sys

from vitals.drivers.max30102 import RATE_HZ, Max30102
from vitals.oximetry.beats import KEPT
from vitals.oximetry.conditioning import OUT_RATE_HZ
from vitals.oximetry.curve import Curve
from vitals.oximetry.oximeter import FILTER_DELAY_MS, Oximetry

from bench_board import Bench

DRAIN_US = 100000
COMPUTE_US = 1000000
PERIOD_US = 1000000 // RATE_HZ
VALUE_US = 1000000 // OUT_RATE_HZ
AFTER_MS = 4000  # after the delay, so that the last beat is told from its neighbours too


class Player:
    """One recording, one sensor, one algorithm."""

    def __init__(self, pinout, job):
        self.bench = Bench(pinout, job["seed"], ppg=job["path"])
        knots = job.get("knots")
        self.oximetry = Oximetry() if knots is None else Oximetry(curve=Curve([tuple(knot) for knot in knots]))
        self.sensor = Max30102(self.bench.bus("oximeter"))
        self.delay_ms = self.oximetry.delay_ms
        self.origin_us = int(job["before_s"] * 1000000 + 0.5)
        self.end_us = self.origin_us + int(job["seconds"] * 1000000 + 0.5)
        self.first_us = None  # when the sensor took its first sample
        self.readings = []
        self.beats = []

    def run(self):
        """Readings are taken where their averaging is centred on whole seconds of what counts."""
        end_us = self.end_us + (self.delay_ms + AFTER_MS) * 1000
        phase_us = (self.origin_us + self.delay_ms * 1000) % COMPUTE_US
        self.start()
        t_us = (self.bench.now_us // DRAIN_US + 1) * DRAIN_US + phase_us % DRAIN_US
        while t_us <= end_us:
            self.bench.at(t_us)
            self.drain(t_us)
            if t_us % COMPUTE_US == phase_us:
                self.compute(t_us)
            t_us += DRAIN_US

    def start(self):
        t_us = 0
        while not self.sensor.running:
            if t_us > COMPUTE_US:
                raise RuntimeError("the sensor does not start: fault %d" % self.sensor.fault)
            self.bench.at(t_us)
            self.sensor.advance(t_us // 1000)
            t_us += PERIOD_US
        self.first_us = self.bench.now_us + PERIOD_US

    def drain(self, t_us):
        sensor = self.sensor
        n = sensor.advance(t_us // 1000)
        if n:
            self.oximetry.feed(sensor.red, sensor.ir, n, sensor.lost)
        if self.oximetry.leds_changed:
            self.oximetry.leds_changed = False
            sensor.set_leds(self.oximetry.led_red, self.oximetry.led_ir)

    def compute(self, t_us):
        o = self.oximetry
        o.compute(t_us // 1000)
        self.keep_beats()
        t_ms = (t_us - self.origin_us) // 1000
        if t_ms >= 0:
            self.readings.append(
                [t_ms, o.spo2_x10, o.pulse_x10, o.perfusion_x100, o.quality, o.spo2_reason, o.pulse_reason]
            )

    def keep_beats(self):
        """Copies the beats. Those of the last seconds are chosen anew each second, so they replace what was copied."""
        beats = self.oximetry.beats
        first = max(0, beats.head - KEPT)
        if beats.head:
            since_us = self.when_us(beats.index[first % KEPT])
            while self.beats and self.beats[-1][0] * 1000 >= since_us - VALUE_US:
                self.beats.pop()
        for i in range(first, beats.head):
            k = i % KEPT
            interval_us = beats.interval_x16[k] * VALUE_US // 16
            t_ms = self.when_us(beats.index[k]) // 1000
            measured = [beats.ratio_x1000[k], beats.share_x64[k], beats.likeness[k]]
            self.beats.append([t_ms, interval_us, beats.fault[k]] + measured)

    def when_us(self, index):
        """When the light came that is at an index of the ring."""
        return self.first_us + index * VALUE_US - FILTER_DELAY_MS * 1000 - self.origin_us


def main(pinout, path):
    with open(path) as file:
        jobs = json.load(file)
    for index, job in enumerate(jobs):
        player = Player(pinout, job)
        player.run()
        print(
            json.dumps(
                {
                    "index": index,
                    "delay_ms": player.delay_ms,
                    "readings": player.readings,
                    "beats": player.beats,
                }
            )
        )
        gc.collect()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
