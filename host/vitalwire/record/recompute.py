# SPDX-License-Identifier: Apache-2.0
"""The result of a cuff cycle worked out again from its oscillogram, and held against what the board said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from vitalwire_protocol.codec import CuffDirection, NibpDoubt, NibpOutcome, name_of, names_of

from .. import board_code
from ..errors import CheckFailed
from ..link.oscillogram import NUMBERS, Evaluation, Oscillogram

Verdict = Literal["equal", "differs", "not_compared", "not_recomputed", "missing"]
_NEEDED: Final = ("direction", "left_out", "noise_mmhg", "begin_mmhg", "end_mmhg")


class NotRecomputable(CheckFailed):
    """This program cannot work the result out: another algorithm's, or something is missing."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One cycle judged again.

    `verdict`: `equal` and `differs` compare with what the board said; `not_compared`: that is not known;
    `not_recomputed`: see `why`; `missing`: there is a result but not the whole oscillogram. `differences` names what
    differs.
    """

    oscillogram: Oscillogram
    verdict: Verdict
    recomputed: Evaluation | None = None
    differences: tuple[str, ...] = ()
    why: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For JSON: plain values."""
        kept = self.oscillogram
        about = kept.as_dict()
        return {
            "type": "recomputed",
            **{name: about[name] for name in ("time_utc", "device_ms", "boot", "cycle", "algorithm", "direction")},
            "flags": about["flags"],
            "program_algorithm": board_code.algorithm(),
            "verdict": self.verdict,
            "why": self.why,
            "differences": list(self.differences),
            "board": about["result"],
            "recomputed": None if self.recomputed is None else self.recomputed.as_dict(),
        }


def recompute(oscillogram: Oscillogram) -> Evaluation:
    """Works the pressures out from an oscillogram with the firmware's own code; the numbers are those of a board.

    Raises NotRecomputable (a CheckFailed) where the oscillogram was made for another version of the algorithm than
    this program has, or is not complete.
    """
    ours = board_code.algorithm()
    if oscillogram.algorithm != ours:
        raise NotRecomputable(f"the board judged it by algorithm {oscillogram.algorithm}, this program has {ours}")
    absent = [name for name in _NEEDED if getattr(oscillogram, name) is None]
    if absent:
        raise NotRecomputable(f"{', '.join(absent)} not known, and algorithm {ours} needs that")
    if len(oscillogram.beats) > board_code.most_beats():
        raise NotRecomputable(f"{len(oscillogram.beats)} beats, and a board has at most {board_code.most_beats()}")
    judged = board_code.judge(
        [_whole(beat.pressure_mmhg, 100) for beat in oscillogram.beats],
        [_whole(beat.amplitude_mmhg, 1000) for beat in oscillogram.beats],
        [_whole(beat.t_s, 100) for beat in oscillogram.beats],
        direction=_direction(oscillogram.direction),
        left_out=oscillogram.left_out or 0,
        noise_mmmhg=_whole(oscillogram.noise_mmhg, 1000),
        begin_cmmhg=_whole(oscillogram.begin_mmhg, 100),
        end_cmmhg=_whole(oscillogram.end_mmhg, 100),
    )
    return _evaluation(judged, len(oscillogram.beats))


def compare(oscillogram: Oscillogram) -> Comparison:
    """Works the result out again and compares it, number by number, with what the board said."""
    try:
        again = recompute(oscillogram)
    except NotRecomputable as error:
        return Comparison(oscillogram, "not_recomputed", why=str(error))
    said = oscillogram.result
    if said is None:
        return Comparison(oscillogram, "not_compared", again, why="what the board said of it is not known")
    names = ["outcome", *NUMBERS, "beats"] + ([] if said.doubts is None else ["doubts"])
    differences = tuple(name for name in names if getattr(said, name) != getattr(again, name))
    return Comparison(oscillogram, "differs" if differences else "equal", again, differences)


def _evaluation(judged: board_code.Judged, beats: int) -> Evaluation:
    """As the board reports it: a pulse rate only beside pressures."""
    good = judged.outcome == NibpOutcome.OK
    return Evaluation(
        outcome=name_of(NibpOutcome, judged.outcome),
        sbp_mmhg=_part(judged.sbp_x10, 10),
        map_mmhg=_part(judged.map_x10, 10),
        dbp_mmhg=_part(judged.dbp_x10, 10),
        pulse_bpm=_part(judged.pulse_x10, 10) if good else None,
        quality=judged.quality,
        peak_amplitude_mmhg=_part(judged.peak_amplitude_x100, 100),
        beats=beats,
        doubts=tuple(names_of(NibpDoubt, judged.doubts)),
    )


def _whole(value: float | None, scale: int) -> int:
    assert value is not None
    return round(value * scale)


def _part(value: int | None, scale: int) -> float | None:
    return None if value is None else value / scale


def _direction(word: str | None) -> int:
    try:
        return CuffDirection[(word or "").upper()]
    except KeyError:
        raise NotRecomputable(f"this program knows no direction {word!r}") from None


__all__ = ["Comparison", "NotRecomputable", "Verdict", "compare", "recompute"]
