# SPDX-License-Identifier: Apache-2.0
"""The textbook's oscillometry, the peer for pressures: maximum amplitude, systolic at 0.55 of it and diastolic at 0.75.

Band-pass, beats, peak-to-peak amplitude against cuff pressure, a three-point median, straight lines in between. The
method is that of L. A. Geddes and others, Annals of Biomedical Engineering 10 (1982) 271-280; 0.55 and 0.75 are what
devices with fixed ratios usually take. It is meant to be plain and honest: no fit, no rejection but the median, and
nothing that was tuned on any record.

    python tests/accuracy/fixed_ratio.py FILE.csv.gz     # cuff records with the columns t_s and pressure_mmhg
"""

from __future__ import annotations

import csv
import gzip
import math
import sys
from collections.abc import Sequence

SYSTOLIC_RATIO = 0.55
DIASTOLIC_RATIO = 0.75
PASS_HZ = (0.5, 8.0)
PULSE_HZ = (0.5, 3.5)
"""30 to 210 beats a minute."""
LEAST_BEATS = 6
LEAST_MMHG = 0.2
"""A largest amplitude below this is taken for noise."""
UNDER_WAY_MMHG = 5.0
"""So far below the highest pressure the deflation counts as under way: the cuff has settled, the valve has opened."""
DUMP_SHARE = 0.15
"""A cuff that loses more of its pressure in half a second is being emptied, not measured."""
EMPTY_MMHG = 15.0

Biquad = tuple[float, float, float, float, float]


def fixed_ratio(pressure_mmhg: Sequence[float], rate_hz: float) -> tuple[float, float, float] | None:
    """(systolic, mean, diastolic) in mmHg from one cuff cycle, or None where it finds no pulse or only half a hill.

    The cycle may be whole (inflation, deflation, dump) or its deflation alone; evenly sampled at 30 Hz or more.
    """
    start, end = deflation(pressure_mmhg, rate_hz)
    if end - start < 5 * rate_hz:
        return None
    wave = band_pass(pressure_mmhg[start:end], rate_hz)
    level = [p - w for p, w in zip(pressure_mmhg[start:end], wave, strict=True)]
    beats = amplitudes(wave, rate_hz)
    if len(beats) < LEAST_BEATS:
        return None
    pressure = [level[at] for at, _ in beats]
    return read_off(pressure, median3([amplitude for _, amplitude in beats]))


def deflation(pressure: Sequence[float], rate_hz: float) -> tuple[int, int]:
    """Where the deflation begins and ends, as indices: from 5 mmHg below the highest pressure to the dump."""
    if not pressure:
        return 0, 0
    span = max(1, round(0.5 * rate_hz))
    top = max(range(len(pressure)), key=lambda i: (pressure[i], i))
    start = next((i for i in range(top, len(pressure)) if pressure[i] < pressure[top] - UNDER_WAY_MMHG), len(pressure))
    for i in range(start, len(pressure) - span):
        if pressure[i] - pressure[i + span] > DUMP_SHARE * pressure[i] or pressure[i] < EMPTY_MMHG:
            return start, i
    return start, len(pressure)


def _butterworth(cut_hz: float, rate_hz: float, high: bool) -> Biquad:
    """Second order, by the bilinear transform: b0, b1, b2, a1, a2."""
    k = math.tan(math.pi * min(cut_hz, 0.45 * rate_hz) / rate_hz)
    norm = 1 / (1 + math.sqrt(2) * k + k * k)
    b0 = norm if high else k * k * norm
    b1 = -2 * b0 if high else 2 * b0
    return b0, b1, b0, 2 * (k * k - 1) * norm, (1 - math.sqrt(2) * k + k * k) * norm


def _run(values: Sequence[float], biquad: Biquad) -> list[float]:
    b0, b1, b2, a1, a2 = biquad
    x1 = x2 = y1 = y2 = 0.0
    out = []
    for x in values:
        y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
        x2, x1, y2, y1 = x1, x, y1, y
        out.append(y)
    return out


