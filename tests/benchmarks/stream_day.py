# SPDX-License-Identifier: Apache-2.0
"""A simulated day to a broker that comes and goes: is every reading delivered, in order, repeats marked, memory flat?

    make stream-day [MINUTES=1440]

mosquitto keeps the subscriber's queue on disk, so that what it acknowledged and had not yet passed on when it was ended
is passed on when it is back. The board is simulated at full speed, and held up where a sink is far behind; while the
broker is away its readings wait in the buffer on disk.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

PAGE = 4096
MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"


@dataclass
class Broker:
    """mosquitto in `folder`, which can be ended and started again at the same port."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    outages: int = 0

    def start(self) -> None:
        settings = self.folder / "mosquitto.conf"
        settings.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {self.folder}/\nmax_queued_messages 0\nmax_inflight_messages 1000\nuser root\n"
        )
        self.process = subprocess.Popen([MOSQUITTO, "-c", str(settings)], stderr=subprocess.DEVNULL)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            self.process = None


@dataclass
class Subscriber:
    """A client that the broker remembers while either is away. `got` is what it was given, in order."""

    port: int
    got: list[tuple[int, str, bool, bool]] = field(default_factory=list)

    def start(self) -> None:
        import paho.mqtt.client as mqtt
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties

        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="day", protocol=mqtt.MQTTv5)
        self.client.on_message = self._take
        self.client.on_connect = lambda client, *_: client.subscribe("day/+/reading", qos=1)
        self.client.reconnect_delay_set(1, 1)
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 0xFFFFFFFF
        self.client.connect("127.0.0.1", self.port, clean_start=False, properties=properties)
        self.client.loop_start()

    def _take(self, _client: object, _data: object, message: Any) -> None:
        values = json.loads(message.payload)
        self.got.append((values["number"], values["key"], values["repeated"] or message.dup, values["late"]))

    def stop(self) -> None:
        self.client.loop_stop()
        self.client.disconnect()


def run(minutes: float, seed: int = 1) -> dict[str, Any]:
    """Streams so many simulated minutes; the figures."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name, socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        broker = Broker(Path(name), int(one.getsockname()[1]))
        one.close()
        broker.start()
        time.sleep(0.5)
        subscriber = Subscriber(broker.port)
        subscriber.start()
        command = [sys.executable, "-m", "vitalwire.cli.main", "stream", "sim://?speed=max&patient=esketamine"]
        command += ["--minutes", str(minutes), "--to", f"mqtt://127.0.0.1:{broker.port}/day"]
        command += ["--to", f"jsonl:{name}/all.jsonl", "--spool", f"{name}/spool", "--drain", "120"]
        began_s = time.monotonic()
        with (Path(name) / "said.txt").open("w") as said:
            process = subprocess.Popen(command, stderr=said)
            memory = _watch(process.pid)
            while process.poll() is None:
                time.sleep(chance.uniform(2, 8))
                if process.poll() is None:
                    broker.stop()
                    broker.outages += 1
                    time.sleep(chance.uniform(0.5, 4))
                    broker.start()
        _settle(subscriber)
        subscriber.stop()
        broker.stop()
        lines = [json.loads(line) for line in (Path(name) / "all.jsonl").read_text(encoding="utf-8").splitlines()]
        sent = [line["number"] for line in lines if line["type"] == "reading"]
        found = _judge(sent, subscriber.got)
        return {
            "simulated_min": minutes,
            "real_s": round(time.monotonic() - began_s, 1),
            "exit_code": process.returncode,
            "outages": broker.outages,
            **found,
            "memory_early_mb": memory[len(memory) // 4] if memory else None,
            "memory_last_mb": memory[-1] if memory else None,
            "said": (Path(name) / "said.txt").read_text(encoding="utf-8")[-600:],
        }


def _judge(sent: list[int], got: list[tuple[int, str, bool, bool]]) -> dict[str, Any]:
    """What was delivered of what was sent. A repeat is one whose number came before; we mark ours, and the broker marks
    its own (DUP)."""
    first: list[int] = []
    seen: set[int] = set()
    unmarked = repeats = 0
    for number, _, repeated, _ in got:
        if number in seen:
            repeats += 1
            unmarked += not repeated
        else:
            seen.add(number)
            first.append(number)
    return {
        "readings": len(sent),
        "delivered": len(seen & set(sent)),
        "missing": len(set(sent) - seen),
        "out_of_order": sum(a > b for a, b in pairwise(first)),
        "repeats": repeats,
        "repeats_unmarked": unmarked,
        "late": sum(late for *_, late in got),
    }


def _settle(subscriber: Subscriber) -> None:
    """Until nothing more comes."""
    count, end_s = -1, time.monotonic() + 60
    while count != len(subscriber.got) and time.monotonic() < end_s:
        count = len(subscriber.got)
        time.sleep(3)


def _watch(pid: int) -> list[float]:
    """The memory of a process in MB, every second while it lives; the list grows."""
    found: list[float] = []

    def look() -> None:
        while True:
            try:
                pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            except (OSError, IndexError):
                return
            if pages == 0:
                return
            found.append(round(pages * PAGE / 1e6, 1))
            time.sleep(1)

    threading.Thread(target=look, daemon=True).start()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1440.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    figures = run(given.minutes, given.seed)
    print(json.dumps(figures, indent=2))
    bad = figures["missing"] or figures["out_of_order"] or figures["repeats_unmarked"] or figures["exit_code"]
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
