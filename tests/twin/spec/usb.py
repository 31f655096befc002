# SPDX-License-Identifier: Apache-2.0
"""USB serial: what is taken, what is lost, and when bytes end a sleep."""

from board.firmware import BoardClock
from double import machine, make, pass_ms


class HostWithBytes:
    """Gives bytes at a virtual time, and lets time run."""

    def __init__(self, at_us, data):
        self.at_us = at_us
        self.data = data
        self.heard = b""

    def turn(self, board):
        self.heard += bytes(board.tx)
        board.tx = bytearray()
        if self.data and board.timeline.now_us >= self.at_us:
            board.host_bytes(self.data)
            self.data = b""
        board.limit_us = self.at_us if self.data else 1 << 60


def it_ends_a_sleep_when_bytes_come():
    board = make()
    clock = BoardClock(board)
    board.limit_us = 0
    board.host = HostWithBytes(board.timeline.now_us + 30000, b"abc")
    clock.sleep_until(100)
    assert clock.now_ms() == 30
    buf = bytearray(2)
    assert board.usb_read_into(buf) == 2
    assert bytes(buf) == b"ab"
    assert board.usb_read_into(buf) == 1
    assert board.usb_read_into(buf) == 0


def it_sleeps_to_the_end_when_nothing_comes():
    board = make()
    clock = BoardClock(board)
    clock.sleep_until(100)
    assert clock.now_ms() == 100
    clock.sleep_until(50)
    assert clock.now_ms() == 100


def it_lets_time_pass_even_for_a_loop_that_never_reads():
    board = make()
    clock = BoardClock(board)
    board.host_bytes(b"abc")
    clock.sleep_until(100)
    clock.sleep_until(100)
    assert clock.now_ms() >= 1


def it_counts_from_the_start_of_the_firmware():
    board = make()
    pass_ms(board, 5000)
    clock = BoardClock(board)
    assert clock.now_ms() == 0
    assert clock.ticks_us() == 0
    pass_ms(board, 1.5)
    assert (clock.now_ms(), clock.ticks_us()) == (1, 1500)


def it_hands_over_bytes_before_time_goes_on():
    board = make()
    board.host = HostWithBytes(1 << 50, b"")
    board.usb_write(b"hello", 5)
    pass_ms(board, 1)
    assert board.host.heard == b"hello"


def it_takes_256_bytes_from_a_host_that_does_not_read_and_then_none():
    board = make()
    board.set_stalled(True)
    data = bytes(200)
    assert board.usb_write(data, 200) == 200
    assert board.usb_write(data, 200) == 56
    assert board.usb_write(data, 200) == 0
    board.set_stalled(False)
    assert len(board.tx) == 256
    assert board.usb_write(data, 200) == 200


def it_loses_what_is_written_to_a_pulled_cable():
    board = make()
    board.unplugged = True
    assert board.usb_write(b"gone", 4) == 4
    board.host_bytes(b"gone too")
    assert len(board.tx) == len(board.rx) == 0


def it_stays_silent_in_the_bootloader():
    board = make()
    try:
        machine.bootloader()
    except BaseException as end:
        assert end.cause == "bootloader"
