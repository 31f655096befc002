# SPDX-License-Identifier: Apache-2.0
"""The runner as its host sees it: time, bytes, restarts, faults, flash, and how it ends. Under both interpreters."""

from __future__ import annotations

import socket
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twin_host import INTERPRETERS, PROBE, RUN, RefusalError, Twin, command


@pytest.fixture(params=INTERPRETERS)
def interpreter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def start(interpreter: str) -> Iterator[Callable[..., Twin]]:
    """Starts simulated boards with the probe firmware; none outlives the test."""
    started: list[Twin] = []

    def begin(**options: Any) -> Twin:
        twin = Twin(interpreter, **options)
        started.append(twin)
        return twin

    yield begin
    for twin in started:
        twin.__exit__()
        assert twin.errors == ""
        assert twin.printed == ""


# ---------------------------------------------------------------- who it is, and how it ends


def test_it_says_who_it_is(start, interpreter):
    hello = start(seed=7, serial="SIM4711", patient="calm").hello
    version = hello.pop("version")
    assert version.count(".") == 2
    assert hello == {
        "token": "abc",
        "interpreter": interpreter,
        "board": "pico",
        "serial": "SIM4711",
        "patient": "calm",
        "seed": 7,
    }


def test_it_ends_when_told(start):
    twin = start()
    twin.send(b"X")
    assert twin.process.wait(5) == 0


def test_it_ends_with_the_connection(start):
    twin = start()
    twin.run(1)
    twin.connection.close()
    assert twin.process.wait(5) == 0


def test_it_ends_with_the_connection_in_the_middle_of_a_run_without_end(start):
    twin = start()
    twin.run(1)
    twin.write(b"t")
    twin.run(0.2)
    twin.do("fault", name="hang")
    twin.send(b"R", struct.pack("<Q", (1 << 64) - 1))
    twin.connection.close()
    assert twin.process.wait(5) == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "--connect HOST:PORT is missing"),
        (["--connect"], "--connect wants a value"),
        (["--frobnicate"], "'--frobnicate' is not known"),
        (["--connect", "nowhere"], "--connect wants HOST:PORT"),
        (["--connect", "127.0.0.1:1"], "nobody listens at 127.0.0.1:1"),
        (["--connect", "127.0.0.1:1", "--options", "{"], "--options is not JSON"),
        (["--connect", "127.0.0.1:1", "--options", "[]"], "--options must be a JSON object"),
        (["--connect", "127.0.0.1:1", "--options", '{"sede": 1}'], "there is no option 'sede'; there are: board"),
        (["--connect", "127.0.0.1:1", "--options", '{"board": "uno"}'], "there is no board 'uno'; there are: esp32s3"),
        (["--connect", "127.0.0.1:1", "--options", '{"patient": "x"}'], "there is no patient 'x'; there are:"),
        (["--connect", "127.0.0.1:1", "--options", '{"seed": -1}'], "option 'seed' must be a whole number"),
        (["--connect", "127.0.0.1:1", "--options", '{"serial": "E66"}'], "option 'serial' must begin with SIM"),
        (["--connect", "127.0.0.1:1", "--options", '{"faults": [["gremlin", 3]]}'], "there is no fault 'gremlin'"),
        (["--connect", "127.0.0.1:1", "--options", '{"faults": ["leak"]}'], "a fault in the options is"),
        (["--connect", "127.0.0.1:1", "--options", '{"ppg": "/nowhere"}'], "/nowhere cannot be read"),
        (["--connect", "127.0.0.1:1", "--options", '{"flash": 3}'], "option 'flash' must be a path"),
        (["--connect", "127.0.0.1:1", "--options", '{"firmware": "/nowhere"}'], "there is no firmware in /nowhere"),
    ],
)
def test_bad_arguments_give_a_sentence_and_exit_code_2(interpreter, words, says):
    done = subprocess.run(command(interpreter, RUN, *words), capture_output=True, text=True, timeout=20, check=False)
    if interpreter == "cpython":  # `-m micropython_unix` drops the exit code of what it ran
        assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_it_lists_faults_with_what_they_take_and_patients(interpreter):
    faults = subprocess.run(
        command(interpreter, RUN, "--list-faults"), capture_output=True, text=True, check=True
    ).stdout
    names = [line.split("\t")[0] for line in faults.splitlines()]
    assert len(names) == len(set(names))
    assert {"oximeter_bus_held", "cuff_sensor_stale", "guard_open", "hang", "torn_write", "kink", "leak"} <= set(names)
    assert all(line.split("\t")[1] for line in faults.splitlines())
    assert "hang\t" in faults
    assert "irq_off=0 ms=0\tirq_off=0 ms=20" in faults
    patients = subprocess.run(command(interpreter, RUN, "--list-patients"), capture_output=True, text=True, check=True)
    assert "calm\t" in patients.stdout


