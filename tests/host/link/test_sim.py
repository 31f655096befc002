# SPDX-License-Identifier: Apache-2.0
"""The whole way to a simulated board: its own firmware, real MicroPython, the wire, the library."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
import serial

import vitalwire
from vitalwire.errors import CheckFailed, LinkLost, UsageError
from vitalwire.link.decoder import Decoder
from vitalwire.link.events import Received
from vitalwire.link.readings import Reading
from vitalwire.link.sim_options import micropython_is_here
from vitalwire.link.transport import SimTransport, open_transport, register_url_handlers
from vitalwire_protocol import codec


def wire_bytes(url: str, seconds: int) -> tuple[bytes, int]:
    """What a board that nobody talks to sends in its first seconds, in steps of a second."""
    transport = open_transport(url)
    data = b""
    try:
        while transport.clock.monotonic_ms() < seconds * 1000:
            data += transport.read(1.0)
        return data, transport.clock.utc_ms()
    finally:
        transport.close()


def twin_of(board: vitalwire.Board) -> SimTransport:
    transport = board._transport
    assert isinstance(transport, SimTransport)
    return transport


@pytest.fixture(scope="module")
def session() -> list[Reading]:
    with vitalwire.open_board("sim://?speed=max&seed=3") as board:
        return list(board.readings(duration_s=40))


def test_real_micropython_runs_the_firmware() -> None:
    assert micropython_is_here(), "the tests need the `sim` extra"
    with vitalwire.open_board("sim://?speed=max") as board:
        assert board.identity.interpreter.startswith("MicroPython")
        assert board.identity.serial == "SIM00001"
        assert board.simulated


def test_a_calm_patient_reads_as_the_script_says(session: list[Reading]) -> None:
    last = session[-1]
    assert last.spo2_pct == pytest.approx(98, abs=2)
    assert last.pulse_bpm == pytest.approx(64, abs=2)
    assert last.ok
    assert "simulated" in last.flags


def test_readings_come_once_a_second_and_begin_without_numbers(session: list[Reading]) -> None:
    assert len(session) == pytest.approx(40, abs=1)
    first = session[0]
    assert (first.spo2_pct, first.pulse_bpm) == (None, None)
    assert dict(first.reasons)["spo2_pct"] in ("settling", "no_finger")
    gaps = [b.utc_ms - a.utc_ms for a, b in pairwise(session)]
    assert set(gaps) == {1000}


def test_the_same_seed_gives_the_same_bytes_at_any_speed() -> None:
    fast = wire_bytes("sim://?seed=5&speed=max", 6)
    assert wire_bytes("sim://?seed=5&speed=20", 6) == fast
    assert wire_bytes("sim://?seed=5&speed=max", 6) == fast


def test_speed_is_virtual_seconds_a_second() -> None:
    transport = open_transport("sim://?speed=10")
    try:
        start = time.monotonic()
        while transport.clock.monotonic_ms() < 10_000:
            transport.read(1.0)
        assert 0.95 < time.monotonic() - start < 3.0
    finally:
        transport.close()


def test_the_simulated_calendar_repeats_and_can_be_set() -> None:
    with vitalwire.open_board("sim://?speed=max&start=2026-05-04T03:02:01Z") as board:
        reading = next(board.readings())
    assert reading.time.isoformat().startswith("2026-05-04T03:02:0")


def test_cpython_runs_the_same_firmware_and_says_so() -> None:
    with vitalwire.open_board("sim://?speed=max&interpreter=cpython") as board:
        assert board.identity.interpreter.startswith("CPython")
        assert [r.source for r in board.readings(duration_s=3)] == ["oximeter"] * 3


def test_a_blood_pressure_is_measured_and_a_second_one_must_rest() -> None:
    with vitalwire.open_board("sim://?speed=max") as board:
        pressures: list[float] = []
        reading = board.start_cuff(progress=lambda m: pressures.append(m.pressure_mmhg or 0.0))
        assert reading.ok
        assert reading.sbp_mmhg == pytest.approx(118, abs=8)
        assert reading.dbp_mmhg == pytest.approx(76, abs=8)
        assert max(pressures) > 140
        with pytest.raises(CheckFailed, match="refused 'cuff start': resting"):
            board.start_cuff()


@pytest.mark.parametrize("lost", [codec.Outcome.ACCEPTED, codec.Outcome.DONE])
def test_an_answer_that_is_lost_on_the_way_is_sent_again(lost: codec.Outcome) -> None:
    with vitalwire.open_board("sim://?speed=max") as board:
        transport = twin_of(board)
        read, dropped = transport.read, []

        def lossy(timeout_s: float) -> bytes:
            kept = b""
            for piece in read(timeout_s).split(b"\0"):
                (message,) = Decoder().feed(piece + b"\0") or (None,)
                ours = isinstance(message, codec.Answer) and message.command == codec.CuffStart.TYPE
                if ours and not dropped and message.outcome == lost:
                    dropped.append(message)
                    continue
                kept += piece + b"\0"
            return kept

        transport.read = lossy  # type: ignore[method-assign]
        assert board.start_cuff().ok
        assert dropped


def test_stopping_empties_the_cuff() -> None:
    with vitalwire.open_board("sim://?speed=max") as board:
        answer = board.command(codec.CuffStart.request(), wait=False)
        assert answer.outcome == codec.Outcome.ACCEPTED
        for _ in board.messages(duration_s=8):
            pass
        assert twin_of(board).port.twin is not None
        board.stop_cuff()
        for _ in board.messages(duration_s=10):
            pass
        state = twin_of(board).port.twin.state()  # type: ignore[union-attr]
        assert state["cuff_mmhg"] < 15


def test_a_setting_is_saved_and_read_back() -> None:
    with vitalwire.open_board("sim://?speed=max") as board:
        board.command(codec.ConfigSet.request(codec.ConfigKey.BED_LABEL, "bay 7"))
        assert board.command(codec.ConfigGet.request(codec.ConfigKey.BED_LABEL)).detail == "bay 7"


def test_a_session_begins_and_ends() -> None:
    with vitalwire.open_board("sim://?speed=max") as board:
        number = board.begin_session(max_minutes=60)
        for _ in board.messages(duration_s=3):
            pass
        reading = next(board.messages())
        assert isinstance(reading, Received)
        board.end_session(number)
        with pytest.raises(CheckFailed):
            board.end_session(number)


def test_a_restart_of_the_board_is_survived() -> None:
    with vitalwire.open_board("sim://?speed=max&fault=crash@5") as board:
        readings = list(board.readings(duration_s=20))
        assert {r.boot for r in readings} == {1, 2}
        assert any("printed" in text or "ended with" in text for text in board.notices) or board.hello.boot == 2


def test_a_pulled_cable_is_a_lost_link() -> None:
    with vitalwire.open_board("sim://?speed=max&fault=usb_unplug@5") as board:
        with pytest.raises(LinkLost, match="silent for 3 s"):
            list(board.readings(duration_s=60))
        assert board.clock.monotonic_ms() < 10_000


def test_a_recording_of_one_channel_gives_a_pulse_and_no_oxygen(tmp_path: Path) -> None:
    import math

    path = tmp_path / "finger.csv"
    beats = "".join(
        f"{i / 100:.2f},{110_000 - 800 * math.sin(2 * math.pi * 1.25 * i / 100):.0f}\n" for i in range(3000)
    )
    path.write_text("t_s,ir\n" + beats)
    with vitalwire.open_board(f"sim://?speed=max&ppg={path}") as board:
        readings = list(board.readings(duration_s=28))
    assert all(r.spo2_pct is None for r in readings)
    assert readings[-1].pulse_bpm == pytest.approx(75, abs=3)


def test_a_recording_of_a_cuff_is_measured_by_observing_it(tmp_path: Path) -> None:
    import math

    def pressure(t_s: float) -> float:
        """Up to 160 mmHg in 8 s, then down by 3 a second, with beats that are largest at 92 mmHg."""
        cuff = 20 * t_s if t_s < 8 else max(160 - 3 * (t_s - 8), 0.0)
        beat = max(0.0, math.sin(2 * math.pi * 1.1 * t_s)) ** 2
        return cuff + (3.0 * math.exp(-(((cuff - 92) / 22) ** 2)) * beat if t_s > 8 else 0.0)

    path = tmp_path / "cuff.csv"
    rows = "".join(f"{i / 100:.2f},{pressure(i / 100 - 3) if i > 300 else 0.0:.2f}\n" for i in range(6500))
    path.write_text("t_s,pressure_mmhg\n" + rows)
    with vitalwire.open_board(f"sim://?speed=max&cuff={path}") as board:
        reading = board.observe_cuff(120)
    assert reading.trigger == "observe"
    assert "observed" in reading.flags
    assert reading.map_mmhg == pytest.approx(92, abs=4)


# ---------------------------------------------------------------- the process


def test_an_argument_that_a_fault_does_not_know_is_refused_in_the_boards_words() -> None:
    with pytest.raises(UsageError, match=r"the simulated board refused: .*no_such"):
        vitalwire.open_board("sim://?fault=leak:no_such=1@5")


def test_a_damaged_recording_is_a_sentence_and_leaves_no_process(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("t_s,ir\n0,1\nx,y\n")
    with pytest.raises(UsageError, match="line 3"):
        vitalwire.open_board(f"sim://?ppg={path}")


@pytest.mark.parametrize("lose_the_answer", [False, True])
def test_a_read_that_was_interrupted_does_not_stop_the_next_one(lose_the_answer: bool) -> None:
    transport = open_transport("sim://?speed=max")
    assert isinstance(transport, SimTransport)
    twin = transport.port.twin
    assert twin is not None
    receive = twin._receive

    def interrupted() -> tuple[bytes, bytes]:
        twin._receive = receive  # type: ignore[method-assign]
        if lose_the_answer:
            receive()
        raise KeyboardInterrupt

    try:
        transport.read(1.0)
        before_ms = transport.clock.monotonic_ms()
        twin._receive = interrupted  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            transport.read(1.0)
        while transport.clock.monotonic_ms() < before_ms + 3000:
            transport.read(1.0)
        assert twin.state()["t_us"] >= 3_000_000
    finally:
        transport.close()


def test_the_process_ends_with_the_port() -> None:
    transport = open_transport("sim://?speed=max")
    assert isinstance(transport, SimTransport)
    twin = transport.port.twin
    assert twin is not None
    process = twin._process
    assert process is not None
    assert process.poll() is None
    transport.close()
    transport.close()
    assert process.poll() is not None
    with pytest.raises(LinkLost):
        transport.read(0.1)


def test_a_board_that_dies_is_a_lost_link() -> None:
    transport = open_transport("sim://?speed=max")
    assert isinstance(transport, SimTransport)
    twin = transport.port.twin
    assert twin is not None
    assert twin._process is not None
    twin._process.kill()
    twin._process.wait()
    try:
        with pytest.raises(LinkLost, match="the simulated board ended"):
            transport.read(1.0)
    finally:
        transport.close()


@pytest.mark.skipif(sys.platform == "win32", reason="signals as on POSIX")
def test_the_board_does_not_outlive_a_host_that_is_killed() -> None:
    code = (
        "import time, vitalwire\n"
        "board = vitalwire.open_board('sim://')\n"
        "print(board._transport.port.twin._process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as host:
        assert host.stdout is not None
        twin = int(host.stdout.readline())
        host.send_signal(signal.SIGKILL)
    for _ in range(100):
        try:
            os.kill(twin, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{twin}/stat").exists() and Path(f"/proc/{twin}/stat").read_text().split()[2] == "Z":
            return
        time.sleep(0.05)
    pytest.fail("the simulated board outlived its host")


def test_any_program_that_uses_pyserial_can_have_a_board() -> None:
    register_url_handlers()
    with serial.serial_for_url("sim://?speed=max", timeout=5) as port:
        decoder = Decoder()
        messages = []
        while not messages:
            messages = decoder.feed(port.read(64))
        assert {type(m) for m in messages} <= {codec.Hello, codec.Event}


def test_options_that_are_longer_than_an_argument_may_be_reach_the_board(tmp_path: Path) -> None:
    folder = tmp_path / ("a long name " * 12) / ("and another " * 12)
    folder.parent.mkdir()
    transport = open_transport(f"sim://?speed=max&flash={folder}")
    transport.read(0.5)
    transport.close()
    assert folder.exists()
