# SPDX-License-Identifier: Apache-2.0
"""The world's own random numbers: the same on every interpreter, one independent stream for each purpose."""

_MASK = 0xFFFFFFFF


def mixed(seed, stream):
    """A starting state (1..2^32-1) for `stream` of `seed`; neighbouring seeds give unrelated states.

    The finaliser of MurmurHash3 (Appleby, public domain), which spreads every input bit over all output bits.
    """
    x = (seed * 0x9E3779B1 + stream * 0x85EBCA77 + 0x27D4EB2F) & _MASK
    for multiplier in (0x85EBCA6B, 0xC2B2AE35):
        x ^= x >> 16
        # The product stays below 2^59: both factors are split so that MicroPython needs no big integer.
        x = ((x & 0xFFFF) * multiplier + (((x >> 16) * multiplier & 0xFFFF) << 16)) & _MASK
    x ^= x >> 13
    return x or 1


class Rng:
    """Xorshift 32 (Marsaglia 2003, shifts 13, 17, 5): period 2^32 - 1, never zero."""

    def __init__(self, seed, stream):
        self.state = mixed(seed & _MASK, stream)

    def next32(self):
        """The next number, 1..2^32-1."""
        x = self.state
        x ^= (x << 13) & _MASK
        x ^= x >> 17
        x ^= (x << 5) & _MASK
        self.state = x
        return x

    def below(self, limit):
        """A number 0..limit-1; limit 1..2^24."""
        return (self.next32() >> 8) * limit >> 24

    def spread(self, half_width):
        """A number -half_width..half_width with a triangular distribution, standard deviation 0.41 half_width."""
        x = self.next32()
        return ((x & 0xFFFF) - (x >> 16)) * half_width >> 16
