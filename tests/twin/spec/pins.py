# SPDX-License-Identifier: Apache-2.0
"""Pins and PWM reach the world through the wiring of the board."""

from double import PORTS, ROOT, machine, make, pass_ms, raises, read_pinout

Pin = machine.Pin


def it_drives_pump_and_valves():
    board = make()
    Pin(11, Pin.OUT, value=1)
    Pin(13, Pin.OUT, value=1)
    machine.PWM(Pin(10), freq=20000, duty_u16=32768)
    machine.PWM(Pin(12), freq=1000, duty_u16=65535)
    world = board.world
    assert (world.pump_enable, world.dump_shut, world.pump_permille, world.bleed_permille) == (True, True, 500, 1000)


def it_sets_the_level_before_a_pin_becomes_an_output():
    board = make()
    pin = Pin(11, Pin.IN, value=1)
    assert not board.world.pump_enable
    pin.init(Pin.OUT)
    assert board.world.pump_enable


def it_falls_to_the_pull_down_where_a_pin_does_not_drive():
    board = make()
    pin = Pin(11, Pin.OUT, value=1)
    pin.init(Pin.IN)
    assert not board.world.pump_enable


def it_changes_the_world_at_the_instant_of_the_change():
    board = make()
    pin = Pin(11, Pin.OUT)
    pass_ms(board, 7)
    pin.value(1)
    assert board.world.t_us == board.timeline.now_us


def it_stops_pwm_low():
    board = make()
    pwm = machine.PWM(Pin(10), freq=20000, duty_u16=65535)
    pwm.deinit()
    assert board.world.pump_permille == 0


def it_turns_a_pwm_pin_into_an_output_again():
    board = make()
    machine.PWM(Pin(10), freq=20000, duty_u16=65535)
    Pin(10, Pin.OUT, value=0)
    assert board.world.pump_permille == 0


def it_clips_duty_and_refuses_frequencies_that_cannot_be():
    make()
    pwm = machine.PWM(Pin(10), freq=1000)
    pwm.duty_u16(70000)
    assert pwm.duty_u16() == 65535
    raises(ValueError, pwm.freq, 7)


def it_shares_a_frequency_between_the_pins_of_a_slice_on_the_pico():
    make()
    first, second = machine.PWM(Pin(10), freq=1000, duty_u16=1), machine.PWM(Pin(11), freq=500, duty_u16=1)
    assert (first.freq(), second.freq()) == (500, 500)


def it_reads_buttons_only_with_a_pull_up():
    board = make()
    assert Pin(20, Pin.IN).value() == 0
    button = Pin(20, Pin.IN, Pin.PULL_UP)
    assert button.value() == 1
    board.set_button("a", True)
    assert button.value() == 0


def it_calls_at_the_edge_of_a_button():
    board = make()
    edges = []
    Pin(20, Pin.IN, Pin.PULL_UP).irq(lambda pin: edges.append(pin.value()), Pin.IRQ_FALLING)
    board.set_button("a", True)
    board.set_button("a", False)
    pass_ms(board, 1)
    assert len(edges) == 1


def it_reads_what_the_external_layer_says():
    board = make()
    pin = Pin(14, Pin.IN)
    assert pin.value() == 1
    board.world.external_ok = False
    assert pin.value() == 0


def it_shifts_the_comparator_for_the_self_test():
    board = make()
    Pin(15, Pin.OUT, value=1)
    assert board.world.external_test


def it_knows_no_other_pins():
    make()
    raises(ValueError, Pin, 30)
    raises(ValueError, Pin, "GP31")
    make("esp32s3")
    raises(ValueError, Pin, 27)


def it_is_wired_as_the_pinout_says():
    for name in PORTS:
        wiring = read_pinout(ROOT + "/hardware/pinout.csv", name)
        assert len(wiring) == 17
        assert len(set(wiring.values())) == 17


def it_has_a_serial_number_that_says_that_it_is_simulated():
    make()
    assert machine.unique_id() == b"SIM00001"
