# SPDX-License-Identifier: Apache-2.0
"""The analogue channels: sensor, divider, converter."""

from double import machine, make, raises


def level(pin, **settings):
    """Mean of many conversions, mV at the pin for a 3.3 V range."""
    adc = machine.ADC(machine.Pin(pin), **settings)
    return sum(adc.read_u16() for _ in range(400)) * 3300 / 65536 / 400


def it_sees_the_guard_sensor_through_its_divider():
    board = make()
    for mmhg, mv in ((0, 200), (100, 1400), (300, 3800)):
        board.world.manifold_mmmhg = mmhg * 1000
        assert abs(level(26) - mv * 2 / 3) < 3, mmhg


def it_ends_where_the_guard_sensor_ends():
    board = make()
    board.world.manifold_mmmhg = 500000
    assert abs(level(26) - 4900 * 2 / 3) < 3
    board.world.manifold_mmmhg = -100000
    assert abs(level(26) - 80 * 2 / 3) < 3


def it_reads_0_where_the_guard_is_open():
    board = make()
    board.analog.guard_open = True
    assert level(26) < 3


def it_can_drift_and_stick():
    board = make()
    board.world.manifold_mmmhg = 100000
    board.analog.guard_drift_mmmhg = 20000
    assert abs(level(26) - 1640 * 2 / 3) < 3
    board.analog.guard_drift_mmmhg = 0
    board.analog.guard_stuck_mmmhg = 0
    assert abs(level(26) - 200 * 2 / 3) < 3


def it_sees_the_supply_through_its_divider():
    board = make()
    assert abs(level(27) - 6000 * 33 / 133) < 3


def it_has_about_9_effective_bits_on_the_pico():
    board = make()
    board.world.manifold_mmmhg = 100000
    adc = machine.ADC(machine.Pin(26))
    values = [adc.read_u16() >> 4 for _ in range(2000)]
    mean = sum(values) / len(values)
    deviation = (sum((v - mean) ** 2 for v in values) / len(values)) ** 0.5
    assert 1.8 < deviation < 3.2  # 2^12 / (2^9 * sqrt(12)) = 2.3 counts


def it_stretches_12_bits_over_16():
    board = make()
    adc = machine.ADC(machine.Pin(26))
    board.world.manifold_mmmhg = 375000
    for _ in range(50):
        value = adc.read_u16()
        assert value & 15 == value >> 12
    assert value > 60000


def it_converts_only_on_pins_that_can():
    make()
    assert "ADC" in str(raises(ValueError, machine.ADC, machine.Pin(15)))


def it_takes_a_channel_number_too():
    board = make()
    assert abs(sum(machine.ADC(1).read_u16() for _ in range(200)) * 3300 / 65536 / 200 - 6000 * 33 / 133) < 3
    assert board.timeline.now_us == board.world.t_us


def it_knows_no_attenuation_on_the_pico():
    make()
    raises(TypeError, machine.ADC, machine.Pin(26), atten=3)
    raises(AttributeError, machine.ADC(machine.Pin(26)).read_uv)


def it_has_a_range_of_1_volt_on_the_esp32_unless_attenuated():
    board = make("esp32s3")
    board.world.manifold_mmmhg = 100000
    assert machine.ADC(machine.Pin(1)).read_u16() > 60000
    adc = machine.ADC(machine.Pin(1), atten=machine.ADC.ATTN_11DB)
    assert abs(sum(adc.read_uv() for _ in range(400)) / 400 / 1000 - 1400 * 2 / 3) < 5
