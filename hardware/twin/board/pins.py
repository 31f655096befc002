# SPDX-License-Identifier: Apache-2.0
"""The pads of the microcontroller and the nets they are wired to (`hardware/pinout.csv`)."""

IN = 0
OUT = 1
OPEN_DRAIN = 2
ALT = 3
PULL_UP = 1
PULL_DOWN = 2
IRQ_FALLING = 4
IRQ_RISING = 8


def read_pinout(path, board):
    """The wiring of one board: {pin number: signal} from the column `board` of a pinout CSV."""
    wiring = {}
    with open(path) as f:
        head = f.readline().strip().split(",")
        column = head.index(board)
        for line in f:
            cells = line.strip().split(",")
            if len(cells) > column and cells[column]:
                wiring[int(cells[column])] = cells[0]
    return wiring


class Pad:
    """One pin of the chip: its function, its level, and what it drives. Writing allocates nothing."""

    def __init__(self, board, number, net):
        self.board = board
        self.number = number
        self.net = net  # a signal's name, or None where nothing is wired
        self.release()

    def release(self):
        """As after a hard reset: an input without a pull; an output's net falls to its pull-down."""
        self.mode = IN
        self.pull = None
        self.out = 0
        self.pwm_on = False
        self.pwm_hz = 0
        self.duty = 0  # 0..65535
        self.bus = None  # the I2C controller this pad belongs to
        self.handler = None
        self.trigger = 0
        self.hard = False
        self.drive()

    def driven_permille(self):
        """What the pad drives its net to, 0..1000, on average; 0 where it does not drive (the nets have pull-downs)."""
        if self.pwm_on:
            return (self.duty * 1000 + 32767) // 65535
        if self.mode == OUT and self.out:
            return 1000
        return 0

    def drive(self):
        """Tells the board what this pad drives now."""
        if self.net is not None:
            self.board.drive(self.net, self.driven_permille())

    def write(self, level):
        """Sets the output latch; it shows where the pad is an output."""
        self.out = 1 if level else 0
        if self.mode != IN and not self.pwm_on:
            if self.bus_line():
                self.board.bus_line_moved(self)
            else:
                self.drive()

    def bus_line(self):
        """True where the pad is wired to an I2C bus."""
        return self.net is not None and (self.net.endswith("_sda") or self.net.endswith("_scl"))

    def level(self):
        """What reading the pad gives."""
        if self.mode == OUT:
            return self.out
        if self.net is None:
            return 1 if self.pull == PULL_UP else 0
        return self.board.net_level(self)

    def freeze_pwm(self):
        """What a soft reset of the RP2 does to PWM: the counter stops, and the pin stays where it was just then."""
        if not self.pwm_on:
            return
        period_us = 1000000 // self.pwm_hz if self.pwm_hz else 0
        phase = self.board.timeline.now_us % period_us if period_us > 1 else 0
        self.pwm_on = False
        self.mode = OUT
        self.out = 1 if phase * 65535 < self.duty * period_us else 0
        self.drive()
