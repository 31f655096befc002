# SPDX-License-Identifier: Apache-2.0
"""Timers: hard ones fire whatever the firmware does, soft ones when the interpreter can."""

import sys

from double import cuff_bus, ending, machine, make, oximeter_bus, pass_ms, raises

Timer = machine.Timer


def heard(board):
    return bytes(board.host.heard + board.tx)


def it_fires_at_exact_times():
    board = make()
    start, times = board.timeline.now_us, []
    Timer(period=20, mode=Timer.PERIODIC, callback=lambda t: times.append(board.timeline.now_us - start))
    pass_ms(board, 101)
    assert times == [20000, 40000, 60000, 80000, 100000]


def it_fires_once_if_told_so():
    board = make()
    times = []
    Timer(period=5, mode=Timer.ONE_SHOT, callback=lambda t: times.append(1))
    pass_ms(board, 100)
    assert times == [1]


def it_takes_a_frequency_too():
    board = make()
    times = []
    Timer(freq=200, callback=lambda t: times.append(1))
    pass_ms(board, 50.5)
    assert len(times) == 10


def it_stops():
    board = make()
    times = []
    timer = Timer(period=10, callback=lambda t: times.append(1))
    pass_ms(board, 35)
    timer.deinit()
    pass_ms(board, 100)
    assert len(times) == 3


def it_starts_anew_at_init():
    board = make()
    times = []
    timer = Timer(period=10, callback=lambda t: times.append("old"))
    timer.init(period=30, callback=lambda t: times.append("new"))
    pass_ms(board, 65)
    assert times == ["new", "new"]


class Outputs:
    """What an interlock does: reads the guard, writes pins and PWM, sees its own age."""

    def __init__(self):
        self.adc = machine.ADC(machine.Pin(26))
        self.pin = machine.Pin(11, machine.Pin.OUT)
        self.pwm = machine.PWM(machine.Pin(10), freq=20000, duty_u16=0)
        self.count = 0
        self.highest = 0

    def tick(self, timer):
        value = self.adc.read_u16()
        if value > self.highest:
            self.highest = value
        self.pin.value(self.count & 1)
        self.pwm.duty_u16(self.count * 100)
        self.count += 1


def it_lets_a_hard_callback_read_the_converter_and_write_pins_without_allocating():
    board = make()
    outputs = Outputs()
    Timer(period=20, callback=outputs.tick, hard=True)
    pass_ms(board, 1001)
    assert outputs.count == 50
    assert heard(board) == b""


def it_catches_a_hard_callback_that_allocates_under_micropython():
    board = make()
    kept = []

    def allocate(timer):
        kept.append([1, 2, 3])

    Timer(period=10, callback=allocate, hard=True)
    pass_ms(board, 100)
    if sys.implementation.name == "micropython":
        assert b"MemoryError" in heard(board)
        assert kept == []


def it_prints_an_exception_of_a_hard_callback_and_takes_the_timer_away():
    board = make()
    calls = []

    def fail(timer):
        calls.append(1)
        raise ValueError

    calls.append(0)
    Timer(period=10, callback=fail, hard=True)
    pass_ms(board, 100)
    assert len(calls) <= 2
    assert b"Uncaught exception in IRQ callback handler" in heard(board)


def it_prints_an_exception_of_a_soft_callback_and_goes_on():
    board = make()
    calls = []

    def fail(timer):
        calls.append(1)
        raise ValueError("soft")

    Timer(period=10, callback=fail)
    pass_ms(board, 35)
    assert len(calls) == 3
    assert heard(board).count(b"ValueError: soft") == 3


def it_fires_hard_inside_a_transfer():
    board = make()
    outputs = Outputs()
    Timer(period=1, callback=outputs.tick, hard=True)
    oximeter_bus(freq=400000).readfrom_mem(0x57, 7, 192)
    assert outputs.count == 4


def it_goes_on_hard_while_the_main_loop_hangs_and_the_watchdog_ends_that():
    board = make()
    outputs, soft = Outputs(), []
    Timer(period=20, callback=outputs.tick, hard=True)
    Timer(period=20, callback=soft.append)
    machine.WDT(timeout=1000)
    board.trap = "hang"
    assert ending(pass_ms, board, 10) == "watchdog"
    assert outputs.count >= 49
    assert soft == []


def it_stops_hard_ones_too_while_interrupts_are_off():
    board = make()
    outputs = Outputs()
    Timer(period=20, callback=outputs.tick, hard=True)
    machine.WDT(timeout=1000)
    board.trap = "hang_irq_off"
    assert ending(pass_ms, board, 10) == "watchdog"
    assert outputs.count <= 1


def it_lets_one_interrupt_wait_until_interrupts_are_on_again():
    board = make()
    outputs = Outputs()
    Timer(period=1, callback=outputs.tick, hard=True)
    state = machine.disable_irq()
    cuff_bus().readfrom(0x18, 200)
    assert outputs.count == 0
    machine.enable_irq(state)
    assert outputs.count == 1


def it_loses_soft_callbacks_beyond_the_eight_that_can_wait():
    board = make()
    calls = []
    Timer(period=1, callback=calls.append)
    oximeter_bus(freq=10000).readfrom_mem(0x57, 7, 60)
    pass_ms(board, 0.01)
    assert len(calls) == 8


def it_has_only_the_virtual_timer_on_the_pico():
    make()
    raises(ValueError, Timer, 0)
    Timer(-1)
    Timer()


def it_has_no_hard_timer_on_the_esp32_and_wants_a_number():
    make("esp32s3")
    assert "hard" in str(raises(ValueError, Timer, 0, period=20, callback=print, hard=True))
    raises(ValueError, Timer, 4)
    raises(TypeError, Timer)


def it_can_be_taken_away_for_tests_of_the_other_layers():
    board = make()
    outputs = Outputs()
    Timer(period=20, callback=outputs.tick, hard=True)
    board.timers_dead = True
    pass_ms(board, 200)
    assert outputs.count == 0
