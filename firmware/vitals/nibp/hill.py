# SPDX-License-Identifier: Apache-2.0
"""The hill that oscillations make over cuff pressure, as a curve of six numbers, and its fit to beats.

    amplitude = height / (1 + z ^ steepness)        z = |pressure - top| / width

Each side has a width, where it has fallen to a half, and a steepness of its own: small for a peak with long slopes,
large for a broad shoulder with a sudden edge. Envelopes of three families of artery models are met within 1 % of their
height.

The fit is the most probable curve: least squares by Gauss and Newton, where a beat counts less the further off it lies
(as for a Cauchy distribution), and where the beats say little what is usual counts. The curvature at the end tells how
uncertain a number is that is read from the curve. All is integer arithmetic, so every machine finds the same curve.

Pressures in 0.01 mmHg, amplitudes in 0.001 mmHg, widths as log2 of 0.01 mmHg in 1/1024, steepness in 1/256.
"""

from array import array

from micropython import const

from vitals.signal import kernels, root

UP = const(0)
DOWN = const(1)

# log2(1 + i / 32) in 1/1024
_LOG2 = array(
    "H",
    (
        0, 45, 90, 132, 174, 214, 254, 292, 330, 366, 402, 436, 470, 504, 536, 568, 599, 629, 659, 689, 717, 745, 773,
        800, 827, 853, 879, 904, 929, 953, 977, 1001, 1024,
    ),
)  # fmt: skip
# 2^(i / 8) in 1 / 2^20
_EIGHTHS = (1048576, 1143480, 1246974, 1359835, 1482910, 1617125, 1763488, 1923097)
# 1 / (1 + 2^q) in 1/16384 for q from -8 in steps of 1/8; a list would take eight times the room while it is made
_SHARES = array("H", bytes(2 * 130))
for _i in range(130):
    _SHARES[_i] = (1 << 28) // ((1 << 14) + (_EIGHTHS[_i & 7] << (_i >> 3) >> 14))

_UNIT = const(512)  # distances are in 1/512 of the height
_SLOPE = const(256)  # and slopes, per unit of what is changed, in 1/256
_NEAREST = const(20)  # nearer to the top the curve is flat
_ROUNDS = const(10)
_SETTLED = const(6)  # from this round on the scatter is taken as it is

# What is usual, and how strictly (1 / variance, per octave of width and per 4 of steepness): medians and spreads of the
# curve over the population's training patients and over the model families.
_WIDTH = const(11814)  # 29.7 mmHg
_WIDTH_WEIGHT = const(2)
_ALIKE_WEIGHT = const(5)  # of the two widths
_STEEP_UP = const(630)
_STEEP_DOWN = const(714)
_STEEP_WEIGHT = const(91)
_WIDTH_LEAST = const(9874)  # 8 mmHg
_WIDTH_MOST = const(14104)  # 140 mmHg
_STEEP_LEAST = const(282)
_STEEP_MOST = const(1280)


def log2(n):
    """log2 of a whole number from 1, in 1/1024."""
    octave = 0
    rest = n
    if rest > 255:
        rest >>= 8
        octave = 8
    if rest > 15:
        rest >>= 4
        octave += 4
    if rest > 3:
        rest >>= 2
        octave += 2
    if rest > 1:
        octave += 1
    part = ((n << 10) >> octave) - 1024
    i = part >> 5
    return (octave << 10) + _LOG2[i] + ((_LOG2[i + 1] - _LOG2[i]) * (part & 31) >> 5)


def exp2(q):
    """2^(q / 1024), rounded down; q from 0 to 20480."""
    i = (q & 1023) >> 7
    low = _EIGHTHS[i]
    high = _EIGHTHS[i + 1] if i < 7 else 2097152
    return (low + ((high - low) * (q & 127) >> 7) >> 6) << (q >> 10) >> 14


def share(q):
    """1 / (1 + 2^(q / 1024)) in 1/16384."""
    q = min(16383, max(0, q + 8192))
    i = q >> 7
    return _SHARES[i] - ((_SHARES[i] - _SHARES[i + 1]) * (q & 127) >> 7)


