# SPDX-License-Identifier: Apache-2.0
"""Each reason why a board does not work, staged: said in plain words, with what to do next."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from whole_bench import wait_for

from vitalwire import errors
from vitalwire.cli.main import run
from vitalwire.link.decoder import Counters
from vitalwire.link.sim_options import micropython_is_here
from vitalwire.link.transport import open_transport
from vitalwire.link.whole_board import WholeBoard
from vitalwire.service.doctor import finding, host
from vitalwire.service.doctor.examine import bundle
from vitalwire_protocol.codec import VERSION_MINOR, Fault, ResetCause, Status

whole = pytest.mark.skipif(
    sys.platform == "win32" or not micropython_is_here(),
    reason="no MicroPython or pseudo-terminal here: NOT TESTED",
)
SIM = "sim://?speed=max"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # a process is started beside threads


def found(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, dict[str, str]]]:
    code = run(["doctor", *arguments, "--json"])
    return code, {one["id"]: one for one in json.loads(capfd.readouterr().out)}


@pytest.fixture(autouse=True)
def _sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITALWIRE_SESSIONS", str(tmp_path / "sessions"))


def test_a_healthy_board_has_no_problem(capfd: pytest.CaptureFixture[str]) -> None:
    code, seen = found(capfd, SIM)
    assert code == 0
    assert seen["board"]["level"] == seen["line"]["level"] == seen["clock"]["level"] == "ok"
    assert seen["uncalibrated"]["level"] == "note"
    assert "vitalwire calibrate" in seen["uncalibrated"]["do"]


def test_no_board_is_exit_code_3(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitalwire.link.ports.find_candidates", list)
    assert run(["doctor", "/dev/there-is-none"]) == 3
    assert "there is no port" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        ("oximeter_missing@0.1", "oximeter_fault"),
        ("cuff_sensor_missing@0.1", "cuff_fault"),
        ("guard_open@0.1", "guard_fault"),
    ],
)
def test_a_broken_part_is_named_with_the_test_that_says_more(
    capfd: pytest.CaptureFixture[str], fault: str, name: str
) -> None:
    code, seen = found(capfd, f"{SIM}&fault={fault}")
    assert code == 1
    assert seen[name]["level"] == "problem"
    assert seen[name]["do"]


@whole
def test_a_board_at_its_prompt_is_told_from_other_devices(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    board = WholeBoard(tmp_path / "board")
    board.start()
    wait_for(board, "prompt")
    try:
        code, seen = found(capfd, board.port)
    finally:
        board.close()
    assert code == 1, seen
    assert "vitalwire flash" in seen["prompt"]["do"]


@pytest.fixture
def loop() -> Iterator[str]:
    import os
    import tty

    master, slave = os.openpty()
    tty.setraw(slave)
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals here: NOT TESTED")
def test_a_port_that_somebody_holds_and_one_that_says_nothing(loop: str, capfd: pytest.CaptureFixture[str]) -> None:
    with contextlib.closing(open_transport(loop)):
        code, seen = found(capfd, loop)
        assert (code, seen["busy"]["level"]) == (1, "problem")
    code, seen = found(capfd, loop)
    assert code == 1
    assert "not one byte" in seen["not_vitalwire"]["what"]


def test_no_permission_comes_with_the_whole_udev_rule() -> None:
    one = finding.of_error("/dev/ttyACM0", errors.NoPermission("you may not open /dev/ttyACM0", "join its group"))
    assert one.id == "permission"
    assert one.do.count("SUBSYSTEM") == 3
    assert 'ATTRS{idVendor}=="2e8a", ATTRS{idProduct}=="0005", TAG+="uaccess"' in one.do
    assert finding.RULES_FILE in one.do


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (errors.CrashLoop("it starts again and again"), "crash_loop"),
        (errors.NotVitalwire("it is at its MicroPython prompt"), "prompt"),
        (errors.Incompatible("it speaks protocol version 2"), "protocol"),
        (errors.LinkLost("the link ended", "check the cable"), "link"),
        (errors.PortBusy("in use by minicom (process 7)", "end it"), "busy"),
    ],
)
def test_each_error_becomes_a_finding_with_something_to_do(error: errors.VitalwireError, name: str) -> None:
    one = finding.of_error("COM3", error)
    assert (one.id, one.level) == (name, "problem")
    assert one.do


def hello(**changes: int) -> SimpleNamespace:
    about = {"minor": VERSION_MINOR, "reset_fault": Fault.NONE, "reset_cause": ResetCause.POWER_ON, **changes}
    return SimpleNamespace(**about)


def who(firmware: str = "0.1.0", service: bool = False) -> SimpleNamespace:
    return SimpleNamespace(board="pico", firmware=firmware, service=service)


def test_other_firmware_another_protocol_a_crash_and_service_mode_are_said() -> None:
    def ids(identity: SimpleNamespace, said: SimpleNamespace) -> set[str]:
        return {one.id for one in finding.of_hello(identity, said, "0.1.0", "COM3")}

    assert ids(who(), hello()) == {"board"}
    assert ids(who("0.0.9"), hello()) == {"board", "firmware"}
    assert ids(who(), hello(minor=VERSION_MINOR - 1)) == {"board", "protocol"}
    assert ids(who(), hello(reset_cause=ResetCause.WATCHDOG)) == {"board", "crashed"}
    assert ids(who(service=True), hello()) == {"board", "service_mode"}


@pytest.mark.parametrize(("bad", "level"), [(0, "ok"), (1, "ok"), (5, "note"), (50, "problem")])
def test_a_noisy_line_is_judged_by_its_share_of_damaged_frames(bad: int, level: str) -> None:
    assert finding.of_line(Counters(frames=1000, crc=bad), 3).level == level


def test_a_line_without_frames_is_a_problem() -> None:
    assert finding.of_line(Counters(), 3).level == "problem"


def test_every_status_that_is_told_exists() -> None:
    everything = 0
    for status in Status:
        everything |= status
    assert {one.id for one in finding.of_status(everything)} >= {"oximeter_fault", "external_tripped", "uncalibrated"}
    assert finding.of_status(0) == []


@pytest.mark.parametrize(
    ("before", "after", "level"),
    [
        ((1.8e9, 10.0), (1.8e9 + 1, 11.0), "ok"),
        ((1.8e9, 10.0), (1.8e9 + 3, 11.0), "problem"),
        ((1.8e9, 10.0), (1.8e9 - 5, 11.0), "problem"),
        ((1e9, 10.0), (1e9 + 1, 11.0), "problem"),
    ],
    ids=["even", "jumps ahead", "jumps back", "in 2001"],
)
def test_the_clock_of_this_computer(before: tuple[float, float], after: tuple[float, float], level: str) -> None:
    assert host.of_clock(before, after).level == level


def test_missing_extras_come_with_the_line_that_installs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "EXTRAS", {"flash": ("there_is_no_such_module",)})
    [one] = host.extras()
    assert one.do == "pip install 'vitalwire[flash]'"


def test_a_folder_of_sessions_that_cannot_be_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    assert host.sessions_folder().level == "problem"


def test_a_board_in_its_boot_loader(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "INFO_UF2.TXT").write_text("Model: Raspberry Pi RP2\nBoard-ID: RPI-RP2\n")
    code, seen = found(capfd, "--drive", str(tmp_path))
    assert code == 1
    assert "flash --micropython" in seen["boot_loader"]["do"]


def test_a_bundle_holds_no_patient_no_label_and_no_name_of_a_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "maria.muster"
    (home / "Vitalwire" / "20260101T000000Z_K-017").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("VITALWIRE_SESSIONS", str(home / "Vitalwire"))
    url = f"{SIM}&flash={tmp_path / 'flash'}"
    assert run(["config", "set", url, "bed_label=K-017 window"]) == 0
    out = tmp_path / "support.zip"
    assert run(["doctor", url, "--bundle", str(out)]) == 0
    with zipfile.ZipFile(out) as archive:
        text = "".join(archive.read(name).decode() for name in archive.namelist())
        assert set(archive.namelist()) == {"findings.json", "board.json", "host.json"}
    assert "SIM00001" in text
    for secret in ("K-017", "maria.muster", str(home)):
        assert secret not in text


def test_a_label_that_is_a_number_leaves_the_bundle_readable(tmp_path: Path) -> None:
    out = tmp_path / "b.zip"
    about = {"label": "1", "board": {"boot": 1, "said": "board E661 (1)", "ok": True}}
    bundle(out, [finding.Finding("board", "ok", "bay 1, 11 frames", "")], about)
    with zipfile.ZipFile(out) as archive:
        found = {name: json.loads(archive.read(name)) for name in archive.namelist()}
    assert found["board.json"]["board"] == {"boot": 1, "said": "board E661 (LABEL)", "ok": True}
    assert found["findings.json"][0]["what"] == "bay LABEL, 11 frames"


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals here: NOT TESTED")
@pytest.mark.timeout(60)
@pytest.mark.parametrize("said", [b"$GPGGA,123519\r\n", b"a>>>b\r\n"])
def test_a_device_that_talks_on_and_on_ends_the_doctor_and_is_no_prompt(
    capfd: pytest.CaptureFixture[str], said: bytes
) -> None:
    import os
    import tty

    master, slave = os.openpty()
    tty.setraw(slave)
    over = threading.Event()

    def talk() -> None:
        while not over.wait(0.02):
            os.write(master, said)

    talking = threading.Thread(target=talk)
    talking.start()
    try:
        code, seen = found(capfd, os.ttyname(slave))
    finally:
        over.set()
        talking.join()
        os.close(master)
        os.close(slave)
    assert code == 1
    assert "not_vitalwire" in seen