@pytest.mark.parametrize("board", ["pico", "pico2", "esp32s3"])
def test_the_shipped_firmware_starts_on_every_board_without_a_word_on_the_console(start, board):
    twin = start(firmware=None, board=board)
    twin.run(3)
    assert twin.received.startswith(b"\x00")
    assert b"Traceback" not in twin.received
    state = twin.state()
    assert state["running"]
    assert state["restarts"] == {"power_on": 1}


# ---------------------------------------------------------------- time and bytes


def test_time_passes_only_as_far_as_the_host_allows(start):
    twin = start()
    assert twin.step(150_000) == b""
    assert twin.now_us == 150_000
    assert twin.state()["t_us"] == 150_000


def test_bytes_come_at_the_virtual_time_of_their_writing(start):
    twin = start()
    assert twin.step(10_000_000) == b"up 1\n"
    assert twin.now_us == 200_000  # the board takes this long to start
    twin.step(1_000_000)
    twin.write(b"?")
    assert twin.step(10_000_000) == b"ticks 0\n"
    assert twin.now_us == 1_000_000  # the sleep ended when the byte came


def test_the_same_commands_at_the_same_times_give_the_same_bytes_however_time_is_sliced():
    def session(interpreter: str, slice_s: float, seed: int = 5) -> bytes:
        with Twin(interpreter, seed=seed) as twin:
            for words, seconds in ((b"owt", 1), (b"f", 0.7), (b"f?", 1.3), (b"s", 0.5), (b"f", 2), (b"?f", 1)):
                twin.write(words)
                for _ in range(round(seconds / slice_s)):
                    twin.run(slice_s)
            return twin.received

    whole = session("micropython", 0.1)
    assert whole.count(b"fifo") == 4
    assert session("micropython", 0.1) == whole
    assert session("micropython", 0.02) == whole
    assert session("cpython", 0.1) == whole
    assert session("cpython", 0.05) == whole
    assert session("micropython", 0.1, seed=6) != whole


def test_it_answers_nonsense_in_words_and_goes_on(start):
    twin = start()
    for request in ({"do": "dance"}, {"do": None}, {}, {"do": "fault"}, {"do": "press", "button": "c"}):
        with pytest.raises(RefusalError):
            twin._ask(b"D", request)
    with pytest.raises(RefusalError, match="no fault 'gremlin'"):
        twin.do("fault", name="gremlin")
    with pytest.raises(RefusalError, match="has no argument 'colour'"):
        twin.do("fault", name="hang", colour=1)
    with pytest.raises(RefusalError, match="must be a number"):
        twin.do("fault", name="guard_drift", mmhg="much")
    twin.send(b"D", b"not json")
    assert twin.receive()[0] == b"E"
    twin.send(b"?", b"")
    assert twin.receive()[0] == b"E"
    assert twin.run(1) == b"up 1\n"


# ---------------------------------------------------------------- restarts in one world


def test_the_watchdog_bites_in_a_hang_and_the_firmware_starts_again_in_the_same_world(start):
    twin = start()
    twin.run(1)
    twin.write(b"wtP")
    twin.run(0.05)
    twin.do("fault", name="hang")
    twin.run(1.5)
    state = twin.state()
    assert state["hung"]
    assert state["watchdog_ms"] == 2000
    assert twin.run(2) == b"up 3\n"
    state = twin.state()
    assert state["restarts"] == {"power_on": 1, "watchdog": 1}
    assert not state["pump_enable"]
    assert not state["hung"]
    assert state["t_us"] == twin.now_us


def test_a_hard_timer_fires_in_a_hang(start):
    twin = start()
    twin.run(1)
    twin.write(b"t")
    twin.run(0.05)
    twin.do("fault", name="hang")
    levels = set()
    for _ in range(20):
        twin.run(0.015)
        levels.add(twin.state()["pump_enable"])
    assert levels == {True, False}
    twin.do("fault", name="hang", irq_off=1)  # it hangs already: nothing changes
    twin.do("clear", name="hang")
    twin.run(2)
    twin.write(b"?")
    assert twin.run(0.5).startswith(b"ticks ")


def test_a_soft_reset_keeps_the_pump_on_until_boot_makes_it_safe(start):
    twin = start()
    twin.run(1)
    twin.write(b"P")
    twin.run(0.5)
    assert twin.state()["pump_enable"]
    twin.write(b"S")
    twin.run(0.01)
    assert twin.state()["pump_enable"]  # the interpreter restarts, the pin stays
    assert twin.run(0.5) == b"up 1\n"
    assert not twin.state()["pump_enable"]


def test_a_reset_and_a_brown_out_let_every_output_fall(start):
    for do in (lambda twin: twin.write(b"r"), lambda twin: twin.do("power_cycle", off_ms=300)):
        twin = start()
        twin.run(1)
        twin.write(b"P")
        twin.run(0.5)
        do(twin)
        twin.run(0.01)
        assert not twin.state()["pump_enable"]
        assert twin.run(1).startswith(b"up ")


