# SPDX-License-Identifier: Apache-2.0
"""The simulated MAX30102 behaves as its data sheet says."""

from double import make, oximeter_bus, pass_ms, raises

ADDRESS = 0x57


class Chip:
    """A chip with a bus, and what a specification says to it."""

    def __init__(self):
        self.board = make()
        self.bus = oximeter_bus(freq=400000)

    def read(self, register, n=1):
        data = self.bus.readfrom_mem(ADDRESS, register, n)
        return data[0] if n == 1 else data

    def write(self, register, value):
        self.bus.writeto_mem(ADDRESS, register, bytes([value]))

    def start(self, fifo=0x10, spo2=0x27, mode=3):
        """Red and infrared at 100 samples/s, 18 bits, unless told otherwise; the FIFO is cleared."""
        self.write(0x08, fifo)
        self.write(0x0A, spo2)
        self.write(0x0C, 0x24)
        self.write(0x0D, 0x30)
        for register in (4, 5, 6):
            self.write(register, 0)
        self.write(0x09, mode)
        return self

    def pointers(self):
        """(write pointer, lost, read pointer)"""
        return tuple(self.read(4, 3))

    def samples(self, n):
        """n samples as (red, infrared)"""
        data = self.read(7, n * 6)
        return [
            (data[i] << 16 | data[i + 1] << 8 | data[i + 2], data[i + 3] << 16 | data[i + 4] << 8 | data[i + 5])
            for i in range(0, n * 6, 6)
        ]


def it_answers_with_its_part_id():
    assert Chip().read(0xFF) == 0x15


def it_says_once_that_power_came():
    chip = Chip()
    assert chip.read(0) == 1
    assert chip.read(0) == 0


def it_fills_the_fifo_at_the_rate_that_was_set():
    chip = Chip().start()
    pass_ms(chip.board, 101)
    assert chip.pointers() == (10, 0, 0)


def it_averages_samples_into_fewer():
    chip = Chip().start(fifo=0x50)  # four to one
    pass_ms(chip.board, 401)
    assert chip.pointers() == (10, 0, 0)


def it_takes_the_fastest_rate_that_the_pulse_width_leaves_room_for():
    chip = Chip().start(spo2=0x3F)  # asks for 3200 samples/s with 411 us
    pass_ms(chip.board, 50.5)
    assert chip.pointers()[0] == 20  # gets 400


def it_gives_red_first_then_infrared_oldest_first():
    chip = Chip().start()
    pass_ms(chip.board, 31)
    first, second, third = chip.samples(3)
    assert second[0] == first[0] + 1
    assert third[0] == first[0] + 2
    assert first[1] == first[0] + 1000


def it_tells_the_world_its_led_currents_and_range():
    chip = Chip().start()
    pass_ms(chip.board, 31)
    chip.pointers()
    assert chip.board.world.light == (10000, 7200, 9600, 4096)


def it_samples_with_the_current_that_flowed_then():
    chip = Chip().start()
    pass_ms(chip.board, 31)
    chip.write(0x0C, 0)
    assert chip.board.world.light[1] == 7200


def it_has_fewer_bits_at_shorter_pulses_left_justified():
    chip = Chip().start(spo2=0x24)  # 69 us: 15 bits
    pass_ms(chip.board, 101)
    assert all(red & 7 == 0 and ir & 7 == 0 for red, ir in chip.samples(10))


def it_moves_the_read_pointer_with_the_first_byte_of_a_sample():
    chip = Chip().start()
    pass_ms(chip.board, 51)
    chip.read(7)
    assert chip.pointers()[2] == 1
    chip.read(7, 5)  # the rest of it
    assert chip.pointers()[2] == 1


def it_lets_the_channels_slide_apart_when_a_burst_ends_inside_a_sample():
    chip = Chip().start()
    pass_ms(chip.board, 51)
    whole = chip.samples(1)[0]
    chip.read(7, 3)
    red, infrared = chip.samples(1)[0]
    assert red == whole[1] + 1  # the infrared half that was left over
    assert infrared == whole[0] + 2


def it_stays_at_the_fifo_register_through_a_burst():
    chip = Chip().start()
    pass_ms(chip.board, 101)
    assert len(set(chip.samples(10))) == 10


def it_goes_on_to_the_next_register_elsewhere():
    chip = Chip().start()
    assert chip.read(0x08, 3) == bytes([0x10, 3, 0x27])


def it_is_full_or_empty_at_equal_pointers_and_the_counter_tells():
    chip = Chip().start()
    assert chip.pointers() == (0, 0, 0)
    pass_ms(chip.board, 322)
    assert chip.pointers() == (0, 0, 0)
    assert len(set(chip.samples(32))) == 32
    pass_ms(chip.board, 340)
    write, lost, read = chip.pointers()
    assert write == read
    assert lost == 2


def it_keeps_the_newest_when_it_rolls_over():
    chip = Chip().start(fifo=0x10)
    pass_ms(chip.board, 501)
    write, lost, read = chip.pointers()
    assert (write, lost, read) == (50 & 31, 18, 50 & 31)
    got = [red for red, _ in chip.samples(32)]
    assert got == list(range(got[0], got[0] + 32))
    pass_ms(chip.board, 10)
    assert chip.samples(1)[0][0] == got[31] + 1


