# SPDX-License-Identifier: Apache-2.0
"""`vitalwire recompute`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ..errors import CheckFailed, UsageError
from .common import json_option, print_json, say

if TYPE_CHECKING:
    from ..link.oscillogram import Evaluation, Oscillogram
    from ..record.oscillogram_files import Kept
    from ..record.recompute import Comparison

_GOOD: Final = ("equal", "not_compared")
_BAR: Final = 48
_COLUMNS: Final = (
    f"{'cycle':>5}  {'ended':23}  {'beats':>5}  {'pressure':>11}  {'mean':>5}  {'pulse':>5}  quality  verdict"
)


@click.command()
@click.argument("source", metavar="[SESSION|FILE]", required=False, type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--cycle", "cycles", type=click.IntRange(0, 65535), multiple=True, help="Only this cycle; may be repeated."
)
@click.option("--plot", is_flag=True, help="Draw each oscillogram, a line a beat.")
@json_option
def command(source: Path | None, cycles: tuple[int, ...], plot: bool, as_json: bool) -> None:
    """Work blood pressures out again from their oscillograms, and compare them with what the board said.

    The firmware's own oscillometry runs here, in integers, on the beats that the board recorded: the same numbers must
    come out, to the last digit. SESSION is a session's folder; FILE its capture.vwire or oscillograms.csv, an
    oscillogram as CSV or JSON, or - for standard input. Without either it is the latest session in ~/Vitalwire.

    The verdict on each cycle is one of: equal; differs; not compared (the file does not say what the board made of it);
    not recomputed (the board has another version of the algorithm than this program, or something is not known);
    missing (there is a result, and its oscillogram never came). Exit code 0 where all are equal or not compared, else
    1; a cycle that ended before it measured anything counts for neither.

    \b
    Examples:
      vitalwire recompute                                   the latest session
      vitalwire recompute ~/Vitalwire/20260101T000000Z_bed4 --cycle 3 --plot
      vitalwire recompute session/oscillograms.csv --json | jq .verdict
      vitalwire cuff start --json | vitalwire recompute -
    """
    from ..record.oscillogram_files import find, name_of, read
    from ..record.recompute import Comparison, compare

    path = find(source)
    say(f"recomputing {name_of(path)}")
    kept = read(path)
    if kept.note:
        say(f"note: {kept.note}")
    found = [compare(oscillogram) for oscillogram in kept.oscillograms]
    found += [Comparison(stub, "missing", why=why) for stub, why in kept.missing]
    found = _chosen(kept, found, cycles)
    if not as_json and found:
        click.echo(_COLUMNS)
    for comparison in found:
        if as_json:
            print_json(comparison.as_dict())
            continue
        click.echo(_line(comparison))
        for line in _plot(comparison.oscillogram, comparison.recomputed) if plot else ():
            click.echo(line)
    _judge(kept, found)


def _chosen(kept: Kept, found: list[Comparison], cycles: tuple[int, ...]) -> list[Comparison]:
    there = sorted({comparison.oscillogram.cycle for comparison in found})
    for cycle in cycles:
        if cycle not in there:
            has = f"it has {', '.join(map(str, there))}" if there else "it has none"
            raise UsageError(f"{kept.where}: there is no cycle {cycle} in it", has)
    return [comparison for comparison in found if not cycles or comparison.oscillogram.cycle in cycles]


def _judge(kept: Kept, found: list[Comparison]) -> None:
    """Ends with a sentence where not everything is good."""
    if kept.unmeasured:
        say(f"{_count(kept.unmeasured)} ended before anything was measured")
    if kept.trouble:
        raise CheckFailed(f"{kept.where}: {kept.trouble}", "what was read before it is above")
    if not found:
        raise CheckFailed(f"{kept.where}: there is no oscillogram in it", "has the cuff measured?")
    bad = [comparison for comparison in found if comparison.verdict not in _GOOD]
    if bad:
        words = ", ".join(f"{c.oscillogram.cycle} ({c.verdict.replace('_', ' ')})" for c in bad)
        raise CheckFailed(f"{kept.where}: {len(bad)} of {_count(len(found))} not confirmed: {words}")
    compared = sum(comparison.verdict == "equal" for comparison in found)
    if compared:
        say(f"{_count(compared)} equal to what the board said, to the last digit")


def _count(number: int) -> str:
    return f"{number} cycle" if number == 1 else f"{number} cycles"


def _line(comparison: Comparison) -> str:
    """One row of the table: the recomputed numbers, and the verdict."""
    kept, again = comparison.oscillogram, comparison.recomputed
    ended = "-" if kept.time is None else f"{kept.time.astimezone():%Y-%m-%d %H:%M:%S %Z}"
    beats = str(len(kept.beats)) if kept.beats else "-"
    if again is None or again.sbp_mmhg is None:
        numbers = f"{'--/--':>11}  {'--':>5}  {'--':>5}  {'--':>7}"
    else:
        pressure = f"{_number(again.sbp_mmhg)}/{_number(again.dbp_mmhg)}"
        pulse, quality = _number(again.pulse_bpm), "--" if again.quality is None else str(again.quality)
        numbers = f"{pressure:>11}  {_number(again.map_mmhg):>5}  {pulse:>5}  {quality:>7}"
    return f"{kept.cycle:>5}  {ended:23}  {beats:>5}  {numbers}  {_verdict(comparison)}"


def _verdict(comparison: Comparison) -> str:
    from ..link.words import reason_text

    text = comparison.verdict.replace("_", " ")
    if comparison.why:
        text += f": {comparison.why}"
    said, again = comparison.oscillogram.result, comparison.recomputed
    if comparison.differences and said is not None and again is not None:
        pairs = ((name, getattr(said, name), getattr(again, name)) for name in comparison.differences)
        text += ": " + "; ".join(f"{name} {_value(then)} on the board, {_value(now)} here" for name, then, now in pairs)
    elif again is not None and again.outcome != "ok":
        text += f" ({reason_text(again.outcome)})"
    marks = [word.upper() for word in ("simulated", "observed", "late") if word in comparison.oscillogram.flags]
    return "  ".join([text, *marks])


def _value(value: object) -> str:
    if value is None:
        return "absent"
    return (" ".join(value) or "none") if isinstance(value, tuple) else str(value)


def _number(value: float | None) -> str:
    return "--" if value is None else f"{value:.1f}"


def _plot(kept: Oscillogram, again: Evaluation | None) -> Iterator[str]:
    """The oscillogram turned on its side: a line a beat, as long as its oscillation is large; the pressures between."""
    highest = max((beat.amplitude_mmhg for beat in kept.beats), default=0.0)
    marks = (
        [] if again is None else [("systolic", again.sbp_mmhg), ("mean", again.map_mmhg), ("diastolic", again.dbp_mmhg)]
    )
    before: float | None = None
    for beat in kept.beats:
        low, high = sorted((beat.pressure_mmhg, beat.pressure_mmhg if before is None else before))
        between = [f"{name} {value:.1f}" for name, value in marks if value is not None and low <= value < high]
        before = beat.pressure_mmhg
        bar = "#" * round(_BAR * beat.amplitude_mmhg / highest) if highest else ""
        mark = f"  < {', '.join(between)}" if between else ""
        yield f"  {beat.t_s:7.2f} s  {beat.pressure_mmhg:6.1f} mmHg  {beat.amplitude_mmhg:5.2f}  {bar}{mark}"
