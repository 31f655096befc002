# SPDX-License-Identifier: Apache-2.0
"""Two other programs that find the pulse, on the very same windows of the very same signal as the firmware.

Each is used as its own documentation shows for a finger's waveform: HeartPy 1.2 with its band-pass of 0.7-3.5 Hz and
its scaling before `process`; NeuroKit2 with `ppg_clean` and `ppg_findpeaks` (Elgendi's method), the rate from the mean
distance of peaks. Other settings of HeartPy were tried (no filter, 0.5-8 Hz, baseline removal): they were worse. A peer
sees one window alone and is not late; the firmware hears the signal once, in order. What a peer raises is no value.
"""

from __future__ import annotations

import importlib.util
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace

from accuracy.outcomes import Window
from accuracy.signals import Signal
from vitalwire.link.recording import RATE_HZ

Rate = Callable[[Sequence[float]], float]
ON_OURS = "@ours"
"""Added to a peer's name in the rows over those windows in which the firmware gave a value."""


def _heartpy(wave: Sequence[float]) -> float:
    import heartpy
    import numpy as np

    filtered = heartpy.filter_signal(np.array(wave), [0.7, 3.5], float(RATE_HZ), order=3, filtertype="bandpass")
    _, measures = heartpy.process(heartpy.scale_data(filtered), float(RATE_HZ))
    return float(measures["bpm"])


def _neurokit2(wave: Sequence[float]) -> float:
    import neurokit2
    import numpy as np

    cleaned = neurokit2.ppg_clean(np.array(wave), sampling_rate=RATE_HZ)
    peaks = neurokit2.ppg_findpeaks(cleaned, sampling_rate=RATE_HZ)["PPG_Peaks"]
    return float(60.0 * RATE_HZ / np.mean(np.diff(peaks)))


PEERS: dict[str, Rate] = {"heartpy": _heartpy, "neurokit2": _neurokit2}


def missing() -> list[str]:
    """The peers that are not installed."""
    return [name for name in PEERS if importlib.util.find_spec(name) is None]


def windows(signal: Signal, ours: Sequence[Window]) -> list[Window]:
    """What the peers that are installed say in the windows of one record that have a reference."""
    found: list[Window] = []
    gone = missing()
    for window in ours:
        if window.reference is None:
            continue
        wave = signal.upright(window.t_s - window.seconds / 2, window.seconds)
        for name, rate in PEERS.items():
            if name in gone:
                continue
            value = _value(rate, wave)
            reason = "ok" if value is not None else "no_value"
            theirs = replace(window, method=name, value=value, quality=None, reason=reason)
            found.append(theirs)
            if window.value is not None:
                found.append(replace(theirs, method=name + ON_OURS))
    return found


def _value(rate: Rate, wave: Sequence[float]) -> float | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            value = rate(wave)
        except Exception:
            return None
    return value if math.isfinite(value) and value > 0 else None
