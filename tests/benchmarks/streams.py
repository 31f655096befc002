# SPDX-License-Identifier: Apache-2.0
"""How long a reading takes from the simulated sensor to an MQTT subscriber, and whether a sink that is stuck or away
changes how soon readings are recorded.

The whole way, every part a process of its own: a simulated board on a pseudo-terminal at wall speed, `monitor`, the
record, `stream --follow`, mosquitto, a subscriber. A reading's own time is when the board made it, by the clock fit, so
the constant part of the way through the pseudo-terminal (below 5 ms) is not in it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from rows import Row
from vitalwire.items import Reading, utc_ms_of
from vitalwire.record.follow import follow

WORDS = [sys.executable, "-m", "vitalwire.cli.main"]
WARM_S = 15.0
SPAN_S = 90.0
TURNS = 6


def rows() -> Iterator[Row]:
    if shutil.which("mosquitto") is None and not Path("/usr/sbin/mosquitto").exists():
        raise RuntimeError("mosquitto is not installed (Debian: apt-get install mosquitto)")
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        os.environ["VITALWIRE_SESSIONS"] = str(folder / "sessions")
        session = stack.enter_context(_session(folder))
        broker = stack.enter_context(_broker(folder))
        stack.enter_context(_stream(session, f"mqtt://127.0.0.1:{broker}/bench", folder / "out"))
        time.sleep(WARM_S)
        late_ms = sorted(_to_subscriber(broker, SPAN_S))
        yield Row(f"sensor to MQTT subscriber, median of {len(late_ms)}", statistics.median(late_ms), "ms")
        yield Row("sensor to MQTT subscriber, 99 %", late_ms[int(0.99 * (len(late_ms) - 1))], "ms")
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        session = stack.enter_context(_session(folder))
        yield from _stuck(session, folder)


def _to_subscriber(port: int, span_s: float) -> list[float]:
    """For each reading of the oximeter, ms from when the board made it to when a subscriber had it."""
    import paho.mqtt.client as mqtt

    found: list[float] = []

    def take(_client: object, _data: object, message: mqtt.MQTTMessage) -> None:
        now_ms = time.time_ns() / 1e6
        values = json.loads(message.payload)
        if values.get("source") == "oximeter" and not values["late"]:
            found.append(now_ms - utc_ms_of(values["time_utc"]))

    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.on_message = take
    client.connect("127.0.0.1", port)
    client.subscribe("bench/+/reading", qos=1)
    client.loop_start()
    time.sleep(span_s)
    client.disconnect()
    client.loop_stop()
    return found


def _stuck(session: Path, folder: Path) -> Iterator[Row]:
    """Readings on record, with and without a stream to a sink that is stuck and one that is not there, in turn."""
    free: list[float] = []
    held: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # it takes the connection, and never says a word
        stuck = f"mqtt://127.0.0.1:{deaf.getsockname()[1]}/bench"
        for turn in range(TURNS):
            if turn % 2:
                with _stream(session, stuck, folder / f"out{turn}", "--to", "mqtt://127.0.0.1:9/away"):
                    held.append(statistics.median(_to_record(session, 15.0)))
            else:
                free.append(statistics.median(_to_record(session, 15.0)))
    noise = max(free) - min(free)
    effect = statistics.median(held) - statistics.median(free)
    yield Row("reading to record, no sink", statistics.median(free), "ms")
    yield Row("reading to record, one sink stuck, one away", statistics.median(held), "ms", f"noise of {noise:.2f} ms")
    yield Row("what a stuck sink adds", effect, "ms", f"noise of {noise:.2f} ms")


def _to_record(session: Path, span_s: float) -> list[float]:
    found: list[float] = []
    end_s = time.monotonic() + span_s
    with follow(session) as followed:
        for item in followed.until(lambda: time.monotonic() > end_s):
            if followed.caught_up and isinstance(item, Reading) and item.source == "oximeter":
                found.append(time.time_ns() / 1e6 - item.utc_ms)
    return found


@contextmanager
def _session(folder: Path) -> Iterator[Path]:
    """`monitor` on a simulated board at wall speed; yields the folder of the session."""
    with ExitStack() as stack:
        board = stack.enter_context(_process([*WORDS, "sim", "--patient", "esketamine"]))
        assert board.stdout is not None
        port = board.stdout.readline().strip()
        sessions = folder / "sessions"
        stack.enter_context(_process([*WORDS, "monitor", port, "--quiet", "--every", "2", "--out", str(sessions)]))
        end_s = time.monotonic() + 30
        while not (found := list(sessions.glob("*/vitals.csv"))):
            if time.monotonic() > end_s:
                raise RuntimeError("no session began")
            time.sleep(0.1)
        yield found[0].parent


def _stream(session: Path, url: str, out: Path, *more: str) -> AbstractContextManager[subprocess.Popen[str]]:
    command = [*WORDS, "stream", "--follow", str(session), "--to", url, *more]
    return _process([*command, "--spool", str(out), "--drain", "0"])


@contextmanager
def _broker(folder: Path) -> Iterator[int]:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])
    settings = folder / "mosquitto.conf"
    settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    with _process([shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", str(settings)]):
        time.sleep(0.5)
        yield port


@contextmanager
def _process(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
