# SPDX-License-Identifier: Apache-2.0
"""What may be known of a set before its records are played: polarity and a stated level, and nothing else.

A set that is not in the table is taken by the general rule of `vitalwire.link.recording`: counts of a sensor stay as
they are, another scale is multiplied to a usual level, and a waveform that swings by more than a fifth of its level in
2 s has lost its level and rises when the pulse arrives.
"""

from __future__ import annotations

from dataclasses import dataclass

from vitalwire.link.recording import LEVEL, Polarity


@dataclass(frozen=True)
class SetRule:
    """`polarity`: whether values fall or rise when the pulse arrives; `pedestal`: the level of a waveform that has
    none, in counts of the sensor. None leaves it to the general rule."""

    polarity: Polarity | None = None
    pedestal: int | None = None


SETS: dict[str, SetRule] = {
    "oxiwear": SetRule("falling"),
    "emotibit": SetRule("falling"),
    "welltory": SetRule("falling"),
    "uw_phone": SetRule("falling"),
    "vrano": SetRule("falling"),
    "wfdb_pleth": SetRule("rising", pedestal=LEVEL),
    "heartpy": SetRule("rising", pedestal=LEVEL),
}


def rule(name: str) -> SetRule:
    """What the table says of a set; the general rule where it says nothing."""
    return SETS.get(name, SetRule())
