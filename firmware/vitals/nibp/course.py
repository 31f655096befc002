# SPDX-License-Identifier: Apache-2.0
"""What the beats so far say while the pressure falls: inflate further, go on, or stop because there is enough.

Only simple looks at the amplitudes, once a second; the fit comes at the end.
"""

from micropython import const

UNCLEAR = const(0)  # no hill yet, or one that still goes on
TOO_LOW = const(1)  # it is past its top, and its rising side was not seen: inflate further
ENOUGH = const(2)  # it has risen and fallen again

_BEATS_LEAST = const(8)
_WEAK = const(300)
HUGE = const(6000)  # no pulse is so large
_WEAK_PCT = const(180)  # of the noise
_NOISE_ALONE_PCT = const(60)
_ENOUGH_PCT = const(74)  # to which the last beats must have fallen
_FALLING_PCT = const(75)
_RISEN_PCT = const(60)  # what is lower before the top shows that it has risen
_HILL_PCT = const(75)
_HILL_BEATS = const(3)


def judge(amplitude, n, noise):
    """UNCLEAR, TOO_LOW or ENOUGH."""
    if n < _BEATS_LEAST:
        return UNCLEAR
    top = _top(amplitude, n)
    height = _middle(amplitude, top)
    if not _WEAK <= height <= HUGE or height * 100 < noise * _WEAK_PCT:
        return UNCLEAR
    hill = low = 0
    for i in range(1, n):  # the very first may be the bend where the pressure begins to fall
        share = _square_share(amplitude[i], height, noise)
        if share * 100 >= _HILL_PCT * _HILL_PCT:
            hill += 1
        elif i < top and share * 100 < _RISEN_PCT * _RISEN_PCT:
            low += 1
    if hill < _HILL_BEATS:
        return UNCLEAR
    wanted = _ENOUGH_PCT if low >= 2 else _FALLING_PCT
    for i in range(n - 2 if low >= 2 else n - 3, n):
        if i <= top or _square_share(amplitude[i], height, noise) * 100 >= wanted * wanted:
            return UNCLEAR
    return ENOUGH if low >= 2 else TOO_LOW


def _top(amplitude, n):
    """The beat about which three have the largest median: a lone peak is none."""
    best = 0
    top = 1
    for i in range(1, n - 1):
        middle = _middle(amplitude, i)
        if middle > best:
            best = middle
            top = i
    return top


def _middle(amplitude, i):
    a, b, c = amplitude[i - 1], amplitude[i], amplitude[i + 1]
    return max(min(a, b), min(max(a, b), c))


def _square_share(amplitude, height, noise):
    """Square of an amplitude's share of the height, in percent, with what noise adds taken off both."""
    alone = noise * _NOISE_ALONE_PCT // 100
    alone *= alone
    part = min(amplitude, 16000)
    part = part * part - alone
    whole = min(height, 16000)
    whole = whole * whole - alone
    return max(0, part) // max(1, whole // 100)
