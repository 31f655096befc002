# SPDX-License-Identifier: Apache-2.0
"""An interface engine for tests: a real MLLP server built on the `hl7` library, which also reads what it is sent."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

import hl7
from hl7.mllp import HL7StreamReader, HL7StreamWriter, start_hl7_server

Answer = Any
"""A message of `hl7`, bytes as they go out, None for silence, or `CUT`."""
CUT = object()


class Engine:
    """Keeps every message; `answer` decides what it says to one (AA)."""

    def __init__(self, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.messages: list[Any] = []
        self.connections = 0
        self.answer: Callable[[Any], Answer] = lambda told: told.create_ack("AA")
        self._loop = asyncio.new_event_loop()
        self._writers: list[HL7StreamWriter] = []
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._run(start_hl7_server(self._serve, "127.0.0.1", port, encoding="utf-8", ssl=tls))
        self.port: int = self._server.sockets[0].getsockname()[1]

    @property
    def ids(self) -> list[str]:
        return [str(told.segment("MSH")[10]) for told in self.messages]

    def say(self, data: bytes) -> None:
        """Something that nobody asked for."""
        self._loop.call_soon_threadsafe(self._writers[-1].write, data)

    def cut(self) -> None:
        """Ends all connections; new ones are welcome."""

        async def end() -> None:
            for writer in self._writers:
                writer.close()

        self._run(end())
        time.sleep(0.05)

    def close(self) -> None:
        async def end() -> None:
            self._server.close()
            for writer in self._writers:
                writer.transport.abort()
            await asyncio.sleep(0.02)
            mine = asyncio.current_task()
            rest = [task for task in asyncio.all_tasks() if task is not mine]
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)

        self._run(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def _run(self, what: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(10)

    async def _serve(self, reader: HL7StreamReader, writer: HL7StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        try:
            while True:
                told = await reader.readmessage()
                self.messages.append(told)
                said = self.answer(told)
                if said is CUT:
                    writer.close()
                    return
                if isinstance(said, bytes):
                    writer.write(said)
                elif said is not None:
                    writer.writemessage(said)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


def refusal(told: Any, code: str, text: str = "", error: str = "") -> Any:
    """An acknowledgement that refuses: MSA-3, and an ERR segment."""
    ack = told.create_ack(code)
    if text:
        ack.segment("MSA").assign_field(text, 3)
    return hl7.parse(f"{ack}\rERR|||{error}\r") if error else ack
