# SPDX-License-Identifier: Apache-2.0
"""Lets the tests import the bench's modules, and makes small dataset folders whose truth is known."""

from __future__ import annotations

import gzip
import math
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

PPG_HEADER = "record,file,rate_hz,channels,spo2_ref,pr_ref,ref_file,source,notes,trim_s,duration_s"
CUFF_HEADER = "record,file,rate_hz,sbp_ref,dbp_ref,map_ref,source,notes,duration_s"
Samples = list[tuple[float, ...]]


def wave(t_s: float, pulse_bpm: float) -> float:
    """One of many beats: a systole, which rises faster than it falls, and a smaller wave after it; about 1 high."""
    phase = t_s * pulse_bpm / 60 % 1
    systole = math.exp(-(((phase - 0.25) / (0.08 if phase < 0.25 else 0.14)) ** 2))
    return systole + 0.3 * math.exp(-(((phase - 0.6) / 0.12) ** 2))


def finger(seconds: float, pulse_bpm: float = 72, ratio: float = 0.6, rate_hz: float = 60) -> Samples:
    """t_s, red, ir: counts that fall when the pulse arrives, 1 % of them."""
    times = [i / rate_hz for i in range(int(seconds * rate_hz))]
    return [
        (t, 90_000 * (1 - 0.01 * ratio * wave(t, pulse_bpm)), 110_000 * (1 - 0.01 * wave(t, pulse_bpm))) for t in times
    ]


def cuff(sbp: float = 120, dbp: float = 80, pulse_bpm: float = 66, rate_hz: float = 100) -> Samples:
    """t_s, pressure: inflation, 35 s of deflation and the dump; the hill is highest at the mean pressure."""
    mean = dbp + (sbp - dbp) / 3
    out: Samples = []
    for i in range(int(52 * rate_hz)):
        t = i / rate_hz
        level = min(160.0, 20 * t) if t < 9 else max(0.0, 160 - 3.3 * (t - 9))
        if t > 44:
            level = max(0.0, level - 60 * (t - 44))
        width = (sbp - mean) / 0.8 if level > mean else (mean - dbp) / 0.6
        height = 2.5 * math.exp(-(((level - mean) / width) ** 2))
        out.append((t, level + height * wave(t, pulse_bpm) if 9 <= t <= 44 else level))
    return out


class Folder:
    """A dataset folder that is written bit by bit."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ppg_rows: list[str] = []
        self.cuff_rows: list[str] = []

    def ppg(self, record: str, samples: Samples, header: str = "t_s,red,ir", ref: str = "", **cells: object) -> None:
        """Adds a pulse record; `ref` is the text of its reference file."""
        self._write("ppg", record, header, samples)
        if ref:
            (self.path / "ppg" / f"{record}.ref.csv").write_text(ref)
        known = {"spo2_ref": "", "pr_ref": "", "trim_s": "0", **cells}
        ref_file = f"{record}.ref.csv" if ref else ""
        self.ppg_rows.append(
            f"{record},{record}.csv.gz,60,{header[4:].replace(',', ' ')},{known['spo2_ref']},{known['pr_ref']},"
            f"{ref_file},here,,{known['trim_s']},1"
        )

    def cuff(self, record: str, samples: Samples, sbp: object = "", dbp: object = "") -> None:
        """Adds a cuff record."""
        self._write("cuff", record, "t_s,pressure_mmhg", samples)
        self.cuff_rows.append(f"{record},{record}.csv.gz,100,{sbp},{dbp},,here,,1")

    def _write(self, kind: str, record: str, header: str, samples: Iterable[tuple[float, ...]]) -> None:
        file = self.path / kind / f"{record}.csv.gz"
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = [",".join("" if math.isnan(v) else f"{v:.4f}" for v in sample) for sample in samples]
        file.write_bytes(gzip.compress("\n".join([header, *lines, ""]).encode()))

    def close(self) -> Path:
        """Writes the indices; returns the folder."""
        for kind, header, rows in (("ppg", PPG_HEADER, self.ppg_rows), ("cuff", CUFF_HEADER, self.cuff_rows)):
            if rows:
                (self.path / kind / "index.csv").write_text("\n".join([header, *rows, ""]))
        return self.path


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "recordings")


@pytest.fixture
def make_finger() -> Callable[..., Samples]:
    return finger


@pytest.fixture
def make_cuff() -> Callable[..., Samples]:
    return cuff
