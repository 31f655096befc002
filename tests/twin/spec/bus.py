# SPDX-License-Identifier: Apache-2.0
"""I2C: what a transfer takes, and every way in which it fails."""

from double import cuff_bus, machine, make, oximeter_bus, pass_ms, raises

SCL, SDA = 5, 4


def took_us(board, call, *arguments):
    start = board.timeline.now_us
    call(*arguments)
    return board.timeline.now_us - start


def it_takes_4_7_ms_for_192_bytes_at_400_khz():
    board = make()
    bus = oximeter_bus(freq=400000)
    assert 4600 < took_us(board, bus.readfrom_mem_into, 0x57, 7, bytearray(192)) < 4800


def it_takes_four_times_as_long_at_100_khz():
    board = make()
    fast = took_us(board, oximeter_bus(freq=400000).readfrom_mem_into, 0x57, 7, bytearray(192))
    slow = took_us(board, oximeter_bus(freq=100000).readfrom_mem_into, 0x57, 7, bytearray(192))
    assert abs(slow - 4 * fast) < 5


def it_finds_who_is_there():
    make()
    assert oximeter_bus().scan() == [0x57]
    assert cuff_bus().scan() == [0x18]


def it_raises_eio_where_nobody_answers_and_takes_one_byte_of_time():
    board = make()
    bus = oximeter_bus(freq=400000)
    start = board.timeline.now_us
    assert raises(OSError, bus.readfrom, 0x33, 4).args[0] == 5
    assert board.timeline.now_us - start < 50


def it_has_other_numbers_on_the_esp32():
    board = make("esp32s3")
    bus = machine.I2C(0, scl=machine.Pin(9), sda=machine.Pin(8), timeout=5000)
    assert raises(OSError, bus.readfrom, 0x33, 4).args[0] == 19
    board.buses["oximeter"].hold()
    assert raises(OSError, bus.readfrom, 0x57, 4).args[0] == 116


def it_times_out_on_a_held_line_after_the_time_that_was_set():
    board = make()
    bus = oximeter_bus(timeout=10000)
    board.buses["oximeter"].hold()
    start = board.timeline.now_us
    assert raises(OSError, bus.readfrom, 0x57, 1).args[0] == 110
    assert board.timeline.now_us - start == 10000


def it_waits_50_ms_unless_told_otherwise():
    board = make()
    bus = oximeter_bus()
    board.buses["oximeter"].hold()
    start = board.timeline.now_us
    raises(OSError, bus.readfrom, 0x57, 1)
    assert board.timeline.now_us - start == 50000


def it_waits_for_a_line_that_is_held_for_less_than_the_time_out():
    board = make()
    bus = oximeter_bus(timeout=10000)
    board.buses["oximeter"].hold(board.timeline.now_us + 6000)
    assert took_us(board, bus.readfrom_mem_into, 0x57, 0xFF, bytearray(1)) > 6000


def it_does_not_disturb_the_other_bus():
    board = make()
    bus = cuff_bus(timeout=10000)
    board.buses["oximeter"].hold()
    assert took_us(board, bus.writeto, 0x18, b"\xaa\x00\x00") < 200


def it_shows_a_held_line_to_the_pin_and_nine_clocks_free_it():
    board = make()
    board.buses["oximeter"].hold(clocks=9)
    scl = machine.Pin(SCL, machine.Pin.OPEN_DRAIN, value=1)
    sda = machine.Pin(SDA, machine.Pin.OPEN_DRAIN, value=1)
    for clock in range(9):
        assert sda.value() == 0, clock
        scl.value(0)
        assert scl.value() == 0
        scl.value(1)
    assert sda.value() == 1
    assert scl.value() == 1
    assert oximeter_bus().readfrom_mem(0x57, 0xFF, 1) == b"\x15"


def it_may_not_let_go_for_any_clocks():
    board = make()
    board.buses["oximeter"].hold(clocks=0)
    scl = machine.Pin(SCL, machine.Pin.OPEN_DRAIN, value=1)
    for _ in range(20):
        scl.value(0)
        scl.value(1)
    assert machine.Pin(SDA, machine.Pin.OPEN_DRAIN, value=1).value() == 0


def it_does_not_work_while_its_pins_are_used_by_hand():
    make()
    bus = oximeter_bus(timeout=3000)
    machine.Pin(SDA, machine.Pin.IN)
    assert raises(OSError, bus.readfrom, 0x57, 1).args[0] == 110


def it_exists_only_on_the_pins_of_its_controller():
    make()
    raises(ValueError, machine.I2C, 1, scl=machine.Pin(SCL), sda=machine.Pin(SDA))
    raises(ValueError, machine.I2C, 0, scl=machine.Pin(SDA), sda=machine.Pin(SCL))
    raises(ValueError, machine.I2C, 2, scl=machine.Pin(SCL), sda=machine.Pin(SDA))


def it_lets_timers_fire_inside_a_transfer():
    board = make()
    fired = []
    timer = machine.Timer(period=1, callback=lambda t: fired.append(board.timeline.now_us), hard=False)
    bus = oximeter_bus(freq=400000)
    bus.readfrom_mem(0x57, 7, 192)
    assert fired == []  # soft callbacks wait for the interpreter
    pass_ms(board, 0.1)
    assert len(fired) == 4
    timer.deinit()


def it_cannot_be_used_in_a_hard_interrupt():
    board = make()
    bus = oximeter_bus()
    machine.Timer(mode=machine.Timer.ONE_SHOT, period=1, callback=lambda t: bus.readfrom(0x57, 1), hard=True)
    pass_ms(board, 2)
    assert b"Uncaught exception in IRQ" in board.tx + board.host.heard