def test_an_exception_leaves_the_board_at_the_prompt_with_its_pins_as_they_were(start):
    twin = start()
    twin.run(1)
    twin.write(b"Px")
    text = twin.run(1)
    assert b"Traceback (most recent call last)" in text
    assert b"ValueError: asked to" in text
    assert text.endswith(b"\r\n>>> ")
    assert twin.state()["pump_enable"]
    assert not twin.state()["running"]
    twin.write(b"\x03")
    assert twin.run(0.1) == b"\r\n>>> "
    twin.write(b"\x04")
    assert twin.run(1) == b"\r\nMPY: soft reboot\r\nup 1\n"


def test_the_watchdog_bites_at_the_prompt(start):
    twin = start()
    twin.run(1)
    twin.write(b"wx")
    twin.run(0.5)
    assert twin.run(3) == b"up 3\n"


@pytest.mark.parametrize("fault", ["crash", "soft_reset", "hard_reset", "brown_out"])
def test_faults_from_the_options_happen_at_their_time(start, fault):
    twin = start(faults=[[fault, 1.5]])
    twin.run(1.4)
    assert twin.received == b"up 1\n"
    twin.run(3)
    if fault == "crash":
        assert b"simulated crash" in twin.received
    else:
        assert twin.received.count(b"up ") == 2
        assert twin.state()["restarts"] == {"power_on": 1, fault: 1}


# ---------------------------------------------------------------- faults of buses, flash and USB


def test_a_bus_that_is_held_for_less_than_the_time_out_is_not_noticed_and_one_held_longer_is(start):
    twin = start()
    twin.run(1)
    twin.write(b"o")
    twin.run(1)
    twin.do("fault", name="oximeter_bus_held", ms=8)
    twin.write(b"f")
    assert twin.run(0.5).startswith(b"fifo ")
    twin.do("fault", name="oximeter_bus_held", ms=12)
    twin.write(b"f")
    assert b"OSError" in twin.run(0.5)


def test_a_stall_overflows_the_fifo(start):
    twin = start()
    twin.run(1)
    twin.write(b"of")
    twin.run(0.2)
    twin.write(b"f")
    twin.run(0.01)
    twin.do("fault", name="fifo_overflow", ms=150)
    twin.run(0.2)
    assert twin.state()["oximeter_samples_lost"] == 0
    twin.do("fault", name="fifo_overflow", ms=1000)
    twin.run(1.2)
    assert twin.state()["oximeter_samples_lost"] > 50


def test_a_pressed_button_is_released(start):
    twin = start()
    twin.run(1)
    twin.do("press", button="a", ms=300)
    twin.run(0.2)
    assert twin.state()["buttons"] == {"button_a": True, "button_b": False}
    twin.run(0.2)
    assert not twin.state()["buttons"]["button_a"]


def test_a_host_that_does_not_read_and_a_cable_that_is_pulled(start):
    twin = start()
    twin.run(1)
    twin.do("stall")
    twin.write(b"?" * 60)
    assert twin.run(1) == b""
    twin.do("resume")
    assert len(twin.run(0.1)) == 256
    twin.do("unplug")
    twin.write(b"?")
    assert twin.run(1) == b""
    twin.do("plug")
    twin.write(b"?")
    assert twin.run(1) == b"ticks 0\n"


def test_flash_outlives_restarts_and_with_a_folder_the_process(start, tmp_path: Path):
    twin = start(flash=str(tmp_path / "flash"))
    twin.run(1)
    twin.write(b"sr")
    twin.run(1)
    twin.write(b"l")
    assert twin.run(0.5).endswith(b"kept 600\n")
    twin.__exit__()
    again = start(flash=str(tmp_path / "flash"))
    again.run(1)
    again.write(b"l")
    assert again.run(0.5) == b"kept 600\n"
    fresh = start()
    fresh.run(1)
    fresh.write(b"l")
    assert fresh.run(0.5) == b"kept nothing\n"


def test_a_torn_write_leaves_the_old_file_or_the_new_one(start):
    twin = start()
    twin.run(1)
    twin.write(b"s")
    twin.run(0.2)
    for n in (0, 1, 100, 599, 600, 700, 900):
        twin.do("fault", name="torn_write", bytes=n, off_ms=100)
        twin.write(b"s")
        twin.run(1)
        twin.do("clear", name="torn_write")
        twin.write(b"l")
        assert twin.run(0.2).endswith(b"kept 600\n"), n
    assert twin.state()["restarts"]["brown_out"] >= 4


def test_values_of_the_patient_can_be_set(start):
    twin = start()
    twin.run(1)
    twin.do("patient", spo2_pct=84)
    twin.run(0.1)
    assert twin.state()["spo2_pct"] == 84
    with pytest.raises(RefusalError):
        twin.do("patient", charm=3)


def test_a_listening_host_that_never_answers_does_not_matter_to_the_next_one(interpreter):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        process = subprocess.Popen(
            command(interpreter, RUN, "--connect", address, "--options", f'{{"firmware": "{PROBE}"}}')
        )
        server.accept()[0].close()
        assert process.wait(5) == 0
