# SPDX-License-Identifier: Apache-2.0
"""From the hill of the oscillations to the pressures: at which share of the height each lies, by the hill's own shape.

The oscillation at a cuff pressure is what the artery's volume changes between diastole and systole, so the hill is the
artery's compliance curve seen through a window as wide as the pulse pressure (C. F. Babbs, BioMedical Engineering
OnLine 11:56, 2012; A. Chandrasekhar and others, Frontiers in Physiology 10:1415, 2019, who found that the shares change
by half with compliance and pulse pressure, and that fixed ones are why devices err). Where the window is wide against
the curve the hill has broad shoulders and sudden edges, and the pressures lie at its edges, at about half its height.
Where it is narrow the hill is a peak with long slopes, and they lie nearer to the top, at a larger share of it. So a
pressure's distance from the top grows with the width of its side and with the steepness of it. The systolic one grows
with the pressure at the top as well: pulse pressure rises with mean pressure.

The numbers were fitted to the simulated patients for training. How pulse pressure hangs on mean pressure there is the
generator's own, but real readings bear it out: each mmHg of mean pressure goes with 0.1 to 0.3 mmHg more between it and
the systolic pressure in the cuff readings of three public collections (PhysioNet mimic2, VitalDB's hypnosis study and a
pregnancy study, none of them with oscillograms), and the part here is 0.125. In the middle of the patients the systolic
pressure lies at 0.5 and the diastolic at 0.8 of the height, as L. A. Geddes and others found (Annals of Biomedical
Engineering 10:271, 1982; known here by its citations).
"""

from micropython import const

from vitals.nibp.hill import DOWN, UP, exp2

# Distance = width * (UP + UP_STEEP * steepness) + UP_TOP * top + UP_MORE, and likewise downwards.
_UP = const(78)  # 1/256
_UP_STEEP = const(29)  # 1/256
_UP_TOP = const(128)  # 1/1024
_UP_MORE = const(210)  # 0.01 mmHg
_DOWN_STEEP = const(86)
_DOWN_MORE = const(-900)
# The distance stays within these parts of the width, in 1/256: shares from 0.3 to 0.7 and from 0.55 to 0.97.
_UP_LEAST = const(190)
_UP_MOST = const(360)
_DOWN_LEAST = const(80)
_DOWN_MOST = const(240)
_FORM_PCT = const(37)  # of the pulse pressure lies the mean above the diastolic pressure: 33 by tradition, 40 measured
_LN2_Q10 = const(710)


def systolic(hill):
    """Systolic pressure, 0.01 mmHg."""
    width = exp2(hill.width[UP])
    far = (width * (_UP + (_UP_STEEP * hill.steep[UP] >> 8)) >> 8) + (hill.top * _UP_TOP >> 10) + _UP_MORE
    return hill.top + max(width * _UP_LEAST >> 8, min(width * _UP_MOST >> 8, far))


def diastolic(hill):
    """Diastolic pressure, 0.01 mmHg."""
    width = exp2(hill.width[DOWN])
    far = (width * (_DOWN_STEEP * hill.steep[DOWN] >> 8) >> 8) + _DOWN_MORE
    return max(0, hill.top - max(width * _DOWN_LEAST >> 8, min(width * _DOWN_MOST >> 8, far)))


def mean(hill, sbp, dbp):
    """Mean pressure: half of it from the hill's top, half from the two others, which err in other ways."""
    return (hill.top + dbp + (sbp - dbp) * _FORM_PCT // 100) // 2


def systolic_slopes(hill):
    """How the systolic pressure (0.1 mmHg) changes with the six numbers of the hill, in the units of its fit."""
    width = exp2(hill.width[UP])
    far = width * (_UP + (_UP_STEEP * hill.steep[UP] >> 8)) >> 8
    return [0, 160 + (160 * _UP_TOP >> 10), far * _LN2_Q10 // 10240, width * _UP_STEEP * 4 // 2560, 0, 0]


def diastolic_slopes(hill):
    """How the diastolic pressure (0.1 mmHg) changes with the six numbers of the hill, in the units of its fit."""
    width = exp2(hill.width[DOWN])
    far = width * (_DOWN_STEEP * hill.steep[DOWN] >> 8) >> 8
    return [0, 160, 0, 0, -(far * _LN2_Q10 // 10240), -(width * _DOWN_STEEP * 4 // 2560)]