class Hill:
    """`height`, `top`, and for each side `width[UP]`, `width[DOWN]` and `steep[...]`.

    `spread` is how far the beats lie off the curve, in percent of the height (their median).
    """

    def __init__(self):
        self.height = 1
        self.top = 0
        self.width = array("i", bytes(4 * 2))
        self.steep = array("i", bytes(4 * 2))
        self.spread = 0
        self._matrix = array("i", bytes(4 * 36))
        self._pull = array("i", bytes(4 * 6))
        self._unit = 1
        self._loose = self._scatter = 16
        self._scaled = array("i", bytes(4 * 36))
        self._x = array("i", bytes(4 * 6))
        self._own = array("i", bytes(4 * 6))
        self._right = array("i", bytes(4 * 6))

    def begin(self, pressure, amplitude, kept, n):
        """Begins with the hill of usual shape that lies nearest to the beats; a generator."""
        best = None
        at = 0
        for i in range(n):
            self._start(_middle_of_five(amplitude, i, n), pressure[i])
            if kept[i] and self.height >= 50:
                off = total = 0
                for j in range(n):
                    if kept[j]:
                        # A beat that is far off counts no more than one that is a quarter of the height off.
                        off += min(self.height >> 2, abs(amplitude[j] - self.at(pressure[j])))
                        total += 1
                off = off * 1000 // (self.height * total)
                if best is None or off < best:
                    best = off
                    at = i
                yield
        self._start(_middle_of_five(amplitude, at, n), pressure[at])

    def _start(self, height, top):
        self.height = max(1, height)
        self.top = top
        self.width[UP] = self.width[DOWN] = _WIDTH
        self.steep[UP] = _STEEP_UP
        self.steep[DOWN] = _STEEP_DOWN
        self._loose = 64

    def at(self, pressure):
        """Height of the curve at a pressure."""
        side = UP if pressure >= self.top else DOWN
        far = abs(pressure - self.top)
        if far < _NEAREST:
            return self.height
        return self.height * share(self.steep[side] * (log2(far) - self.width[side]) >> 8) >> 14

    def fit(self, pressure, amplitude, kept, n, noise, room):
        """Fits the curve to those of n beats that are kept; a generator of steps of a few ms on a microcontroller.

        `noise` is the uncertainty of a single amplitude, `room` an array('i') of n for whatever.
        """
        for turn in range(_ROUNDS):
            for i in range(36):
                self._matrix[i] = 0
            for i in range(6):
                self._pull[i] = 0
            quiet = min(_UNIT // 4, max(8, noise * _UNIT // self.height))
            quiet *= quiet
            usual = quiet + 100
            self._unit = 16 * usual
            count = 0
            for i in range(n):
                if kept[i]:
                    room[count] = self._add(pressure[i], amplitude[i], quiet, usual)
                    count += 1
                    if count % 8 == 0:
                        yield
            self._remember_usual()
            self._move(self._solve(self._pull))
            kernels.sort(room, count)
            # For a normal scatter the median of the squares is 0.45 of their mean.
            middle = room[count >> 1] if count else 0
            self._scatter = max(16, middle * 22 // 10)
            if turn < _SETTLED:
                self._loose = min(64, self._scatter)
            self.spread = root(middle * (quiet + 100) // 16) * 100 // _UNIT
            yield

    def _add(self, pressure, amplitude, quiet, usual):
        """Adds a beat to the equations; returns its square distance over what is expected, in 1/16."""
        side = UP if pressure >= self.top else DOWN
        far = max(_NEAREST, abs(pressure - self.top))
        steep = self.steep[side]
        off_log = log2(far) - self.width[side]
        part = share(steep * off_log >> 8)
        off = max(-511, min(511, amplitude * _UNIT // self.height - (part >> 5)))
        own = part * 28 >> 14  # amplitudes scatter by some 5 % of themselves, and by the noise
        expected = quiet + own * own
        wide = expected * self._loose >> 4
        weight = min(127, 384 * usual // (6 * wide + off * off))
        # How the curve changes with height (1), top (16 mmHg), width (an octave) and steepness (4).
        slope = part * (16384 - part) >> 14
        by_height = part >> 6
        by_top = min(_SLOPE, slope * steep // far * 25 >> 8)
        if side == DOWN:
            by_top = -by_top
        by_width = min(_SLOPE, (slope * steep >> 8) * 355 >> 15)
        by_steep = max(-_SLOPE, min(_SLOPE, -(slope * off_log >> 10) * 710 >> 14))
        pulls = off >> 1
        a = 2 + 2 * side
        m = self._matrix
        pull = self._pull
        w = weight * by_height
        m[0] += w * by_height
        m[1] += w * by_top
        m[a] += w * by_width
        m[a + 1] += w * by_steep
        pull[0] += w * pulls
        w = weight * by_top
        m[7] += w * by_top
        m[6 + a] += w * by_width
        m[7 + a] += w * by_steep
        pull[1] += w * pulls
        w = weight * by_width
        m[7 * a] += w * by_width
        m[7 * a + 1] += w * by_steep
        pull[a] += w * pulls
        w = weight * by_steep
        m[7 * a + 7] += w * by_steep
        pull[a + 1] += w * pulls
        return min(1 << 20, off * off * 16 // expected)

    def _remember_usual(self):
        """Adds what is usual to the equations."""
        unit = self._unit
        m = self._matrix
        pull = self._pull
        up = self.width[UP] - _WIDTH
        down = self.width[DOWN] - _WIDTH
        for a in (2, 4):
            m[7 * a] += unit * (_WIDTH_WEIGHT + _ALIKE_WEIGHT)
            m[7 * a + 7] += unit * _STEEP_WEIGHT
        m[16] -= unit * _ALIKE_WEIGHT
        pull[2] -= unit * (_WIDTH_WEIGHT * up + _ALIKE_WEIGHT * (up - down)) >> 10
        pull[4] -= unit * (_WIDTH_WEIGHT * down + _ALIKE_WEIGHT * (down - up)) >> 10
        pull[3] -= unit * _STEEP_WEIGHT * (self.steep[UP] - _STEEP_UP) >> 10
        pull[5] -= unit * _STEEP_WEIGHT * (self.steep[DOWN] - _STEEP_DOWN) >> 10

    def _solve(self, right):
        """Solves the equations for a right side; the result is in 1/1024, in an array that the next one uses again.

        Each unknown is first measured in its own uncertainty, so that all numbers fit 13 bits and none passes 2^30.
        """
        m = self._matrix
        c = self._scaled
        x = self._x
        own = self._own
        for i in range(6):
            own[i] = max(1, root(m[7 * i] + (m[7 * i] >> 6)))
        most = 1
        for i in range(6):
            for j in range(i, 6):
                c[6 * i + j] = c[6 * j + i] = m[6 * i + j] // own[i] * 8192 // own[j] if i != j else 8192
            x[i] = right[i] // own[i]
            most = max(most, abs(x[i]))
        shift = 0
        while most >> shift > 8191:
            shift += 1
        for i in range(6):
            x[i] >>= shift
        for i in range(6):
            pivot = max(64, c[7 * i])
            for j in range(i + 1, 6):
                factor = c[6 * j + i] * 8192 // pivot
                for k in range(i, 6):
                    c[6 * j + k] -= c[6 * i + k] * factor + 4096 >> 13
                x[j] -= x[i] * factor + 4096 >> 13
        for i in range(5, -1, -1):
            for j in range(i + 1, 6):
                x[i] -= c[6 * i + j] * x[j] + 4096 >> 13
            x[i] = _within(x[i] * 8192 // max(64, c[7 * i]), 262143)
        for i in range(6):
            x[i] = _within(x[i] * 1024 // own[i], 262143 >> shift) << shift
        return x

    def _move(self, x):
        self.height = max(50, min(60000, self.height + self.height * _within(x[0], 256) // 1024))
        self.top = max(0, min(32000, self.top + _within(x[1], 640) * 1600 // 1024))
        for side in (UP, DOWN):
            width = self.width[side] + _within(x[2 + 2 * side], 400)
            self.width[side] = max(_WIDTH_LEAST, min(_WIDTH_MOST, width))
            steep = self.steep[side] + _within(x[3 + 2 * side], 128)
            self.steep[side] = max(_STEEP_LEAST, min(_STEEP_MOST, steep))

    def uncertainty(self, slopes):
        """Standard deviation of a number whose change with the six (in their units) is given; in the number's unit."""
        for i in range(6):
            self._right[i] = slopes[i] * (self._unit >> 6)
        x = self._solve(self._right)
        total = 0
        for i in range(6):
            total += slopes[i] * x[i]
        return root(min(1 << 29, max(0, total >> 4) * self._scatter // self._loose))


def _middle_of_five(amplitude, i, n):
    """The median of beat i and two on either side; where there are fewer, of those."""
    first = max(0, i - 2)
    count = min(n, i + 3) - first
    for k in range(count):
        below = same = 0
        for j in range(first, first + count):
            if amplitude[j] < amplitude[first + k]:
                below += 1
            elif amplitude[j] == amplitude[first + k]:
                same += 1
        if below <= count >> 1 < below + same:
            return amplitude[first + k]
    return 0


def _within(value, most):
    return max(-most, min(most, value))
