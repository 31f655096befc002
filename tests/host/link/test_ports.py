# SPDX-License-Identifier: Apache-2.0
"""Which port is meant: never a guess, and nothing that is not ours is opened."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from vitalwire.errors import AmbiguousBoard, NoBoard, PortBusy
from vitalwire.link.hello import Identity
from vitalwire.link.ports import Candidate, find_candidates, resolve_port

PICO = Candidate("/dev/ttyACM0", "Raspberry Pi Pico or Pico 2", "e6614103e72b6a2f")
PICO_2 = Candidate("/dev/ttyACM1", "Raspberry Pi Pico or Pico 2", "e6614103e7999999")
ESP = Candidate("/dev/ttyACM2", "ESP32-S3", "7cdfa1e2b3c4")
LABELS = {PICO.device: "bed 1", PICO_2.device: "bed 12", ESP.device: "recovery"}


def resolve(port: str | None, *candidates: Candidate) -> str:
    def ask(device: str) -> Identity:
        serial = next(c.serial for c in candidates if c.device == device)
        return Identity(serial, LABELS[device], "MicroPython", "0.1.0", "pico", False, False)

    return resolve_port(port, find=lambda: list(candidates), ask=ask)


def usb(device: str, vid: int | None, pid: int | None, serial: str | None = "E6614103") -> SimpleNamespace:
    return SimpleNamespace(device=device, vid=vid, pid=pid, serial_number=serial)


def test_only_ports_with_the_usb_ids_of_a_supported_board_are_candidates() -> None:
    found = find_candidates(
        [
            usb("/dev/ttyUSB0", 0x10C4, 0xEA60),
            usb("/dev/ttyS0", None, None, None),
            usb("/dev/ttyACM1", 0x303A, 0x4001, None),
            usb("/dev/ttyACM0", 0x2E8A, 0x0005),
        ]
    )
    assert [(c.device, c.serial) for c in found] == [("/dev/ttyACM0", "e6614103"), ("/dev/ttyACM1", "")]


@pytest.mark.parametrize(
    "port", ["sim://?patient=calm", "socket://10.0.0.2:7878", "/dev/ttyACM7", "./pty", "COM3", "com12", r"\\.\COM14"]
)
def test_urls_paths_and_com_ports_stand_for_themselves(port: str) -> None:
    assert resolve(port) == port


def test_without_a_port_the_only_board_is_taken() -> None:
    assert resolve(None, PICO) == PICO.device


def test_without_a_port_and_a_board_the_sentence_says_what_to_do() -> None:
    with pytest.raises(NoBoard, match=r"no Vitalwire board is plugged in; plug one in .* sim://"):
        resolve(None)


def test_without_a_port_two_boards_are_listed_and_none_is_taken() -> None:
    with pytest.raises(AmbiguousBoard) as caught:
        resolve(None, PICO, ESP)
    assert PICO.device in str(caught.value)
    assert ESP.serial in str(caught.value)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("port", ["e6614103e72b6a2f", "E6614103E72B6A2F", "e6614103e72"])
def test_a_serial_number_whole_or_begun_in_capitals_or_not(port: str) -> None:
    assert resolve(port, PICO, PICO_2, ESP) == PICO.device


def test_a_beginning_that_two_boards_have_is_not_enough() -> None:
    with pytest.raises(AmbiguousBoard, match="2 boards fit 'e6614'"):
        resolve("e6614", PICO, PICO_2, ESP)


@pytest.mark.parametrize(("port", "board"), [("recov", ESP), ("bed 12", PICO_2), ("bed 1", PICO), ("BED 1", PICO)])
def test_a_bed_label_whole_before_begun(port: str, board: Candidate) -> None:
    assert resolve(port, PICO, PICO_2, ESP) == board.device


def test_a_name_that_no_board_has_lists_those_there_are() -> None:
    with pytest.raises(NoBoard, match="'bed 9'; there are /dev/ttyACM0"):
        resolve("bed 9", PICO, ESP)


def test_boards_are_asked_for_their_label_only_where_no_serial_number_fits() -> None:
    def ask(_device: str) -> Identity:
        raise AssertionError("opened a board for nothing")

    assert resolve_port("7cdf", find=lambda: [PICO, ESP], ask=ask) == ESP.device


def test_a_busy_board_does_not_hide_the_others() -> None:
    def ask(device: str) -> Identity:
        if device == PICO.device:
            raise PortBusy("in use")
        return Identity("7cdf", "recovery", "", "0.1.0", "esp32s3", False, False)

    assert resolve_port("recovery", find=lambda: [PICO, ESP], ask=ask) == ESP.device
