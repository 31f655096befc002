# SPDX-License-Identifier: Apache-2.0
"""The session that `make demo` leaves, run once for all benchmarks that read what it recorded."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from vitalwire.record.capture import read_capture, received_bytes


@cache
def demo_folder() -> Path:
    """The folder of a fresh demo session; it is left in the system's temporary folder."""
    out = Path(tempfile.mkdtemp(prefix="vitalwire-bench-")) / "demo"
    subprocess.run([sys.executable, "-m", "vitalwire.cli.demo", "--out", str(out)], check=True, stdout=sys.stderr)
    captures = sorted(out.rglob("capture.vwire"))
    if len(captures) != 1:
        raise RuntimeError(f"the demo left {len(captures)} captures below {out}, not one")
    return captures[0].parent


@cache
def demo_bytes() -> bytes:
    """Every byte that the simulated board sent in the demo, in order."""
    return b"".join(received_bytes(read_capture(demo_folder() / "capture.vwire")))
