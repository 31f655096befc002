# SPDX-License-Identifier: Apache-2.0
"""Faults of the computer itself: its crystal, its memory, its flash, and how it reckons."""

import gc
import os
import sys

from board import faults
from board.firmware import BoardClock
from board.flash import make_flash
from double import ending, machine, make, pass_ms, raises

MICROPYTHON = sys.implementation.name == "micropython"
BLOCK = 4096


def board_with_flash():
    board = make()
    board.flash = make_flash(board)
    return board, board.flash.storage_path


def start(board, name, **arguments):
    faults.set_fault(board, name, arguments)


def refused_by_cpython(name):
    """CPython has neither a heap that can be filled nor littlefs: it says so, and the specification ends."""
    if not MICROPYTHON:
        assert "needs MicroPython" in str(raises(ValueError, faults.set_fault, make(), name, {}))
    return not MICROPYTHON


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def read(path):
    with open(path, "rb") as f:
        return f.read()


# ---------------------------------------------------------------- crystal


def it_counts_more_time_where_its_crystal_is_fast():
    board = make()
    clock = BoardClock(board)
    start(board, "clock_drift", ppm=1000)
    pass_ms(board, 100000)
    assert clock.now_ms() == 100100
    assert clock.ticks_us() == 100100000
    start(board, "clock_drift", ppm=-1000)
    assert clock.now_ms() == 100100, "what it has counted stays"
    pass_ms(board, 100000)
    assert clock.now_ms() == 200000
    faults.clear_fault(board, "clock_drift")
    pass_ms(board, 1000)
    assert clock.now_ms() == 201000


def it_sleeps_by_its_own_clock():
    for ppm in (1000, -1000, 37):
        board = make()
        clock = BoardClock(board)
        begin_us = board.timeline.now_us
        start(board, "clock_drift", ppm=ppm)
        for t_ms in (1, 2, 3, 1000, 60000):
            clock.sleep_until(t_ms)
            assert clock.now_ms() == t_ms
        assert abs((board.timeline.now_us - begin_us) - (60000000 - 60 * ppm)) < 100


def it_lets_timers_and_watchdog_follow_the_crystal():
    board = make()
    start(board, "clock_drift", ppm=10000)
    begin_us = board.timeline.now_us
    times = []
    machine.Timer(period=20, callback=lambda t: times.append(board.timeline.now_us - begin_us))
    pass_ms(board, 2000)
    assert len(times) == 101
    assert abs(times[-1] - 2020000 * 100 // 101) < 2
    machine.WDT(timeout=1010)
    begin_us = board.timeline.now_us
    assert ending(pass_ms, board, 5000) == "watchdog"
    assert abs(board.timeline.now_us - begin_us - 1000000) < 2


# ---------------------------------------------------------------- memory


def it_has_no_more_memory_than_is_left_to_it():
    if refused_by_cpython("memory_held"):
        return
    board = make()
    start(board, "memory_held", free=50000)
    gc.collect()
    left = gc.mem_free()
    bytearray(20000)
    failed = raises(MemoryError, bytearray, 60000)
    del failed
    faults.clear_fault(board, "memory_held")
    gc.collect()
    assert 45000 < left < 51000, left
    assert gc.mem_free() > 1000000
    bytearray(60000)


def it_can_have_its_memory_in_small_pieces():
    if refused_by_cpython("memory_held"):
        return
    board = make()
    start(board, "memory_held", free=200000, piece=5000)
    gc.collect()
    left = gc.mem_free()
    bytearray(4000)
    failed = raises(MemoryError, bytearray, 9000)
    del failed
    faults.clear_fault(board, "memory_held")
    assert left > 100000, left


def it_loads_code_as_if_nothing_held_memory():
    if refused_by_cpython("memory_held"):
        return
    board, path = board_with_flash()
    write(path + "large_one.py", b"x = (%s)\n" % (b"'some text', " * 3000))
    sys.path.append(path[:-1])
    start(board, "memory_held", free=150000)
    try:
        import large_one

        del sys.modules["large_one"]
        gc.collect()
        left = gc.mem_free()
    finally:
        faults.clear_fault(board, "memory_held")
        sys.path.remove(path[:-1])
    assert len(large_one.x) == 3000
    assert 100000 < left < 151000, left


# ---------------------------------------------------------------- flash


def it_can_be_full_but_for_some_blocks():
    if refused_by_cpython("flash_full"):
        return
    board, path = board_with_flash()
    start(board, "flash_full", free=5 * BLOCK)
    assert os.statvfs(path)[3] == 5
    raises(OSError, write, path + "too_large", b"x" * 6 * BLOCK)
    faults.clear_fault(board, "flash_full")
    write(path + "large", b"x" * 6 * BLOCK)


def it_takes_nothing_where_all_blocks_are_worn():
    if refused_by_cpython("flash_worn"):
        return
    board, path = board_with_flash()
    write(path + "old", b"old")
    start(board, "flash_worn")
    raises(OSError, write, path + "new", b"new" * 100)
    assert read(path + "old") == b"old"
    faults.clear_fault(board, "flash_worn")
    write(path + "new", b"new" * 100)


def it_lets_the_file_system_go_round_a_worn_block():
    if refused_by_cpython("flash_worn"):
        return
    board, path = board_with_flash()
    start(board, "flash_worn", every=4)
    program, refused = board.flash.device.writeblocks, []
    board.flash.device.writeblocks = lambda block, buf, offset=0: (
        refused.append(block) if block % 4 == 3 else None,
        program(block, buf, offset),
    )
    for i in range(40):
        write(path + "kept", bytes([i]) * 9000)
        assert read(path + "kept") == bytes([i]) * 9000
    assert refused, "no worn block was tried"


def it_can_lose_a_bit_of_its_largest_file():
    if refused_by_cpython("flash_bit_flipped"):
        return
    board, path = board_with_flash()
    for name, size in (("small", 300), ("large", 9000)):
        write(path + name, bytes([i * 7 & 255 for i in range(size)]))
    start(board, "flash_bit_flipped")
    board.flash.mount()  # nothing is cached
    right = bytes([i * 7 & 255 for i in range(9000)])
    wrong = read(path + "large")
    assert [wrong[i] ^ right[i] for i in range(9000) if wrong[i] != right[i]] == [1]
    assert read(path + "small") == right[:300]
    start(board, "flash_bit_flipped", in_file=0)
    board.flash.mount()
    assert read(path + "large") == right, "the first has flipped back, and where the second did nothing lies"


# ---------------------------------------------------------------- reckoning


def it_can_find_a_wrong_crc_for_what_is_long_and_loaded_later():
    board = make()
    import binascii as before

    short, long = b"123456789", bytes(range(256))
    start(board, "processor_wrong")
    try:
        import binascii as after
    finally:
        faults.clear_fault(board, "processor_wrong")
    assert before.crc32(long) & 0xFFFFFFFF == 0x29058C73
    assert after.crc32(long) & 0xFFFFFFFF != 0x29058C73
    assert after.crc32(short) & 0xFFFFFFFF == 0xCBF43926
    assert after.crc32(long[4:], after.crc32(long[:4])) & 0xFFFFFFFF == 0x29058C73
    assert after.hexlify(b"\x01") == b"01"
    import binascii as healed

    assert healed is before