def it_keeps_the_oldest_when_it_does_not_roll_over():
    chip = Chip().start(fifo=0)
    pass_ms(chip.board, 501)
    assert chip.pointers() == (0, 18, 0)
    got = [red for red, _ in chip.samples(32)]
    assert got == list(range(got[0], got[0] + 32))
    pass_ms(chip.board, 10)
    assert chip.samples(1)[0][0] > got[31] + 18


def it_counts_at_most_31_lost_and_forgets_them_when_a_sample_is_taken():
    chip = Chip().start()
    pass_ms(chip.board, 5000)
    assert chip.pointers()[1] == 31
    chip.samples(1)
    assert chip.pointers()[1] == 0


def it_repeats_its_last_sample_when_it_is_empty():
    chip = Chip().start()
    pass_ms(chip.board, 11)
    last = chip.samples(1)[0]
    assert chip.samples(1)[0] == last
    assert chip.pointers()[0] == chip.pointers()[2]


def it_says_what_is_enabled_in_its_status_and_reading_clears_it():
    chip = Chip().start(fifo=0x1F)
    chip.read(0)
    pass_ms(chip.board, 200)
    assert chip.read(0) == 0
    chip.write(2, 0xC0)
    pass_ms(chip.board, 20)
    assert chip.read(0) == 0xC0
    assert chip.read(0) & 0x40 == 0


def it_is_almost_full_when_so_many_places_are_left():
    chip = Chip().start(fifo=0x14)  # four places
    chip.write(2, 0x80)
    chip.read(0)
    pass_ms(chip.board, 270)
    assert chip.read(0) == 0
    pass_ms(chip.board, 20)
    assert chip.read(0) == 0x80


def it_measures_its_temperature_once_in_29_ms():
    chip = Chip()
    chip.write(3, 2)
    chip.write(0x21, 1)
    pass_ms(chip.board, 25)
    assert chip.read(0x21) == 1
    assert chip.read(1) == 0
    pass_ms(chip.board, 5)
    assert chip.read(0x21) == 0
    assert chip.read(0x1F) == 31
    assert chip.read(1) == 2
    assert chip.read(0x20) == 5


def it_gives_temperatures_below_zero_as_a_signed_byte():
    chip = Chip()
    chip.board.oximeter.die_temperature_16ths = -2 * 16 + 8
    chip.write(0x21, 1)
    pass_ms(chip.board, 30)
    assert (chip.read(0x1F), chip.read(0x20)) == (0xFE, 8)


def it_says_nothing_of_the_temperature_unless_enabled():
    chip = Chip()
    chip.write(0x21, 1)
    pass_ms(chip.board, 30)
    assert chip.read(1) == 0


def it_forgets_its_settings_at_a_reset_and_clears_the_bit_itself():
    chip = Chip().start()
    chip.write(9, 0x40)
    assert chip.read(9) & 0x40
    pass_ms(chip.board, 2)
    assert chip.read(9) == 0
    assert chip.read(0x0A) == 0


def it_does_not_sample_when_shut_down():
    chip = Chip().start()
    pass_ms(chip.board, 51)
    chip.write(9, 0x83)
    pass_ms(chip.board, 500)
    assert chip.pointers() == (5, 0, 0)


def it_does_not_clear_the_fifo_when_a_mode_is_entered():
    chip = Chip().start()
    pass_ms(chip.board, 51)
    chip.write(9, 0)
    chip.write(9, 3)
    assert chip.pointers() == (5, 0, 0)


def it_keeps_its_identity_against_writing():
    chip = Chip()
    chip.write(0xFF, 0)
    assert chip.read(0xFF) == 0x15


def it_can_be_a_clone_with_channels_swapped():
    chip = Chip().start()
    chip.board.oximeter.swapped = True
    pass_ms(chip.board, 21)
    red, infrared = chip.samples(1)[0]
    assert red == infrared + 1000


def it_can_be_noisy_and_ends_at_zero():
    chip = Chip()
    chip.board.oximeter.noise_counts = 500
    chip.start()
    pass_ms(chip.board, 311)
    samples = chip.samples(31)
    red = [sample[0] for sample in samples]
    ir = [sample[1] - 1000 - i for i, sample in enumerate(samples)]
    assert min(red) == 0
    assert max(red) > 200
    assert min(ir) < -100 < 100 < max(ir)
    assert all(abs(value) <= 520 for value in ir)
    assert [r > 0 for r in red] != [i > 0 for i in ir], "each channel has its own"


def it_does_not_answer_when_missing():
    chip = Chip()
    chip.board.oximeter.present = False
    assert raises(OSError, chip.read, 0xFF).args[0] == 5


def it_keeps_its_registers_over_a_restart_of_the_chip_but_not_over_a_loss_of_power():
    chip = Chip().start()
    chip.board.restart("watchdog")
    chip.bus = oximeter_bus()
    assert chip.read(9) == 3
    chip.board.off_us = 1000
    chip.board.restart("brown_out")
    chip.bus = oximeter_bus()
    assert chip.read(9) == 0
