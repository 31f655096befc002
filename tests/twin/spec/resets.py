# SPDX-License-Identifier: Apache-2.0
"""What ends the firmware's run, and what it finds when it starts again."""

from double import ending, machine, make, oximeter_bus, pass_ms, raises

Pin = machine.Pin


def restart(board, call, *arguments):
    """Lets the call end the firmware's run, and starts it again."""
    cause = ending(call, *arguments)
    board.restart(cause)
    board.running = True
    return cause


def it_bites_when_it_is_not_fed():
    board = make()
    watchdog = machine.WDT(timeout=500)
    for _ in range(10):
        pass_ms(board, 400)
        watchdog.feed()
    start = board.timeline.now_us
    assert ending(pass_ms, board, 1000) == "watchdog"
    assert board.timeline.now_us - start == 500000


def it_takes_a_time_out_as_long_as_the_port_has_bits():
    make("pico")
    raises(ValueError, machine.WDT, timeout=8389)
    machine.WDT(timeout=8388)
    make("pico2")
    raises(ValueError, machine.WDT, timeout=16778)
    machine.WDT(timeout=16777)
    make("esp32s3")
    machine.WDT(timeout=60000)


def it_can_shorten_its_time_out():
    board = make()
    machine.WDT(timeout=8000)
    machine.WDT(timeout=300)
    start = board.timeline.now_us
    ending(pass_ms, board, 20000)
    assert board.timeline.now_us - start == 300000


def it_bites_at_the_prompt_too():
    board = make()
    machine.WDT(timeout=500)
    board.running = False
    assert ending(pass_ms, board, 1000) == "watchdog"


def it_stops_at_a_hard_restart_and_goes_on_over_a_soft_one():
    board = make()
    machine.WDT(timeout=1000)
    restart(board, machine.soft_reset)
    assert restart(board, pass_ms, board, 2000) == "watchdog"
    pass_ms(board, 5000)


def it_can_be_dead_for_tests_of_the_other_layers():
    board = make()
    machine.WDT(timeout=500)
    board.watchdog.dead = True
    pass_ms(board, 5000)


def it_keeps_pins_and_clears_timers_at_a_soft_reset():
    board = make()
    ticks = []
    Pin(11, Pin.OUT, value=1)
    Pin(13, Pin.OUT, value=1)
    machine.Timer(period=20, callback=ticks.append)
    restart(board, machine.soft_reset)
    pass_ms(board, 200)
    assert board.world.pump_enable
    assert board.world.dump_shut
    assert ticks == []


def it_freezes_pwm_at_the_level_of_that_instant_at_a_soft_reset():
    board = make()
    machine.PWM(Pin(10), freq=20, duty_u16=32768)
    phase_us = board.timeline.now_us % 50000
    pass_ms(board, (50000 - phase_us + 10000) / 1000)
    restart(board, machine.soft_reset)
    assert board.world.pump_permille == 1000
    machine.PWM(Pin(10), freq=20, duty_u16=32768)
    phase_us = board.timeline.now_us % 50000
    pass_ms(board, (50000 - phase_us + 30000) / 1000)
    restart(board, machine.soft_reset)
    assert board.world.pump_permille == 0


def it_lets_every_output_fall_at_any_other_restart():
    for cause in ("watchdog", "hard_reset", "brown_out"):
        board = make()
        Pin(11, Pin.OUT, value=1)
        Pin(13, Pin.OUT, value=1)
        machine.PWM(Pin(10), freq=20000, duty_u16=65535)
        machine.PWM(Pin(12), freq=1000, duty_u16=65535)
        board.trap = cause
        assert restart(board, pass_ms, board, 1) == cause
        world = board.world
        assert not world.pump_enable
        assert not world.dump_shut
        assert world.pump_permille == 0
        assert world.bleed_permille == 0


def it_cannot_act_after_its_end():
    board = make()
    pin = Pin(11, Pin.OUT, value=1)
    try:
        raise board.end("watchdog")
    except BaseException:
        pin.value(0)
        assert board.world.pump_enable
        assert board.usb_write(b"late", 4) == 0
        assert ending(pass_ms, board, 1) == "watchdog"


def it_tells_the_cause_in_the_numbers_of_the_pico():
    board = make()
    assert machine.reset_cause() == machine.PWRON_RESET == 1
    restart(board, machine.reset)
    assert machine.reset_cause() == machine.WDT_RESET == 3  # a Pico's reset is its watchdog
    restart(board, machine.soft_reset)
    assert machine.reset_cause() == 3
    board.trap = "brown_out"
    restart(board, pass_ms, board, 1)
    assert machine.reset_cause() == 1


def it_tells_the_cause_in_the_numbers_of_the_esp32():
    board = make("esp32s3")
    assert machine.reset_cause() == 1
    restart(board, machine.reset)
    assert machine.reset_cause() == machine.HARD_RESET == 2
    restart(board, machine.soft_reset)
    assert machine.reset_cause() == machine.SOFT_RESET == 5
    machine.WDT(timeout=100)
    restart(board, pass_ms, board, 1000)
    assert machine.reset_cause() == 3


def it_loses_what_the_sensors_knew_only_when_the_power_goes():
    board = make()
    oximeter_bus().writeto_mem(0x57, 0x0C, b"\x24")
    restart(board, machine.reset)
    assert oximeter_bus().readfrom_mem(0x57, 0x0C, 1) == b"\x24"
    board.off_us = 700000
    board.trap = "brown_out"
    start = board.timeline.now_us
    restart(board, pass_ms, board, 1)
    assert oximeter_bus().readfrom_mem(0x57, 0x0C, 1) == b"\x00"
    assert board.timeline.now_us - start > 700000


def it_raises_an_exception_in_the_next_call_when_a_crash_is_staged():
    board = make()
    board.trap = "crash"
    assert "simulated crash" in str(raises(RuntimeError, pass_ms, board, 1))
    pass_ms(board, 1)


def it_hangs_in_a_transfer_as_well():
    board = make()
    bus = oximeter_bus()
    machine.WDT(timeout=300)
    board.trap = "hang"
    assert ending(bus.readfrom, 0x57, 1) == "watchdog"


def it_comes_back_from_a_hang_that_is_ended():
    board = make()
    start = board.timeline.now_us
    board.trap = "hang"
    board.timeline.at(start + 250000, lambda entry: setattr(board, "hung", False))
    pass_ms(board, 10)
    assert 250000 <= board.timeline.now_us - start <= 261000
