# SPDX-License-Identifier: Apache-2.0
"""One calibration or check as it is kept and shown: plain JSON values, and the few lines that people read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from .fit import CHANNELS, Channel, allowed_mmhg
from .outcome import Judged, Outcome
from .plan import Reference
from .session import Taken

FORMAT: Final = "vitalwire-calibration"
VERSION: Final = 1


def head(
    kind: str,
    board: Mapping[str, Any],
    by: str,
    reference: Reference,
    utc: str,
    day: date,
    due: date | None,
    room_degc: float | None = None,
) -> dict[str, Any]:
    """What every record begins with. `due` is None where nothing was adjusted, `room_degc` where nobody said it."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "kind": kind,
        "result": "",
        **board,
        "by": by,
        "done_utc": utc,
        "date": day.isoformat(),
        "due": None if due is None else due.isoformat(),
        "reference": {
            "make": reference.make,
            "serial": reference.serial,
            "due": reference.due.isoformat(),
            "simulated": reference.simulated,
        },
        "room_degc": room_degc,
    }


def pressure_body(outcome: Outcome, left_taken: Sequence[Taken], result: str) -> dict[str, Any]:
    """`result` is `adjusted`, `passed`, `failed` (a check) or `refused`. Errors are the board's reading less the
    reference's, in mmHg; `as_left` ones are of the same readings by the new numbers, `left_points` were measured."""
    points = []
    for at, taken in enumerate(outcome.taken):
        point = _measured(taken)
        point["as_found_mmhg"] = {name: round(one.found_mmhg[at], 2) for name, one in outcome.channels.items()}
        point["as_left_mmhg"] = {
            name: round(one.left_mmhg[at], 2) for name, one in outcome.channels.items() if one.left_mmhg is not None
        } or None  # fmt: skip
        points.append(point)
    left = []
    for taken in left_taken:
        point = _measured(taken)
        point["as_left_mmhg"] = {
            name: round(scale.mmhg(taken.reading(name)) - taken.reference_mmhg, 2)
            for name, one in outcome.channels.items()
            if (scale := one.left) is not None
        }
        left.append(point)
    return {
        "result": result,
        "points": points,
        "left_points": left,
        "channels": {name: one.as_json() for name, one in outcome.channels.items()},
        "problems": list(outcome.problems),
    }


def _measured(taken: Taken) -> dict[str, Any]:
    return {
        "mmhg": taken.point.mmhg,
        "direction": taken.point.direction,
        "reference_mmhg": round(taken.reference_mmhg, 2),
        "cuff_cmmhg": round(taken.cuff, 1),
        "guard_counts": round(taken.guard, 1),
        "fell_mmhg": round(taken.fell_mmhg, 2),
    }


def problems_after(record: Mapping[str, Any]) -> list[str]:
    """What the points that were measured after the adjustment say against it."""
    found = []
    for point in record["left_points"]:
        limit = allowed_mmhg(point["reference_mmhg"])
        for name, error in point["as_left_mmhg"].items():
            if abs(error) > limit:
                found.append(f"{name}: error {error:+.1f} mmHg at {point['mmhg']} mmHg, limit +-{limit:.1f} mmHg")
    return found


BAR: Final = 12
"""Letters of a bar on each side of its zero; they stand for the limit at that point."""


def bars(record: Mapping[str, Any]) -> list[str]:
    """Errors of each point as text, at most 80 columns: one line a point, each channel as found and as left."""
    channels: tuple[Channel, ...] = CHANNELS
    lines = [f"{'point':<16}{'reference':>9}  {'cuff: error in mmHg, | is the limit':<44}{'guard':>6}"]
    for point in [*record["points"], *record["left_points"]]:
        for when in ("as_found_mmhg", "as_left_mmhg"):
            errors = point.get(when)
            if errors is None or any(name not in errors for name in channels):
                continue
            first = when == "as_found_mmhg" or "as_found_mmhg" not in point
            name = f"{point['mmhg']:>3} {_WAY[point['direction']]}" if first else ""
            shown = f"{point['reference_mmhg']:.1f}" if first else ""
            word = "found" if when == "as_found_mmhg" else "left"
            limit = allowed_mmhg(point["reference_mmhg"])
            bar, mark = _bar(errors["cuff"], limit), "!" if abs(errors["guard"]) > limit else ""
            lines.append(f"{name:<16}{shown:>9}  {word:<6}{errors['cuff']:+6.1f} {bar} {errors['guard']:+6.1f}{mark}")
    return lines


_WAY: Final = {"up": "up", "down": "down", "left": "after"}


def _bar(error: float, limit: float) -> str:
    """`|     ####:            |`: from the zero in the middle; what is beyond the limit breaks through the edge."""
    n = min(BAR + 1, round(abs(error) / limit * BAR))
    n = max(n, BAR + 1 if abs(error) > limit else 0)
    mark = "#" * min(n, BAR)
    left, right = (mark.rjust(BAR), " " * BAR) if error < 0 else (" " * BAR, mark.ljust(BAR))
    edge = ("<", "|") if error < 0 else ("|", ">")
    beyond = n > BAR
    return f"{edge[0] if beyond else '|'}{left}:{right}{edge[1] if beyond else '|'}"


def channel_lines(outcome: Outcome) -> list[str]:
    """Gain, offset, bend and lag of each channel."""
    return [_channel_line(outcome.channels[name]) for name in CHANNELS]


def _channel_line(one: Judged) -> str:
    lag = "" if one.lag_mmhg is None else f"hysteresis {one.lag_mmhg:+.1f} mmHg"
    if one.left is None:
        return f"{one.channel:<6}{lag}"
    bend = "" if one.bend_mmhg is None else f"linearity {one.bend_mmhg:.1f} mmHg  "
    return f"{one.channel:<6}gain {one.left.gain_pct:+.2f} %  offset {one.left.offset_mmhg:+.2f} mmHg  {bend}{lag}"


__all__ = ["FORMAT", "VERSION", "bars", "channel_lines", "head", "pressure_body", "problems_after"]