def band_pass(values: Sequence[float], rate_hz: float) -> list[float]:
    """What lies within PASS_HZ, without delay: forwards and backwards, the ends mirrored about their points."""
    pad = min(len(values) - 1, round(3 * rate_hz))
    before = [2 * values[0] - values[i] for i in range(pad, 0, -1)]
    after = [2 * values[-1] - values[-1 - i] for i in range(1, pad + 1)]
    out = [*before, *values, *after]
    # From the straight line between the ends the filter starts without a step.
    slope = (out[-1] - out[0]) / max(1, len(out) - 1)
    out = [x - out[0] - slope * i for i, x in enumerate(out)]
    for biquad in (_butterworth(PASS_HZ[0], rate_hz, True), _butterworth(PASS_HZ[1], rate_hz, False)):
        out = _run(_run(out, biquad)[::-1], biquad)[::-1]
    return out[pad : pad + len(values)]


def period(wave: Sequence[float], rate_hz: float) -> int | None:
    """The pulse's period in samples: the highest peak of the autocorrelation within PULSE_HZ, or None."""
    lags = range(max(2, math.ceil(rate_hz / PULSE_HZ[1])), min(len(wave) // 2, math.floor(rate_hz / PULSE_HZ[0])))
    if len(lags) < 3:
        return None
    every = max(1, round(rate_hz / 50))
    power = {
        lag: sum(wave[i] * wave[i + lag] for i in range(0, len(wave) - lag, every)) / (len(wave) - lag) for lag in lags
    }
    peaks = [lag for lag in lags[1:-1] if power[lag - 1] <= power[lag] >= power[lag + 1] and power[lag] > 0]
    if not peaks:
        return None
    best = max(power[lag] for lag in peaks)
    return next(lag for lag in peaks if power[lag] >= 0.85 * best)


def amplitudes(wave: Sequence[float], rate_hz: float) -> list[tuple[int, float]]:
    """The beats as (index of the peak, peak minus the lowest point of the period before it)."""
    beat = period(wave, rate_hz)
    if beat is None:
        return []
    reach = max(1, round(0.4 * beat))
    out: list[tuple[int, float]] = []
    for i in range(beat, len(wave) - reach):
        if wave[i] == max(wave[i - reach : i + reach + 1]) and (not out or i - out[-1][0] > reach):
            out.append((i, wave[i] - min(wave[i - beat : i])))
    return out


def median3(values: Sequence[float]) -> list[float]:
    """Each value's median with its neighbours; the ends stay."""
    inner = [sorted(values[i - 1 : i + 2])[1] for i in range(1, len(values) - 1)]
    return [*values[:1], *inner, *values[-1:]] if len(values) > 1 else list(values)


def read_off(pressure: Sequence[float], amplitude: Sequence[float]) -> tuple[float, float, float] | None:
    """Mean pressure at the largest amplitude, the others where it has fallen to their ratios on either side."""
    top = max(range(len(amplitude)), key=lambda i: amplitude[i])
    if amplitude[top] < LEAST_MMHG:
        return None
    systolic = _crossing(pressure, amplitude, top, -1, SYSTOLIC_RATIO * amplitude[top])
    diastolic = _crossing(pressure, amplitude, top, 1, DIASTOLIC_RATIO * amplitude[top])
    if systolic is None or diastolic is None:
        return None
    return systolic, pressure[top], diastolic


def _crossing(
    pressure: Sequence[float], amplitude: Sequence[float], top: int, step: int, wanted: float
) -> float | None:
    i = top + step
    while 0 <= i < len(amplitude):
        if amplitude[i] < wanted:
            here, last = amplitude[i], amplitude[i - step]
            return pressure[i - step] + (pressure[i] - pressure[i - step]) * (last - wanted) / (last - here)
        i += step
    return None


def main(paths: Sequence[str]) -> None:
    """Prints what each file gives."""
    for path in paths:
        with gzip.open(path, "rt", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        times = [float(row["t_s"]) for row in rows]
        rate_hz = (len(times) - 1) / (times[-1] - times[0])
        print(path, fixed_ratio([float(row["pressure_mmhg"]) for row in rows], rate_hz))


if __name__ == "__main__":
    main(sys.argv[1:])
