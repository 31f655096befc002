# SPDX-License-Identifier: Apache-2.0
"""Integer tables: pulse shapes, the artery, the air in the cuff, a sine. Made by integer arithmetic, without libm.

Pulse shapes are indexed by 256 phases; the first `SYSTOLE` of them are the part of a beat that keeps its length when
the heart slows down. One entry more than the period makes interpolation free of a wrap.
"""

from array import array

PHASES = 256
SYSTOLE = 96
UNIT = 1 << 14

# (phase, height) of a finger's light absorption: foot, peak, dicrotic notch, dicrotic wave, runoff. Heights in 1/1000.
_PPG_KNOTS = ((0, 0), (40, 1000), (84, 480), (100, 520), (168, 190), (256, 0))
# The same of the pressure in the brachial artery: steeper, and with its mean near a third of the pulse pressure.
_ARTERY_KNOTS = ((0, 0), (34, 1000), (90, 440), (100, 470), (164, 200), (256, 0))


def _shape(knots):
    """Smooth steps (3 x^2 - 2 x^3) between knots, then rounded by a moving average; 0..UNIT."""
    raw = []
    for left, right in zip(knots[:-1], knots[1:]):
        width = right[0] - left[0]
        for i in range(width):
            x = i * 1024 // width
            step = (3 * x * x * 1024 - 2 * x * x * x) >> 20
            raw.append((left[1] * 1024 + (right[1] - left[1]) * step) * UNIT // 1024000)
    for _ in range(2):
        raw = [(sum(raw[(i + k) % PHASES] for k in range(-3, 4)) + 3) // 7 for i in range(PHASES)]
    low, high = min(raw), max(raw)
    raw = [(y - low) * UNIT // (high - low) for y in raw]
    foot = raw.index(0)
    raw = raw[foot:] + raw[:foot]
    return raw + raw[:1]


_ppg = _shape(_PPG_KNOTS)
_mean = sum(_ppg[:PHASES]) // PHASES
# With its mean taken off, so that the ratio of pulsatile to constant light is exactly the scripted perfusion.
PPG_SHAPE = array("i", [y - _mean for y in _ppg])
ARTERY_SHAPE = array("i", _shape(_ARTERY_KNOTS))
# Mean pressure lies this far up from the diastolic to the systolic pressure.
ARTERY_MEAN_PERMILLE = (sum(ARTERY_SHAPE) * 1000 // PHASES + UNIT // 2) // UNIT


def _sine():
    """One period of a sine in 256 steps, -UNIT..UNIT, by rotating a vector through 2 pi / 256 in 1/2^28 steps."""
    # cos and sin of 2 pi / 256, times 2^28 (rounded to the nearest integer).
    cos28, sin28 = 268354608, 6587736
    x, y = 1 << 28, 0
    out = []
    for _ in range(257):
        out.append((y + (1 << 13)) >> 14)
        x, y = (x * cos28 - y * sin28) >> 28, (y * cos28 + x * sin28) >> 28
    return array("i", out)


SINE = _sine()


def artery_volume(rise_per_mmhg_ppm, fall_per_mmhg_ppm, collapsed_nl=300000):
    """Volume (nL) of the artery below the cuff at transmural pressures -160..352 mmHg, one entry a mmHg.

    Babbs (BioMedical Engineering OnLine 2012, 11:56): V = Va0 exp(a P) below and Va0 (1 + (a/b)(1 - exp(-b P))) above
    zero transmural pressure. `rise` is a, `fall` is b in 1/1,000,000 per mmHg, `collapsed_nl` is Va0 in nL.
    """
    up = _decay(rise_per_mmhg_ppm, ARTERY_ZERO)
    down = _decay(fall_per_mmhg_ppm, ARTERY_TOP)
    out = [collapsed_nl * up[-p] >> 30 for p in range(-ARTERY_ZERO, 0)]
    for p in range(ARTERY_TOP + 1):
        swell = ((1 << 30) - down[p]) * rise_per_mmhg_ppm // fall_per_mmhg_ppm
        out.append(collapsed_nl * ((1 << 30) + swell) >> 30)
    return array("i", out)


ARTERY_ZERO = 160
ARTERY_TOP = 352


def _decay(rate_ppm, count):
    """exp(-rate k) for k = 0..count, times 2^30; the factor from its series to the fifth power."""
    x = (rate_ppm << 30) // 1000000
    term = 1 << 30
    factor = term
    for k in range(1, 6):
        term = -(term * x >> 30) // k
        factor += term
    out = [1 << 30]
    for _ in range(count):
        out.append(out[-1] * factor >> 30)
    return out


ATMOSPHERE_MMHG = 760
CUFF_TOP_MMHG = 511
# The rigid test cylinder that the pump's tests want in place of an arm.
CYLINDER_ML = 500


def cylinder_compliance(volume_ml=CYLINDER_ML):
    """The same as `cuff_compliance` of a sealed vessel that does not give: the air alone, by Boyle's law."""
    return array("i", [volume_ml * 1000000 // ATMOSPHERE_MMHG] * (CUFF_TOP_MMHG + 2))


def cuff_compliance(empty_ml=200, stretch_ml=60, half_mmhg=25, slope_ul_mmhg=50):
    """How much air (nL at 760 mmHg) one more mmHg puts into a wrapped adult cuff, at 0..512 mmHg, one entry a mmHg.

    The usual cuff holds 200 mL when just filled and stretches by 60 P / (P + 25) + P / 20 mL: about 260 mL at 100 mmHg,
    with a wall that stiffens. Air in it is V (760 + P) / 760, so its derivative is (V + (760 + P) V') / 760.
    """
    out = []
    stretch_nl = stretch_ml * 1000000
    slope = slope_ul_mmhg * 1000
    for p in range(CUFF_TOP_MMHG + 2):
        volume_nl = empty_ml * 1000000 + stretch_nl * p // (p + half_mmhg) + slope * p
        slope_nl = stretch_nl * half_mmhg // ((p + half_mmhg) * (p + half_mmhg)) + slope
        out.append((volume_nl + (ATMOSPHERE_MMHG + p) * slope_nl) // ATMOSPHERE_MMHG)
    return array("i", out)
