# SPDX-License-Identifier: Apache-2.0
"""A real MQTT broker (Eclipse Mosquitto) on a free port, and clients that read back what it holds."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

BROKER = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")


def program(name: str) -> str:
    """A program of Mosquitto's; the test is skipped, and says so, where the machine has none."""
    found = BROKER if name == "mosquitto" else shutil.which(name)
    if found is None:
        pytest.skip(f"NOT TESTED: {name} is not installed (Debian: apt-get install mosquitto mosquitto-clients)")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Broker:
    """Started when made; `config` is added to its configuration."""

    def __init__(self, folder: Path, config: str = "allow_anonymous true") -> None:
        self.port = free_port()
        self._file = folder / f"mosquitto-{self.port}.conf"
        if os.geteuid() == 0:  # else it would become a user who may not read the test's files
            config += "\nuser root"
        self._file.write_text(f"listener {self.port} 127.0.0.1\nlog_dest stdout\n{config}\n", encoding="utf-8")
        self._log = folder / f"mosquitto-{self.port}.log"
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [program("mosquitto"), "-c", str(self._file)], stdout=log, stderr=subprocess.STDOUT
            )
        until = time.monotonic() + 10
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return
            except OSError:
                assert self._process.poll() is None, self._log.read_text(encoding="utf-8", errors="replace")
                time.sleep(0.02)
        raise AssertionError("mosquitto does not start")

    def freeze(self) -> None:
        """It takes bytes (the system does) but answers no more."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._process.pid, signal.SIGCONT)

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(10)

    def retained(self, topic: str = "#", *options: str, wait_s: int = 1) -> dict[str, str]:
        """What a new subscriber is given at once, read with `mosquitto_sub`."""
        command = [program("mosquitto_sub"), "-V", "5", "-h", "127.0.0.1", "-p", str(self.port), "-t", topic]
        command += ["--retained-only", "-v", "-W", str(wait_s), *options]
        said = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False).stdout
        return dict(line.split(" ", 1) for line in said.splitlines() if " " in line)


class Subscriber:
    """Keeps all messages, in order, with the time when each came."""

    def __init__(self, port: int, topic: str = "#", tls: Callable[[Client], None] | None = None) -> None:
        self.messages: list[MQTTMessage] = []
        self.at: list[float] = []
        self._ready = threading.Event()
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        client.on_message = self._on_message
        client.on_connect = lambda *_: client.subscribe(topic, options=SubscribeOptions(qos=1, retainAsPublished=True))
        client.on_subscribe = lambda *_: self._ready.set()
        if tls:
            tls(client)
        client.connect("127.0.0.1", port, properties=Properties(PacketTypes.CONNECT))
        client.loop_start()
        self._client = client
        assert self._ready.wait(5)

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self.at.append(time.perf_counter())
        self.messages.append(message)

    def of(self, topic: str) -> list[str]:
        """The payloads of one topic so far."""
        return [m.payload.decode() for m in self.messages if m.topic == topic]

    def wait_for(self, what: Callable[[], bool], wait_s: float = 5) -> None:
        until = time.monotonic() + wait_s
        while not what():
            assert time.monotonic() < until, [(m.topic, m.payload) for m in self.messages]
            time.sleep(0.005)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
