# SPDX-License-Identifier: Apache-2.0
"""The simulated Honeywell MPR behaves as its data sheet says."""

from double import cuff_bus, make, pass_ms, raises

ADDRESS = 0x18
SPAN = 3355443  # 20 % of 2^24


class Chip:
    def __init__(self, mmhg=0):
        self.board = make()
        self.bus = cuff_bus()
        self.board.world.manifold_mmmhg = mmhg * 1000

    def command(self, data=b"\xaa\x00\x00"):
        self.bus.writeto(ADDRESS, data)

    def read(self):
        """(status, counts)"""
        data = self.bus.readfrom(ADDRESS, 4)
        return data[0], data[1] << 16 | data[2] << 8 | data[3]

    def measure(self):
        self.command()
        pass_ms(self.board, 5.5)
        return self.read()


def mmhg(counts):
    return (counts - 419430) * 300 / SPAN


def it_is_busy_for_5_ms_after_a_command_and_then_has_the_pressure():
    chip = Chip(150)
    chip.command()
    pass_ms(chip.board, 4)
    assert chip.read() == (0x60, 0)
    pass_ms(chip.board, 1)
    status, counts = chip.read()
    assert status == 0x40
    assert abs(mmhg(counts) - 150) < 0.2


def it_gives_its_status_alone_to_a_short_read():
    chip = Chip()
    chip.command()
    assert chip.bus.readfrom(ADDRESS, 1)[0] == 0x60


def it_is_as_noisy_as_it_is_told():
    chip = Chip(100)
    for half_mmmhg in (60, 500):
        chip.board.cuff_sensor.noise_mmmhg = half_mmmhg
        values = [mmhg(chip.measure()[1]) for _ in range(300)]
        mean = sum(values) / len(values)
        scatter = (sum((value - mean) ** 2 for value in values) / len(values)) ** 0.5
        assert 0.85 < scatter * 1000 / (half_mmmhg * 0.408) < 1.15


def it_spans_2_5_to_22_5_percent_of_24_bits():
    assert abs(Chip(0).measure()[1] - 419430) < 1250
    assert abs(Chip(300).measure()[1] - 3774874) < 1250


def it_takes_the_pressure_at_the_end_of_the_conversion():
    chip = Chip(100)
    chip.command()
    pass_ms(chip.board, 3)
    chip.board.world.manifold_mmmhg = 50000
    pass_ms(chip.board, 3)
    assert abs(mmhg(chip.read()[1]) - 50) < 0.2


def it_measures_nothing_that_was_not_commanded():
    chip = Chip(100)
    first = chip.measure()
    chip.board.world.manifold_mmmhg = 0
    pass_ms(chip.board, 1000)
    assert chip.read() == first


def it_ignores_other_commands_and_commands_while_busy():
    chip = Chip(100)
    chip.command(b"\xab\x00\x00")
    pass_ms(chip.board, 6)
    assert chip.read() == (0x40, 0)
    chip.command()
    pass_ms(chip.board, 4)
    chip.command()
    pass_ms(chip.board, 1.2)
    assert chip.read()[0] == 0x40


def it_reads_on_above_its_span_until_its_arithmetic_saturates():
    status, counts = Chip(400).measure()
    assert status == 0x40
    assert abs(mmhg(counts) - 400) < 0.2
    assert Chip(1500).measure() == (0x41, 0xFFFFFF)
    assert Chip(-40).measure() == (0x41, 0)


def it_has_noise_of_a_few_hundredths():
    chip = Chip(100)
    values = [mmhg(chip.measure()[1]) for _ in range(200)]
    mean = sum(values) / len(values)
    deviation = (sum((v - mean) ** 2 for v in values) / len(values)) ** 0.5
    assert abs(mean - 100) < 0.01
    assert 0.015 < deviation < 0.04


def it_can_repeat_an_old_value_with_a_good_status():
    chip = Chip(100)
    first = chip.measure()
    chip.board.cuff_sensor.stale = True
    chip.board.world.manifold_mmmhg = 0
    assert chip.measure() == first


def it_can_never_end_a_conversion():
    chip = Chip(100)
    chip.board.cuff_sensor.stuck_busy = True
    pass_ms(chip.board, 500)
    assert chip.measure()[0] & 0x20


def it_can_report_a_memory_error():
    chip = Chip(100)
    chip.board.cuff_sensor.integrity_error = True
    assert chip.measure()[0] == 0x44


def it_can_drift():
    chip = Chip(100)
    chip.board.cuff_sensor.drift(2000, 1000)
    pass_ms(chip.board, 3000)
    assert abs(mmhg(chip.measure()[1]) - 105) < 0.3


def it_does_not_answer_when_missing():
    chip = Chip()
    chip.board.cuff_sensor.present = False
    assert raises(OSError, chip.command).args[0] == 5
