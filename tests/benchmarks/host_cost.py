# SPDX-License-Identifier: Apache-2.0
"""What one monitored board costs the host at wall speed, and how soon a reading is in the CSV.

A simulated board at speed 1 is relayed to a TCP port, where `vitalwire monitor --plain` reads it as any port; so the
simulator's own cost is in this process and not counted. The relay notes when each reading passes, and a thread notes
when its row appears in `vitals.csv`. Linux only (/proc).
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from rows import Row
from vitalwire.link.decoder import Decoder
from vitalwire.link.transport import open_transport
from vitalwire_protocol.codec import OximetryReading

SETTLE_S = 10
MEASURE_S = 60


class _Relay:
    """One simulated board on a TCP port; `passed` holds when each reading went by, keyed by device time."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.server.getsockname()[1]
        self.passed: dict[int, float] = {}
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        connection, _ = self.server.accept()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport = open_transport("sim://?patient=calm&seed=1&speed=1")
        decoder = Decoder()
        try:
            while not self.stop.is_set():
                data = transport.read(0.02)
                if data:
                    connection.sendall(data)
                    now = time.perf_counter()
                    for message in decoder.feed(data):
                        if isinstance(message, OximetryReading):
                            self.passed[message.t_ms] = now
                try:
                    back = connection.recv(4096)
                except BlockingIOError:
                    continue
                if not back:
                    return
                transport.write(back)
        finally:
            transport.close()
            connection.close()


class _Watch:
    """Notes when the row of each device time appears in the file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: dict[int, float] = {}
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while not (found := list(self.folder.rglob("vitals.csv"))) and not self.stop.is_set():
            time.sleep(0.05)
        with found[0].open(encoding="utf-8", newline="") as f:
            while not self.stop.is_set():
                text = f.read()
                now = time.perf_counter()
                for line in text.splitlines():
                    cells = line.split(",")
                    if len(cells) > 5 and cells[5] == "oximeter":
                        self.seen[int(cells[2])] = now
                time.sleep(0.002)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / float(os.sysconf("SC_CLK_TCK"))


def _peak_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmHWM in /proc/PID/status")


def rows() -> Iterator[Row]:
    if not sys.platform.startswith("linux"):
        print("host_cost needs /proc: NOT MEASURED here.", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        relay, watch = _Relay(), _Watch(folder)
        monitor = subprocess.Popen(
            [
                *(sys.executable, "-m", "vitalwire.cli.main", "monitor", f"socket://127.0.0.1:{relay.port}"),
                *("--plain", "--out", name),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            time.sleep(SETTLE_S)
            if monitor.poll() is not None:
                raise RuntimeError(f"monitor ended: {monitor.stderr.read().decode() if monitor.stderr else ''}")
            cpu, wall = _cpu_s(monitor.pid), time.perf_counter()
            time.sleep(MEASURE_S)
            spent, passed = _cpu_s(monitor.pid) - cpu, time.perf_counter() - wall
            peak = _peak_mb(monitor.pid)
        finally:
            monitor.terminate()
            monitor.wait(10)
            watch.stop.set()
            relay.stop.set()
        late = [(watch.seen[t] - relay.passed[t]) * 1000 for t in sorted(watch.seen.keys() & relay.passed.keys())]
        if len(late) < MEASURE_S / 2:
            raise RuntimeError(f"only {len(late)} readings were found in the CSV")
        yield Row("monitor --plain at wall speed, processor", 100 * spent / passed, "% of a core")
        yield Row("monitor --plain, peak memory", peak, "MB")
        yield Row("reading leaves the board to row in the CSV, median", statistics.median(late), "ms")
        yield Row("reading leaves the board to row in the CSV, worst", max(late), "ms")
