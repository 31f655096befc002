# SPDX-License-Identifier: Apache-2.0
"""The library for asyncio gives what the other one gives, and a task that is cancelled loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

import vitalwire
from vitalwire import aio
from vitalwire.items import Reading, Wave

SIM = "sim://?speed=max"


def run(body: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(body, 60))


def test_readings_are_those_of_the_synchronous_library() -> None:
    found: list[Reading] = []

    async def body() -> None:
        async with aio.open_board(SIM) as board:
            assert board.identity.simulated
            async for reading in board.readings(duration_s=20):
                found.append(reading)

    run(body())
    with vitalwire.open_board(SIM) as board:
        assert found == list(board.readings(duration_s=20))


def test_two_tasks_share_a_board() -> None:
    async def body() -> None:
        async with aio.open_board(SIM) as board:
            one, two = board.readings(duration_s=15), board.readings(duration_s=15)

            async def all_of(stream: aio.AsyncStream[Reading]) -> list[Reading]:
                return [reading async for reading in stream]

            first, second = await asyncio.gather(all_of(one), all_of(two))
            assert first == second
            assert len(first) >= 14
            assert one.dropped == 0

    run(body())


def test_a_cancelled_iteration_loses_no_reading() -> None:
    async def body() -> None:
        async with aio.open_board("sim://?speed=20") as board:
            stream = board.readings(duration_s=40)
            found: list[Reading] = []
            while True:
                try:
                    found.append(await asyncio.wait_for(anext(stream), 0.03))
                except TimeoutError:
                    continue
                except StopAsyncIteration:
                    break
            times = [reading.device_ms for reading in found]
            assert times == list(range(times[0] or 0, (times[0] or 0) + 1000 * len(times), 1000))
            assert len(times) >= 38

    run(body())


def test_a_cuff_that_one_task_started_is_stopped_by_another() -> None:
    async def body() -> None:
        async with aio.open_board("sim://?speed=20") as board:
            measuring = asyncio.create_task(board.start_cuff())
            await asyncio.sleep(0.4)
            await board.stop_cuff()
            reading = await measuring
            assert reading.sbp_mmhg is None
            assert dict(reading.reasons)["sbp_mmhg"] == "aborted"

    run(body())


def test_a_task_that_is_cancelled_while_the_cuff_is_inflated_empties_it() -> None:
    async def body() -> None:
        async with aio.open_board("sim://?speed=20") as board:
            measuring = asyncio.create_task(board.start_cuff())
            await asyncio.sleep(0.4)
            measuring.cancel()
            with pytest.raises(asyncio.CancelledError):
                await measuring
            results = [r async for r in board.readings(duration_s=8) if r.source == "cuff"]
            truth = await board.call(board.board.truth)
            assert truth is not None
            assert float(str(truth["cuff_mmhg"])) < 15
            assert all(r.sbp_mmhg is None for r in results)

    run(body())


def test_what_is_asked_of_a_closed_board_is_an_error_in_words() -> None:
    async def body() -> None:
        board = await aio.open_board(SIM)
        await board.close()
        await board.close()
        with pytest.raises(vitalwire.LinkLost, match="closed"):
            await board.stop_cuff()
        assert [reading async for reading in board.readings()] == []

    run(body())


def test_a_port_that_is_not_there_is_an_error_in_words() -> None:
    async def body() -> None:
        with pytest.raises(vitalwire.VitalwireError):
            await aio.open_board("/dev/no-such-port")

    run(body())


def test_a_session_is_followed_to_its_end(tmp_path: Path) -> None:
    with vitalwire.attach_session(SIM, minutes=1, out=tmp_path) as session:
        list(session.items())
    assert session.folder is not None
    found = []

    async def body() -> None:
        async with aio.follow(session.folder) as followed:
            async for item in followed:
                found.append(item)
            assert followed.origin.board.startswith("SIM")

    run(body())
    assert found == list(vitalwire.open_record(session.folder))
    assert any(isinstance(item, Wave) for item in found)
